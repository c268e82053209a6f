// PKCS#12 files; that others read them too is in tests/e2e/certificates_test.py.
#include "gateway/identity/pkcs12.hpp"

#include "tests/identity/people.hpp"

#include <boost/test/unit_test.hpp>

namespace cpg::identity {

BOOST_AUTO_TEST_SUITE(pkcs12)

BOOST_AUTO_TEST_CASE(refuses_passwords_and_credentials_that_are_none) {
    const test::TestAuthority ca;
    const auto office = ca.open().issue_office({test::care}, ca.validity());
    const auto refused = [&](const Credential& credential, const std::string& password) {
        const auto file =
            to_pkcs12(credential, ca.root.certificate_pem, password, Pkcs12Kind::modern);
        return !file && file.error().code == Errc::malformed;
    };
    BOOST_TEST(refused(office, "1234567"));
    BOOST_TEST(refused(office, ""));
    BOOST_TEST(refused(office, std::string(257, 'a')));
    BOOST_TEST(refused(office, std::string("1234567\n8")));
    BOOST_TEST(refused(office, std::string("1234567\0x", 9)));
    BOOST_TEST(refused({office.certificate_pem, ca.root.key_pem}, "12345678"));
    BOOST_TEST(refused({office.certificate_pem, "no key"}, "12345678"));
    BOOST_TEST(!refused(office, "12345678"));
}

BOOST_AUTO_TEST_CASE(the_same_credential_is_sealed_anew_every_time) {
    const test::TestAuthority ca;
    const auto office = ca.open().issue_office({test::care}, ca.validity());
    for (const auto kind : {Pkcs12Kind::modern, Pkcs12Kind::legacy}) {
        const auto one = to_pkcs12(office, ca.root.certificate_pem, "見本のパスワード", kind);
        const auto two = to_pkcs12(office, ca.root.certificate_pem, "見本のパスワード", kind);
        BOOST_REQUIRE(one.has_value());
        BOOST_TEST((*one != *two));
        BOOST_TEST(one->find("0370100017") == Bytes::npos); // not even the name lies open
    }
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace cpg::identity
