#include "spec/load/load.hpp"
#include "spec/model/pattern.hpp"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <random>
#include <regex>
#include <set>

using namespace cpg;

namespace {

struct Case {
    const char* pattern;
    std::vector<const char*> matching;
    std::vector<const char*> other;
};

/// Every pattern of both editions, each once.
std::set<std::string> patterns_of_the_standard() {
    std::set<std::string> out;
    for (const auto& edition : embedded_catalog()->editions) {
        for (const auto& [type, rule] : edition->types) out.insert(rule.pattern.source());
        for (const FileType& file : edition->files) {
            out.insert(file.name_regex);
            for (const Field& field : file.fields) out.insert(field.pattern.source());
            for (const RowKind& row : file.row_kinds) out.insert(row.match);
        }
    }
    out.erase("");
    return out;
}

/// A text that often comes close to what `pattern` wants: its own literals, digits, and changes of
/// texts that matched.
class TextSource {
  public:
    TextSource(std::string pattern, unsigned seed) : pattern_(std::move(pattern)), random_(seed) {}

    std::string next() {
        if (!matched_.empty() && pick(2) == 0) return changed(matched_[pick(matched_.size())]);
        return grown();
    }
    void remember(const std::string& text) {
        if (matched_.size() < 50) matched_.push_back(text);
    }

  private:
    std::size_t pick(std::size_t count) {
        return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
    }

    char some_character() {
        static const std::string alphabet = "0019ABHIOQZaz-_.+() ,\x80\xff";
        return alphabet[pick(alphabet.size())];
    }

    std::string changed(std::string text) {
        if (text.empty()) return std::string(1, some_character());
        const std::size_t at = pick(text.size());
        switch (pick(4)) {
        case 0:
            text[at] = some_character();
            break;
        case 1:
            text.erase(at, 1);
            break;
        case 2:
            text.insert(at, 1, some_character());
            break;
        default:
            break;
        }
        return text;
    }

    /// A text the pattern describes: the pattern is walked as it stands, one way picked at each
    /// alternative.
    std::string grown() {
        position_ = 0;
        return one_of_the_ways();
    }

    bool more() const { return position_ < pattern_.size(); }

    std::string one_of_the_ways() {
        std::vector<std::string> ways(1);
        while (more() && pattern_[position_] != ')') {
            if (pattern_[position_] == '|') {
                ++position_;
                ways.emplace_back();
            } else {
                ways.back() += atoms();
            }
        }
        ++position_;
        return ways[pick(ways.size())];
    }

    /// One atom as often as its repeat allows.
    std::string atoms() {
        const std::size_t begin = position_;
        std::string out = atom();
        const std::size_t end = position_;
        std::size_t count = 1;
        if (more() && pattern_[end] == '{') {
            const std::size_t close = pattern_.find('}', end);
            const std::size_t comma = pattern_.find(',', end);
            const std::size_t least = std::stoul(pattern_.substr(end + 1));
            count = comma < close ? least + pick(std::stoul(pattern_.substr(comma + 1)) - least + 1)
                                  : least;
            position_ = close + 1;
        } else if (more() &&
                   std::string_view("?*+").find(pattern_[end]) != std::string_view::npos) {
            count = pattern_[end] == '+' ? 1 + pick(3) : pick(2);
            ++position_;
        }
        const std::size_t after = position_;
        if (count == 0) return "";
        while (--count > 0) {
            position_ = begin;
            out += atom();
        }
        position_ = after;
        return out;
    }

    std::string atom() {
        const char c = pattern_[position_++];
        if (c == '^' || c == '$') return "";
        if (c == '\\') return std::string(1, pattern_[position_++]);
        if (c == '(') {
            if (pattern_[position_] == '?') position_ += 2;
            return one_of_the_ways();
        }
        if (c != '[') return std::string(1, c);
        const std::size_t end = pattern_.find(']', position_);
        const std::string members = pattern_.substr(position_, end - position_);
        position_ = end + 1;
        const char member = members[pick(members.size())];
        return std::string(1, member == '-' || member == '\\' ? members[0] : member);
    }

