#include "spec/records/cp932.hpp"

#include <boost/test/unit_test.hpp>

#include <iconv.h>
#include <random>
#include <set>

using namespace cpg;

namespace {

/// The C library's own conversion of one character, the reference.
class Reference {
  public:
    Reference(const char* to, const char* from) : handle_(iconv_open(to, from)) {
        BOOST_REQUIRE(handle_ != reinterpret_cast<iconv_t>(-1));
    }
    ~Reference() { iconv_close(handle_); }
    Reference(const Reference&) = delete;
    Reference& operator=(const Reference&) = delete;

    std::optional<std::string> convert(std::string in) {
        std::string out(16, '\0');
        char* in_position = in.data();
        char* out_position = out.data();
        std::size_t in_left = in.size();
        std::size_t out_left = out.size();
        iconv(handle_, nullptr, nullptr, nullptr, nullptr);
        if (iconv(handle_, &in_position, &in_left, &out_position, &out_left) ==
            static_cast<std::size_t>(-1))
            return std::nullopt;
        out.resize(out.size() - out_left);
        return out;
    }

  private:
    iconv_t handle_;
};

std::string two(unsigned lead, unsigned trail) {
    return {static_cast<char>(lead), static_cast<char>(trail)};
}

Bytes ms932(std::string_view utf8) {
    auto encoded = to_ms932(utf8);
    BOOST_REQUIRE_MESSAGE(encoded.bytes, "not MS932: " << utf8);
    return *encoded.bytes;
}

bool is_gaiji(unsigned lead) {
    return lead >= 0xF0 && lead <= 0xF9;
}

/// The plain reading of the rules, a character at a time.
ByteFinding slow_byte_problem(BytesView bytes, Reference& decoder) {
    for (std::size_t i = 0; i < bytes.size();) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        if (byte == 0) return {ByteProblem::nul, i};
        if (byte == 0x7F || (byte < 0x20 && byte != '\r' && byte != '\n' && byte != '\t'))
            return {ByteProblem::control, i};
        if (byte < 0x80 || (byte >= 0xA1 && byte <= 0xDF)) {
            ++i;
            continue;
        }
        const bool lead = byte != 0x80 && byte != 0xA0 && byte < 0xFD;
        if (!lead || i + 1 == bytes.size() || !decoder.convert(std::string(bytes.substr(i, 2))))
            return {ByteProblem::invalid, i};
        if (is_gaiji(byte)) return {ByteProblem::gaiji, i};
        i += 2;
    }
    return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(cp932)

BOOST_AUTO_TEST_CASE(decodes_every_two_byte_code_as_the_c_library_does) {
    Reference decoder("UTF-8", "CP932");
    std::size_t characters = 0;
    for (unsigned lead = 0x81; lead <= 0xFC; ++lead) {
        if (lead >= 0xA0 && lead <= 0xDF) continue;
        for (unsigned trail = 0; trail < 256; ++trail) {
            const std::string code = two(lead, trail);
            const auto expected = decoder.convert(code);
            const ByteFinding finding = next_byte_problem(code);
            if (!expected) {
                BOOST_TEST((finding.problem == ByteProblem::invalid));
                BOOST_TEST(finding.offset == 0u);
                BOOST_TEST(to_utf8(code).starts_with("\xEF\xBF\xBD"));
                continue;
            }
            ++characters;
            BOOST_TEST(to_utf8(code) == *expected);
            BOOST_TEST(
                (finding.problem == (is_gaiji(lead) ? ByteProblem::gaiji : ByteProblem::none)));
            BOOST_TEST(character_count(code) == 1u);
        }
    }
    BOOST_TEST(characters == 9604u); // 1,880 of them user-defined
}

BOOST_AUTO_TEST_CASE(encodes_every_character_of_the_basic_plane_as_the_c_library_does) {
    Reference encoder("CP932", "UTF-16BE");
    Reference utf8("UTF-8", "UTF-16BE");
    Reference decoder("UTF-16BE", "CP932");
    std::set<unsigned> folded;
    for (unsigned code_point = 1; code_point < 0x10000; ++code_point) {
        if (code_point >= 0xD800 && code_point <= 0xDFFF) continue;
        const std::string utf16 = two(code_point >> 8, code_point & 0xFF);
        const std::string text = *utf8.convert(utf16);
        const auto expected = encoder.convert(utf16);
        const bool private_use = code_point >= 0xE000 && code_point <= 0xF8FF;
        const Encoded found = to_ms932(text);
        if (!expected || expected->empty() || private_use) {
            BOOST_TEST(!found.bytes);
            continue;
        }
        if (decoder.convert(*expected) != utf16) {
            folded.insert(code_point);
            BOOST_TEST(!found.bytes);
            BOOST_TEST(to_ms932(text, Fold::yes).bytes.value() == *expected);
            continue;
        }
        BOOST_TEST(found.bytes.value() == *expected);
        BOOST_TEST(to_utf8(*found.bytes) == text);
    }
    BOOST_TEST((folded == std::set<unsigned>{0xA2, 0xA3, 0xA5, 0xAC, 0x2014, 0x2016, 0x203E, 0x2212,
                                             0x301C}));
}

BOOST_AUTO_TEST_CASE(single_bytes_without_a_character_are_invalid) {
    for (const char byte : {'\x80', '\xA0', '\xFD', '\xFE', '\xFF'}) {
        const std::string text = std::string("ab") + byte + "cd";
        BOOST_TEST((next_byte_problem(text).problem == ByteProblem::invalid));
        BOOST_TEST(next_byte_problem(text).offset == 2u);
        BOOST_TEST(to_utf8(text) == "ab\xEF\xBF\xBD"
                                    "cd");
        BOOST_TEST(character_count(text) == 5u);
    }
}

BOOST_AUTO_TEST_CASE(finds_each_problem_at_its_exact_offset) {
    const Bytes kanji = ms932("見本 花子");
    const auto check = [&](const std::string& odd, ByteProblem problem) {
        for (std::size_t blanks = 0; blanks < 20; ++blanks) {
            const std::string before = kanji + std::string(blanks, ' ');
            const ByteFinding finding = next_byte_problem(before + odd + kanji);
            BOOST_TEST((finding.problem == problem));
            BOOST_TEST(finding.offset == before.size());
        }
    };
    check("\xF0\x40", ByteProblem::gaiji);
    check("\xF9\xFC", ByteProblem::gaiji);
    check(std::string(1, '\0'), ByteProblem::nul);
    check("\x01", ByteProblem::control);
    check("\x1B", ByteProblem::control);
    check("\x7F", ByteProblem::control);
    check("\x81 ", ByteProblem::invalid);
    check("\x85\x8C", ByteProblem::invalid); // a row without characters
}

BOOST_AUTO_TEST_CASE(a_lead_byte_at_the_end_is_invalid) {
    const ByteFinding finding = next_byte_problem("abc\x82");
    BOOST_TEST((finding.problem == ByteProblem::invalid));
    BOOST_TEST(finding.offset == 3u);
}

BOOST_AUTO_TEST_CASE(goes_on_after_a_problem) {
    const std::string text = "\x01\xF0\x40z\xFF";
    const ByteFinding second = next_byte_problem(text, 1);
    BOOST_TEST((second.problem == ByteProblem::gaiji));
    const ByteFinding third = next_byte_problem(text, second.offset + 2);
    BOOST_TEST((third.problem == ByteProblem::invalid));
    BOOST_TEST(third.offset == 4u);
    BOOST_TEST((next_byte_problem(text, 5).problem == ByteProblem::none));
}

BOOST_AUTO_TEST_CASE(line_ends_and_tabs_are_no_problem) {
    BOOST_TEST((next_byte_problem("a\tb\r\nc\nd\re").problem == ByteProblem::none));
}

BOOST_AUTO_TEST_CASE(agrees_with_the_plain_reading_on_random_bytes) {
    const auto seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    BOOST_TEST_CONTEXT("seed " << seed) {
        std::mt19937 random(seed);
        Reference decoder("UTF-8", "CP932");
        for (int round = 0; round < 20000; ++round) {
            std::string text(random() % 40, ' ');
            for (char& c : text)
                c = static_cast<char>(random() % 4 == 0 ? random() % 256 : 'a' + random() % 26);
            const ByteFinding expected = slow_byte_problem(text, decoder);
            const ByteFinding found = next_byte_problem(text);
            BOOST_REQUIRE((found.problem == expected.problem));
            if (expected.problem != ByteProblem::none)
                BOOST_REQUIRE(found.offset == expected.offset);
        }
    }
}

BOOST_AUTO_TEST_CASE(both_forms_of_a_doubled_character_decode_to_the_same) {
    BOOST_TEST(to_utf8("\xFB\xFC") == "髙");
    BOOST_TEST(to_utf8("\xEE\xE0") == "髙");
    BOOST_TEST(ms932("髙") == "\xFB\xFC");
}

BOOST_AUTO_TEST_CASE(never_replaces_a_character_silently) {
    const Encoded emoji = to_ms932("見本😀");
    BOOST_TEST(!emoji.bytes);
    BOOST_TEST(emoji.offset == 6u);
    BOOST_TEST(!to_ms932("한").bytes);
    BOOST_TEST(!to_ms932("\xEE\x80\x80").bytes); // U+E000, a user-defined character
    const Encoded broken = to_ms932("ab\xE3\x81");
    BOOST_TEST(!broken.bytes);
    BOOST_TEST(broken.offset == 2u);
    BOOST_TEST(!to_ms932("\xC0\xAF").bytes); // overlong form of "/"
}

BOOST_AUTO_TEST_CASE(folds_the_characters_that_come_back_as_others_only_when_asked) {
    for (const std::string text : {"〜", "−", "‖", "¥"}) BOOST_TEST(!to_ms932(text).bytes);
    const Encoded folded = to_ms932("〜−‖¥", Fold::yes);
    BOOST_TEST(to_utf8(folded.bytes.value()) == "～－∥\\");
}

BOOST_AUTO_TEST_CASE(counts_characters_not_bytes) {
    BOOST_TEST(character_count("") == 0u);
    BOOST_TEST(character_count(ms932("ab見本ｶﾅ")) == 6u);
    BOOST_TEST(character_count(ms932("表ソ能")) == 3u); // second bytes 5C
}

BOOST_AUTO_TEST_CASE(guesses_what_the_bytes_are) {
    const auto guess = [](std::string_view bytes) { return guess_encoding(bytes); };
    BOOST_TEST((guess("") == Encoding::ms932));
    BOOST_TEST((guess("202407,131234") == Encoding::ms932));
    BOOST_TEST((guess(ms932("見本 花子,ｶﾅ")) == Encoding::ms932));
    BOOST_TEST((guess(ms932("ﾃｱ")) == Encoding::ms932)); // C3 B1, by chance one UTF-8 character
    BOOST_TEST((guess("202407,見本") == Encoding::utf8));
    BOOST_TEST((guess("ひらがな") == Encoding::utf8)); // its bytes are valid MS932 too
    BOOST_TEST((guess("\xEF\xBB\xBF"
                      "202407") == Encoding::utf8_bom));
    BOOST_TEST((guess(std::string_view("\xFF\xFE"
                                       "2\0",
                                       4)) == Encoding::utf16le));
    BOOST_TEST((guess(std::string_view("\xFE\xFF\0"
                                       "2",
                                       4)) == Encoding::utf16be));
    BOOST_TEST((guess(std::string_view("2\0"
                                       "0\0"
                                       "2\0",
                                       6)) == Encoding::utf16le));
    BOOST_TEST((guess(std::string_view("\0"
                                       "2\0"
                                       "0\0"
                                       "2",
                                       6)) == Encoding::utf16be));
}

BOOST_AUTO_TEST_SUITE_END()
