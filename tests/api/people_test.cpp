// People, sessions, roles, tokens: what they may and what they leave in the log.
#include "tests/api/console.hpp"

#include "gateway/identity/token.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <thread>

using namespace cpg;
using namespace cpg::test;
using namespace std::chrono_literals;
using store::Role;

namespace {

WorldSettings with_required_people() {
    WorldSettings settings;
    settings.people.required = true;
    return settings;
}

struct Town : World {
    explicit Town(WorldSettings settings = {}) : World(settings) {}
    Office care = office("0370100017", "43");
    Office visit = office("0370100025", "11");
    Office day = office("0370100033", "15");

    std::string accepted_bundle() {
        return text_at(json_of(submit(care, sample(care, visit, "schedule", serial_++))),
                       "/bundles/0/id");
    }
    std::string token(const Office& owner, const std::set<store::Scope>& scopes) {
        const auto made =
            identity::make_token(owner.number, scopes, clock.now(), std::chrono::days(30));
        write(*this, identity::add_token(made.row, {}));
        return made.secret;
    }
    http::Response with_token(const Office& caller, const std::string& secret,
                              const std::string& method, const std::string& target,
                              const std::string& body = {}) {
        return call(caller, method, target, {{"authorization", "Bearer " + secret}}, body);
    }

  private:
    int serial_ = 0;
};

struct StrictTown : Town {
    StrictTown() : Town(with_required_people()) {}
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(people_at_work, Town)

BOOST_AUTO_TEST_CASE(a_person_signs_in_over_the_offices_certificate) {
    const auto id = add_person(*this, care, "hanako", Role::staff);
    const auto answer = sign_in(*this, care, "Hanako");
    BOOST_REQUIRE_EQUAL(answer.status, 201);
    const auto cookie = header_of(answer, "Set-Cookie");
    BOOST_TEST(cookie.starts_with("__Host-cpgw="));
    for (const auto* attribute : {"; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"})
        BOOST_TEST(cookie.find(attribute) != std::string::npos);
    BOOST_TEST(cookie.find("Domain") == std::string::npos);
    BOOST_TEST(text_at(json_of(answer), "/person") == id.str());

    const auto browser = signed_in(*this, care, "hanako");
    const auto me = json_of(test::call(*this, browser, "GET", "/v1/me"));
    BOOST_TEST(text_at(me, "/person/role") == "staff");
    BOOST_TEST(test::call(*this, browser, "GET", "/v1/session").status == 200);
    BOOST_TEST(test::call(*this, browser, "DELETE", "/v1/session").status == 204);
    BOOST_TEST(slug_in(test::call(*this, browser, "GET", "/v1/me")) == "person-required");
}

BOOST_AUTO_TEST_CASE(nobody_can_tell_an_unknown_user_from_a_wrong_password_or_a_lock) {
    add_person(*this, care, "hanako", Role::staff);
    add_person(*this, care, "locked", Role::staff);
    add_person(*this, care, "disabled", Role::staff);
    for (const auto& row : store().people(care.number)) {
        const auto user = identity::user_of(sealer(), row);
        if (user == "locked")
            write(*this,
                  identity::change_person(row, store::PersonChange::lock, {}, {}, clock.now()));
        if (user == "disabled")
            write(*this,
                  identity::change_person(row, store::PersonChange::disable, {}, {}, clock.now()));
    }
    const auto wrong = sign_in(*this, care, "hanako", "wrong-password-1");
    BOOST_TEST(wrong.status == 401);
    BOOST_TEST(slug_in(wrong) == "login-failed");
    for (const auto& answer :
         {sign_in(*this, care, "nobody", "wrong-password-1"), sign_in(*this, care, "locked"),
          sign_in(*this, care, "disabled"), sign_in(*this, care, "x"),
          sign_in(*this, visit, "hanako"), sign_in(*this, care, "hanako", "")}) {
        BOOST_TEST(answer.status == wrong.status);
        BOOST_TEST(answer.body == wrong.body);
        BOOST_TEST((answer.headers == wrong.headers));
    }
}

BOOST_AUTO_TEST_CASE(ten_failures_lock_for_half_an_hour_also_the_right_password) {
    add_person(*this, care, "hanako", Role::staff);
    const auto before = signed_in(*this, care, "hanako");
    for (int i = 0; i < 10; ++i)
        BOOST_TEST(sign_in(*this, care, "hanako", "wrong-password-1").status == 401);
    BOOST_TEST(sign_in(*this, care, "hanako").status == 401);
    BOOST_TEST(test::call(*this, before, "GET", "/v1/me").status == 401);
    settle();
    BOOST_TEST(occurrences(whole_log(*this), "outcome locked\n") == 1u);
    clock.advance(30min - 1ms);
    BOOST_TEST(sign_in(*this, care, "hanako").status == 401);
    clock.advance(1ms);
    BOOST_TEST(sign_in(*this, care, "hanako").status == 201);
}

BOOST_AUTO_TEST_CASE(nine_failures_are_forgiven_by_a_good_login) {
    add_person(*this, care, "hanako", Role::staff);
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 9; ++i) sign_in(*this, care, "hanako", "wrong-password-1");
        BOOST_TEST(sign_in(*this, care, "hanako").status == 201);
    }
}

