// Bodies that are written while they come to be.
#include "tests/http/gate.hpp"

#include <boost/test/unit_test.hpp>

#include <future>
#include <thread>

using namespace cpg;
using namespace cpg::test;
using std::chrono::milliseconds;

namespace {

bool has_ended(Gate& gate) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!gate.body.expired() && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(milliseconds(2));
    return gate.body.expired();
}

/// A client that has read two pieces and waits for the third.
struct Waiting {
    explicit Waiting(http::ServerLimits limits = {}) : gate(limits), client(gate.office()) {
        BOOST_TEST(client.send(get("/pieces")));
        head = client.receive(true).value();
        BOOST_TEST(client.receive_until("piece 2\n") == "piece 1\npiece 2\n");
        BOOST_REQUIRE(gate.asked.wait());
    }
    void answer(std::optional<std::string> piece) {
        const std::lock_guard guard(gate.mutex);
        gate.waiting(std::move(piece));
    }
    bool body_ends() { return has_ended(gate); }

    Gate gate;
    WireClient client;
    Reply head;
};

} // namespace

BOOST_AUTO_TEST_SUITE(pieces)

BOOST_AUTO_TEST_CASE(are_written_as_they_come_and_end_with_the_connection) {
    Waiting t;
    BOOST_TEST(t.head.status == 200);
    BOOST_TEST(t.head.header("content-length").empty());
    BOOST_TEST(t.head.header("connection") == "close");
    {
        const std::lock_guard guard(t.gate.mutex);
        t.gate.waiting("piece 3\n");
        t.gate.waiting("once only: this one goes nowhere");
    }
    BOOST_TEST(t.client.receive_until("3\n") == "piece 3\n");
    while (!t.gate.body.expired()) t.answer(std::nullopt); // whenever the next one is asked for
    BOOST_TEST(t.client.closed_by_server());
    BOOST_TEST_REQUIRE(t.gate.told().size() == 1u);
    BOOST_TEST(t.gate.told()[0].route == "pieces");
}

BOOST_AUTO_TEST_CASE(end_when_the_client_leaves) {
    Waiting t;
    { const WireClient gone = std::move(t.client); }
    BOOST_TEST(t.body_ends());
}

BOOST_AUTO_TEST_CASE(end_when_the_client_asks_for_something_else) {
    Waiting t;
    BOOST_TEST(t.client.send(get("/echo")));
    BOOST_TEST(t.client.receive_until("HTTP").empty());
    BOOST_TEST(t.body_ends());
}

BOOST_AUTO_TEST_CASE(end_when_the_server_stops) {
    Waiting t;
    t.gate.server->stop(std::chrono::seconds(30));
    BOOST_TEST(t.client.closed_by_server());
    BOOST_TEST(t.gate.body.expired());
    t.answer("to nobody");
}

BOOST_AUTO_TEST_CASE(end_when_the_certificate_is_revoked) {
    Waiting t;
    t.gate.files.crl = t.gate.folder.write(
        "revoked.pem", t.gate.authority.revocation_list({t.gate.office_credential.serial}));
    t.gate.server->reload_tls(t.gate.files);
    t.answer("piece 3\n"); // was under way
    BOOST_TEST(t.client.receive_until("3\n") == "piece 3\n");
    BOOST_TEST(t.client.closed_by_server());
    BOOST_TEST(t.body_ends());
}

BOOST_AUTO_TEST_CASE(end_when_the_next_one_does_not_come_in_time) {
    http::ServerLimits limits;
    limits.answer = milliseconds(200);
    Waiting t(limits);
    BOOST_TEST(t.client.closed_by_server());
    BOOST_TEST(t.body_ends());
}

BOOST_AUTO_TEST_CASE(end_for_a_client_that_does_not_read) {
    http::ServerLimits limits;
    limits.write = milliseconds(100);
    limits.min_body_rate = 1u << 30;
    Gate gate(limits);
    auto client = gate.office();
    BOOST_TEST(client.send(get("/endless")));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (gate.server->stats().connections > 0 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(milliseconds(10));
    BOOST_TEST(gate.server->stats().connections == 0u);
}

BOOST_AUTO_TEST_CASE(are_not_asked_for_by_a_head_request) {
    Gate gate;
    auto client = gate.office();
    BOOST_TEST(client.send("HEAD /pieces HTTP/1.1\r\nHost: test\r\n\r\n"));
    const auto reply = client.receive(true);
    BOOST_REQUIRE(reply);
    BOOST_TEST(reply->status == 200);
    BOOST_TEST(client.closed_by_server());
    BOOST_TEST(has_ended(gate));
}

BOOST_AUTO_TEST_SUITE_END()
