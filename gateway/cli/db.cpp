// `cpgw db init | check | upgrade | backup | restore | rekey | wrap-key`: the gateway's data
// folder.
#include "gateway/app/application.hpp"
#include "gateway/app/data_folder.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/progress.hpp"
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

const Usage db_backup_usage{
    "db backup",
    "動いているままデータベースの控えを取り、控えの記録を確かめます（鍵は含みません）",
    "copies the database while it is in use and checks the copy's log; the keys are not in it",
    {"", 0, 0},
    {config_option, {"--out", "DIR", "控えを置く新しいフォルダー", "a new folder for the copy"}}};

int db_backup_command(const Arguments& given) {
    Progress progress;
    const auto show = [&](std::uint64_t done, std::uint64_t all) {
        progress.show("控え / copying " +
                      std::to_string(done * 100 / std::max<std::uint64_t>(all, 1)) + "%");
    };
    const auto summary = value_or_fail(
        app::back_up(config_of(given), given.required("--out"), show), "控えを取れません");
    progress.clear();
    std::cout
        << "控えを取りました / backed up: " << summary.tree_size << " leaves, " << summary.bytes
        << " bytes\n"
        << summary.checkpoint
        << "鍵（master.key と log.key）は含みません。別の場所に保管してください / the keys are "
           "not in it: keep them elsewhere\n";
    return exit_done;
}

const Usage db_restore_usage{
    "db restore",
    "控えからデータベースを戻します（データベースが無く、鍵がある場所だけに）",
    "puts a backup back, where there are the keys and no database",
    {"", 0, 0},
    {config_option, {"--from", "DIR", "控えのフォルダー", "the folder of the backup"}}};

int db_restore_command(const Arguments& given) {
    const auto restored = app::restore(config_of(given), given.required("--from"));
    if (!restored)
        throw Failure(restored.error().code == Errc::tampered ? exit_not_good : exit_configuration,
                      "戻せません / cannot be restored: " + restored.error().detail);
    std::cout
        << "戻しました / restored: " << restored->tree_size << " leaves\n"
        << restored->checkpoint
        << "控えより後の受付はここにはありません。事業所が持つ受付票で確かめられます / what came "
           "after the backup is not here; the offices' receipts prove it\n";
    return exit_done;
}

const Usage db_rekey_usage{
    "db rekey",
    "新しいマスター鍵を作り、事業所の鍵を包み直します（ゲートウェイを止めて行います）",
    "makes a new master key and wraps every office's key by it (the gateway must be stopped)",
    {"", 0, 0},
    {config_option,
     {"--new-key", "FILE", "新しい鍵を書くファイル。途中で止まったときは同じ指定でもう一度",
      "file for the new key; after an interruption run it again with the same one"}}};

int db_rekey_command(const Arguments& given) {
    const auto config = config_of(given);
    const std::filesystem::path fresh(given.required("--new-key"));
    const auto offices = value_or_fail(app::renew_master_key(config, fresh), "鍵を替えられません");
    std::cout << "包み直しました / wrapped again: " << offices << "\n"
              << "これからは " << fresh.string() << " がマスター鍵です。設定の master_key "
              << "の場所に置いてから起動し、古い鍵は古い控えと同じだけ保管してください\n"
              << "from now on that file is the master key: put it where master_key says before the "
                 "start; keep the old one as long as old backups\n";
    return exit_done;
}

const Usage db_wrap_key_usage{
    "db wrap-key",
    "マスター鍵を、トークンの鍵（RSA）でだけ開けられるファイルにします",
    "writes the master key as a file that only a key in a token (RSA) opens",
    {"", 0, 0},
    {config_option,
     {"--for", "URI", "トークンの鍵（pkcs11: …）", "the token's key (pkcs11: …)"},
     {"--out", "FILE", "書くファイル", "file to write"}}};

int db_wrap_key_command(const Arguments& given) {
    const auto master =
        value_or_fail(app::read_master_key(config_of(given)), "マスター鍵が使えません");
    if (const auto done = master.write_wrapped(given.required("--out"), given.required("--for"));
        !done)
        throw Failure(exit_configuration, done.error().detail);
    std::cout << "書きました / written: " << given.required("--out") << "\n";
    return exit_done;
}

} // namespace cpg::cli
