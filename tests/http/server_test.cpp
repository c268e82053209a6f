#include "gateway/ops/log.hpp"
#include "tests/http/gate.hpp"

#include <array>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <future>

using namespace cpg;
using namespace cpg::test;
using std::chrono::milliseconds;

namespace {

http::ServerLimits short_limits() {
    http::ServerLimits limits;
    limits.handshake = milliseconds(150);
    limits.header = milliseconds(150);
    limits.body_grace = milliseconds(150);
    limits.min_body_rate = 1u << 20;
    return limits;
}

std::string slug_of(const Reply& reply) {
    const auto document = boost::json::parse(reply.body);
    return std::string(document.at("type").as_string());
}

void check_problem(const std::optional<Reply>& reply, int status, const std::string& slug) {
    BOOST_REQUIRE(reply);
    BOOST_TEST(reply->status == status);
    BOOST_TEST(reply->header("content-type") == "application/problem+json");
    BOOST_TEST(slug_of(*reply) == "urn:cpgw:problem:" + slug);
    const auto document = boost::json::parse(reply->body);
    BOOST_TEST(document.at("status").as_int64() == status);
    BOOST_TEST(document.at("instance").as_string().size() == 16u);
    BOOST_TEST(reply->header("retry-after").empty() == (status != 503 && status != 429));
}

} // namespace

BOOST_AUTO_TEST_SUITE(server)

BOOST_AUTO_TEST_CASE(answers_an_office_with_a_certificate) {
    Gate gate;
    auto client = gate.office();
    const auto reply = client.ask(post("/echo?x=1", "body"));
    BOOST_REQUIRE(reply);
    BOOST_TEST(reply->status == 200);
    BOOST_TEST(reply->body == "body");
    BOOST_TEST(reply->header("x-path") == "/echo");
    BOOST_TEST(reply->header("x-content-type-options") == "nosniff");
    BOOST_TEST(reply->header("cache-control") == "no-store");
    BOOST_TEST(reply->header("strict-transport-security") == "max-age=63072000");
    BOOST_TEST(reply->header("date").ends_with(" GMT"));
    BOOST_TEST(reply->header("connection") == "");
    BOOST_TEST(gate.server->stats().requests == 1u);
}

BOOST_AUTO_TEST_CASE(refuses_every_client_that_is_not_certified) {
    Gate gate;
    Authority other("test CA"); // same name, other key
    const auto stranger = other.issue("office", Purpose::client);
    const auto expired = gate.authority.issue("office", Purpose::client, -60);
    const auto server_only = gate.authority.issue("office", Purpose::server);
    for (const Credential* credential :
         std::initializer_list<const Credential*>{nullptr, &stranger, &expired, &server_only}) {
        auto client = gate.with(credential);
        BOOST_TEST(!client.ask(get("/echo")));
    }
    BOOST_TEST(gate.office().ask(get("/echo"))->status == 200);
    BOOST_TEST(gate.server->stats().handshakes_failed == 4u);
    BOOST_TEST(gate.server->stats().requests == 1u);
}

BOOST_AUTO_TEST_CASE(refuses_tls_1_2_and_other_protocols) {
    Gate gate;
    ClientOptions old;
    old.credential = &gate.office_credential;
    old.only_tls12 = true;
    BOOST_TEST(
        !WireClient::tls(gate.server->port(), gate.authority.certificate(), old).connected());
    ClientOptions http2;
    http2.credential = &gate.office_credential;
    http2.protocols = std::string("\x02h2");
    BOOST_TEST(
        !WireClient::tls(gate.server->port(), gate.authority.certificate(), http2).connected());
    ClientOptions http11;
    http11.credential = &gate.office_credential;
    http11.protocols = std::string("\x02h2\x08http/1.1");
    auto client = WireClient::tls(gate.server->port(), gate.authority.certificate(), http11);
    BOOST_TEST(client.ask(get("/echo"))->status == 200);
    auto plain = WireClient::plain(gate.server->port());
    BOOST_TEST(plain.send(get("/echo")));
    BOOST_TEST(!plain.receive());
}

BOOST_AUTO_TEST_CASE(keeps_a_connection_and_answers_pipelined_requests_in_order) {
    Gate gate;
    auto client = gate.office();
    std::string requests;
    for (int i = 0; i < 50; ++i) requests += post("/echo", "body " + std::to_string(i));
    BOOST_TEST(client.send(requests));
    for (int i = 0; i < 50; ++i) {
        const auto reply = client.receive();
        BOOST_REQUIRE(reply);
        BOOST_TEST(reply->body == "body " + std::to_string(i));
    }
    BOOST_TEST(gate.server->stats().accepted == 1u);
}

