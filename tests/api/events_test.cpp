// GET /v1/events: who hears what, where a client goes on, and when a stream ends.
#include "tests/api/console.hpp"
#include "tests/api/listener.hpp"

#include "gateway/identity/token.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::test;
using store::Role;

namespace {

WorldSettings few_streams() {
    WorldSettings settings;
    settings.api.max_streams = 3;
    settings.api.max_streams_per_office = 2;
    return settings;
}

struct Street : World {
    explicit Street(WorldSettings settings = {}) : World(std::move(settings)) {}
    Office care = office("0370100017", "43");
    Office visit = office("0370100025", "11");
    Office third = office("0370100033", "15");

    Listener listen(const Office& who, const std::string& query = {}, const Headers& headers = {}) {
        return Listener(call(who, "GET", "/v1/events" + query, headers));
    }
    /// One that has had its first lines.
    Listener opened(const Office& who, const std::string& query = {}, const Headers& headers = {}) {
        auto listener = listen(who, query, headers);
        if (listener.response.status != 200) throw std::runtime_error(listener.response.body);
        listener.next();
        return listener;
    }
    /// Of other users each time: none takes the place of another.
    std::string send(int step = 0) {
        const auto files =
            sample(care, visit, "schedule", step, 100 + static_cast<std::uint64_t>(step));
        return text_at(json_of(submit(care, files)), "/bundles/0/id");
    }
    void acknowledge(const std::string& id, const std::string& state) {
        const auto answer = call(visit, "POST", "/v1/bundles/" + id + "/ack", {},
                                 R"({"state":")" + state + R"("})");
        BOOST_TEST(answer.status == 200);
    }
};

/// The fields of one event.
std::map<std::string, std::string> fields_of(const std::string& event) {
    std::map<std::string, std::string> fields;
    std::istringstream in(event);
    for (std::string line; std::getline(in, line) && !line.empty();)
        fields[line.substr(0, line.find(':'))] = line.substr(line.find(':') + 2);
    return fields;
}

std::string type_in(const std::string& piece) {
    return fields_of(piece)["event"];
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(events_of_the_api, Street)

BOOST_AUTO_TEST_CASE(tell_each_side_what_the_other_did) {
    auto receiver = opened(visit), sender = opened(care), other = opened(third);
    BOOST_TEST(header_of(receiver.response, "Content-Type") == "text/event-stream");
    BOOST_TEST((receiver.waits() && sender.waits() && other.waits()));
    const auto id = send();
    const auto arrived = fields_of(receiver.next().value());
    BOOST_TEST(arrived.at("event") == "bundle.arrived");
    const auto data = boost::json::parse(arrived.at("data"));
    BOOST_TEST(text_at(data, "/type") == "bundle.arrived");
    BOOST_TEST(text_at(data, "/timestamp") == rfc3339(clock.now()));
    BOOST_TEST(text_at(data, "/data/bundle") == id);
    BOOST_TEST(text_at(data, "/data/from/office") == care.number.str());
    BOOST_TEST(text_at(data, "/data/to/office") == visit.number.str());
    BOOST_TEST(text_at(data, "/data/to/service_type") == "11");
    BOOST_TEST(text_at(data, "/data/kind") == "schedule");
    BOOST_TEST(text_at(data, "/data/month") == "202612");
    BOOST_TEST(text_at(data, "/data/serial") == "20261120120000");
    BOOST_TEST(text_at(data, "/data/state") == "accepted");
    BOOST_TEST(data.at("data").as_object().size() == 7u);

    get(visit, "/v1/bundles/" + id + "/content");
    BOOST_TEST(type_in(sender.next().value()) == "bundle.fetched");
    acknowledge(id, "import_failed");
    BOOST_TEST(type_in(sender.next().value()) == "bundle.import_failed");
    acknowledge(id, "imported");
    BOOST_TEST(type_in(sender.next().value()) == "bundle.imported");
    const auto second = send(1);
    BOOST_TEST(type_in(receiver.next().value()) == "bundle.arrived");
    call(care, "POST", "/v1/bundles/" + second + "/recall");
    BOOST_TEST(type_in(receiver.next().value()) == "bundle.recalled");
    BOOST_TEST((receiver.waits() && sender.waits() && other.waits()));
}

BOOST_AUTO_TEST_CASE(go_on_behind_the_id_a_client_remembers) {
    auto listener = listen(visit);
    const auto hello = listener.next().value();
    BOOST_TEST(hello.find("retry: 3000\n") == 0u);
    const auto start = fields_of(hello).at("id");
    send(0);
    const auto first = fields_of(listener.next().value()).at("id");
    send(1);
    const auto second = fields_of(listener.next().value()).at("id");
    const auto heard = [&](const std::string& query, const Headers& headers = {}) {
        auto again = opened(visit, query, headers);
        if (again.waits()) return std::size_t{0};
        return occurrences(again.next().value(), "\nevent: ");
    };
    BOOST_TEST(heard("") == 0u); // without an id a stream starts now
    BOOST_TEST(heard("?after=" + start) == 2u);
    BOOST_TEST(heard("?after=0") == 2u);
    BOOST_TEST(heard("?after=" + first) == 1u);
    BOOST_TEST(heard("?after=" + second) == 0u);
    BOOST_TEST(heard("", {{"last-event-id", first}}) == 1u);
    BOOST_TEST(heard("?after=0", {{"last-event-id", second}}) == 0u); // the client's own is newer
}

BOOST_AUTO_TEST_CASE(come_in_pieces_of_bounded_size_without_a_gap) {
    std::vector<std::string> ids;
    for (int step = 0; step < 60; ++step) ids.push_back(send(step));
    for (const auto& id : ids) call(care, "POST", "/v1/bundles/" + id + "/recall");
    auto listener = opened(visit, "?after=0");
    const auto one = listener.next().value(), two = listener.next().value();
    BOOST_TEST(occurrences(one, "event: ") == 100u);
    BOOST_TEST(occurrences(two, "event: ") == 20u);
    BOOST_TEST(occurrences(one + two, "event: bundle.arrived") == 60u);
    BOOST_TEST(listener.waits());
}

BOOST_AUTO_TEST_CASE(beat_while_nothing_happens) {
    auto listener = opened(visit);
    BOOST_TEST(listener.waits());
    run_timers();
    BOOST_TEST(listener.next().value() == ":\n\n");
    BOOST_TEST(listener.waits());
    run_timers();
    BOOST_TEST(listener.next().value() == ":\n\n");
    send();
    BOOST_TEST(type_in(listener.next().value()) == "bundle.arrived");
}

BOOST_AUTO_TEST_CASE(refuse_what_cannot_be_resumed_from) {
    for (const auto* query : {"?after=x", "?after=-1", "?after=1e3", "?after=",
                              "?after=99999999999999999999", "?after=1000000", "?office=1"})
        BOOST_TEST(slug_in(listen(visit, query).response) == "malformed", query);
    BOOST_TEST(slug_in(listen(visit, "", {{"last-event-id", "999999"}}).response) == "malformed");
    BOOST_TEST(slug_in(listen(visit, "?office=" + care.number.str()).response) == "forbidden");
}

BOOST_AUTO_TEST_CASE(are_limited_by_office_and_in_all_and_a_place_comes_back) {
    Street street(few_streams());
    {
        const auto one = street.opened(street.visit), two = street.opened(street.visit);
        BOOST_TEST(street.api().streams() == 2u);
        BOOST_TEST(street.listen(street.visit).response.status == 429);
        const auto three = street.opened(street.care);
        BOOST_TEST(street.listen(street.third).response.status == 503);
    }
    BOOST_TEST(street.api().streams() == 0u);
    BOOST_TEST(street.listen(street.visit).response.status == 200);
    const auto limits = json_of(street.get(street.visit, "/v1/limits"));
    BOOST_TEST(limits.at("max_streams").as_int64() == 3);
    BOOST_TEST(limits.at("max_streams_per_office").as_int64() == 2);
    BOOST_TEST(limits.at("heartbeat_ms").as_int64() == 15'000);
}

BOOST_AUTO_TEST_CASE(end_with_the_office_the_token_and_the_session) {
    const auto made =
        identity::make_token(visit.number, {store::Scope::read}, clock.now(), std::chrono::days(1));
    write(*this, identity::add_token(made.row, {}));
    const auto reader = person(*this, visit, "hanako", Role::viewer);
    auto by_token = opened(visit, "", {{"authorization", "Bearer " + made.secret}});
    auto by_person = opened(visit, "", reader.headers());
    auto by_certificate = opened(visit);
    BOOST_TEST((by_token.waits() && by_person.waits() && by_certificate.waits()));

    write(*this, identity::revoke_token(made.row, {}, clock.now()));
    send();
    BOOST_TEST(!by_token.next());
    BOOST_TEST(type_in(by_person.next().value()) == "bundle.arrived");
    BOOST_TEST(type_in(by_certificate.next().value()) == "bundle.arrived");

    // A stream is no sign of life of its person: the session idles on while it beats.
    BOOST_TEST(by_person.waits());
    clock.advance(std::chrono::minutes(10));
    run_timers();
    BOOST_TEST(by_person.next().value() == ":\n\n");
    BOOST_TEST(by_person.waits());
    clock.advance(std::chrono::minutes(6));
    run_timers();
    BOOST_TEST(by_person.next().value() == ":\n\n"); // was under way
    BOOST_TEST(!by_person.next());

    BOOST_TEST(type_in(by_certificate.waits() ? std::string() : "early") == "");
    auto row = store().offices().at(1);
    BOOST_TEST((row.office == visit.number));
    row.enabled = false;
    store().put_offices(std::vector{row});
    run_timers();
    by_certificate.next();
    BOOST_TEST(!by_certificate.next());
}

BOOST_AUTO_TEST_CASE(need_the_right_to_read) {
    const auto made = identity::make_token(visit.number, {store::Scope::send, store::Scope::ack},
                                           clock.now(), std::chrono::days(1));
    write(*this, identity::add_token(made.row, {}));
    BOOST_TEST(listen(visit, "", {{"authorization", "Bearer " + made.secret}}).response.status ==
               403);
    const auto watcher = person(*this, visit, "operator", Role::operator_);
    BOOST_TEST(listen(visit, "", watcher.headers()).response.status == 403);
    BOOST_TEST(listen(stranger("0370100058", "15")).response.status == 403);
}

BOOST_AUTO_TEST_CASE(end_when_the_gateway_stops) {
    auto listener = opened(visit);
    BOOST_TEST(listener.waits());
    api().drain();
    BOOST_TEST(!listener.next());
    auto late = opened(visit);
    BOOST_TEST(!late.next());
}

BOOST_AUTO_TEST_CASE(say_that_nobody_fetched_once_and_to_the_sender) {
    auto sender = opened(care);
    const auto id = send();
    clock.advance(std::chrono::hours(2));
    const auto fetched = send(1);
    clock.advance(std::chrono::hours(2));
    BOOST_TEST(exchange().tell_unclaimed(std::chrono::hours(3)) == 1u);
    BOOST_TEST(exchange().tell_unclaimed(std::chrono::hours(3)) == 0u);
    const auto event = fields_of(sender.next().value());
    BOOST_TEST(event.at("event") == "bundle.unclaimed");
    BOOST_TEST(text_at(boost::json::parse(event.at("data")), "/data/bundle") == id);
    BOOST_TEST(text_at(boost::json::parse(event.at("data")), "/data/state") == "accepted");
    get(visit, "/v1/bundles/" + fetched + "/content");
    clock.advance(std::chrono::hours(2));
    BOOST_TEST(exchange().tell_unclaimed(std::chrono::hours(3)) == 0u);
    for (const auto& side : {care, visit}) { // a receipt for both, and nothing is dropped
        const auto receipts = json_of(get(side, "/v1/bundles/" + id + "/receipts"));
        BOOST_TEST(text_at(receipts, "/receipts/1/step") == "unclaimed");
        BOOST_TEST(text_at(receipts, "/receipts/1/event") == "AcceptanceRejectionExpiry");
    }
    const auto row = json_of(get(care, "/v1/bundles/" + id));
    BOOST_TEST(text_at(row, "/state") == "accepted");
    BOOST_TEST(!text_at(row, "/unclaimed_at").empty());
    BOOST_TEST(get(visit, "/v1/bundles/" + id + "/content").status == 200);
}

BOOST_AUTO_TEST_SUITE_END()
