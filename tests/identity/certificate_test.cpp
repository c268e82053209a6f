#include "gateway/identity/certificate.hpp"

#include "tests/identity/people.hpp"

#include <boost/test/unit_test.hpp>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace cpg::identity {
namespace {

struct Foreign {
    std::string common_name = "0370100017";
    std::string alternative_names; // as in openssl.cnf; empty = no extension
    std::string raw_uri;           // a URI that the configuration syntax could not say
    std::string serial = "0A";
    bool twice = false; // the extension is there twice
};

void add_raw_uri(X509* certificate, const std::string& uri) {
    GENERAL_NAMES* const names = sk_GENERAL_NAME_new_null();
    GENERAL_NAME* const name = GENERAL_NAME_new();
    ASN1_IA5STRING* const value = ASN1_IA5STRING_new();
    ASN1_STRING_set(value, uri.data(), static_cast<int>(uri.size()));
    GENERAL_NAME_set0_value(name, GEN_URI, value);
    sk_GENERAL_NAME_push(names, name);
    X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0);
    GENERAL_NAMES_free(names);
}

/// DER of a self-signed certificate such as another authority's tool could write.
Bytes foreign(const Foreign& wanted) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                  EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
    X509* const raw = certificate.get();
    X509_set_version(raw, X509_VERSION_3);
    BIGNUM* number = nullptr;
    BN_hex2bn(&number, wanted.serial.c_str());
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(raw));
    BN_free(number);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(raw), "O", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>("Care, Inc."), -1, -1, 0);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(raw), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(wanted.common_name.c_str()),
                               -1, -1, 0);
    X509_set_issuer_name(raw, X509_get_subject_name(raw));
    ASN1_TIME_set_string(X509_getm_notBefore(raw), "20261101000000Z");
    ASN1_TIME_set_string(X509_getm_notAfter(raw), "20271101123456Z");
    X509_set_pubkey(raw, key.get());
    for (int i = 0; i < (wanted.twice ? 2 : 1) && !wanted.alternative_names.empty(); ++i) {
        X509_EXTENSION* const extension = X509V3_EXT_conf_nid(
            nullptr, nullptr, NID_subject_alt_name, wanted.alternative_names.c_str());
        X509_add_ext(raw, extension, -1);
        X509_EXTENSION_free(extension);
    }
    if (!wanted.raw_uri.empty()) add_raw_uri(raw, wanted.raw_uri);
    X509_sign(raw, key.get(), EVP_sha256());
    unsigned char* encoded = nullptr;
    const int size = i2d_X509(raw, &encoded);
    Bytes der(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(size));
    OPENSSL_free(encoded);
    return der;
}

} // namespace

BOOST_AUTO_TEST_SUITE(certificate)

BOOST_AUTO_TEST_CASE(says_who_issued_it_its_serial_and_its_dates) {
    const Bytes der = foreign({});
    const auto parsed = parse_certificate_der(der);
    BOOST_REQUIRE(parsed.has_value());
    BOOST_TEST(parsed->issuer == R"(CN=0370100017,O=Care\, Inc.)");
    BOOST_TEST(parsed->subject == parsed->issuer);
    BOOST_TEST(parsed->serial == "A");
    BOOST_TEST(rfc3339(parsed->not_before) == "2026-11-01T00:00:00.000Z");
    BOOST_TEST(rfc3339(parsed->not_after) == "2027-11-01T12:34:56.000Z");
    BOOST_TEST((parsed->fingerprint == sha256(der)));
}

BOOST_AUTO_TEST_CASE(serials_have_no_leading_zeros_and_upper_case) {
    BOOST_TEST(parse_certificate_der(foreign({.serial = "00ab01"}))->serial == "AB01");
    BOOST_TEST(parse_certificate_der(foreign({.serial = "0"}))->serial == "0");
    BOOST_TEST(
        parse_certificate_der(foreign({.serial = "ff00000000000000000000000000000001"}))->serial ==
        "FF00000000000000000000000000000001");
}

