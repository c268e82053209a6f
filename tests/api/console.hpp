// People at work, for the tests: signing in through the API, and requests as a page of our own
// origin sends them.
#pragma once

#include "tests/api/world.hpp"

namespace cpg::test {

using Headers = std::vector<std::pair<std::string, std::string>>;

inline const std::string good_password = "correct-horse-battery";

/// What a browser keeps of a session.
struct Browser {
    Office office;
    std::string person, cookie, csrf;
    Headers headers() const {
        return {{"cookie", "__Host-cpgw=" + cookie},
                {"x-csrf-token", csrf},
                {"host", "gateway"},
                {"origin", "https://gateway"}};
    }
};

inline store::WriteResult write(World& world, store::WriteOp op) {
    store::Job job;
    job.ops.push_back(std::move(op));
    return std::move(world.store().commit({&job, 1}).front().front());
}

/// As `cpgw user add` does it.
inline store::PersonId add_person(World& world, const Office& office, const std::string& user,
                                  store::Role role, const std::string& password = good_password) {
    const auto op = identity::add_person(
        world.sealer(), {office.number, user, role},
        identity::hash_password(password, world.people().settings().cost), {}, world.clock.now());
    write(world, op);
    return op.person.id;
}

inline http::Response sign_in(World& world, const Office& office, const std::string& user,
                              const std::string& password = good_password,
                              const Headers& headers = {}) {
    return world.call(office, "POST", "/v1/session", headers,
                      R"({"user":")" + user + R"(","password":")" + password + R"("})");
}

inline std::string header_of(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
        if (key == name) return value;
    return {};
}

inline std::string cookie_of(const http::Response& response) {
    const auto text = header_of(response, "Set-Cookie");
    const auto equals = text.find('=');
    return text.substr(equals + 1, text.find(';') - equals - 1);
}

inline Browser signed_in(World& world, const Office& office, const std::string& user,
                         const std::string& password = good_password) {
    const auto answer = sign_in(world, office, user, password);
    if (answer.status != 201) throw std::runtime_error("no session: " + answer.body);
    const auto body = json_of(answer);
    return {office, text_at(body, "/person"), cookie_of(answer), text_at(body, "/csrf_token")};
}

/// Adds the person and signs in.
inline Browser person(World& world, const Office& office, const std::string& user,
                      store::Role role) {
    add_person(world, office, user, role);
    return signed_in(world, office, user);
}

inline http::Response call(World& world, const Browser& browser, const std::string& method,
                           const std::string& target, std::string body = {}) {
    return world.call(browser.office, method, target, browser.headers(), std::move(body));
}

inline std::string slug_in(const http::Response& response) {
    return text_at(json_of(response), "/type").substr(std::string("urn:cpgw:problem:").size());
}

/// Texts of all leaves so far.
inline std::string whole_log(World& world) {
    std::string text;
    for (const auto& leaf : world.store().leaves(0, 100'000)) text += leaf;
    return text;
}

inline std::size_t occurrences(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

} // namespace cpg::test
