#include "gateway/identity/request.hpp"

#include "tests/identity/people.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

namespace cpg::identity {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using RequestPtr = std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)>;
using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

KeyPtr curve_key(const char* curve = "P-256") {
    return {EVP_EC_gen(curve), EVP_PKEY_free};
}

KeyPtr rsa_key(unsigned bits, unsigned long exponent = 65'537) {
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nullptr), EVP_PKEY_CTX_free);
    BIGNUM* const number = BN_new();
    BN_set_word(number, exponent);
    EVP_PKEY* key = nullptr;
    EVP_PKEY_keygen_init(context.get());
    EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(bits));
    EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), number);
    EVP_PKEY_keygen(context.get(), &key);
    BN_free(number);
    return {key, EVP_PKEY_free};
}

/// A request that asks to be an authority and another office.
RequestPtr greedy_request(EVP_PKEY* key) {
    RequestPtr request(X509_REQ_new(), X509_REQ_free);
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>("somebody"), -1, -1, 0);
    X509_REQ_set_pubkey(request.get(), key);
    STACK_OF(X509_EXTENSION)* extensions = sk_X509_EXTENSION_new_null();
    for (const auto& [kind, value] :
         {std::pair{NID_basic_constraints, "critical,CA:TRUE"},
          std::pair{NID_key_usage, "keyCertSign"}, std::pair{NID_ext_key_usage, "serverAuth"},
          std::pair{NID_subject_alt_name, "URI:urn:jp-kaigo:office:0370100025"}})
        sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(nullptr, nullptr, kind, value));
    X509_REQ_add_extensions(request.get(), extensions);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return request;
}

std::string pem_of(X509_REQ* request) {
    const BioPtr bio(BIO_new(BIO_s_mem()), BIO_free_all);
    PEM_write_bio_X509_REQ(bio.get(), request);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string signed_request(EVP_PKEY* key, const EVP_MD* hash = EVP_sha256()) {
    const auto request = greedy_request(key);
    X509_REQ_sign(request.get(), key, hash);
    return pem_of(request.get());
}

std::string refusal(const std::string& pem) {
    const auto request = CertificateRequest::parse(pem);
    if (request) return "taken";
    BOOST_TEST((request.error().code == Errc::malformed));
    return request.error().detail;
}

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(certificate_request)

BOOST_AUTO_TEST_CASE(only_the_key_of_a_request_gets_into_the_certificate) {
    const test::TestAuthority ca;
    for (const auto& key : {curve_key(), rsa_key(2048)}) {
        const auto request = CertificateRequest::parse(signed_request(key.get())).value();
        const auto pem = ca.open().issue_office(request, {test::care}, ca.validity()).value();
        const auto certificate = parse_certificate_pem(pem).value();
        BOOST_TEST((certificate.key == request.key_digest));
        BOOST_TEST((certificate.san_offices == std::vector{test::care}));
        BOOST_TEST(certificate.subject == "CN=0370100017");
        const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
        const std::unique_ptr<X509, decltype(&X509_free)> x509(
            PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
        BOOST_TEST(X509_check_ca(x509.get()) == 0);
        BOOST_TEST(X509_get_key_usage(x509.get()) == static_cast<unsigned>(KU_DIGITAL_SIGNATURE));
        BOOST_TEST(X509_get_extended_key_usage(x509.get()) ==
                   static_cast<unsigned>(XKU_SSL_CLIENT));
        BOOST_TEST(EVP_PKEY_eq(X509_get0_pubkey(x509.get()), key.get()) == 1);
    }
}

BOOST_AUTO_TEST_CASE(a_servers_request_gets_the_names_of_the_command) {
    const test::TestAuthority ca;
    const auto key = curve_key();
    const auto request = CertificateRequest::parse(signed_request(key.get())).value();
    const auto pem = ca.open().issue_server(request, {"gateway.example.jp"}, ca.validity()).value();
    BOOST_TEST(parse_certificate_pem(pem)->san_offices.empty());
    BOOST_TEST(!ca.open().issue_server(request, {"a b"}, ca.validity()).has_value());
}

BOOST_AUTO_TEST_CASE(our_own_request_is_taken) {
    const auto file =
        std::filesystem::temp_directory_path() / ("cpg-request-" + hex(random_bytes(8)) + ".key");
    std::ofstream(file) << make_key();
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
    const auto request = make_request("0370100017", file.string());
    std::filesystem::remove(file);
    BOOST_TEST(CertificateRequest::parse(request.value()).has_value());
    BOOST_TEST((make_request("0370100017", file.string()).error().code == Errc::configuration));
}

BOOST_AUTO_TEST_CASE(a_request_that_its_own_key_did_not_sign_is_refused) {
    const auto key = curve_key(), other = curve_key();
    const auto request = greedy_request(key.get());
    X509_REQ_sign(request.get(), other.get(), EVP_sha256());
    BOOST_TEST(says(refusal(pem_of(request.get())), "not signed by the key"));
    X509_REQ_sign(request.get(), key.get(), EVP_sha256());
    BOOST_TEST(refusal(pem_of(request.get())) == "taken");
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "O", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>("changed"), -1, -1, 0);
    BOOST_TEST(says(refusal(pem_of(request.get())), "not signed"));
}

BOOST_AUTO_TEST_CASE(weak_and_unusual_keys_are_refused) {
    for (const auto& key : {curve_key("P-384"), curve_key("secp256k1"), rsa_key(1024),
                            rsa_key(2048, 3), rsa_key(4104)})
        BOOST_TEST(says(refusal(signed_request(key.get())), "neither EC P-256 nor RSA"));
    const KeyPtr edwards(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free);
    BOOST_TEST(says(refusal(signed_request(edwards.get(), nullptr)), "neither EC P-256"));
    const auto spelled_out = curve_key();
    EVP_PKEY_set_utf8_string_param(spelled_out.get(), "encoding", "explicit");
    BOOST_TEST(says(refusal(signed_request(spelled_out.get())), "neither EC P-256"));
}

BOOST_AUTO_TEST_CASE(an_outdated_hash_is_refused) {
    const auto key = curve_key();
    BOOST_TEST(says(refusal(signed_request(key.get(), EVP_sha1())), "SHA-256 or better"));
    BOOST_TEST(refusal(signed_request(key.get(), EVP_sha384())) == "taken");
}

BOOST_AUTO_TEST_CASE(what_is_no_request_is_refused) {
    const auto key = curve_key();
    const std::string good = signed_request(key.get());
    for (const std::string& text :
         {std::string(), std::string("-----BEGIN CERTIFICATE REQUEST-----\n"),
          good.substr(0, good.size() / 2), std::string(1000, '\0')})
        BOOST_TEST(says(refusal(text), "no PKCS#10"));
    BOOST_TEST(says(refusal(good + std::string(64 * 1024, '\n')), "over 64 KiB"));
    const test::TestAuthority ca;
    BOOST_TEST(says(refusal(ca.root.certificate_pem), "no PKCS#10"));
}

BOOST_AUTO_TEST_CASE(the_authoritys_own_key_gets_no_certificate) {
    const test::TestAuthority ca;
    const BioPtr bio(
        BIO_new_mem_buf(ca.root.key_pem.data(), static_cast<int>(ca.root.key_pem.size())),
        BIO_free_all);
    const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    const auto request = CertificateRequest::parse(signed_request(key.get())).value();
    const auto issued = ca.open().issue_office(request, {test::care}, ca.validity());
    BOOST_REQUIRE(!issued.has_value());
    BOOST_TEST(says(issued.error().detail, "authority's own"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace cpg::identity
