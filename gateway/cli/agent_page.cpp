#include "gateway/cli/agent_page.hpp"

#include <charconv>

namespace cpg::cli {
namespace {

using Draw = std::function<http::Response(const http::Request&)>;

http::Response guarded(http::Response answer) {
    answer.headers.emplace_back("Cache-Control", "no-store");
    answer.headers.emplace_back("Content-Security-Policy",
                                "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                                "form-action 'none'; frame-ancestors 'none'");
    answer.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
    answer.headers.emplace_back("Referrer-Policy", "no-referrer");
    answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
    return answer;
}

std::optional<std::size_t> number_of(const std::string& text) {
    std::size_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || number == 0)
        return std::nullopt;
    return number;
}

} // namespace

bool names_this_machine(std::string_view host, std::uint16_t port) {
    const std::string end = ":" + std::to_string(port);
    for (const std::string_view name : {"127.0.0.1", "localhost", "[::1]"})
        if (host == std::string(name) + end) return true;
    return false;
}

http::Router agent_routes(const hotfolder::Agent& agent, const Clock& clock,
                          std::function<std::uint16_t()> port) {
    http::Router router;
    const auto add = [&](std::string pattern, std::string name, Draw draw) {
        router.add(
            {"GET", std::move(pattern), std::move(name), 0,
             [port, draw = std::move(draw)](std::shared_ptr<http::Request> request,
                                            http::Responder respond) {
                 if (!names_this_machine(request->header("host"), port()))
                     return respond(guarded(http::text_response(
                         421,
                         "このページはこのパソコンからだけ見られます / for this machine only\n")));
                 respond(guarded(draw(*request)));
             }});
    };
    add("/", "agent.page", [&agent, &clock](const http::Request&) {
        return http::text_response(200, hotfolder::status_html(agent.views(), clock.now()),
                                   "text/html; charset=utf-8");
    });
    add("/status.json", "agent.status", [&agent, &clock](const http::Request&) {
        return http::json_response(200, hotfolder::status_json(agent.views(), clock.now()));
    });
    add("/report/{office}/{folder}", "agent.report", [&agent](const http::Request& request) {
        const auto office = number_of(request.path_args[0]);
        const auto text =
            office ? agent.report_of(*office - 1, request.path_args[1]) : std::nullopt;
        if (!text) return http::text_response(404, "報告がありません / no such report\n");
        return http::text_response(200, *text);
    });
    return router;
}

std::unique_ptr<http::Server> agent_server(const hotfolder::Agent& agent, const Clock& clock,
                                           std::uint16_t port) {
    http::ServerSettings settings;
    settings.listen_address.clear(); // no TLS listener
    settings.ops_address = "127.0.0.1";
    settings.ops_port = port;
    settings.workers = 1;
    settings.limits.max_connections = 32; // a browser or two
    settings.limits.max_connections_per_address = 32;
    settings.clock = &clock;
    const auto bound = std::make_shared<std::uint16_t>(port);
    auto server = std::make_unique<http::Server>(
        settings, http::Router{}, agent_routes(agent, clock, [bound] { return *bound; }),
        [](const http::Answered&) {});
    *bound = server->ops_port();
    return server;
}

} // namespace cpg::cli
