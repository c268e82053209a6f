// `cpgw serve`: the gateway until SIGTERM.
#include "gateway/api/api.hpp"
#include "gateway/app/application.hpp"
#include "gateway/app/confine.hpp"
#include "gateway/cli/commands.hpp"

#include <csignal>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>

namespace cpg::cli {

namespace {

// Keys and payloads are in this process's memory: no core file, no ptrace, no file others may read.
void harden_process() {
    ::umask(077);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0);
}

// Every thread started later inherits the mask; this one alone takes the signals.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return signals;
}

// Written whole or not at all: whoever waits for the file may read it as soon as it is there.
void write_ready_file(const std::string& path, const app::Application& application) {
    const auto temporary = path + ".new";
    std::ofstream out(temporary);
    out << "{\"port\":" << application.port() << ",\"ops_port\":" << application.ops_port()
        << ",\"pid\":" << ::getpid() << "}\n";
    out.close();
    if (!out || std::rename(temporary.c_str(), path.c_str()) != 0)
        throw Failure(exit_configuration, path + ": 書き込めません / cannot be written");
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
    if (given.has("--ready-file")) write_ready_file(given.text("--ready-file"), *application);
    run_until_stopped(*application, signals);
    application->stop();
    return exit_done;
}

} // namespace cpg::cli
