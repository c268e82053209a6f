#include "tests/http/gate.hpp"

#include "gateway/app/tls_policy.hpp"

#include <stdexcept>
#include <thread>

namespace cpg::test {

namespace {

using http::Request;
using http::Responder;

constexpr std::size_t body_limit = 4u << 20;

void echo(const std::shared_ptr<Request>& request, const Responder& answer) {
    auto response = http::text_response(200, request->body, "application/octet-stream");
    response.headers.emplace_back("X-Method", request->method);
    response.headers.emplace_back("X-Path", request->path);
    for (const auto& argument : request->path_args)
        response.headers.emplace_back("X-Argument", argument);
    answer(std::move(response));
}

} // namespace

http::TlsPolicy policy_with(bool tls12) {
    auto policy = app::read_tls_policy({}).value();
    policy.tls12 = tls12;
    return policy;
}

Gate::Gate(http::ServerLimits limits, http::TlsPolicy policy) {
    http::ServerSettings settings;
    settings.port = 0;
    settings.ops_port = 0;
    settings.limits = limits;
    files.certificate = folder.write("server.pem", server_credential.certificate);
    files.key = folder.write("server.key", server_credential.key).string();
    files.client_ca = folder.write("ca.pem", authority.certificate());
    files.crl = folder.write("crl.pem", authority.revocation_list({}));
    files.policy = std::move(policy);
    settings.tls = files;
    settings.clock = &clock;
    http::Router ops;
    ops.add({"GET", "/healthz", "healthz", 0, [](const auto&, const Responder& answer) {
                 answer(http::text_response(200, "ok\n"));
             }});
    server = std::make_unique<http::Server>(
        settings, api_routes(), std::move(ops), [this](const http::Answered& answered) {
            const std::lock_guard guard(mutex);
            told_.push_back({std::string(answered.route), answered.status,
                             std::string(answered.method), std::string(answered.problem),
                             answered.certificate_der.size()});
        });
    server->start();
}

Gate::~Gate() {
    released.set();
    server->stop(std::chrono::seconds(1));
}

std::vector<Told> Gate::told() {
    const std::lock_guard guard(mutex);
    return told_;
}

http::Router Gate::api_routes() {
    http::Router routes;
    routes.add({"GET", "/echo", "echo", 0, echo});
    routes.add({"POST", "/echo", "echo.post", body_limit, echo});
    routes.add({"GET", "/items/{id}", "item", 0, echo});
    routes.add({"GET", "/throws", "throws", 0, [](const auto&, const Responder&) {
                    throw std::runtime_error("the secret text");
                }});
    routes.add({"GET", "/later", "later", 0, [](const auto&, const Responder& answer) {
                    std::thread([answer] { answer(http::text_response(200, "later")); }).detach();
                }});
    routes.add({"GET", "/twice", "twice", 0, [](const auto&, const Responder& answer) {
                    answer(http::text_response(200, "first"));
                    answer(http::text_response(200, "second"));
                }});
    routes.add({"GET", "/dropped", "dropped", 0, [](const auto&, const Responder&) {}});
    const auto held = [this](const auto&, const Responder& answer) {
        entered.set();
        released.wait();
        answer(http::text_response(200, "held"));
    };
    routes.add({"GET", "/held", "held", 0, held});
    routes.add({"POST", "/held", "held.post", body_limit, held});
    routes.add({"GET", "/kept", "kept", 0, [this](const auto&, const Responder& answer) {
                    const std::lock_guard guard(mutex);
                    kept = answer;
                    entered.set();
                }});
    routes.add({"GET", "/big", "big", 0, [](const auto&, const Responder& answer) {
                    auto response = http::text_response(200, "");
                    response.shared_body = std::make_shared<const std::string>(3u << 20, 'b');
                    answer(std::move(response));
                }});
    routes.add({"GET", "/broken-header", "broken", 0, [](const auto&, const Responder& answer) {
                    auto response = http::text_response(200, "x");
                    response.headers.emplace_back("X-Split", "a\r\nSet-Cookie: b");
                    answer(std::move(response));
                }});
    routes.add({"GET", "/empty", "empty", 0, [](const auto&, const Responder& answer) {
                    answer(http::Response{204, {}, {}, nullptr, {}, false});
                }});
    routes.add({"GET", "/waits", "waits", 0, [this](const auto&, const Responder& answer) {
                    server->after(std::chrono::hours(1),
                                  [answer] { answer(http::text_response(200, "an hour later")); });
                    entered.set();
                }});
    routes.add({"GET", "/pieces", "pieces", 0, [this](const auto&, const Responder& answer) {
                    const auto count = std::make_shared<int>(0);
                    body = count;
                    auto response = http::text_response(200, "");
                    response.source = [this, count](http::PieceDone done) {
                        if (++*count < 3) return done("piece " + std::to_string(*count) + "\n");
                        const std::lock_guard guard(mutex);
                        waiting = std::move(done);
                        asked.set();
                    };
                    answer(std::move(response));
                }});
    routes.add({"GET", "/endless", "endless", 0, [](const auto&, const Responder& answer) {
                    auto response = http::text_response(200, "");
                    response.source = [](const http::PieceDone& done) {
                        done(std::string(1u << 20, 'e'));
                    };
                    answer(std::move(response));
                }});
    routes.add({"GET", "/soon", "soon", 0, [this](const auto&, const Responder& answer) {
                    server->after(std::chrono::milliseconds(5),
                                  [answer] { answer(http::text_response(200, "soon")); });
                }});
    return routes;
}

} // namespace cpg::test
