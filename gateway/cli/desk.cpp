#include "gateway/cli/desk.hpp"

#include "gateway/app/application.hpp"
#include "gateway/app/data_folder.hpp"
#include "gateway/identity/directory.hpp"
#include "gateway/store/sqlite/sqlite_store.hpp"

namespace cpg::cli {

const Option& config_option() {
    static const Option option{"--config", "FILE", "ゲートウェイの設定ファイル（YAML）",
                               "the gateway's settings (YAML)"};
    return option;
}

const Option& office_option() {
    static const Option option{"--office", "NO", "事業所番号", "the office's number"};
    return option;
}

Desk::Desk(const Arguments& given)
    : config(
          value_or_fail(app::read_config(given.required("--config")), "設定ファイルが使えません")) {
    const auto number = OfficeNo::parse(given.required("--office"));
    if (!number) throw UsageError("事業所番号ではありません / --office is no office number");
    office = *number;
    try {
        store = store::open_sqlite_store({config.database(), false, 1}, app::read_log_key(config));
    } catch (const app::ConfigurationError& failed) {
        throw Failure(exit_configuration, failed.what());
    } catch (const store::StoreFailure& failed) {
        throw Failure(exit_configuration, std::string("データベースを開けません / "
                                                      "cannot open the database: ") +
                                              failed.what());
    }
    sealer = std::make_unique<store::Sealer>(
        value_or_fail(app::read_master_key(config), "鍵が読めません"), *store);
    const identity::Directory directory(store->offices(), {}, 0);
    if (!directory.find(office))
        throw Failure(exit_usage,
                      "登録されていない事業所です: " + office.str() + " / not a registered office");
}

bool Desk::write(store::WriteOp op) {
    store::Job job;
    job.ops.push_back(std::move(op));
    return std::holds_alternative<store::Written>(store->commit({&job, 1}).front().front());
}

} // namespace cpg::cli
