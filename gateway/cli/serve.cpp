// `cpgw serve`: the gateway until SIGTERM.
#include "gateway/api/api.hpp"
#include "gateway/app/application.hpp"
#include "gateway/app/confine.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/process.hpp"

#include <unistd.h>

#include <iostream>
#include <memory>

namespace cpg::cli {

namespace {

std::string ready_text(const app::Application& application) {
    return "{\"port\":" + std::to_string(application.port()) +
           ",\"ops_port\":" + std::to_string(application.ops_port()) +
           ",\"pid\":" + std::to_string(::getpid()) + "}\n";
}

// What keeps it from starting is something the operator has to change.
std::unique_ptr<app::Application> started(app::Config config) {
    try {
        const bool confine = config.confine;
        auto application = std::make_unique<app::Application>(std::move(config));
        if (confine)
            if (const auto confined = app::confine_process(); !confined)
                throw Failure(exit_configuration, confined.error().detail);
        application->start();
        return application;
    } catch (const store::StoreFailure& failed) {
        throw Failure(exit_configuration,
                      std::string("保存先が使えません / the store cannot be used: ") +
                          failed.what());
    } catch (const std::runtime_error& failed) { // settings, TLS files, a port that is taken
        throw Failure(exit_configuration, failed.what());
    }
}

void run_until_stopped(app::Application& application, const sigset_t& signals) {
    for (;;) {
        int number = 0;
        sigwait(&signals, &number);
        if (number != SIGHUP) return;
        application.reload();
    }
}

} // namespace

const Usage serve_usage{
    "serve",
    "ゲートウェイを動かします（SIGTERM で終了、SIGHUP で証明書・標準の表・事業所の読み直し）",
    "runs the gateway (SIGTERM stops it, SIGHUP reloads certificates, tables and directory)",
    {"", 0, 0},
    {{"--config", "FILE", "設定ファイル（YAML）", "settings (YAML)"},
     {"--ready-file", "FILE", "受付を始めたらポート番号を JSON で書くファイル",
      "written with the ports, as JSON, once requests are taken"},
     {"--print-routes", "", "API の経路の一覧を出して終わります",
      "prints the route table and ends"}}};

int serve_command(const Arguments& given) {
    if (given.has("--print-routes")) {
        std::cout << api::Api::route_lines() << api::ops_route_lines();
        return exit_done;
    }
    auto config =
        value_or_fail(app::read_config(given.required("--config")), "設定ファイルが使えません");
    harden_process();
    const auto signals = block_signals();
    log::set_level(config.log_level);
    log::set_file(config.log_file.string());
    const auto application = started(std::move(config));
    if (given.has("--ready-file"))
        write_ready_file(given.text("--ready-file"), ready_text(*application));
    run_until_stopped(*application, signals);
    application->stop();
    return exit_done;
}

} // namespace cpg::cli