BOOST_AUTO_TEST_CASE(parallel_guesses_get_ten_looks_together) {
    add_person(*this, care, "hanako", Role::staff);
    std::vector<std::thread> guessers;
    for (int t = 0; t < 4; ++t)
        guessers.emplace_back([&] {
            for (int i = 0; i < 10; ++i) sign_in(*this, care, "hanako", "wrong-password-1");
        });
    for (auto& guesser : guessers) guesser.join();
    const auto people = store().people(care.number);
    BOOST_TEST(people.at(0).failures == 10);
    BOOST_TEST(sign_in(*this, care, "hanako").status == 401);
}

BOOST_AUTO_TEST_CASE(failed_logins_cannot_flood_the_log) {
    add_person(*this, care, "hanako", Role::staff);
    const auto fail = [&](int times) {
        for (int i = 0; i < times; ++i) sign_in(*this, care, "nobody", "wrong-password-1");
        settle();
    };
    const auto quiet_minute = [&] {
        run_timers();
        settle();
    };
    const auto before = store().tree_size();
    fail(40);
    BOOST_TEST(store().tree_size() == before + 1);
    quiet_minute();
    BOOST_TEST(store().tree_size() == before + 2);
    const auto log = whole_log(*this);
    BOOST_TEST(log.find("outcome failed\nperson -\ncount 1\n") != std::string::npos);
    BOOST_TEST(log.find("outcome failed\nperson -\ncount 39\n") != std::string::npos);
    quiet_minute(); // nothing came: the next failure is told at once again
    fail(1);
    BOOST_TEST(store().tree_size() == before + 3);
    fail(5);
    people().flush();
    settle();
    BOOST_TEST(whole_log(*this).find("count 5\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_session_belongs_to_its_certificate) {
    const auto browser = person(*this, care, "hanako", Role::staff);
    auto elsewhere = browser;
    elsewhere.office = again(care);
    BOOST_TEST(slug_in(test::call(*this, elsewhere, "GET", "/v1/me")) == "person-required");
    elsewhere.office = visit;
    BOOST_TEST(slug_in(test::call(*this, elsewhere, "GET", "/v1/me")) == "person-required");
    BOOST_TEST(test::call(*this, browser, "GET", "/v1/me").status == 200);
}

BOOST_AUTO_TEST_CASE(a_session_ends_after_fifteen_idle_minutes) {
    const auto browser = person(*this, care, "hanako", Role::staff);
    clock.advance(15min - 1ms);
    BOOST_TEST(test::call(*this, browser, "GET", "/v1/me").status == 200);
    clock.advance(15min);
    BOOST_TEST(test::call(*this, browser, "GET", "/v1/me").status == 401);
}

BOOST_AUTO_TEST_CASE(every_change_of_the_person_ends_its_sessions) {
    const auto admin = person(*this, care, "admin", Role::office_admin);
    for (const auto* change : {"lock", "disable", "reset"}) {
        const auto name = std::string("staff-") + change;
        const auto browser = person(*this, care, name, Role::staff);
        BOOST_TEST(test::call(*this, browser, "GET", "/v1/inbox").status == 200);
        BOOST_TEST(test::call(*this, admin, "POST", "/v1/people/" + browser.person + "/" + change)
                       .status == 200);
        BOOST_TEST(test::call(*this, browser, "GET", "/v1/inbox").status == 401);
    }
    BOOST_TEST(test::call(*this, admin, "GET", "/v1/people").status == 200);
}

BOOST_AUTO_TEST_CASE(a_person_changes_its_own_password) {
    const auto browser = person(*this, care, "hanako", Role::viewer);
    const auto change = [&](const std::string& old_one, const std::string& new_one) {
        return test::call(*this, browser, "POST", "/v1/session/password",
                          R"({"password":")" + old_one + R"(","new_password":")" + new_one + "\"}");
    };
    BOOST_TEST(slug_in(change(good_password, "short")) == "malformed");
    BOOST_TEST(slug_in(change("wrong-password-1", "another-long-one")) == "login-failed");
    BOOST_TEST(change(good_password, "another-long-one").status == 204);
    BOOST_TEST(test::call(*this, browser, "GET", "/v1/me").status == 401);
    BOOST_TEST(sign_in(*this, care, "hanako").status == 401);
    BOOST_TEST(sign_in(*this, care, "hanako", "another-long-one").status == 201);
}

BOOST_AUTO_TEST_CASE(a_hash_of_less_cost_is_made_anew_at_the_next_login) {
    const auto id = add_person(*this, care, "hanako", Role::staff);
    const auto row = store().person(id).value();
    auto change = identity::change_person(row, store::PersonChange::reset,
                                          identity::hash_password(good_password, {32, 1, 1}), {},
                                          clock.now());
    write(*this, change);
    const auto browser = signed_in(*this, care, "hanako");
    BOOST_TEST(store().person(id).value().password.find("m=64,t=1,p=1") != std::string::npos);
    BOOST_TEST(test::call(*this, browser, "GET", "/v1/me").status == 200);
    signed_in(*this, care, "hanako");
}

BOOST_AUTO_TEST_CASE(what_changes_something_needs_the_pages_origin_and_its_token) {
    const auto browser = person(*this, care, "hanako", Role::staff);
    const auto recall = [&](Headers headers) {
        headers.emplace_back("cookie", "__Host-cpgw=" + browser.cookie);
        headers.emplace_back("host", "gateway");
        return World::call(care, "POST", "/v1/bundles/" + accepted_bundle() + "/recall", headers)
            .status;
    };
    const std::pair<std::string, std::string> csrf{"x-csrf-token", browser.csrf};
    BOOST_TEST(recall({csrf, {"origin", "https://gateway"}}) == 200);
    BOOST_TEST(recall({csrf, {"sec-fetch-site", "same-origin"}}) == 200);
    BOOST_TEST(recall({csrf}) == 403);
    BOOST_TEST(recall({{"origin", "https://gateway"}}) == 403);
    BOOST_TEST(recall({{"x-csrf-token", "guess"}, {"origin", "https://gateway"}}) == 403);
    BOOST_TEST(recall({csrf, {"origin", "https://evil.example"}}) == 403);
    BOOST_TEST(recall({csrf, {"origin", "null"}}) == 403);
    BOOST_TEST(recall({csrf, {"origin", "https://gateway"}, {"sec-fetch-site", "cross-site"}}) ==
               403);
    BOOST_TEST(recall({csrf, {"origin", "http://gateway"}}) == 403);
}

BOOST_AUTO_TEST_CASE(another_sites_page_gets_nothing_by_the_certificate_alone) {
    const auto id = accepted_bundle();
    for (const auto& header :
         {std::pair<std::string, std::string>{"sec-fetch-site", "cross-site"},
          std::pair<std::string, std::string>{"sec-fetch-site", "same-site"},
          std::pair<std::string, std::string>{"origin", "https://evil.example"}}) {
        BOOST_TEST(World::call(care, "POST", "/v1/bundles/" + id + "/recall", {header}).status ==
                   403);
        BOOST_TEST(World::call(visit, "GET", "/v1/bundles/" + id + "/view", {header}).status ==
                   403);
        BOOST_TEST(sign_in(*this, care, "hanako", good_password, {header}).status == 403);
    }
    BOOST_TEST(text_at(json_of(get(care, "/v1/bundles/" + id)), "/state") == "accepted");
}

BOOST_AUTO_TEST_CASE(each_role_may_what_its_table_says) {
    const auto id = accepted_bundle();
    struct Expected {
        Role role;
        int read, check, recall, people;
    };
    for (const auto& [role, read, check, recall, people_list] :
         {Expected{Role::office_admin, 200, 415, 404, 200},
          Expected{Role::staff, 200, 415, 404, 403}, Expected{Role::viewer, 200, 415, 403, 403},
          Expected{Role::operator_, 403, 403, 403, 403}}) {
        const auto browser =
            person(*this, care, "person." + std::to_string(static_cast<int>(role)), role);
        for (const auto* part : {"", "/content", "/report", "/view", "/receipts"})
            BOOST_TEST(test::call(*this, browser, "GET", "/v1/bundles/" + id + part).status ==
                       read);
        BOOST_TEST(test::call(*this, browser, "GET", "/v1/outbox").status == read);
        BOOST_TEST(test::call(*this, browser, "POST", "/v1/check").status == check);
        BOOST_TEST(test::call(*this, browser, "POST", "/v1/bundles/none/recall").status == recall);
        BOOST_TEST(test::call(*this, browser, "GET", "/v1/people").status == people_list);
        BOOST_TEST(test::call(*this, browser, "GET", "/v1/audit/policy").status == 200);
    }
}

BOOST_AUTO_TEST_CASE(an_admin_runs_the_people_of_its_own_office_only) {
    const auto admin = person(*this, care, "admin", Role::office_admin);
    const auto other = add_person(*this, visit, "other", Role::staff);
    const auto the_operator = add_person(*this, care, "operator", Role::operator_);
    const auto added =
        test::call(*this, admin, "POST", "/v1/people", R"({"user":"hanako","role":"viewer"})");
    BOOST_REQUIRE_EQUAL(added.status, 201);
    const auto password = text_at(json_of(added), "/password");
    BOOST_TEST(sign_in(*this, care, "hanako", password).status == 201);
    BOOST_TEST(slug_in(test::call(*this, admin, "POST", "/v1/people",
                                  R"({"user":"hanako","role":"viewer"})")) == "conflict");
    BOOST_TEST(slug_in(test::call(*this, admin, "POST", "/v1/people",
                                  R"({"user":"root","role":"operator"})")) == "forbidden");
    for (const auto& id : {other.str(), the_operator.str(), std::string(32, '0'), std::string("x")})
        for (const auto* change : {"lock", "unlock", "reset", "disable"})
            BOOST_TEST(test::call(*this, admin, "POST", "/v1/people/" + id + "/" + change).status ==
                       404);
    BOOST_TEST(test::call(*this, admin, "POST", "/v1/people/" + admin.person + "/lock").status ==
               409);
    BOOST_TEST((store().person(other).value().state == store::PersonState::active));

    const auto listed = json_of(test::call(*this, admin, "GET", "/v1/people"));
    BOOST_TEST(listed.at("people").as_array().size() == 3u);
    const auto log = whole_log(*this);
    BOOST_TEST(log.find("action person.add\nby " + admin.person + "\n") != std::string::npos);
    for (const auto* word : {"hanako", "other"})
        BOOST_TEST(log.find(std::string(" ") + word) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(looking_at_a_payload_names_the_person_by_its_opaque_id) {
    const auto id = accepted_bundle();
    const auto browser = person(*this, care, "hanako", Role::viewer);
    const auto name = sample(care, visit, "schedule").front().name;
    for (const auto& part : {std::string("/view"), std::string("/content"), "/files/" + name}) {
        const auto before = store().tree_size();
        BOOST_TEST(test::call(*this, browser, "GET", "/v1/bundles/" + id + part).status == 200);
        const auto leaf = store().leaves(before, 10).at(0);
        BOOST_TEST(leaf.find("\ntype access\n") != std::string::npos);
        BOOST_TEST(leaf.find("\nperson " + browser.person + "\n") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_token_has_its_scope_its_office_and_its_end) {
    const auto id = accepted_bundle();
    const auto reads = token(visit, {store::Scope::read});
    const auto acks = token(visit, {store::Scope::ack});
    BOOST_TEST(with_token(visit, reads, "GET", "/v1/bundles/" + id).status == 200);
    BOOST_TEST(with_token(visit, acks, "GET", "/v1/bundles/" + id).status == 403);
    BOOST_TEST(with_token(visit, reads, "GET", "/v1/bundles/" + id + "/content").status == 200);
    const auto* const imported = R"({"state":"imported"})";
    const auto ack = "/v1/bundles/" + id + "/ack";
    BOOST_TEST(with_token(visit, reads, "POST", ack, imported).status == 403);
    BOOST_TEST(with_token(visit, acks, "POST", ack, imported).status == 200);
    BOOST_TEST(with_token(visit, reads, "POST", "/v1/bundles").status == 403);
    BOOST_TEST(with_token(visit, reads, "GET", "/v1/people").status == 403);
    settle();
    BOOST_TEST(whole_log(*this).find("\ntoken ") != std::string::npos);

    BOOST_TEST(slug_in(with_token(care, reads, "GET", "/v1/inbox")) == "not-authenticated");
    BOOST_TEST(slug_in(with_token(visit, "cpgw_guess", "GET", "/v1/inbox")) == "not-authenticated");
    BOOST_TEST(World::call(visit, "GET", "/v1/inbox", {{"authorization", "Basic eA=="}}).status ==
               401);
    settle();
    const auto used = store().token(sha256(reads)).value();
    BOOST_TEST((used.used_at == clock.now()));
    write(*this, identity::revoke_token(used, {}, clock.now()));
    BOOST_TEST(with_token(visit, reads, "GET", "/v1/inbox").status == 401);
    clock.advance(std::chrono::days(30));
    BOOST_TEST(with_token(visit, acks, "GET", "/v1/me").status == 401);
}

BOOST_AUTO_TEST_CASE(an_admin_sees_and_revokes_the_tokens_of_its_office) {
    const auto admin = person(*this, visit, "admin", Role::office_admin);
    const auto secret = token(visit, {store::Scope::read});
    const auto foreign = store().token(sha256(token(care, {store::Scope::read}))).value();
    const auto listed = json_of(test::call(*this, admin, "GET", "/v1/tokens"));
    BOOST_TEST(listed.at("tokens").as_array().size() == 1u);
    BOOST_TEST(text_at(listed, "/tokens/0/prefix") == secret.substr(0, 13));
    BOOST_TEST(boost::json::serialize(listed).find(secret) == std::string::npos);
    const auto id = text_at(listed, "/tokens/0/id");
    BOOST_TEST(test::call(*this, admin, "DELETE", "/v1/tokens/" + foreign.id.str()).status == 404);
    BOOST_TEST(test::call(*this, admin, "DELETE", "/v1/tokens/" + id).status == 204);
    BOOST_TEST(test::call(*this, admin, "DELETE", "/v1/tokens/" + id).status == 409);
    BOOST_TEST(with_token(visit, secret, "GET", "/v1/inbox").status == 401);
}

BOOST_AUTO_TEST_CASE(a_session_and_a_token_are_not_mixed) {
    const auto browser = person(*this, care, "hanako", Role::viewer);
    auto headers = browser.headers();
    headers.emplace_back("authorization", "Bearer " + token(care, {store::Scope::send}));
    BOOST_TEST(World::call(care, "GET", "/v1/me", headers).status == 400);
    BOOST_TEST(
        World::call(care, "GET", "/v1/me", {{"cookie", "__Host-cpgw=a; __Host-cpgw=b"}}).status ==
        400);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(where_people_are_required, StrictTown)

BOOST_AUTO_TEST_CASE(one_factor_alone_is_refused) {
    for (const auto* target : {"/v1/inbox", "/v1/outbox", "/v1/bundles/none", "/v1/people"})
        BOOST_TEST(slug_in(get(care, target)) == "person-required");
    BOOST_TEST(slug_in(submit(care, sample(care, visit, "schedule"))) == "person-required");
    for (const auto* target : {"/v1/me", "/v1/limits", "/v1/audit/policy", "/openapi.yaml"})
        BOOST_TEST(get(care, target).status == 200);
    // The other factor alone: a session without the certificate it was opened over.
    auto browser = person(*this, care, "hanako", Role::staff);
    BOOST_TEST(test::call(*this, browser, "GET", "/v1/inbox").status == 200);
    browser.office.peer = std::make_shared<http::Peer>();
    BOOST_TEST(slug_in(test::call(*this, browser, "GET", "/v1/inbox")) == "not-authenticated");
}

BOOST_AUTO_TEST_CASE(a_machine_works_alone_or_by_its_token) {
    BOOST_TEST(with_token(care, token(care, {store::Scope::read}), "GET", "/v1/inbox").status ==
               200);
    const auto certificate = identity::parse_certificate_der(visit.peer->certificate_der).value();
    store::CertificateRow row{certificate.issuer, certificate.serial, {visit.number}, true, true};
    store().put_certificates(std::vector{row});
    BOOST_TEST(get(visit, "/v1/inbox").status == 200);
    BOOST_TEST(slug_in(get(visit, "/v1/people")) == "person-required");
}

BOOST_AUTO_TEST_SUITE_END()
