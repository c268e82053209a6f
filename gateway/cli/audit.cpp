// `cpgw audit head`: the newest checkpoint, read from the database without the gateway.
#include "gateway/app/application.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/store/sqlite/sqlite_store.hpp"

#include <iostream>

namespace cpg::cli {

const Usage audit_head_usage{
    "audit head",
    "記録のいちばん新しい確認点（署名付き）を表示します",
    "prints the newest signed checkpoint of the log",
    {"", 0, 0},
    {{"--config", "FILE", "ゲートウェイの設定ファイル（YAML）", "the gateway's settings (YAML)"}}};

int audit_head_command(const Arguments& given) {
    const auto config =
        value_or_fail(app::read_config(given.required("--config")), "設定ファイルが使えません");
    const auto store =
        store::open_sqlite_store({config.database(), false, 1}, app::read_log_key(config));
    std::cout << store->checkpoint();
    return exit_done;
}

} // namespace cpg::cli
