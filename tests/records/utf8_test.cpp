#include "spec/records/utf8.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;

BOOST_AUTO_TEST_SUITE(utf8)

BOOST_AUTO_TEST_CASE(reads_each_length) {
    const struct {
        std::string_view text;
        char32_t code_point;
    } cases[] = {{"a", U'a'},
                 {"\x7F", 0x7F},
                 {"\xC2\x80", 0x80},
                 {"\xDF\xBF", 0x7FF},
                 {"\xE0\xA0\x80", 0x800},
                 {"見", U'見'},
                 {"\xEF\xBF\xBF", 0xFFFF},
                 {"😀", U'😀'},
                 {"\xF4\x8F\xBF\xBF", 0x10FFFF}};
    for (const auto& each : cases) {
        const Utf8Character found = utf8_character_at(each.text, 0);
        BOOST_TEST(found.length == each.text.size());
        BOOST_TEST(static_cast<std::uint32_t>(found.code_point) ==
                   static_cast<std::uint32_t>(each.code_point));
        BOOST_TEST(is_utf8(each.text));
    }
}

BOOST_AUTO_TEST_CASE(refuses_overlong_forms_surrogates_and_cut_off_characters) {
    for (const std::string_view text :
         {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
          "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE8\xA6", "\xC2",
          "\xE8\xA6z", "\xF0\x9F\x98"}) {
        BOOST_TEST(utf8_character_at(text, 0).length == 0u);
        BOOST_TEST(!is_utf8(text));
    }
}

BOOST_AUTO_TEST_SUITE_END()
