// A resumed session would skip the look at the client's certificate. 1,000 clients offer one.
#include "tests/http/gate.hpp"

#include <boost/test/unit_test.hpp>
#include <openssl/pem.h>
#include <openssl/ssl.h>

using namespace cpg;
using namespace cpg::test;

namespace {

using Context = std::shared_ptr<SSL_CTX>;
using Session = std::shared_ptr<SSL_SESSION>;

std::shared_ptr<BIO> memory_of(const std::string& pem) {
    return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
}

Context new_context(const SSL_METHOD* method, int version) {
    Context context(SSL_CTX_new(method), SSL_CTX_free);
    SSL_CTX_set_min_proto_version(context.get(), version);
    SSL_CTX_set_max_proto_version(context.get(), version);
    return context;
}

/// A server of the usual kind, with the gateway's own certificate: it hands out sessions.
Context lenient_server(const Credential& credential, int version) {
    auto context = new_context(TLS_server_method(), version);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(memory_of(credential.certificate).get(), nullptr, nullptr, nullptr),
        X509_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PrivateKey(memory_of(credential.key).get(), nullptr, nullptr, nullptr),
        EVP_PKEY_free);
    SSL_CTX_use_certificate(context.get(), certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), key.get());
    return context;
}

/// Shakes hands inside this process and returns what the client may offer next time.
Session session_of(const Context& server_context, int version) {
    const auto client_context = new_context(TLS_client_method(), version);
    // Not in the context's own cache: what leaves that one is marked as not to be used again.
    SSL_CTX_set_session_cache_mode(client_context.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    const std::unique_ptr<SSL, decltype(&SSL_free)> client(SSL_new(client_context.get()), SSL_free);
    const std::unique_ptr<SSL, decltype(&SSL_free)> server(SSL_new(server_context.get()), SSL_free);
    BIO* near = nullptr;
    BIO* far = nullptr;
    BOOST_REQUIRE(BIO_new_bio_pair(&near, 0, &far, 0) == 1);
    SSL_set_bio(client.get(), near, near);
    SSL_set_bio(server.get(), far, far);
    SSL_set_connect_state(client.get());
    SSL_set_accept_state(server.get());
    for (int round = 0; round < 10; ++round) {
        SSL_do_handshake(client.get());
        SSL_do_handshake(server.get());
    }
    char byte = 0;
    SSL_write(server.get(), "x", 1);
    BOOST_REQUIRE(SSL_read(client.get(), &byte, 1) == 1); // takes the tickets of TLS 1.3 along
    // Freed without a good end, OpenSSL would mark the session as not to be used again.
    SSL_set_shutdown(client.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    return {SSL_get1_session(client.get()), SSL_SESSION_free};
}

void offers_are_refused(int version, int offers) {
    Gate gate({}, policy_with(version == TLS1_2_VERSION));
    const auto session = session_of(lenient_server(gate.server_credential, version), version);
    BOOST_REQUIRE(SSL_SESSION_is_resumable(session.get()) == 1); // or nothing would be offered
    int resumed = 0;
    int answered = 0;
    for (int i = 0; i < offers; ++i) {
        ClientOptions options;
        options.credential = &gate.office_credential;
        options.only_tls12 = version == TLS1_2_VERSION;
        options.resume = session.get();
        auto client = WireClient::tls(gate.server->port(), gate.authority.certificate(), options);
        const auto reply = client.ask(get("/echo"));
        answered += reply && reply->status == 200 ? 1 : 0;
        resumed += client.was_resumed() ? 1 : 0;
        BOOST_REQUIRE(SSL_SESSION_is_resumable(client.session().get()) == 0);
    }
    BOOST_TEST(resumed == 0);
    BOOST_TEST(answered == offers);
}

} // namespace

BOOST_AUTO_TEST_SUITE(resumption)

BOOST_AUTO_TEST_CASE(of_500_sessions_offered_in_tls_1_3_none_is_resumed) {
    offers_are_refused(TLS1_3_VERSION, 500);
}

BOOST_AUTO_TEST_CASE(of_500_sessions_offered_in_tls_1_2_none_is_resumed) {
    offers_are_refused(TLS1_2_VERSION, 500);
}

BOOST_AUTO_TEST_CASE(an_offer_without_a_certificate_is_no_way_in) {
    for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
        Gate gate({}, policy_with(version == TLS1_2_VERSION));
        const auto session = session_of(lenient_server(gate.server_credential, version), version);
        ClientOptions options;
        options.only_tls12 = version == TLS1_2_VERSION;
        options.resume = session.get();
        auto client = WireClient::tls(gate.server->port(), gate.authority.certificate(), options);
        BOOST_TEST(!client.ask(get("/echo")));
        BOOST_TEST(gate.server->stats().requests == 0u);
    }
}

BOOST_AUTO_TEST_SUITE_END()