BOOST_AUTO_TEST_CASE(reads_a_request_that_comes_in_single_bytes) {
    Gate gate;
    auto client = gate.office();
    const std::string chunked =
        "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n10;note=1\r\n0123456789abcdef\r\n0\r\nTrailer: x\r\n\r\n";
    for (const char c : post("/echo", "hello") + chunked)
        BOOST_REQUIRE(client.send(std::string_view(&c, 1)));
    BOOST_TEST(client.receive()->body == "hello");
    BOOST_TEST(client.receive()->body == "abc0123456789abcdef");
}

BOOST_AUTO_TEST_CASE(moves_large_bodies_both_ways) {
    Gate gate;
    auto client = gate.office();
    std::string body(3u << 20, 'x');
    for (std::size_t i = 0; i < body.size(); i += 97) body[i] = static_cast<char>(i);
    const auto reply = client.ask(post("/echo", body));
    BOOST_REQUIRE(reply);
    BOOST_TEST((reply->body == body));
    BOOST_TEST(client.ask(get("/big"))->body.size() == (3u << 20));
}

BOOST_AUTO_TEST_CASE(asks_for_the_body_when_the_client_waits_for_it) {
    Gate gate;
    auto client = gate.office();
    BOOST_TEST(client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n"
                           "Expect: 100-continue\r\n\r\n"));
    BOOST_TEST(client.receive()->status == 100);
    BOOST_TEST(client.ask("body")->body == "body");
    check_problem(client.ask("POST /none HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n"
                             "Expect: 100-continue\r\n\r\n"),
                  404, "not-found");
}

BOOST_AUTO_TEST_CASE(answers_head_without_a_body) {
    Gate gate;
    auto client = gate.office();
    BOOST_TEST(client.send("HEAD /big HTTP/1.1\r\nHost: t\r\n\r\n"));
    const auto reply = client.receive(true);
    BOOST_TEST(reply->status == 200);
    BOOST_TEST(reply->header("content-length") == std::to_string(3u << 20));
    BOOST_TEST(client.ask(get("/empty"))->status == 204);
    BOOST_TEST(client.ask(get("/echo"))->status == 200); // nothing was left in between
}

BOOST_AUTO_TEST_CASE(closes_after_http_1_0_and_on_request) {
    Gate gate;
    auto old = gate.office();
    const auto reply = old.ask("GET /echo HTTP/1.0\r\n\r\n");
    BOOST_TEST(reply->status == 200);
    BOOST_TEST(reply->header("connection") == "close");
    BOOST_TEST(old.closed_by_server());
    auto polite = gate.office();
    BOOST_TEST(polite.ask(get("/echo", "Connection: close\r\n"))->status == 200);
    BOOST_TEST(polite.closed_by_server());
}

BOOST_AUTO_TEST_CASE(names_unknown_paths_and_methods) {
    Gate gate;
    auto client = gate.office();
    check_problem(client.ask(get("/none")), 404, "not-found");
    const auto reply = client.ask("DELETE /echo HTTP/1.1\r\nHost: t\r\n\r\n");
    check_problem(reply, 405, "method-not-allowed");
    BOOST_TEST(reply->header("allow") == "GET, HEAD, POST");
    BOOST_TEST(client.ask(get("/items/%E8%A6%8B"))->header("x-argument") == "見");
    BOOST_TEST(gate.server->stats().accepted == 1u); // the connection was kept
}