BOOST_AUTO_TEST_CASE(a_negative_serial_is_refused) {
    BOOST_TEST(!parse_certificate_der(foreign({.serial = "-5"})).has_value());
}

BOOST_AUTO_TEST_CASE(offices_come_from_uris_in_order_and_never_from_the_common_name) {
    const auto parsed = parse_certificate_der(foreign(
        {.alternative_names = "URI:urn:jp-kaigo:office:0370100025,DNS:a.example.jp,"
                              "URI:https://a.example.jp/,URI:urn:jp-kaigo:office:03A0100017"}));
    BOOST_REQUIRE(parsed.has_value());
    BOOST_REQUIRE(parsed->san_offices.size() == 2);
    BOOST_TEST(parsed->san_offices[0].view() == "0370100025");
    BOOST_TEST(parsed->san_offices[1].view() == "03A0100017");
    BOOST_TEST(parsed->uris.size() == 3);
    BOOST_TEST(parse_certificate_der(foreign({}))->san_offices.empty());
}

BOOST_AUTO_TEST_CASE(a_uri_that_names_no_office_number_is_refused) {
    for (const std::string uri :
         {"urn:jp-kaigo:office:", "urn:jp-kaigo:office:037010001",
          "urn:jp-kaigo:office:03701000170", "urn:jp-kaigo:office:03I0100017"})
        BOOST_TEST(!parse_certificate_der(foreign({.alternative_names = "URI:" + uri})).has_value(),
                   uri);
}

BOOST_AUTO_TEST_CASE(a_zero_byte_does_not_end_an_office_number) {
    const std::string hidden = std::string("urn:jp-kaigo:office:0370100017") + '\0' + ".example.jp";
    BOOST_TEST(!parse_certificate_der(foreign({.raw_uri = hidden})).has_value());
}

BOOST_AUTO_TEST_CASE(the_prefix_is_matched_exactly) {
    const auto parsed = parse_certificate_der(
        foreign({.alternative_names = "URI:URN:JP-KAIGO:OFFICE:0370100017,"
                                      "URI:x-urn:jp-kaigo:office:0370100017"}));
    BOOST_REQUIRE(parsed.has_value());
    BOOST_TEST(parsed->san_offices.empty());
}

BOOST_AUTO_TEST_CASE(alternative_names_that_are_there_twice_are_refused) {
    BOOST_TEST(
        !parse_certificate_der(
             foreign({.alternative_names = "URI:urn:jp-kaigo:office:0370100017", .twice = true}))
             .has_value());
}

BOOST_AUTO_TEST_CASE(what_is_no_certificate_is_malformed) {
    const Bytes der = foreign({});
    for (const Bytes& bytes :
         {Bytes(), Bytes("x"), der.substr(0, der.size() - 1), der + "x", Bytes(65 << 10, '\x30')})
        BOOST_TEST((parse_certificate_der(bytes).error().code == Errc::malformed));
    for (const Bytes& bytes : {Bytes(), Bytes("-----BEGIN CERTIFICATE-----\n"), der})
        BOOST_TEST((parse_certificate_pem(bytes).error().code == Errc::malformed));
}

BOOST_AUTO_TEST_CASE(every_cut_of_a_certificate_is_refused) {
    const Bytes der = foreign({.alternative_names = "URI:urn:jp-kaigo:office:0370100017"});
    for (std::size_t size = 0; size < der.size(); ++size)
        BOOST_TEST(!parse_certificate_der(BytesView(der).substr(0, size)).has_value());
}

BOOST_AUTO_TEST_CASE(pem_takes_the_first_of_several) {
    const test::TestAuthority ca;
    const auto office = ca.open().issue_office({test::care, test::visit}, ca.validity());
    const auto parsed = parse_certificate_pem(office.certificate_pem + ca.root.certificate_pem);
    BOOST_REQUIRE(parsed.has_value());
    BOOST_TEST((parsed->san_offices == std::vector{test::care, test::visit}));
    BOOST_TEST(parsed->issuer == "CN=Test CA");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace cpg::identity
