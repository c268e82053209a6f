// `cpgw retention run`: erases what has been kept long enough, on the gateway's host, beside a
// running gateway or without it.
#include "gateway/app/application.hpp"
#include "gateway/app/data_folder.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/progress.hpp"
#include "gateway/store/sqlite/sqlite_store.hpp"

#include <iostream>

namespace cpg::cli {

const Usage retention_run_usage{
    "retention run",
    "保存期間が過ぎたファイル・検査結果・連絡を消去します（受付の記録と証明は残ります）",
    "erases files, reports and notes kept long enough; records and proofs remain",
    {"", 0, 0},
    {{"--config", "FILE", "ゲートウェイの設定ファイル（YAML）", "the gateway's settings (YAML)"},
     {"--dry-run", "", "消去せず、対象の件数だけを表示します", "only says what would be erased"}}};

namespace {

/// Every kind a bundle can be of, papers and what is of no kind among them.
std::vector<std::string> kinds_of(const Catalog& catalog) {
    std::vector<std::string> kinds{"papers", "unknown"};
    for (const auto& edition : catalog.editions)
        for (const BundleKind& kind : edition->bundles) kinds.push_back(kind.id);
    return kinds;
}

} // namespace

int retention_run_command(const Arguments& given) {
    const auto config =
        value_or_fail(app::read_config(given.required("--config")), "設定ファイルが使えません");
    const auto catalog = app::catalog_of(config.spec_dir);
    if (const auto good = config.retention.check(kinds_of(*catalog)); !good)
        throw Failure(exit_configuration, good.error().detail);
    const bool look = given.has("--dry-run");
    const auto lock = value_or_fail(app::FolderLock::take(config, app::FolderLock::Kind::shared),
                                    "データの置き場所が使えません");
    const auto store =
        store::open_sqlite_store({config.database(), false, 1}, app::read_log_key(config));

    Progress progress;
    const auto summary = exchange::run_retention(
        *store, config.retention, catalog->digest, system_clock().now(),
        look ? exchange::RetentionMode::look : exchange::RetentionMode::erase,
        [&](std::uint64_t erased) { progress.show("消去 / erasing " + std::to_string(erased)); });
    progress.clear();
    if (look) {
        std::uint64_t due = 0;
        for (const auto& [kind, count] : summary.by_kind) due += count;
        std::cout << "消去の対象 / would be erased: " << due << "\n";
    } else {
        std::cout << "消去しました / erased: " << summary.erased << "\n";
    }
    for (const auto& [kind, count] : summary.by_kind)
        std::cout << "  " << kind << ": " << count << "\n";
    return exit_done;
}

} // namespace cpg::cli