BOOST_AUTO_TEST_CASE(lets_a_client_read_the_refusal_while_it_is_still_sending) {
    Gate gate;
    auto client = gate.office();
    BOOST_TEST(client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 50000000\r\n\r\n"));
    const std::string block(64 * 1024, 'x');
    for (int i = 0; i < 40; ++i)
        if (!client.send(block)) break;
    check_problem(client.receive(), 413, "too-large");
}

BOOST_AUTO_TEST_CASE(ends_slow_clients) {
    Gate gate(short_limits());
    auto silent = WireClient::plain(gate.server->port()); // never begins its handshake
    auto slow_head = gate.office();
    BOOST_TEST(slow_head.send("GET /echo HTTP/1.1\r\nHost:"));
    auto slow_body = gate.office();
    BOOST_TEST(slow_body.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nabc"));
    check_problem(slow_head.receive(), 408, "timeout");
    BOOST_TEST(slow_head.closed_by_server());
    check_problem(slow_body.receive(), 408, "timeout");
    BOOST_TEST(slow_body.closed_by_server());
    BOOST_TEST(silent.closed_by_server());
}

BOOST_AUTO_TEST_CASE(closes_idle_connections) {
    auto limits = http::ServerLimits{};
    limits.idle = milliseconds(100);
    Gate gate(limits);
    auto client = gate.office();
    BOOST_TEST(client.ask(get("/echo"))->status == 200);
    BOOST_TEST(client.closed_by_server());
}

BOOST_AUTO_TEST_CASE(answers_for_a_handler_that_takes_too_long) {
    auto limits = http::ServerLimits{};
    limits.answer = milliseconds(100);
    Gate gate(limits);
    auto client = gate.office();
    check_problem(client.ask(get("/kept")), 503, "overloaded");
    const std::lock_guard guard(gate.mutex);
    gate.kept(http::text_response(200, "too late")); // goes nowhere, harms nobody
    gate.kept = nullptr;
}

BOOST_AUTO_TEST_CASE(ends_a_client_that_does_not_read_its_answer) {
    auto limits = http::ServerLimits{};
    limits.write = milliseconds(100);
    limits.min_body_rate = 1u << 30;
    Gate gate(limits);
    auto client = gate.office();
    std::string requests;
    for (int i = 0; i < 10; ++i) requests += get("/big");
    BOOST_TEST(client.send(requests));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (gate.server->stats().connections > 0 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(milliseconds(10));
    BOOST_TEST(gate.server->stats().connections == 0u);
}

BOOST_AUTO_TEST_CASE(hides_what_went_wrong_behind_an_incident) {
    Gate gate;
    const auto log_file = gate.folder.path() / "log";
    log::set_file(log_file.string());
    auto client = gate.office();
    const auto reply = client.ask(get("/throws"));
    check_problem(reply, 500, "internal");
    BOOST_TEST(reply->body.find("secret") == std::string::npos);
    check_problem(client.ask(get("/dropped")), 500, "internal");
    check_problem(client.ask(get("/broken-header")), 500, "internal");
    BOOST_TEST(client.ask(get("/echo"))->status == 200); // same connection
    log::set_file("");
    std::ifstream in(log_file);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto document = boost::json::parse(reply->body);
    const std::string incident(document.at("instance").as_string());
    BOOST_TEST(text.find("\"event\":\"request.failed\",\"incident\":\"" + incident) !=
               std::string::npos);
    BOOST_TEST(text.find("\"kind\":\"std::runtime_error\"") != std::string::npos);
    BOOST_TEST(text.find("\"event\":\"request.unanswered\"") != std::string::npos);
    BOOST_TEST(text.find("\"event\":\"response.invalid\"") != std::string::npos);
    BOOST_TEST(text.find("secret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(takes_the_first_answer_from_any_thread) {
    Gate gate;
    auto client = gate.office();
    BOOST_TEST(client.ask(get("/later"))->body == "later");
    BOOST_TEST(client.ask(get("/twice"))->body == "first");
    BOOST_TEST(client.ask(get("/soon"))->body == "soon");
    gate.server->stop(std::chrono::seconds(10));
    const auto told = gate.told();
    BOOST_REQUIRE(told.size() == 3u);
    BOOST_TEST(told[1].route == "twice");
    BOOST_TEST(told[1].status == 200);
}

BOOST_AUTO_TEST_CASE(the_observer_learns_method_problem_and_client_of_each_request) {
    Gate gate;
    auto client = gate.office();
    client.ask(get("/echo"));
    client.ask(get("/nowhere"));
    client.ask("DELETE /echo HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.ask(get("/throws"));
    gate.server->stop(std::chrono::seconds(10));
    const auto told = gate.told();
    BOOST_REQUIRE(told.size() == 4u);
    const std::array<std::pair<std::string, std::string>, 4> expected{
        {{"GET", ""}, {"GET", "not-found"}, {"DELETE", "method-not-allowed"}, {"GET", "internal"}}};
    for (std::size_t i = 0; i < told.size(); ++i) {
        BOOST_TEST(told[i].method == expected[i].first);
        BOOST_TEST(told[i].problem == expected[i].second);
        BOOST_TEST(told[i].certificate_bytes > 0u);
    }
    BOOST_TEST(told[1].route == "");
}

BOOST_AUTO_TEST_CASE(limits_connections_in_all_and_of_one_address) {
    auto limits = http::ServerLimits{};
    limits.max_connections_per_address = 3;
    Gate gate(limits);
    std::vector<WireClient> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(gate.office());
        BOOST_TEST(clients.back().ask(get("/echo"))->status == 200);
    }
    BOOST_TEST(!gate.office().connected());
    BOOST_TEST(gate.server->stats().refused_busy == 1u);
    BOOST_TEST(gate.server->stats().connections == 3u);
    BOOST_TEST(clients.front().ask(get("/echo"))->status == 200);
}

BOOST_AUTO_TEST_CASE(limits_the_bodies_in_flight_and_forgets_those_that_ended) {
    auto limits = http::ServerLimits{};
    limits.max_body_bytes_in_flight = 1000;
    Gate gate(limits);
    auto client = gate.office();
    // A request lives a moment longer than its answer: far from the limit, but five times over it.
    for (int i = 0; i < 50; ++i)
        BOOST_TEST(client.ask(post("/echo", std::string(100, 'x')))->status == 200);
    check_problem(client.ask(post("/echo", std::string(1001, 'x'))), 503, "overloaded");
    auto chunked = gate.office();
    check_problem(chunked.ask("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "3e9\r\n" +
                              std::string(1001, 'x') + "\r\n0\r\n\r\n"),
                  503, "overloaded");
    auto last = gate.office();
    BOOST_TEST(last.ask(post("/echo", std::string(100, 'x')))->status == 200);
}

BOOST_AUTO_TEST_CASE(one_client_does_not_take_the_room_of_all_bodies) {
    auto limits = http::ServerLimits{};
    limits.max_body_bytes_per_certificate = 1000;
    Gate gate(limits);
    auto greedy = gate.office();
    BOOST_TEST(greedy.send(post("/held", std::string(900, 'x'))));
    BOOST_REQUIRE(gate.entered.wait());
    check_problem(gate.office().ask(post("/echo", std::string(101, 'x'))), 503, "overloaded");
    const auto other = gate.authority.issue("other", Purpose::client);
    BOOST_TEST(gate.with(&other).ask(post("/echo", std::string(900, 'x')))->status == 200);
    gate.released.set();
    BOOST_TEST(greedy.receive()->status == 200);
}

BOOST_AUTO_TEST_CASE(finishes_running_requests_before_it_stops) {
    Gate gate;
    auto idle = gate.office();
    BOOST_TEST(idle.ask(get("/echo"))->status == 200);
    auto busy = gate.office();
    BOOST_TEST(busy.send(get("/held")));
    BOOST_REQUIRE(gate.entered.wait());
    auto stopping =
        std::async(std::launch::async, [&] { gate.server->stop(std::chrono::seconds(30)); });
    BOOST_TEST(idle.closed_by_server());
    BOOST_CHECK_THROW(gate.office(), std::runtime_error); // no longer listening
    gate.released.set();
    const auto reply = busy.receive();
    BOOST_REQUIRE(reply);
    BOOST_TEST(reply->body == "held");
    BOOST_TEST(reply->header("connection") == "close");
    stopping.get();
    gate.server->stop(std::chrono::seconds(30)); // again: nothing happens
    BOOST_TEST(gate.server->stats().connections == 0u);
}

BOOST_AUTO_TEST_CASE(releases_waiting_requests_when_it_stops) {
    Gate gate;
    auto client = gate.office();
    BOOST_TEST(client.send(get("/waits")));
    BOOST_REQUIRE(gate.entered.wait());
    gate.server->stop(std::chrono::seconds(30));
    check_problem(client.receive(), 503, "overloaded");
}

BOOST_AUTO_TEST_CASE(outlives_a_responder_that_is_kept_beyond_the_server) {
    http::Responder kept;
    {
        Gate gate;
        auto client = gate.office();
        BOOST_TEST(client.send(get("/kept")));
        BOOST_REQUIRE(gate.entered.wait());
        gate.server->stop(milliseconds(10));
        const std::lock_guard guard(gate.mutex);
        kept = std::move(gate.kept);
    }
    kept(http::text_response(200, "to nobody"));
}

BOOST_AUTO_TEST_CASE(runs_posted_work_and_survives_its_failure) {
    Gate gate;
    Signal done;
    gate.server->post([] { throw std::runtime_error("job"); });
    gate.server->post([&] { done.set(); });
    BOOST_TEST(done.wait());
}

BOOST_AUTO_TEST_CASE(serves_operations_without_tls) {
    Gate gate;
    auto client = gate.ops();
    const auto reply = client.ask(get("/healthz"));
    BOOST_TEST(reply->body == "ok\n");
    BOOST_TEST(reply->header("strict-transport-security") == "");
    check_problem(client.ask(get("/echo")), 404, "not-found"); // routes are kept apart
    BOOST_TEST(gate.office().ask(get("/healthz"))->status == 404);
}

BOOST_AUTO_TEST_CASE(answers_while_200_connections_stall) {
    Gate gate;
    std::vector<WireClient> stalled;
    for (int i = 0; i < 200; ++i) {
        stalled.push_back(WireClient::plain(gate.server->port()));
        if (i % 2 == 0) stalled.back().send("\x16\x03\x01\x02");
    }
    auto client = gate.office();
    BOOST_TEST(client.ask(get("/echo"))->status == 200);
    BOOST_TEST(gate.server->stats().connections == 201u);
}

BOOST_AUTO_TEST_SUITE_END()
