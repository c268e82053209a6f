#include "spec/load/load.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

using namespace cpg;

namespace {

// The rules of the standard's reading (sections 2.1 to 2.7 of its notes) and our own for papers and
// signatures.
const std::set<std::string> expected_rules = {
    "R-NAME-01",  "R-NAME-02",  "R-NAME-03", "R-NAME-04",  "R-NAME-05",  "R-NAME-06",  "R-NAME-07",
    "R-NAME-08",  "R-NAME-09",  "R-NAME-10", "R-NAME-11",  "R-AUTH-01",  "R-ENC-01",   "R-ENC-02",
    "R-ENC-03",   "R-ENC-04",   "R-CSV-01",  "R-CSV-02",   "R-CSV-03",   "R-CSV-04",   "R-CSV-05",
    "R-CSV-06",   "R-CSV-07",   "R-REQ-01",  "R-REQ-02",   "R-LEN-01",   "R-CODE-01",  "R-DATE-01",
    "R-VER-01",   "R-VER-02",   "R-VER-03",  "R-VER-04",   "R-MON-01",   "R-MON-02",   "R-MON-03",
    "R-BND-01",   "R-BND-02",   "R-BND-03",  "R-BND-04",   "R-BND-05",   "R-REL-01",   "R-REL-02",
    "R-REL-03",   "R-REL-04",   "R-REL-05",  "R-REL-06",   "R-REL-07",   "R-REL-08",   "R-SEQ-01",
    "R-SEQ-02",   "R-DEL-01",   "R-DEL-02",  "R-OWN-01",   "R-OWN-02",   "R-OWN-03",   "R-PRIV-01",
    "R-PRIV-02",  "R-FULL-01",  "R-SVC-01",  "R-SVC-02",   "R-ID-01",    "R-TIME-01",  "R-TIME-02",
    "R-TIME-03",  "R-CNT-01",   "R-HIW-01",  "R-HIW-02",   "R-HIW-03",   "R-HIW-04",   "R-WEL-01",
    "R-WEL-02",   "R-WEL-03",   "R-WEL-04",  "R-SAT-01",   "R-UNIT-01",  "R-DUP-01",   "R-T7-01",
    "R-T7-02",    "R-T7-03",    "R-T7-04",   "R-T7-05",    "R-T7-06",    "R-T7-07",    "R-T7-08",
    "R-T7-09",    "R-HOS-01",   "R-IMG-01",  "R-PAPER-01", "R-PAPER-02", "R-PAPER-03", "R-PAPER-04",
    "R-PAPER-05", "R-PAPER-06", "R-SIG-01",  "R-SIG-02",   "R-SIG-03"};

bool is_japanese(const std::string& text) {
    return text.find("\xe3\x81") != text.npos ||
           text.find("\xe3\x82") != text.npos; // hiragana or katakana
}

bool is_english(const std::string& text) {
    return text.find("the ") != text.npos || text.find(' ') != text.npos;
}

bool ends_as_a_sentence(const std::string& text) {
    const std::string stop = "。";
    return text.size() > stop.size() &&
           (text.compare(text.size() - stop.size(), stop.size(), stop) == 0 || text.back() == '}');
}

void check_pair(const std::string& japanese, const std::string& english) {
    BOOST_TEST(is_japanese(japanese));
    BOOST_TEST(!is_japanese(english));
    BOOST_TEST(is_english(english));
}

std::multiset<std::string> placeholders(const std::string& text) {
    std::multiset<std::string> out;
    for (std::size_t at = text.find('{'); at != text.npos; at = text.find('{', at + 1))
        out.insert(text.substr(at, text.find('}', at) - at + 1));
    return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(findings)

BOOST_AUTO_TEST_CASE(every_rule_of_the_standard_has_an_entry_and_there_are_no_others) {
    std::set<std::string> ids;
    for (const auto& [id, rule] : embedded_catalog()->rules) ids.insert(id);
    BOOST_TEST((ids == expected_rules));
}

BOOST_AUTO_TEST_CASE(every_text_exists_in_japanese_and_english) {
    for (const auto& [id, rule] : embedded_catalog()->rules) {
        BOOST_TEST_CONTEXT(id) {
            check_pair(rule.title_ja, rule.title_en);
            check_pair(rule.message_ja, rule.message_en);
            check_pair(rule.hint_ja, rule.hint_en);
            BOOST_TEST(ends_as_a_sentence(rule.hint_ja));
            BOOST_TEST(!rule.section.empty());
            for (const auto& [name, message] : rule.variants) BOOST_TEST_CONTEXT(name) {
                    check_pair(message.first, message.second);
                }
            for (const auto& [name, hint] : rule.variant_hints) {
                BOOST_TEST_CONTEXT(name) {
                    check_pair(hint.first, hint.second);
                    BOOST_TEST(ends_as_a_sentence(hint.first));
                    BOOST_TEST(rule.variants.count(name) == 1u);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(both_languages_say_the_same_things) {
    const auto same = [](const std::string& japanese, const std::string& english) {
        const auto left = placeholders(japanese), right = placeholders(english);
        return std::set<std::string>(left.begin(), left.end()) ==
               std::set<std::string>(right.begin(), right.end());
    };
    for (const auto& [id, rule] : embedded_catalog()->rules) {
        BOOST_TEST_CONTEXT(id) {
            BOOST_TEST(same(rule.message_ja, rule.message_en));
            BOOST_TEST(same(rule.hint_ja, rule.hint_en));
            for (const auto& [name, message] : rule.variants) BOOST_TEST_CONTEXT(name) {
                    BOOST_TEST(same(message.first, message.second));
                }
        }
    }
}

BOOST_AUTO_TEST_CASE(no_text_repeats_a_value) {
    for (const auto& [id, rule] : embedded_catalog()->rules)
        for (const std::string& text :
             {rule.message_ja, rule.message_en, rule.hint_ja, rule.hint_en})
            BOOST_TEST_CONTEXT(id) {
                BOOST_TEST(text.find("{value}") == text.npos);
            }
}

BOOST_AUTO_TEST_CASE(no_text_says_whether_the_data_is_accepted) {
    for (const auto& [id, rule] : embedded_catalog()->rules) {
        std::vector<std::string> hints{rule.hint_ja, rule.hint_en};
        for (const auto& [name, hint] : rule.variant_hints)
            hints.insert(hints.end(), {hint.first, hint.second});
        for (const std::string& hint : hints)
            BOOST_TEST((hint.find("受け付け") == hint.npos && hint.find("accepted") == hint.npos),
                       id + ": " + hint);
    }
}

BOOST_AUTO_TEST_CASE(the_rule_that_official_samples_fail_is_off_by_default) {
    std::set<std::string> off;
    for (const auto& [id, rule] : embedded_catalog()->rules)
        if (!rule.enabled) off.insert(id);
    BOOST_TEST((off == std::set<std::string>{"R-NAME-04"}));
}

BOOST_AUTO_TEST_CASE(a_rule_is_looked_up_by_its_id) {
    BOOST_TEST(embedded_catalog()->rule("R-MON-03").section == "別紙 第6表 No.10");
    BOOST_TEST((embedded_catalog()->rule("R-NAME-02").severity == Severity::warning));
    BOOST_CHECK_THROW(embedded_catalog()->rule("R-NONE-01"), std::out_of_range);
}

BOOST_AUTO_TEST_SUITE_END()