    std::string pattern_;
    std::size_t position_ = 0;
    std::mt19937 random_;
    std::vector<std::string> matched_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(pattern)

BOOST_AUTO_TEST_CASE(matches_the_whole_text_and_nothing_else) {
    const Case cases[] = {
        {"^$", {""}, {"x", " "}},
        {"^abc$", {"abc"}, {"", "ab", "abcd", "xabc"}},
        {"abc", {"abc"}, {"ab", "abcd"}},
        {"^a?b$", {"b", "ab"}, {"aab", "a"}},
        {"^a*$", {"", "a", "aaaa"}, {"b", "ab"}},
        {"^(ab)+$", {"ab", "abab"}, {"", "aba", "ba"}},
        {"^(a|bc|)d$", {"ad", "bcd", "d"}, {"bd", "abcd"}},
        {"a|b", {"a", "b"}, {"ab", ""}},
        {"^(?:a|b)$", {"a", "b"}, {"ab"}},
        {"^[0-9]{3}$", {"123"}, {"12", "1234", "12a"}},
        {"^[0-9]{2,4}$", {"12", "123", "1234"}, {"1", "12345"}},
        {"^(ab){0,2}$", {"", "ab", "abab"}, {"ababab"}},
        {"^a{0}b$", {"b"}, {"ab"}},
        {"^[a\\-z]$", {"a", "-", "z"}, {"b", "\\"}},
        {"^[a-]$", {"a", "-"}, {"b"}},
        {"^[+()\\]\\\\]+$", {"+()]\\"}, {"a"}},
        {"^x\\.CSV$", {"x.CSV"}, {"xaCSV", "x.csv"}},
        {"^((a*)*)*$", {"", "aaa"}, {"aab"}},
        {"^[0-9]+$", {"0"}, {"\xef\xbc\x91", "\x80", "1\n"}},
    };
    for (const Case& entry : cases) {
        const Pattern compiled = Pattern::compile(entry.pattern).value();
        for (const char* text : entry.matching)
            BOOST_TEST_CONTEXT(entry.pattern << " on " << text) {
                BOOST_TEST(compiled.matches(text));
            }
        for (const char* text : entry.other) BOOST_TEST_CONTEXT(entry.pattern << " on " << text) {
                BOOST_TEST(!compiled.matches(text));
            }
    }
}

BOOST_AUTO_TEST_CASE(knows_nul_bytes) {
    const Pattern compiled = Pattern::compile("^ab$").value();
    BOOST_TEST(!compiled.matches(std::string_view("ab\0", 3)));
    BOOST_TEST(!compiled.matches(std::string_view("\0ab", 3)));
}

BOOST_AUTO_TEST_CASE(a_default_pattern_matches_every_text) {
    BOOST_TEST(Pattern().is_any());
    BOOST_TEST(Pattern().matches("anything \xff"));
    BOOST_TEST(!Pattern::compile("^$").value().is_any());
}

BOOST_AUTO_TEST_CASE(refuses_what_it_does_not_know) {
    for (const char* bad :
         {"^abc",  "abc$",  "^a|b$",  "a.c",   "^[^a]$", "(a",  "a)",    "[a",   "[]",
          "[z-a]", "\\d",   "a\\",    "*a",    "a**",    "a+?", "a{",    "a{1",  "a{2,1}",
          "a{,2}", "a{1,}", "a{256}", "(?=a)", "(?a)",   "a^b", "a$b",   "^^a$", "日",
          "a\tb",  "]",     "}",      "[a[]",  "[a^]",   "(*)", "\\\x01"}) {
        BOOST_TEST_CONTEXT(bad) {
            const auto compiled = Pattern::compile(bad);
            BOOST_REQUIRE(compiled.has_error());
            BOOST_TEST((compiled.error().code == Errc::malformed));
        }
    }
}

BOOST_AUTO_TEST_CASE(refuses_patterns_that_would_explode) {
    // The shortest automaton for "a letter a, then 13 more" remembers 2^13 possibilities.
    BOOST_TEST(Pattern::compile("^(a|b)*a(a|b){13}$").has_error());
    BOOST_TEST(Pattern::compile("^((a{200}){200}){200}$").has_error());
    BOOST_TEST(Pattern::compile(std::string(2000, 'a')).has_error());
    BOOST_TEST(Pattern::compile(std::string(100, '(') + std::string(100, ')')).has_error());
    BOOST_TEST(Pattern::compile("^(a|b)*a(a|b){8}$").has_value());
}

BOOST_AUTO_TEST_CASE(agrees_with_std_regex_on_every_pattern_of_the_standard) {
    const unsigned seed = std::random_device()();
    BOOST_TEST_MESSAGE("seed " << seed);
    const std::set<std::string> patterns = patterns_of_the_standard();
    BOOST_TEST(patterns.size() > 40u);
    for (const std::string& source : patterns) {
        const Pattern compiled = Pattern::compile(source).value();
        const std::regex expected(source);
        TextSource texts(source, seed);
        int matching = 0;
        for (int i = 0; i < 300; ++i) {
            const std::string text = texts.next();
            const bool wanted = std::regex_match(text, expected);
            BOOST_TEST_CONTEXT("seed " << seed << ", " << source << " on " << hex(text)) {
                BOOST_REQUIRE(compiled.matches(text) == wanted);
            }
            if (wanted) texts.remember(text);
            matching += wanted;
        }
        BOOST_TEST_CONTEXT(source) {
            BOOST_TEST(matching > 0);
        } // else the comparison says little
    }
}

BOOST_AUTO_TEST_CASE(tells_its_speed) {
    const Pattern compiled = Pattern::compile("^([01][0-9]|2[0-3])[0-5][0-9]$").value();
    const std::string texts[] = {"0930", "2359", "1200", "0000"};
    constexpr int rounds = 200'000;
    std::size_t matched = 0;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; ++i) matched += compiled.matches(texts[i % 4]);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    BOOST_TEST(matched == static_cast<std::size_t>(rounds));
    BOOST_TEST_MESSAGE("a match of four bytes: " << took.count() / rounds << " ns");
}

BOOST_AUTO_TEST_SUITE_END()
