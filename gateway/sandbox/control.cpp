#include "gateway/sandbox/control.hpp"

#include "gateway/http/problem.hpp"
#include "gateway/sandbox/page.hpp"
#include "gateway/sandbox/sandbox.hpp"
#include "spec/base/digits.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace cpg::sandbox {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds stop_grace{5};
constexpr std::size_t digits_of_a_number = 9;

json::object json_of(const LoggedRequest& request) {
    return {{"number", request.number},       {"time", rfc3339(request.time)},
            {"office", request.caller},       {"robot", request.robot},
            {"method", request.method},       {"route", request.route},
            {"status", request.status},       {"problem", request.problem},
            {"incident", request.incident},   {"bytes_in", request.bytes_in},
            {"bytes_out", request.bytes_out}, {"ms", request.ms}};
}

json::object json_of(const Robot& robot) {
    const RobotStatus status = robot.status();
    json::array events;
    for (const auto& event : status.events)
        events.push_back(json::object{{"time", rfc3339(event.time)},
                                      {"what", event.what},
                                      {"bundle", event.bundle},
                                      {"detail", event.detail}});
    const RobotPlan& plan = robot.plan();
    return {{"office", plan.office.office.view()},
            {"service_type", plan.office.service_type->view()},
            {"name", plan.name},
            {"behaviour", name_of(plan.behaviour)},
            {"certificate_state", name_of(plan.certificate)},
            {"fetched", status.fetched},
            {"imported", status.imported},
            {"import_failed", status.import_failed},
            {"sent", status.sent},
            {"waiting", status.waiting},
            {"idle", status.idle},
            {"events", std::move(events)}};
}

/// `fallback` without the parameter; nullopt when it is no number.
std::optional<std::uint64_t> number_in(const http::Request& request, std::string_view name,
                                       std::uint64_t fallback) {
    const auto text = request.parameter(name);
    if (!text) return fallback;
    if (text->empty() || text->size() > digits_of_a_number || !all_digits(*text))
        return std::nullopt;
    return static_cast<std::uint64_t>(number_of(*text));
}

http::Response malformed(const http::Request& request, std::string detail) {
    return http::problem(Error{Errc::malformed, std::move(detail)}, request);
}

} // namespace

Result<void> admit(const http::Request& request, std::uint16_t port) {
    const std::string suffix = ":" + std::to_string(port);
    const auto host = request.header("host");
    if (host != "localhost" + suffix && host != "127.0.0.1" + suffix)
        return Error{Errc::forbidden, "Host is not this listener's own"};
    const auto origin = request.header("origin");
    if (!origin.empty() && origin != "http://" + std::string(host))
        return Error{Errc::forbidden, "a page of another origin asks"};
    const auto site = request.header("sec-fetch-site");
    if (!site.empty() && site != "same-origin" && site != "none")
        return Error{Errc::forbidden, "a page of another site asks"};
    if (request.method == "POST" && request.header("x-cpgw-sandbox") != "1")
        return Error{Errc::forbidden, "the header X-Cpgw-Sandbox: 1 is missing"};
    return {};
}

Control::Control(Sandbox& sandbox, std::uint16_t port) : sandbox_(sandbox) {
    http::ServerSettings settings;
    settings.listen_address.clear(); // the plain listener alone
    settings.ops_address = "127.0.0.1";
    settings.ops_port = port;
    server_ = std::make_unique<http::Server>(settings, http::Router(), routes(), nullptr);
}

Control::~Control() {
    stop();
}

std::uint16_t Control::port() const {
    return server_->ops_port();
}

void Control::start() {
    server_->start();
}

void Control::stop() {
    server_->stop(stop_grace);
}

http::Router Control::routes() {
    struct Entry {
        const char *method, *pattern, *name;
        Method handler;
    };
    static constexpr std::array<Entry, 7> table{{
        {"GET", "/", "sandbox.page", &Control::page},
        {"GET", "/sandbox", "sandbox.page", &Control::page},
        {"GET", "/sandbox/info", "sandbox.info", &Control::info},
        {"GET", "/sandbox/requests", "sandbox.requests", &Control::requests},
        {"GET", "/sandbox/robots", "sandbox.robots", &Control::robots},
        {"POST", "/sandbox/reset", "sandbox.reset", &Control::reset},
        {"POST", "/sandbox/robots/{office}/{action}", "sandbox.command", &Control::command},
    }};
    http::Router router;
    for (const Entry& entry : table)
        router.add({entry.method, entry.pattern, entry.name, 0,
                    [this, handler = entry.handler](const RequestPtr& request,
                                                    const http::Responder& respond) {
                        const auto admitted = admit(*request, port());
                        respond(admitted ? (this->*handler)(*request)
                                         : http::problem(403, "forbidden", admitted.error().detail,
                                                         request->id));
                    }});
    return router;
}

http::Response Control::page(const http::Request& request) {
    auto response = http::text_response(200, status_page(sandbox_, http::wants_english(request)),
                                        "text/html; charset=utf-8");
    response.headers.emplace_back("Content-Security-Policy",
                                  "default-src 'none'; style-src 'unsafe-inline'; "
                                  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
    return response;
}

http::Response Control::info(const http::Request&) {
    return http::json_response(200, json::serialize(json_of(sandbox_.access())) + "\n");
}

http::Response Control::requests(const http::Request& request) {
    const auto after = number_in(request, "after", 0);
    const auto limit = number_in(request, "limit", max_request_page);
    const auto robots = request.parameter("robots").value_or("no");
    if (!after || !limit || *limit == 0 || *limit > max_request_page ||
        (robots != "no" && robots != "yes"))
        return malformed(request, "after, limit (1 to 1000), office, robots (yes or no)");
    RequestLog::Query query{*after, std::string(request.parameter("office").value_or("")),
                            robots == "yes", *limit};
    const auto page = sandbox_.requests().page(query);
    json::array list;
    for (const auto& one : page.requests) list.push_back(json_of(one));
    return http::json_response(
        200,
        json::serialize(json::object{{"requests", std::move(list)}, {"next", page.next}}) + "\n");
}

http::Response Control::robots(const http::Request&) {
    json::array list;
    for (const auto& robot : sandbox_.robots()) list.push_back(json_of(*robot));
    return http::json_response(200,
                               json::serialize(json::object{{"robots", std::move(list)}}) + "\n");
}

http::Response Control::reset(const http::Request& request) {
    if (const auto done = sandbox_.reset(); !done) return http::problem(done.error(), request);
    return http::json_response(200, json::serialize(json::object{
                                        {"reset", true}, {"gateway", sandbox_.access().gateway}}) +
                                        "\n");
}

http::Response Control::command(const http::Request& request) {
    Robot* const robot = sandbox_.robot(request.path_args[0]);
    if (!robot) return http::problem(Error{Errc::not_found, "no robot of that number"}, request);
    const std::string& action = request.path_args[1];
    if (action == "answer")
        robot->answer_now();
    else if (action == "fail-next")
        robot->fail_next();
    else if (action != "send")
        return http::problem(Error{Errc::not_found, "answer, fail-next or send"}, request);
    else if (!robot->send_again())
        return http::problem(Error{Errc::conflict, "only a planner sends by itself"}, request);
    return http::json_response(
        200,
        json::serialize(json::object{{"office", request.path_args[0]}, {"action", action}}) + "\n");
}

} // namespace cpg::sandbox
