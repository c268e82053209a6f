#include "spec/base/digest.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;

namespace {
std::string hex_of(const Digest& digest) {
    return hex(digest.view());
}
Bytes unhex(std::string_view text) {
    return from_hex(text).value();
}
} // namespace

BOOST_AUTO_TEST_SUITE(digest)

BOOST_AUTO_TEST_CASE(sha256_matches_the_vectors_of_fips_180) {
    BOOST_TEST(hex_of(sha256("")) ==
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    BOOST_TEST(hex_of(sha256("abc")) ==
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

BOOST_AUTO_TEST_CASE(parts_hash_like_the_whole) {
    Sha256 parts;
    parts.update("a").update("").update("bc");
    BOOST_TEST((parts.finish() == sha256("abc")));
}

BOOST_AUTO_TEST_CASE(hmac_matches_the_vectors_of_rfc_4231) {
    BOOST_TEST(hex_of(hmac_sha256(Bytes(20, '\x0b'), "Hi There")) ==
               "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    BOOST_TEST(hex_of(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    BOOST_TEST(hex_of(hmac_sha256(Bytes(131, '\xaa'),
                                  "Test Using Larger Than Block-Size Key - Hash Key First")) ==
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

BOOST_AUTO_TEST_CASE(hkdf_matches_the_vectors_of_rfc_5869) {
    const Bytes key(22, '\x0b');
    BOOST_TEST(
        hex(hkdf_sha256(key, unhex("000102030405060708090a0b0c"), unhex("f0f1f2f3f4f5f6f7f8f9"),
                        42)) ==
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    BOOST_TEST(
        hex(hkdf_sha256(key, "", "", 42)) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

BOOST_AUTO_TEST_CASE(hkdf_gives_at_most_255_blocks) {
    BOOST_TEST(hkdf_sha256("key", "", "", 255 * 32).size() == 255u * 32);
    BOOST_TEST(hkdf_sha256("key", "", "", 0).empty());
    BOOST_CHECK_THROW(hkdf_sha256("key", "", "", 255 * 32 + 1), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(random_bytes_differ) {
    BOOST_TEST(random_bytes(32) != random_bytes(32));
    BOOST_TEST(random_bytes(1000).size() == 1000u);
    BOOST_TEST(random_bytes(0).empty());
}

BOOST_AUTO_TEST_CASE(constant_time_comparison_compares) {
    BOOST_TEST(equal_constant_time("secret", "secret"));
    BOOST_TEST(equal_constant_time("", ""));
    BOOST_TEST(!equal_constant_time("secret", "secreT"));
    BOOST_TEST(!equal_constant_time("secret", "secre"));
}

BOOST_AUTO_TEST_SUITE_END()
