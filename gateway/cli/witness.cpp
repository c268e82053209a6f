// `cpgw witness`: an independent witness (C2SP tlog-witness) of gateways' logs. Plain HTTP: it
// belongs on loopback behind a proxy that speaks TLS.
#include "gateway/audit/witness.hpp"
#include "gateway/app/application.hpp"
#include "gateway/audit/key_file.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/process.hpp"
#include "gateway/http/problem.hpp"
#include "gateway/http/server.hpp"

#include <iostream>
#include <unistd.h>

namespace cpg::cli {

const Usage witness_usage{
    "witness",
    "ログの証人を動かします（SIGTERM で終了）。--make-key NAME で鍵を作り、公開鍵を表示します",
    "runs a witness of logs (SIGTERM stops it); --make-key NAME makes its key and prints the "
    "public one",
    {"", 0, 0},
    {{"--config", "FILE", "証人の設定ファイル（YAML）", "the witness's settings (YAML)"},
     {"--make-key", "NAME", "鍵を作って終わります（例 witness.example）",
      "makes the key and ends (e.g. witness.example)"},
     {"--ready-file", "FILE", "受付を始めたらポート番号を JSON で書くファイル",
      "written with the port, as JSON, once requests are taken"}}};

namespace {

http::Router routes_of(audit::Witness& witness) {
    http::Router routes;
    routes.add(
        {"POST", "/add-checkpoint", "witness.add", audit::max_add_checkpoint_bytes,
         [&witness](const std::shared_ptr<http::Request>& request, const http::Responder& respond) {
             auto answer = witness.add_checkpoint(request->body);
             respond(
                 http::text_response(answer.status, std::move(answer.body), answer.content_type));
         }});
    routes.add({"GET", "/key", "witness.key", 0,
                [&witness](const std::shared_ptr<http::Request>&, const http::Responder& respond) {
                    respond(http::text_response(200, witness.key().text() + "\n"));
                }});
    return routes;
}

void log_answer(const http::Answered& answered) {
    log::event(answered.status >= 500 ? log::Level::error : log::Level::info, "witness.answered",
               {{"route", std::string(answered.route)},
                {"status", static_cast<std::int64_t>(answered.status)}});
}

int make_key(const app::WitnessConfig& config, const std::string& name) {
    value_or_fail(audit::create_key_file(config.key, name), "鍵を作れません");
    std::cout << audit::cosigner_key(*app::read_log_key(config.key)).text() << '\n';
    return exit_done;
}

int run(const app::WitnessConfig& config, const Arguments& given) {
    const auto signals = block_signals();
    log::set_level(config.log_level);
    audit::Witness witness(config.logs, app::read_log_key(config.key),
                           audit::WitnessState(config.state), system_clock());
    http::ServerSettings settings;
    settings.listen_address.clear(); // the plain listener alone
    settings.ops_address = config.address;
    settings.ops_port = config.port;
    http::Server server(settings, {}, routes_of(witness), log_answer);
    server.start();
    log::info("witness.started", {{"port", static_cast<std::int64_t>(server.ops_port())}});
    if (given.has("--ready-file"))
        write_ready_file(given.text("--ready-file"),
                         "{\"port\":" + std::to_string(server.ops_port()) +
                             ",\"pid\":" + std::to_string(::getpid()) + "}\n");
    for (int number = SIGHUP; number == SIGHUP;) sigwait(&signals, &number);
    server.stop(std::chrono::seconds(5));
    return exit_done;
}

} // namespace

int witness_command(const Arguments& given) {
    const auto config = value_or_fail(app::read_witness_config(given.required("--config")),
                                      "設定ファイルが使えません");
    harden_process();
    try {
        return given.has("--make-key") ? make_key(config, given.text("--make-key"))
                                       : run(config, given);
    } catch (const std::runtime_error& failed) { // the key, its memory, a port that is taken
        throw Failure(exit_configuration, failed.what());
    }
}

} // namespace cpg::cli
