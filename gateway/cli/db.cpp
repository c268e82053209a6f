// `cpgw db init | check | upgrade`: the gateway's data folder.
#include "gateway/app/application.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/store/sqlite/sqlite_store.hpp"

#include <iostream>

namespace cpg::cli {

namespace {

const Option config_option{"--config", "FILE", "ゲートウェイの設定ファイル（YAML）",
                           "the gateway's settings (YAML)"};

app::Config config_of(const Arguments& given) {
    return value_or_fail(app::read_config(given.required("--config")), "設定ファイルが使えません");
}

} // namespace

const Usage db_init_usage{
    "db init",
    "データの置き場所（データベースと鍵）を作り、記録の公開鍵を表示します",
    "makes the data folder (database and keys) and prints the log's public key",
    {"", 0, 0},
    {config_option}};

int db_init_command(const Arguments& given) {
    std::cout << value_or_fail(app::init_data(config_of(given)), "データの置き場所を作れません")
              << '\n';
    return exit_done;
}

const Usage db_check_usage{"db check",
                           "データベースの記録の木を計算し直し、署名された確認点と比べます",
                           "recomputes the log's tree and compares it with the signed checkpoint",
                           {"", 0, 0},
                           {config_option}};

int db_check_command(const Arguments& given) {
    const auto config = config_of(given);
    try {
        const auto store =
            store::open_sqlite_store({config.database(), false, 1}, app::read_log_key(config));
        std::cout << "正しく保たれています / intact: " << store->tree_size() << " leaves\n"
                  << store->checkpoint();
        return exit_done;
    } catch (const app::ConfigurationError& failed) {
        throw Failure(exit_configuration, failed.what());
    } catch (const store::StoreFailure& failed) {
        throw Failure(exit_not_good,
                      std::string("データベースが壊れているか、書き換えられています / "
                                  "the database is damaged or was changed: ") +
                          failed.what());
    }
}

const Usage db_upgrade_usage{"db upgrade",
                             "データベースの形を新しい版に合わせます（先に控えを取ってください）",
                             "brings the database to this version's form (back it up first)",
                             {"", 0, 0},
                             {config_option}};

int db_upgrade_command(const Arguments& given) {
    try {
        std::cout << "schema " << app::upgrade_data(config_of(given)) << '\n';
        return exit_done;
    } catch (const std::runtime_error& failed) { // the key, the database
        throw Failure(exit_configuration,
                      std::string("データベースを新しくできません / cannot be upgraded: ") +
                          failed.what());
    }
}

} // namespace cpg::cli
