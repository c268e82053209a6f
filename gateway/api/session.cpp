// POST, GET, DELETE /v1/session and the change of one's own password.
#include "gateway/api/api.hpp"
#include "gateway/api/browser.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace cpg::api {

namespace {

boost::json::object to_json(const identity::SignedIn& signed_in,
                            const identity::SessionLimits& limits) {
    const auto& session = signed_in.session;
    return {
        {"user", signed_in.user},
        {"person", session.person.view()},
        {"role", store::name_of(signed_in.identity.person->role)},
        {"office", session.office.view()},
        {"csrf_token", signed_in.csrf},
        {"opened_at", rfc3339(session.opened_at)},
        {"ends_at", rfc3339(session.opened_at + limits.longest)},
        {"idle_seconds", std::chrono::duration_cast<std::chrono::seconds>(limits.idle).count()}};
}

http::Response empty_response() {
    http::Response response;
    response.status = 204;
    return response;
}

} // namespace

Result<std::string> text_of(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (!value || !value->is_string())
        return Error{Errc::malformed, std::string(name) + " is missing or no text"};
    return std::string(value->get_string());
}

Result<boost::json::object> object_of(const http::Request& request) {
    boost::system::error_code failed;
    auto value = boost::json::parse(request.body, failed);
    if (failed || !value.is_object()) return Error{Errc::malformed, "the body is no JSON object"};
    return std::move(value.get_object());
}

void Api::post_session(RequestPtr request, const identity::Identity& caller,
                       http::Responder respond) {
    const auto body = object_of(*request);
    if (!body) return respond(http::problem(body.error(), *request));
    const auto user = text_of(*body, "user");
    const auto password = text_of(*body, "password");
    if (!user || !password)
        return respond(http::problem(!user ? user.error() : password.error(), *request));
    identity::Credentials credentials{*user, *password, std::nullopt};
    if (body->contains("office")) {
        const auto office = text_of(*body, "office");
        credentials.office = office ? OfficeNo::parse(*office) : std::nullopt;
        if (!credentials.office)
            return respond(
                http::problem(Error{Errc::malformed, "office is no office number"}, *request));
    }
    request->body = {};
    const auto deadline = request->deadline;
    services_.people.sign_in(
        caller, std::move(credentials), deadline,
        [this, request, respond = std::move(respond)](const Result<identity::SignedIn>& signed_in,
                                                      const std::exception_ptr& failure) {
            if (failure || !signed_in)
                return respond_error(signed_in.error(), failure, *request, respond);
            auto response = http::json_response(
                201,
                boost::json::serialize(to_json(*signed_in, services_.people.settings().session)));
            response.headers.emplace_back("Set-Cookie", set_cookie(signed_in->token));
            respond(std::move(response));
        });
}

Result<identity::SignedIn> Api::session_of(const http::Request& request,
                                           const identity::Identity& caller) const {
    const auto cookie = session_cookie(request);
    if (!cookie) return cookie.error();
    return services_.people.resume(caller, *cookie);
}

void Api::get_session(RequestPtr request, const identity::Identity& caller,
                      http::Responder respond) {
    const auto signed_in = session_of(*request, caller);
    if (!signed_in) return respond(http::problem(signed_in.error(), *request));
    respond(http::json_response(
        200, boost::json::serialize(to_json(*signed_in, services_.people.settings().session))));
}

void Api::delete_session(RequestPtr request, const identity::Identity& caller,
                         http::Responder respond) {
    const auto signed_in = session_of(*request, caller);
    if (!signed_in) return respond(http::problem(signed_in.error(), *request));
    services_.people.sign_out(signed_in->token);
    auto response = empty_response();
    response.headers.emplace_back("Set-Cookie", drop_cookie());
    respond(std::move(response));
}

void Api::post_password(RequestPtr request, const identity::Identity& caller,
                        http::Responder respond) {
    const auto signed_in = session_of(*request, caller);
    if (!signed_in) return respond(http::problem(signed_in.error(), *request));
    const auto body = object_of(*request);
    if (!body) return respond(http::problem(body.error(), *request));
    const auto old_password = text_of(*body, "password");
    const auto new_password = text_of(*body, "new_password");
    if (!old_password || !new_password)
        return respond(
            http::problem(!old_password ? old_password.error() : new_password.error(), *request));
    services_.people.change_password(
        *signed_in, *old_password, *new_password, request->deadline,
        [request, respond = std::move(respond)](const Result<bool>& done,
                                                const std::exception_ptr& failure) {
            if (failure || !done) return respond_error(done.error(), failure, *request, respond);
            auto response = empty_response();
            response.headers.emplace_back("Set-Cookie", drop_cookie());
            respond(std::move(response));
        });
}

} // namespace cpg::api
