#include "adapters/client/client.hpp"

#include "adapters/client/save_folder.hpp"
#include "tests/client/scratch.hpp"
#include "tests/client/tls_server.hpp"

#include <boost/test/unit_test.hpp>
#include <future>
#include <thread>

namespace cpg::client {
namespace {

using test::Connection;
using test::Server;

/// An authority, an office's certificate on disk, and a server's in memory.
struct World {
    World() {
        const identity::Validity validity{system_clock().now() - std::chrono::hours(1), 2};
        root = identity::make_authority("Test CA", validity);
        const auto authority = *identity::Authority::open(root);
        server = {*authority.issue_server({"localhost"}, validity), root.certificate_pem, false};
        elsewhere = {*authority.issue_server({"other.example.jp"}, validity), root.certificate_pem,
                     false};
        const auto office = authority.issue_office({*OfficeNo::parse("0370100017")}, validity);
        save_file(scratch.path() / "ca.pem", root.certificate_pem);
        save_file(scratch.path() / "office.pem", office.certificate_pem);
        save_file(scratch.path() / "office.key", office.key_pem,
                  std::filesystem::perms::owner_read);
    }
    Settings settings(const std::string& url) const {
        Settings settings;
        settings.gateway = url;
        settings.certificate = scratch.path() / "office.pem";
        settings.key = scratch.path() / "office.key";
        settings.ca = scratch.path() / "ca.pem";
        settings.lang = "en";
        settings.timeout = std::chrono::seconds(5);
        return settings;
    }
    Client client(const Server& at) const { return Client(settings(at.url())); }

