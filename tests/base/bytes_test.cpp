#include "spec/base/bytes.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

using namespace cpg;

BOOST_AUTO_TEST_SUITE(bytes)

BOOST_AUTO_TEST_CASE(hex_goes_both_ways_for_every_byte) {
    Bytes all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    BOOST_TEST(from_hex(hex(all)).value() == all);
    BOOST_TEST(hex(Bytes("\x00\xfe\x7a", 3)) == "00fe7a");
}

BOOST_AUTO_TEST_CASE(hex_reads_either_case) {
    BOOST_TEST(from_hex("Ab0F").value() == "\xab\x0f");
}

BOOST_AUTO_TEST_CASE(hex_refuses_odd_length_and_other_characters) {
    for (const char* text : {"a", "abc", "0g", "g0", " 00", "0x00"}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(from_hex(text).has_error());
        }
    }
}

BOOST_AUTO_TEST_CASE(base64_matches_the_vectors_of_rfc_4648) {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, text] : vectors) {
        BOOST_TEST(base64(plain) == text);
        BOOST_TEST(from_base64(text).value() == plain);
    }
}

BOOST_AUTO_TEST_CASE(base64_goes_both_ways_for_high_bytes) {
    const Bytes bytes("\xff\xfe\x00\xfb\xef\xbe\x80", 7);
    BOOST_TEST(base64(bytes) == "//4A++++gA==");
    BOOST_TEST(from_base64(base64(bytes)).value() == bytes);
}

BOOST_AUTO_TEST_CASE(base64_is_strict) {
    // missing padding, padding in the middle, too much padding, bits left over, blanks, the URL
    // alphabet
    for (const char* text : {"Zg", "Zg=", "Zg==Zg==", "====", "Z===", "Zh==", "Zm9=", "Zm 9",
                             "Zm9v\n", "__4A", "Zg==\n", "=m9v", "Z=9v", "Zm=v"}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(from_base64(text).has_error());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_digest_is_read_with_or_without_its_prefix) {
    const std::string digits(64, 'a');
    const Digest digest = parse_digest(digits).value();
    BOOST_TEST(prefixed_hex(digest) == "sha256:" + digits);
    BOOST_TEST((parse_digest("sha256:" + digits).value() == digest));
    for (const std::string& text :
         {std::string(63, 'a'), std::string(66, 'a'), std::string(64, 'z'), "sha512:" + digits,
          std::string("sha256:")})
        BOOST_TEST(parse_digest(text).has_error());
}

BOOST_AUTO_TEST_CASE(every_error_code_has_its_own_slug) {
    std::set<std::string_view> slugs;
    for (int code = 0; code <= static_cast<int>(Errc::configuration); ++code) {
        const std::string_view slug = slug_of(static_cast<Errc>(code));
        BOOST_TEST(slug.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == slug.npos);
        BOOST_TEST(slugs.insert(slug).second);
    }
    BOOST_TEST(slug_of(Errc::idempotency_key_reused) == "idempotency-key-reused");
    BOOST_CHECK_THROW(slug_of(static_cast<Errc>(99)), std::logic_error);
}

BOOST_AUTO_TEST_CASE(taking_the_value_of_a_failed_result_is_a_bug_that_throws) {
    BOOST_CHECK_THROW(from_hex("x").value(), BadResult);
}

BOOST_AUTO_TEST_SUITE_END()
