// Nobody else's data: every route of the table with ids of another office answers as for an id that
// never was. A route that is not in the table below fails the test.
#include "tests/api/console.hpp"
#include "tests/api/listener.hpp"

#include "gateway/exchange/webhooks.hpp"
#include "gateway/identity/token.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>
#include <thread>

using namespace cpg;
using namespace cpg::test;
using store::Role;

namespace {

/// What a route shows, and so how it is tried.
enum class Shows {
    bundle,   // {id} of a bundle
    person,   // {id} of a person
    token,    // {id} of a token
    webhook,  // {id} of a webhook
    own,      // a list or a change of the caller's own
    everyone, // the same to every office: nothing of an exchange
};

const std::map<std::string, Shows> routes{
    {"POST /v1/check", Shows::own},
    {"POST /v1/bundles", Shows::own},
    {"GET /v1/inbox", Shows::own},
    {"GET /v1/outbox", Shows::own},
    {"GET /v1/bundles/{id}", Shows::bundle},
    {"GET /v1/bundles/{id}/content", Shows::bundle},
    {"GET /v1/bundles/{id}/files/{name}", Shows::bundle},
    {"GET /v1/bundles/{id}/report", Shows::bundle},
    {"GET /v1/bundles/{id}/view", Shows::bundle},
    {"GET /v1/bundles/{id}/receipts", Shows::bundle},
    {"POST /v1/bundles/{id}/ack", Shows::bundle},
    {"POST /v1/bundles/{id}/recall", Shows::bundle},
    {"GET /v1/events", Shows::own},
    {"GET /v1/webhooks", Shows::own},
    {"POST /v1/webhooks", Shows::own},
    {"DELETE /v1/webhooks/{id}", Shows::webhook},
    {"POST /v1/webhooks/{id}/{action}", Shows::webhook},
    {"GET /v1/offices", Shows::everyone},
    {"GET /v1/me", Shows::own},
    {"GET /v1/limits", Shows::everyone},
    {"GET /v1/audit/checkpoint", Shows::everyone},
    {"GET /v1/audit/tile/{rest...}", Shows::everyone},
    {"GET /v1/audit/policy", Shows::everyone},
    {"GET /v1/audit/{year}/checkpoint", Shows::everyone},
    {"GET /v1/audit/{year}/tile/{rest...}", Shows::everyone},
    {"POST /v1/session", Shows::own},
    {"GET /v1/session", Shows::own},
    {"DELETE /v1/session", Shows::own},
    {"POST /v1/session/password", Shows::own},
    {"GET /v1/people", Shows::own},
    {"POST /v1/people", Shows::own},
    {"POST /v1/people/{id}/{action}", Shows::person},
    {"GET /v1/tokens", Shows::own},
    {"DELETE /v1/tokens/{id}", Shows::token},
    {"GET /openapi.yaml", Shows::everyone},
    {"GET /docs", Shows::everyone},
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

struct Ids {
    std::string bundle, person, token, webhook, file;
};

/// Who tries: an office with what its requests carry.
struct Intruder {
    std::string name;
    Office office;
    Headers headers;
};

struct Town : World {
    explicit Town(WorldSettings settings = {}) : World(settings) {}
    Office care = office("0370100017", "43");
    Office visit = office("0370100025", "11");
    Office third = office("0370100033", "15");
    Office closed = office("0370100041", "13");
    std::vector<InputFile> files = sample(care, visit, "schedule");
    Ids ids = make_ids();

    Ids make_ids() {
        const auto sent = submit(care, files);
        const auto person = test::add_person(*this, care, "hanako", Role::staff);
        const auto token = identity::make_token(care.number, {store::Scope::read}, clock.now(),
                                                std::chrono::days(30));
        write(*this, identity::add_token(token.row, {}));
        const auto webhook = exchange::add_webhook(
            sealer(), care.number, "https://receiver.example/", 0, 1, {}, clock.now());
        write(*this, webhook.op);
        return {text_at(json_of(sent), "/bundles/0/id"), person.str(), token.row.id.str(),
                webhook.op.row.id.str(), files.front().name};
    }
    /// Ids of the same form that never were.
    Ids never() {
        return {BundleId::make(clock.now(), random_bytes(10)).str(),
                store::PersonId::of(random_bytes(16)).str(),
                store::TokenId::of(random_bytes(16)).str(),
                store::WebhookId::of(random_bytes(16)).str(), "UPPLAN_never.CSV"};
    }

    std::vector<Intruder> intruders() {
        const auto admin = person(*this, third, "admin", Role::office_admin);
        const auto third_operator = person(*this, third, "operator", Role::operator_);
        const auto own_operator = person(*this, care, "operator", Role::operator_);
        const auto all = identity::make_token(
            third.number,
            {store::Scope::send, store::Scope::read, store::Scope::ack, store::Scope::webhooks},
            clock.now(), std::chrono::days(30));
        write(*this, identity::add_token(all.row, {}));
        const auto closed_admin = person(*this, closed, "admin", Role::office_admin);
        auto row = store().offices().at(3);
        row.enabled = false;
        store().put_offices(std::vector{row});
        return {{"a third office", third, {}},
                {"an admin of a third office", third, admin.headers()},
                {"an operator of a third office", third, third_operator.headers()},
                {"an operator of the office itself", care, own_operator.headers()},
                {"a token of a third office", third, {{"authorization", "Bearer " + all.secret}}},
                {"a disabled office", closed, {}},
                {"an admin of a disabled office", closed, closed_admin.headers()},
                {"an office that is not registered", stranger("0370100058", "15"), {}}};
    }

    http::Response attempt(const Intruder& who, const std::string& route, const Ids& with,
                           const std::string& id) {
        const auto blank = route.find(' ');
        auto target = replaced(route.substr(blank + 1), "{id}", id);
        target = replaced(target, "{name}", with.file);
        target = replaced(target, "{action}",
                          route.find("/webhooks/") == std::string::npos ? "disable" : "rotate");
        return call(who.office, route.substr(0, blank), target, who.headers,
                    R"({"state":"imported"})");
    }

    /// Everything an attempt could have changed.
    std::string state_of_the_victim() {
        const auto row = store().person(*store::PersonId::parse(ids.person)).value();
        const auto token = store().tokens(care.number).at(0);
        return text_at(json_of(get(care, "/v1/bundles/" + ids.bundle)), "/state") + " " +
               std::to_string(row.version) + " " + (token.revoked_at ? "revoked" : "valid") + " " +
               std::to_string(store().webhooks(care.number).at(0).version) + " " +
               std::to_string(store().steps(BundleId::parse(ids.bundle).value()).size());
    }
};

/// All pieces that a stream has so far; nothing for another answer.
std::string what_a_stream_tells(const http::Response& answer) {
    if (!answer.source) return {};
    Listener listener(answer);
    std::string text;
    while (!listener.waits())
        if (const auto piece = listener.next())
            text += *piece;
        else
            break;
    return text;
}

WorldSettings with_real_rates() {
    WorldSettings settings;
    settings.api.rate = {};
    return settings;
}

} // namespace

BOOST_AUTO_TEST_SUITE(isolation)

BOOST_AUTO_TEST_CASE(every_route_is_covered) {
    const auto lines = lines_of(api::Api::route_lines());
    for (const auto& line : lines)
        BOOST_TEST(routes.count(line) == 1u, line << " is not covered by this test");
    BOOST_TEST(routes.size() == lines.size());
}

BOOST_AUTO_TEST_CASE(an_id_of_another_office_answers_as_one_that_never_was) {
    Town town;
    const auto intruders = town.intruders();
    const auto before = town.state_of_the_victim();
    int tried = 0;
    for (const auto& [route, shows] : routes) {
        if (shows == Shows::own || shows == Shows::everyone) continue;
        for (const auto& who : intruders) {
            const auto pick = [shows = shows](const Ids& ids) {
                return shows == Shows::bundle   ? ids.bundle
                       : shows == Shows::person ? ids.person
                       : shows == Shows::token  ? ids.token
                                                : ids.webhook;
            };
            const auto never = town.never();
            const auto real = town.attempt(who, route, town.ids, pick(town.ids));
            const auto none = town.attempt(who, route, never, pick(never));
            BOOST_TEST_CONTEXT(route << " by " << who.name) {
                BOOST_TEST((real.status == 404 || real.status == 403 || real.status == 401));
                BOOST_TEST(real.status == none.status);
                BOOST_TEST(real.body == none.body);
                BOOST_TEST((real.headers == none.headers));
            }
            ++tried;
        }
    }
    BOOST_TEST(tried == 12 * 8);
    BOOST_TEST(town.state_of_the_victim() == before);
}

BOOST_AUTO_TEST_CASE(lists_hold_the_callers_own_only) {
    Town town;
    for (const auto& who : town.intruders())
        for (const auto& [route, shows] : routes) {
            if (!route.starts_with("GET ") || shows != Shows::own) continue;
            const auto target = route.substr(4);
            for (const auto& query :
                 {std::string(), "?office=" + town.care.number.str(), std::string("?after=0")}) {
                auto answer = town.call(who.office, "GET", target + query, who.headers);
                answer.body += what_a_stream_tells(answer);
                BOOST_TEST_CONTEXT(route << query << " by " << who.name << " " << answer.body)
                for (const auto& id :
                     {town.ids.bundle, town.ids.person, town.ids.token, town.ids.webhook})
                    BOOST_TEST(answer.body.find(id) == std::string::npos);
            }
        }
}

BOOST_AUTO_TEST_CASE(what_everyone_sees_holds_nothing_of_an_exchange) {
    Town town;
    for (const auto& [route, shows] : routes) {
        if (shows != Shows::everyone || route.find("/audit/") != std::string::npos) continue;
        const auto answer = town.get(town.third, route.substr(4));
        BOOST_TEST(answer.status == 200);
        for (const auto& id : {town.ids.bundle, town.ids.person, town.ids.token, town.ids.webhook})
            BOOST_TEST(answer.body.find(id) == std::string::npos);
    }
}

// The time in an id may be guessed, its 74 random bits may not.
BOOST_AUTO_TEST_CASE(ten_thousand_guesses_find_nothing_and_are_slowed_down) {
    Town town(with_real_rates());
    std::map<int, int> answers;
    for (int i = 0; i < 10'000; ++i)
        ++answers[town.get(town.third, "/v1/bundles/" +
                                           BundleId::make(town.clock.now(), random_bytes(10)).str())
                      .status];
    BOOST_TEST(answers.size() == 2u);
    BOOST_TEST(answers[404] == 1000);
    BOOST_TEST(answers[429] == 9000);
    BOOST_TEST(town.get(town.care, "/v1/bundles/" + town.ids.bundle).status == 200);
}

BOOST_AUTO_TEST_CASE(a_thousand_submissions_of_one_bundle_are_one_acceptance) {
    Town town;
    const auto bundle = town.sample(town.care, town.visit, "schedule", 7);
    constexpr int threads = 8, each = 125;
    std::vector<std::string> bodies(threads * each);
    std::vector<int> statuses(threads * each);
    std::vector<std::thread> senders;
    for (int t = 0; t < threads; ++t)
        senders.emplace_back([&, t] {
            for (int i = 0; i < each; ++i) {
                const auto answer = town.submit(town.care, bundle);
                bodies[static_cast<std::size_t>(t * each + i)] = answer.body;
                statuses[static_cast<std::size_t>(t * each + i)] = answer.status;
            }
        });
    for (auto& sender : senders) sender.join();
    BOOST_TEST(std::count(statuses.begin(), statuses.end(), 201) == threads * each);
    BOOST_TEST(std::count(bodies.begin(), bodies.end(), bodies.front()) == threads * each);
    const auto id = text_at(boost::json::parse(bodies.front()), "/bundles/0/id");
    BOOST_TEST(town.store().steps(BundleId::parse(id).value()).size() == 1u);
    BOOST_TEST(
        json_of(town.get(town.visit, "/v1/inbox?state=all")).at("bundles").as_array().size() == 2u);

    const auto other = town.sample(town.care, town.visit, "schedule", 7, 8);
    const auto refused = town.submit(town.care, other);
    BOOST_TEST(refused.status == 422);
    BOOST_TEST(text_at(json_of(refused), "/bundles/0/report/findings/0/rule") == "R-SEQ-01");
}

BOOST_AUTO_TEST_CASE(a_thousand_requests_with_one_key_are_one_request) {
    Town town;
    const auto bundle = town.sample(town.care, town.visit, "schedule", 8);
    const Headers key{{"idempotency-key", "one"}};
    constexpr int threads = 8, each = 125;
    std::mutex mutex;
    std::map<std::string, int> bodies;
    int in_flight = 0, wrong = 0;
    std::vector<std::thread> senders;
    for (int t = 0; t < threads; ++t)
        senders.emplace_back([&] {
            for (int i = 0; i < each; ++i) {
                const auto answer = town.submit(town.care, bundle, key);
                const std::lock_guard lock(mutex);
                if (answer.status == 201)
                    ++bodies[answer.body];
                else if (answer.status == 409 && slug_in(answer) == "idempotency-in-flight")
                    ++in_flight;
                else
                    ++wrong;
            }
        });
    for (auto& sender : senders) sender.join();
    BOOST_TEST(wrong == 0);
    BOOST_TEST(bodies.size() == 1u);
    BOOST_TEST(bodies.begin()->second + in_flight == threads * each);
    const auto other = town.sample(town.care, town.visit, "schedule", 9);
    const auto reused = town.submit(town.care, other, key);
    BOOST_TEST(reused.status == 422);
    BOOST_TEST(slug_in(reused) == "idempotency-key-reused");
}

BOOST_AUTO_TEST_SUITE_END()
