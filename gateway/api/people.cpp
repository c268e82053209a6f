// The people and tokens of the caller's office, for its office_admin.
#include "gateway/api/api.hpp"

#include "gateway/identity/token.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace cpg::api {

namespace {

boost::json::object to_json(const identity::People::Listed& person) {
    boost::json::object object{{"id", person.row.id.view()},
                               {"user", person.user},
                               {"role", store::name_of(person.row.role)},
                               {"state", store::name_of(person.row.state)},
                               {"locked_out", person.locked_out},
                               {"added_at", rfc3339(person.row.added_at)}};
    if (person.row.login_at) object["login_at"] = rfc3339(*person.row.login_at);
    return object;
}

boost::json::object to_json(const store::TokenRow& token, Time now) {
    boost::json::array scopes;
    for (const auto scope : token.scopes)
        scopes.push_back(boost::json::string(store::name_of(scope)));
    boost::json::object object{{"id", token.id.view()},
                               {"prefix", token.prefix},
                               {"scopes", std::move(scopes)},
                               {"valid", identity::is_valid(token, now)},
                               {"added_at", rfc3339(token.added_at)},
                               {"expires_at", rfc3339(token.expires_at)}};
    if (token.revoked_at) object["revoked_at"] = rfc3339(*token.revoked_at);
    if (token.used_at) object["used_at"] = rfc3339(*token.used_at);
    return object;
}

std::optional<store::PersonChange> change_of(std::string_view word) {
    using store::PersonChange;
    if (word == "reset") return PersonChange::reset;
    if (word == "lock") return PersonChange::lock;
    if (word == "unlock") return PersonChange::unlock;
    if (word == "disable") return PersonChange::disable;
    return std::nullopt;
}

/// A new password is in the answer once and nowhere else.
auto added_answer(std::shared_ptr<http::Request> request, http::Responder respond, int status) {
    return [request = std::move(request), respond = std::move(respond), status](
               const Result<identity::People::Added>& added, const std::exception_ptr& failure) {
        if (failure || !added) return respond_error(added.error(), failure, *request, respond);
        boost::json::object body{{"person", to_json(added->person)}};
        if (!added->password.empty()) body["password"] = added->password;
        auto response = http::json_response(status, boost::json::serialize(body));
        response.headers.emplace_back("Cache-Control", "no-store");
        respond(std::move(response));
    };
}

} // namespace

void Api::get_people(RequestPtr, const identity::Identity& caller, http::Responder respond) {
    boost::json::array people;
    for (const auto& person : services_.people.list(caller.first()))
        people.push_back(to_json(person));
    respond(http::json_response(
        200, boost::json::serialize(boost::json::object{{"people", std::move(people)}})));
}

void Api::post_people(RequestPtr request, const identity::Identity& caller,
                      http::Responder respond) {
    const auto body = object_of(*request);
    if (!body) return respond(http::problem(body.error(), *request));
    const auto user = text_of(*body, "user");
    const auto role_name = text_of(*body, "role");
    const auto role = role_name ? store::role_of(*role_name) : std::nullopt;
    if (!user) return respond(http::problem(user.error(), *request));
    if (!role)
        return respond(http::problem(
            Error{Errc::malformed, "role is office_admin, staff or viewer"}, *request));
    const auto deadline = request->deadline;
    services_.people.add(caller, *user, *role, deadline,
                         added_answer(std::move(request), std::move(respond), 201));
}

void Api::post_person_change(RequestPtr request, const identity::Identity& caller,
                             http::Responder respond) {
    const auto id = store::PersonId::parse(request->path_args.front());
    const auto change = change_of(request->path_args.back());
    if (!id || !change)
        return respond(http::problem(Error{Errc::not_found, "no such person"}, *request));
    const auto deadline = request->deadline;
    services_.people.change(caller, *id, *change, deadline,
                            added_answer(std::move(request), std::move(respond), 200));
}

void Api::get_tokens(RequestPtr, const identity::Identity& caller, http::Responder respond) {
    const auto& services = services_.exchange.services();
    boost::json::array tokens;
    for (const auto& token : services.store.tokens(caller.first()))
        tokens.push_back(to_json(token, services.clock.now()));
    respond(http::json_response(
        200, boost::json::serialize(boost::json::object{{"tokens", std::move(tokens)}})));
}

void Api::delete_token(RequestPtr request, const identity::Identity& caller,
                       http::Responder respond) {
    const auto id = store::TokenId::parse(request->path_args.front());
    if (!id) return respond(http::problem(Error{Errc::not_found, "no such token"}, *request));
    services_.people.revoke(caller, *id, request->deadline,
                            [request, respond = std::move(respond)](
                                const Result<bool>& done, const std::exception_ptr& failure) {
                                if (failure || !done)
                                    return respond_error(done.error(), failure, *request, respond);
                                http::Response response;
                                response.status = 204;
                                respond(std::move(response));
                            });
}

} // namespace cpg::api
