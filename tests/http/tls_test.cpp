// Loading, reloading and revocation. The handshakes themselves are in server_test.cpp.
#include "tests/http/gate.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::test;

namespace {

bool fails_with(Gate& gate, const http::TlsSettings& files, std::string_view text) {
    try {
        gate.server->reload_tls(files);
    } catch (const std::runtime_error& e) {
        BOOST_TEST_MESSAGE(e.what());
        return std::string_view(e.what()).find(text) != std::string_view::npos;
    }
    return false;
}

} // namespace

BOOST_AUTO_TEST_SUITE(tls)

BOOST_AUTO_TEST_CASE(new_connections_use_what_was_reloaded) {
    Gate gate;
    Authority other("other CA");
    const auto other_server = other.issue("gateway", Purpose::server);
    const auto other_office = other.issue("office", Purpose::client);
    http::TlsSettings files;
    files.certificate = gate.folder.write("other.pem", other_server.certificate);
    files.key = gate.folder.write("other.key", other_server.key).string();
    files.client_ca = gate.folder.write("other-ca.pem", other.certificate());
    files.crl = gate.folder.write("other-crl.pem", other.revocation_list({}));
    files.policy = gate.files.policy;
    auto before = gate.office();
    BOOST_TEST(before.ask(get("/echo"))->status == 200);
    gate.server->reload_tls(files);
    ClientOptions options;
    options.credential = &other_office;
    auto after = WireClient::tls(gate.server->port(), other.certificate(), options);
    BOOST_TEST(after.ask(get("/echo"))->status == 200);
    BOOST_TEST(before.ask(get("/echo"))->status == 401); // its CA is no longer trusted
    BOOST_TEST(before.closed_by_server());
}

BOOST_AUTO_TEST_CASE(a_bad_reload_says_why_and_keeps_the_old) {
    Gate gate;
    const auto other = gate.authority.issue("gateway", Purpose::server);
    auto files = gate.files;
    files.certificate = gate.folder.path() / "missing.pem";
    BOOST_TEST(fails_with(gate, files, "missing.pem"));
    files = gate.files;
    files.key = gate.folder.write("other.key", other.key).string();
    BOOST_TEST(fails_with(gate, files, "does not belong"));
    files.key = gate.folder.write("empty.key", "").string();
    BOOST_TEST(fails_with(gate, files, "no private key"));
    for (const auto mode : {0640u, 0604u, 0620u}) {
        files.key = gate.folder.write("open.key", gate.server_credential.key).string();
        std::filesystem::permissions(files.key, std::filesystem::perms(mode));
        BOOST_TEST(fails_with(gate, files, "group or others"));
    }
    files.key = gate.folder.path().string();
    BOOST_TEST(fails_with(gate, files, "not a regular file"));
    files = gate.files;
    files.client_ca = gate.folder.write("empty-ca.pem", "");
    BOOST_TEST(fails_with(gate, files, "no CA certificate"));
    files = gate.files;
    files.crl.clear();
    BOOST_TEST(fails_with(gate, files, "it is required"));
    files.crl = gate.folder.path() / "missing-crl.pem";
    BOOST_TEST(fails_with(gate, files, "missing-crl.pem"));
    files.crl = gate.folder.write("empty-crl.pem", "");
    BOOST_TEST(fails_with(gate, files, "no readable revocation list"));
    files.crl = gate.folder.write("cut-crl.pem", gate.authority.revocation_list({}).substr(0, 150));
    BOOST_TEST(fails_with(gate, files, "no readable revocation list"));
    BOOST_TEST(gate.office().ask(get("/echo"))->status == 200);
}

BOOST_AUTO_TEST_CASE(a_revoked_office_is_refused_on_its_open_connection_too) {
    Gate gate;
    const auto neighbour = gate.authority.issue("neighbour", Purpose::client);
    auto open = gate.office();
    auto other = gate.with(&neighbour);
    BOOST_TEST(open.ask(get("/echo"))->status == 200);
    BOOST_TEST(other.ask(get("/echo"))->status == 200);
    auto files = gate.files;
    files.crl = gate.folder.write("crl2.pem",
                                  gate.authority.revocation_list({gate.office_credential.serial}));
    gate.server->reload_tls(files);
    BOOST_TEST(open.ask(get("/echo"))->status == 401);
    BOOST_TEST(other.ask(get("/echo"))->status == 200);
    auto fresh = gate.office();
    BOOST_TEST(!fresh.ask(get("/echo")));
    BOOST_TEST(gate.with(&neighbour).ask(get("/echo"))->status == 200);
}

BOOST_AUTO_TEST_CASE(a_stale_or_foreign_revocation_list_refuses_everybody) {
    Gate gate;
    auto open = gate.office();
    BOOST_TEST(open.ask(get("/echo"))->status == 200);
    auto files = gate.files;
    files.crl = gate.folder.write("stale.pem", gate.authority.revocation_list({}, -60));
    gate.server->reload_tls(files);
    BOOST_TEST(open.ask(get("/echo"))->status == 401);
    BOOST_TEST(!gate.office().ask(get("/echo")));
    Authority other("other CA");
    files.crl = gate.folder.write("foreign.pem", other.revocation_list({}));
    gate.server->reload_tls(files);
    BOOST_TEST(!gate.office().ask(get("/echo")));
    gate.server->reload_tls(gate.files); // a fresh list heals it without a restart
    BOOST_TEST(gate.office().ask(get("/echo"))->status == 200);
}

BOOST_AUTO_TEST_CASE(a_certificate_that_expires_ends_its_open_connection) {
    Gate gate;
    const auto brief = gate.authority.issue("brief", Purpose::client, 600);
    auto client = gate.with(&brief);
    BOOST_TEST(client.ask(get("/echo"))->status == 200);
    gate.clock.set_ahead(std::chrono::seconds(590));
    BOOST_TEST(client.ask(get("/echo"))->status == 200);
    gate.clock.set_ahead(std::chrono::seconds(600));
    BOOST_TEST(client.ask(get("/echo"))->status == 401);
    BOOST_TEST(client.closed_by_server());
}

BOOST_AUTO_TEST_CASE(a_revocation_list_that_runs_out_ends_open_connections) {
    Gate gate;
    auto files = gate.files;
    files.crl = gate.folder.write("short.pem", gate.authority.revocation_list({}, 600));
    gate.server->reload_tls(files);
    auto client = gate.office();
    BOOST_TEST(client.ask(get("/echo"))->status == 200);
    gate.clock.set_ahead(std::chrono::seconds(600));
    BOOST_TEST(client.ask(get("/echo"))->status == 401);
}

BOOST_AUTO_TEST_CASE(a_taken_port_or_a_bad_address_is_named) {
    Gate gate;
    http::ServerSettings settings;
    settings.tls = gate.files;
    settings.ops_port = 0;
    settings.port = gate.server->port();
    const auto says = [&](std::string_view text) {
        try {
            http::Server second(settings, {}, {}, nullptr);
        } catch (const std::runtime_error& e) {
            return std::string_view(e.what()).find(text) != std::string_view::npos;
        }
        return false;
    };
    BOOST_TEST(says("in use"));
    settings.port = 0;
    settings.listen_address = "no-address";
    BOOST_TEST(says("no-address"));
}

BOOST_AUTO_TEST_SUITE_END()
