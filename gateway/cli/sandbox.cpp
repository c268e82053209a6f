// `cpgw sandbox`: a small world to try the office's side in, until Ctrl-C.
#include "gateway/sandbox/sandbox.hpp"

#include "gateway/cli/catalog.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/office_ref.hpp"
#include "gateway/cli/process.hpp"

#include <iostream>

namespace cpg::cli {

const Usage sandbox_usage{
    "sandbox",
    "試すための一式：使い捨ての証明書、本物のゲートウェイ、答えを返す相手方（Ctrl-C で終了）",
    "a world to try in: throw-away certificates, the real gateway, partners that answer",
    {"", 0, 0},
    {{"--dir", "DIR", "置き場所（空のフォルダー。既定は一時フォルダー、終わると消えます）",
      "where (an empty folder; default a temporary one, removed at the end)"},
     {"--keep", "", "終わっても消しません", "nothing is removed at the end"},
     {"--port", "N", "ゲートウェイのポート（既定 8443、0 は空いているもの）",
      "port of the gateway (default 8443, 0 = any free one)"},
     {"--control-port", "N", "状態と操作のポート（既定 8444、0 は空いているもの）",
      "port of status and control (default 8444, 0 = any free one)"},
     {"--seed", "N", "データの種（同じ種なら同じデータ、既定 1）",
      "seed of the invented data (default 1)"},
     {"--month", "YYYYMM", "予定の対象年月（既定は今月）",
      "month of the schedules (default: this month)"},
     {"--answer-after", "SECONDS", "ロボットが答えるまでの秒数（既定 1）",
      "how long robots wait before they answer (default 1)"},
     {"--unclaimed-after", "SECONDS", "受け取られないことを送信元に知らせるまでの秒数（既定 60）",
      "when a sender is told that nobody fetched its bundle (default 60)"},
     {"--robots", "FILE", "相手方の一覧（YAML、gateway/sandbox/README.md。既定は default）",
      "the partners (YAML, gateway/sandbox/README.md; default: default)"}}};

namespace {

constexpr std::int64_t default_port = 8443, default_control_port = 8444;
constexpr std::int64_t most_unclaimed_after = 7 * 24 * 3600; // as in production

std::vector<sandbox::RobotPlan> robots_of(const Arguments& given) {
    const CatalogPtr catalog = embedded_catalog();
    const std::string file = given.text("--robots", "default");
    if (file == "default") return sandbox::default_robots(*catalog);
    std::vector<LoadProblem> problems;
    try {
        auto robots = sandbox::parse_robots(read_source_file(file), *catalog, problems);
        if (problems.empty()) return robots;
    } catch (const std::runtime_error& failed) {
        throw Failure(exit_usage, file + ": 読めません / cannot be read: " + failed.what());
    }
    throw Failure(exit_configuration, "相手方の一覧が使えません / the robots cannot be used\n" +
                                          problems_text(problems));
}

Month month_of(const Arguments& given) {
    if (given.has("--month")) return month_option(given);
    return Month::parse(japan_day(system_clock().now()).substr(0, 6)).value();
}

sandbox::SandboxSettings settings_of_sandbox(const Arguments& given) {
    sandbox::SandboxSettings settings;
    settings.port = static_cast<std::uint16_t>(given.number("--port", default_port, 0, 65'535));
    settings.control_port =
        static_cast<std::uint16_t>(given.number("--control-port", default_control_port, 0, 65'535));
    settings.seed = static_cast<std::uint64_t>(given.number("--seed", 1, 0, INT64_MAX));
    settings.month = month_of(given);
    settings.answer_after =
        std::chrono::seconds(given.number("--answer-after", 1, 0, sandbox::max_answer_after));
    settings.unclaimed_after =
        std::chrono::seconds(given.number("--unclaimed-after", 60, 1, most_unclaimed_after));
    settings.robots = robots_of(given);
    return settings;
}

sandbox::Folder folder_of(const Arguments& given) {
    auto folder = given.has("--dir") ? value_or_fail(sandbox::Folder::make(given.text("--dir")),
                                                     "フォルダーを使えません")
                                     : sandbox::Folder::make_temporary();
    if (given.has("--keep")) folder.keep();
    return folder;
}

/// A terminal that closes ends it, unless it was started to outlive that (nohup).
sigset_t ends(sigset_t signals) {
    struct sigaction hang_up {};
    if (sigaction(SIGHUP, nullptr, &hang_up) == 0 && hang_up.sa_handler == SIG_IGN)
        sigdelset(&signals, SIGHUP);
    return signals;
}

void run(const Arguments& given, sandbox::SandboxSettings settings) {
    harden_process();
    const auto signals = ends(block_signals());
    sandbox::Folder::remove_left_over();
    sandbox::Folder folder = folder_of(given);
    log::set_file((folder.part("gateway.log")).string());
    sandbox::Sandbox world(folder, std::move(settings));
    world.start();
    std::cout << sandbox::text_of(world.access()) << std::flush;
    int number = 0;
    sigwait(&signals, &number);
    std::cout << "\n終わります / ending …" << std::endl;
    world.stop();
    if (given.has("--keep")) std::cout << "残しました / kept: " << folder.path().string() << "\n";
}

} // namespace

int sandbox_command(const Arguments& given) {
    auto settings = settings_of_sandbox(given);
    try {
        run(given, std::move(settings));
    } catch (const Failure&) {
        throw;
    } catch (const std::runtime_error& failed) { // a port that is taken, the disk
        throw Failure(exit_configuration, failed.what());
    }
    return exit_done;
}

} // namespace cpg::cli