    test::Scratch scratch;
    identity::Credential root;
    test::ServerIdentity server, elsewhere;
};

/// Answers `count` requests with what they asked, then closes.
Server::Script echo(int count) {
    return [count](Connection& connection) {
        for (int i = 0; i < count; ++i) {
            const std::string request = connection.read_request();
            if (request.empty()) return;
            connection.answer(request, "X-Place: " + std::to_string(i) + "\r\n");
        }
    };
}

bool is_unreachable(const Result<Answer>& answer) {
    return !answer && answer.error().code == Errc::unreachable;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(client, World)

BOOST_AUTO_TEST_CASE(requests_share_one_connection) {
    const Server at(server, {echo(2)});
    Client office = client(at);
    const auto first = office.get("/v1/me");
    BOOST_REQUIRE(first.has_value());
    BOOST_TEST(first->status == 200);
    BOOST_TEST(first->header("x-place") == "0");
    BOOST_TEST(first->body.starts_with("GET /v1/me HTTP/1.1\r\n"));
    BOOST_TEST(first->body.find("Accept-Language: en\r\n") != std::string::npos);
    const auto second = office.post("/v1/bundles", "application/zip", "bytes");
    BOOST_REQUIRE(second.has_value());
    BOOST_TEST(second->header("x-place") == "1");
    BOOST_TEST(second->body.ends_with("\r\n\r\nbytes"));
    BOOST_TEST(at.accepted() == 1);
}

BOOST_AUTO_TEST_CASE(a_get_survives_a_connection_that_was_closed_while_idle) {
    const Server at(server, {echo(1), echo(1)});
    Client office = client(at);
    BOOST_TEST(office.get("/1").has_value());
    BOOST_TEST(office.get("/2").has_value());
    BOOST_TEST(at.accepted() == 2);
}

BOOST_AUTO_TEST_CASE(a_post_is_repeated_only_when_it_carries_an_idempotency_key) {
    const Server at(server, {echo(1), echo(1), echo(1)});
    Client office = client(at);
    BOOST_TEST(office.get("/1").has_value());
    BOOST_TEST(is_unreachable(office.post("/2", "text/plain", "x")));
    BOOST_TEST(at.accepted() == 1);
    BOOST_TEST(office.get("/3").has_value()); // the next call connects anew
    BOOST_TEST(office.post("/4", "text/plain", "x", {{"idempotency-key", "k"}}).has_value());
    BOOST_TEST(at.accepted() == 3);
}

BOOST_AUTO_TEST_CASE(an_answer_that_had_begun_is_never_asked_for_again) {
    const Server at(server, {[](Connection& connection) {
                                 connection.read_request();
                                 connection.answer("1");
                                 connection.read_request();
                                 connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
                             },
                             echo(1)});
    Client office = client(at);
    BOOST_TEST(office.get("/1").has_value());
    BOOST_TEST(is_unreachable(office.get("/2")));
    BOOST_TEST(at.accepted() == 1);
}

BOOST_AUTO_TEST_CASE(a_connection_the_server_will_close_is_not_used_again) {
    const Server at(server, {[](Connection& connection) {
                                 connection.read_request();
                                 connection.answer("1", "Connection: close\r\n");
                             },
                             echo(1)});
    Client office = client(at);
    BOOST_TEST(office.get("/1").has_value());
    BOOST_TEST(office.post("/2", "text/plain", "x").has_value());
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_answer_is_unreachable_in_time) {
    const Server at(server, {[](Connection& connection) {
                        connection.read_request();
                        connection.read_request(); // until the client gives up
                    }});
    Settings patient = settings(at.url());
    patient.timeout = std::chrono::seconds(1);
    Client office(patient);
    BOOST_TEST(is_unreachable(office.get("/1")));
    BOOST_TEST(at.accepted() == 1);
}

BOOST_AUTO_TEST_CASE(a_call_that_waits_ends_when_another_thread_stops_it) {
    std::promise<void> asked;
    const Server at(server, {[&asked](Connection& connection) {
                        connection.read_request();
                        asked.set_value();
                        connection.read_request(); // until the client gives up
                    }});
    Client office = client(at);
    std::thread stopper([&] {
        asked.get_future().wait();
        office.stop();
    });
    const auto answer = office.get("/wait");
    stopper.join();
    BOOST_REQUIRE(is_unreachable(answer));
    BOOST_TEST(answer.error().detail.find("timeout") == std::string::npos);
    BOOST_TEST(is_unreachable(office.get("/again")));
    BOOST_TEST(at.accepted() == 1);
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_unreachable) {
    const Server at(server, {[](Connection& connection) {
                        connection.read_request();
                        connection.write("SSH-2.0-x\r\n\r\n");
                    }});
    BOOST_TEST(is_unreachable(client(at).get("/1")));
}

BOOST_AUTO_TEST_CASE(any_status_is_an_answer_and_json_is_read_on_demand) {
    const Server at(server, {[](Connection& connection) {
                        connection.read_request();
                        connection.write(
                            "HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
                        connection.read_request();
                        connection.write("HTTP/1.1 503 Busy\r\nContent-Length: 1\r\n\r\n{");
                    }});
    Client office = client(at);
    const auto missing = office.get("/1");
    BOOST_REQUIRE(missing.has_value());
    BOOST_TEST(missing->status == 404);
    BOOST_TEST(missing->json()->at("a").as_int64() == 1);
    const auto busy = office.get("/2");
    BOOST_REQUIRE(busy.has_value());
    BOOST_TEST(busy->status == 503);
    BOOST_TEST(!busy->json().has_value());
}

BOOST_AUTO_TEST_CASE(a_server_of_another_name_is_not_the_gateway) {
    const Server at(elsewhere, {echo(1), echo(1)});
    BOOST_TEST(is_unreachable(client(at).get("/1")));
    BOOST_TEST(is_unreachable(Client(settings(at.url("127.0.0.1"))).get("/1")));
}

BOOST_AUTO_TEST_CASE(a_server_of_another_authority_is_not_the_gateway) {
    const World other;
    const Server at(other.server, {echo(1)});
    const auto answer = client(at).get("/1");
    BOOST_REQUIRE(is_unreachable(answer));
    BOOST_TEST(answer.error().detail.find("certificate verify failed") != std::string::npos,
               answer.error().detail);
}

BOOST_AUTO_TEST_CASE(an_office_certificate_does_not_make_a_gateway) {
    const auto authority = *identity::Authority::open(root);
    const identity::Validity validity{system_clock().now() - std::chrono::hours(1), 2};
    const Server at({authority.issue_office({*OfficeNo::parse("0370100025")}, validity),
                     root.certificate_pem, false},
                    {echo(1)});
    BOOST_TEST(is_unreachable(client(at).get("/1")));
}

BOOST_AUTO_TEST_CASE(nothing_older_than_tls_1_3_is_spoken) {
    test::ServerIdentity old = server;
    old.old_tls = true;
    const Server at(old, {echo(1)});
    BOOST_TEST(is_unreachable(client(at).get("/1")));
}

BOOST_AUTO_TEST_CASE(a_gateway_that_refuses_the_certificate_is_unreachable) {
    const World other;
    test::ServerIdentity strict = server;
    strict.client_authority = other.root.certificate_pem;
    const Server at(strict, {echo(1)});
    BOOST_TEST(is_unreachable(client(at).get("/1")));
}

BOOST_AUTO_TEST_CASE(a_port_nobody_listens_on_is_unreachable) {
    std::string url;
    {
        const Server gone(server, {});
        url = gone.url();
    }
    BOOST_TEST(is_unreachable(Client(settings(url)).get("/1")));
}

BOOST_AUTO_TEST_CASE(settings_that_cannot_work_are_refused_at_once) {
    const std::string urls[] = {
        "http://localhost:1",    "localhost:1",          "https://",
        "https://localhost/v1",  "https://u@localhost",  "https://localhost?a",
        "https://localhost:1#x", "https://local host:1", ""};
    for (const auto& url : urls) BOOST_CHECK_THROW(Client{settings(url)}, std::runtime_error);
    Settings wrong = settings("https://localhost:1");
    BOOST_CHECK_NO_THROW(Client{wrong});
    wrong.ca = scratch.path() / "gone.pem";
    BOOST_CHECK_THROW(Client{wrong}, std::runtime_error);
    wrong = settings("https://localhost:1");
    wrong.key = scratch.path() / "gone.key";
    BOOST_CHECK_THROW(Client{wrong}, std::runtime_error);
    wrong = settings("https://localhost:1");
    wrong.certificate = wrong.key;
    BOOST_CHECK_THROW(Client{wrong}, std::runtime_error);
}

BOOST_AUTO_TEST_CASE(a_key_that_others_may_read_is_refused) {
    using std::filesystem::perms;
    std::filesystem::permissions(scratch.path() / "office.key",
                                 perms::owner_read | perms::group_read);
    BOOST_CHECK_THROW(Client{settings("https://localhost:1")}, std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace cpg::client
