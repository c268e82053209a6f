// /v1/webhooks: who may manage them, what is shown, what the log says.
#include "tests/api/console.hpp"

#include "gateway/exchange/webhooks.hpp"
#include "gateway/identity/token.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::test;
using store::Role;

namespace {

struct Street : World {
    Office care = office("0370100017", "43");
    Office visit = office("0370100025", "11");

    http::Response add(const Office& who, const std::string& body, const Headers& headers = {}) {
        return call(who, "POST", "/v1/webhooks", headers, body);
    }
    http::Response add(const Office& who) {
        return add(who, R"({"url":"https://receiver.example/hook"})");
    }
    http::Response act(const Office& who, const std::string& id, const std::string& action) {
        return call(who, "POST", "/v1/webhooks/" + id + "/" + action);
    }
    Headers token(store::Scope scope) {
        const auto made =
            identity::make_token(visit.number, {scope}, clock.now(), std::chrono::days(1));
        write(*this, identity::add_token(made.row, {}));
        return {{"authorization", "Bearer " + made.secret}};
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(webhooks_of_the_api, Street)

BOOST_AUTO_TEST_CASE(are_added_listed_and_removed_by_their_office) {
    const auto added = add(visit);
    BOOST_TEST(added.status == 201);
    const auto secret = text_at(json_of(added), "/secret");
    BOOST_TEST(secret.size() == 6u + 44u);
    BOOST_TEST(secret.starts_with("whsec_"));
    const auto id = text_at(json_of(added), "/webhook/id");
    const auto listed = get(visit, "/v1/webhooks");
    BOOST_TEST(listed.status == 200);
    BOOST_TEST(listed.body.find(secret) == std::string::npos); // shown once
    BOOST_TEST(text_at(json_of(listed), "/webhooks/0/url") == "https://receiver.example/hook");
    BOOST_TEST(text_at(json_of(listed), "/webhooks/0/state") == "active");
    BOOST_TEST(json_of(get(care, "/v1/webhooks")).at("webhooks").as_array().empty());
    const auto counts = json_of(get(visit, "/v1/me")).at("webhooks");
    BOOST_TEST(counts.at("active").as_int64() == 1);
    BOOST_TEST(counts.at("failing").as_int64() == 0);
    BOOST_TEST(call(visit, "DELETE", "/v1/webhooks/" + id).status == 204);
    BOOST_TEST(call(visit, "DELETE", "/v1/webhooks/" + id).status == 404);
    BOOST_TEST(json_of(get(visit, "/v1/webhooks")).at("webhooks").as_array().empty());
    const auto log = whole_log(*this);
    BOOST_TEST(occurrences(log, "action webhook.add\nby certificate\nwebhook " + id) == 1u);
    BOOST_TEST(occurrences(log, "action webhook.remove") == 1u);
    BOOST_TEST(log.find("receiver.example") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(are_refused_with_an_address_that_cannot_be_used_and_beyond_their_number) {
    for (const auto* body : {"", "{}", R"({"url":1})", R"({"url":"http://receiver.example/"})",
                             R"({"url":"https://a.example/","office":"1"})"})
        BOOST_TEST(add(visit, body).status == 400, body);
    BOOST_TEST(add(visit, R"({"url":"https://a.example/","office":"0370100017"})").status == 403);
    BOOST_TEST(add(visit, R"({"url":"https://a.example/","office":"0370100025"})").status == 201);
    for (int i = 0; i < 4; ++i) BOOST_TEST(add(visit).status == 201);
    BOOST_TEST(add(visit).status == 409);
    BOOST_TEST(json_of(get(visit, "/v1/limits")).at("max_webhooks").as_int64() == 5);
}

BOOST_AUTO_TEST_CASE(belong_to_the_office_admin_or_a_token_with_the_scope) {
    const std::string body = R"({"url":"https://a.example/"})";
    for (const auto role : {Role::staff, Role::viewer, Role::operator_}) {
        const auto one = person(*this, visit, std::string(store::name_of(role)), role);
        BOOST_TEST(add(visit, body, one.headers()).status == 403);
        BOOST_TEST(call(visit, "GET", "/v1/webhooks", one.headers()).status == 403);
    }
    for (const auto scope : {store::Scope::send, store::Scope::read, store::Scope::ack})
        BOOST_TEST(add(visit, body, token(scope)).status == 403);
    const auto admin = person(*this, visit, "admin", Role::office_admin);
    BOOST_TEST(add(visit, body, admin.headers()).status == 201);
    BOOST_TEST(add(visit, body, token(store::Scope::webhooks)).status == 201);
    const auto log = whole_log(*this);
    BOOST_TEST(occurrences(log, "action webhook.add\nby " + admin.person) == 1u);
    BOOST_TEST(occurrences(log, "action webhook.add\nby token-") == 1u);
    BOOST_TEST(call(visit, "GET", "/v1/inbox", token(store::Scope::webhooks)).status == 403);
}

BOOST_AUTO_TEST_CASE(get_a_new_secret_and_keep_the_old_one_for_a_day) {
    const auto added = json_of(add(visit));
    const auto id = text_at(added, "/webhook/id");
    const auto rotated = act(visit, id, "rotate");
    BOOST_TEST(rotated.status == 200);
    const auto secret = text_at(json_of(rotated), "/secret");
    BOOST_TEST(secret != text_at(added, "/secret"));
    const auto target =
        exchange::target_of(sealer(), store().webhook(store::WebhookId::parse(id).value()).value());
    BOOST_TEST((exchange::secrets_of(target, clock.now()) ==
                std::vector{secret, text_at(added, "/secret")}));
    BOOST_TEST(exchange::secrets_of(target, clock.now() + std::chrono::days(2)).size() == 1u);
    BOOST_TEST(occurrences(whole_log(*this), "action webhook.rotate") == 1u);
}

BOOST_AUTO_TEST_CASE(are_tested_and_enabled) {
    const auto id = text_at(json_of(add(visit)), "/webhook/id");
    BOOST_TEST(act(visit, id, "test").body == R"({"delivered":true,"status":204})");
    tested = [](const auto&) { return 500; };
    BOOST_TEST(act(visit, id, "test").body == R"({"delivered":false,"status":500})");
    tested = [](const auto&) -> Result<int> { return Error{Errc::unreachable, "refused"}; };
    BOOST_TEST(act(visit, id, "test").body == R"({"delivered":false,"failure":"refused"})");
    tested = [](const auto&) -> Result<int> { return Error{Errc::overloaded, "too many"}; };
    BOOST_TEST(act(visit, id, "test").status == 503);
    store::WebhookTriedOp given_up;
    given_up.id = store::WebhookId::parse(id).value();
    given_up.state = store::WebhookState::failing;
    given_up.attempts = 10;
    given_up.time = given_up.next_at = clock.now();
    given_up.failure = "HTTP 500";
    write(*this, given_up);
    BOOST_TEST(json_of(get(visit, "/v1/me")).at("webhooks").at("failing").as_int64() == 1);
    BOOST_TEST(text_at(json_of(get(visit, "/v1/webhooks")), "/webhooks/0/failure") == "HTTP 500");
    const auto enabled = act(visit, id, "enable");
    BOOST_TEST(enabled.status == 200);
    BOOST_TEST(text_at(json_of(enabled), "/webhook/state") == "active");
    BOOST_TEST(enabled.body.find("secret") == std::string::npos);
    BOOST_TEST(act(visit, id, "explode").status == 404);
    BOOST_TEST(act(care, id, "enable").status == 404);
}

BOOST_AUTO_TEST_SUITE_END()
