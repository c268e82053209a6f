#include "gateway/identity/authority.hpp"

#include "tests/identity/people.hpp"

#include <boost/test/unit_test.hpp>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace cpg::identity {
namespace {

using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;

X509Ptr read(const std::string& pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
    return {PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free};
}

/// As a TLS peer would: chain, purpose, strictness, revocation when a list is given.
bool verifies(const std::string& leaf, const std::string& root, int purpose,
              const std::string& revocations = {}) {
    const auto certificate = read(leaf);
    const auto authority = read(root);
    const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(),
                                                                        X509_STORE_free);
    X509_STORE_add_cert(store.get(), authority.get());
    if (!revocations.empty()) {
        const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(
            BIO_new_mem_buf(revocations.data(), static_cast<int>(revocations.size())),
            BIO_free_all);
        const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(
            PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr), X509_CRL_free);
        X509_STORE_add_crl(store.get(), list.get());
        X509_STORE_set_flags(store.get(), X509_V_FLAG_CRL_CHECK);
    }
    const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(
        X509_STORE_CTX_new(), X509_STORE_CTX_free);
    X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr);
    X509_STORE_CTX_set_purpose(context.get(), purpose);
    X509_VERIFY_PARAM* const wanted = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(wanted, test::now_seconds());
    X509_VERIFY_PARAM_set_flags(wanted, X509_V_FLAG_X509_STRICT);
    return X509_verify_cert(context.get()) == 1;
}

} // namespace

BOOST_AUTO_TEST_SUITE(authority)

BOOST_AUTO_TEST_CASE(an_office_certificate_is_for_clients_only) {
    const test::TestAuthority ca;
    const auto office = ca.open().issue_office({test::care}, ca.validity());
    BOOST_TEST(verifies(office.certificate_pem, ca.root.certificate_pem, X509_PURPOSE_SSL_CLIENT));
    BOOST_TEST(!verifies(office.certificate_pem, ca.root.certificate_pem, X509_PURPOSE_SSL_SERVER));
}

BOOST_AUTO_TEST_CASE(a_server_certificate_is_for_servers_only_and_names_hosts_and_addresses) {
    const test::TestAuthority ca;
    const auto server = ca.open().issue_server({"gateway.example.jp", "127.0.0.1"}, ca.validity());
    BOOST_REQUIRE(server.has_value());
    BOOST_TEST(verifies(server->certificate_pem, ca.root.certificate_pem, X509_PURPOSE_SSL_SERVER));
    BOOST_TEST(
        !verifies(server->certificate_pem, ca.root.certificate_pem, X509_PURPOSE_SSL_CLIENT));
    const auto certificate = read(server->certificate_pem);
    BOOST_TEST(X509_check_host(certificate.get(), "gateway.example.jp", 0, 0, nullptr) == 1);
    BOOST_TEST(X509_check_host(certificate.get(), "other.example.jp", 0, 0, nullptr) == 0);
    BOOST_TEST(X509_check_ip_asc(certificate.get(), "127.0.0.1", 0) == 1);
}

BOOST_AUTO_TEST_CASE(a_server_name_that_is_no_name_is_refused) {
    const test::TestAuthority ca;
    for (const std::string name : {"", "a b", "host,other", "見本.jp", "-x"})
        BOOST_TEST(!ca.open().issue_server({name}, ca.validity()).has_value(), name);
}

BOOST_AUTO_TEST_CASE(the_private_key_belongs_to_the_certificate_and_serials_differ) {
    const test::TestAuthority ca;
    const auto first =
        parse_certificate_pem(ca.open().issue_office({test::care}, ca.validity()).certificate_pem);
    const auto second =
        parse_certificate_pem(ca.open().issue_office({test::care}, ca.validity()).certificate_pem);
    BOOST_TEST(first->serial != second->serial);
    BOOST_TEST(first->issuer == "CN=Test CA");
}

BOOST_AUTO_TEST_CASE(a_revoked_certificate_does_not_verify_and_others_still_do) {
    const test::TestAuthority ca;
    const auto gone = ca.open().issue_office({test::care}, ca.validity());
    const auto kept = ca.open().issue_office({test::visit}, ca.validity());
    const auto serial = parse_certificate_pem(gone.certificate_pem)->serial;
    const auto list = ca.open().revocation_list({{serial, test::now}}, 7, ca.validity());
    BOOST_REQUIRE(list.has_value());
    BOOST_TEST(
        !verifies(gone.certificate_pem, ca.root.certificate_pem, X509_PURPOSE_SSL_CLIENT, *list));
    BOOST_TEST(
        verifies(kept.certificate_pem, ca.root.certificate_pem, X509_PURPOSE_SSL_CLIENT, *list));
}

BOOST_AUTO_TEST_CASE(a_revocation_list_takes_serials_only) {
    const test::TestAuthority ca;
    for (const std::string serial : {"", "xyz", "12 34", "12G"})
        BOOST_TEST(!ca.open().revocation_list({{serial, test::now}}, 1, ca.validity()).has_value(),
                   serial);
}

BOOST_AUTO_TEST_CASE(only_an_authority_with_its_own_key_opens) {
    const test::TestAuthority ca;
    const test::TestAuthority other;
    const auto office = ca.open().issue_office({test::care}, ca.validity());
    BOOST_TEST(!Authority::open(office).has_value());
    BOOST_TEST(!Authority::open({ca.root.certificate_pem, other.root.key_pem}).has_value());
    BOOST_TEST(!Authority::open({"", ""}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace cpg::identity
