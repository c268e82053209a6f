#include "spec/load/load.hpp"
#include "tests/load/small_catalog.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;
using test::edition_text, test::findings_text;

namespace {

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
    std::string out(text);
    const std::size_t at = out.find(from);
    BOOST_REQUIRE_MESSAGE(at != out.npos, "the broken piece is not in the text: " << from);
    return out.replace(at, from.size(), to);
}

LoadOutcome load(std::string edition, std::string findings) {
    return load_catalog({{"v9.yaml", std::move(edition)}, {"findings.yaml", std::move(findings)}});
}

std::string told(const LoadOutcome& outcome) {
    std::string out;
    for (const LoadProblem& problem : outcome.problems)
        out += problem.file + ":" + std::to_string(problem.line) + ": " + problem.text + "\n";
    return out;
}

struct Broken {
    const char* from;
    const char* to;
    const char* problem; // all problems, as told() writes them, without the file name
};

void check(const Broken& broken, std::string_view file, std::string_view text) {
    const bool is_edition = file == "v9.yaml";
    const std::string mutated = replaced(text, broken.from, broken.to);
    const LoadOutcome outcome = is_edition ? load(mutated, std::string(findings_text))
                                           : load(std::string(edition_text), mutated);
    BOOST_TEST_CONTEXT(broken.from << " -> " << broken.to) {
        BOOST_TEST(!outcome.catalog);
        BOOST_TEST(told(outcome) == std::string(file) + ":" + broken.problem + "\n");
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(load_problems)

BOOST_AUTO_TEST_CASE(the_unbroken_texts_load) {
    const LoadOutcome outcome = load(std::string(edition_text), std::string(findings_text));
    BOOST_TEST(told(outcome) == "");
    BOOST_REQUIRE(outcome.catalog);
    BOOST_TEST(outcome.catalog->rule("R-AAA-01").parameters.at("days") == "1");
    BOOST_TEST(outcome.catalog->rule("R-AAA-01").variant_hints.at("other").second == "next");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_in_an_edition_is_told_with_its_line) {
    const Broken cases[] = {
        // unknown and duplicate keys
        {"csv_versions:", "colour: red\ncsv_versions:", "2: unknown key 'colour' in the edition"},
        {"issued: \"2099-01\"", "issued: \"2099-01\", isued: \"x\"",
         "1: unknown key 'isued' in spec"},
        {"type: \"seq\"}\n      - {\"no\": 2", "type: \"seq\", lenght: 2}\n      - {\"no\": 2",
         "27: unknown key 'lenght' in column 1 of MAIN"},
        {"keys: [\"number\"]", "keys: [\"number\"]\n    keys: [\"sex\"]",
         "25: duplicate key 'keys', first on line 24"},
        {"\"2\": \"女性\"", "\"1\": \"女性\"", "8: duplicate key '1', first on line 8"},
        {"  seq: {", "  code: {",
         "6: duplicate key 'code', first on line 5\nv9.yaml:27: column 1 of MAIN: unknown type "
         "'seq'\nv9.yaml:39: column 1 of SUB: unknown type 'seq'"},
        // columns
        {"{\"no\": 2, key: \"sex\"", "{\"no\": 1, key: \"sex\"", "28: column No. 1 of MAIN twice"},
        {"{\"no\": 2, key: \"sex\"", "{\"no\": 3, key: \"sex\"", "28: column 2 of MAIN says No. 3"},
        {"key: \"sex\"", "key: \"number\"", "28: column 2 of MAIN: duplicate key 'number'"},
        {"{\"no\": 2, key: \"sex\"", "{key: \"sex\"",
         "28: column 2 of MAIN has no 'no'\nv9.yaml:28: column No. 1 of MAIN twice"},
        {"{\"no\": 2, key", "{\"no\": two, key",
         "28: 'no' of column 2 of MAIN is not a number from 1 to 200\nv9.yaml:28: column No. 1 of "
         "MAIN twice"},
        {"field_count: 2", "field_count: 3", "25: file MAIN says 3 columns and lists 2"},
        {"type: \"code\", code_list", "type: \"cod\", code_list",
         "28: column 2 of MAIN: unknown type 'cod'"},
        {"code_list: \"sex\"", "code_list: \"six\"",
         "28: column 2 of MAIN: unknown code list 'six'"},
        {", code_list: \"sex\"", "", "28: column 2 of MAIN: a code without 'code_list'"},
        {"required: false", "required: perhaps",
         "28: 'required' of column 2 of MAIN is 'perhaps', not one of false, true, conditional"},
        {"required: false", "required: conditional",
         "28: column 2 of MAIN: 'when' belongs to required: conditional, and only there"},
        {"length: 1,", "length: 1, accept_length: 0,",
         "28: 'accept_length' of column 2 of MAIN is not a number from 1 to 100000"},
        {"length: 2, required", "length: 2, accept_length: 1, required",
         "27: column 1 of MAIN: 'accept_length' does not widen 'length'"},
        {"type: \"seq\"}\n      - {\"no\": 2", "type: \"seq\", fixed: \"x\"}\n      - {\"no\": 2",
         "27: column 1 of MAIN: 'x' does not match its own pattern"},
        // patterns
        {"pattern: \"^[1-9][0-9]?$\"", "pattern: \"^[1-9\"",
         "6: 'pattern' of type seq: pattern: ends too early (at 5)"},
        {"regex: \"^MAIN_", "regex: \"^MAIN.",
         "22: 'file_name_regex' of a file: pattern: a special character out of place "
         "(at 6)"},
        // names that refer to nothing
        {"  seq: {", "  sequence: {",
         "6: unknown type 'sequence'\nv9.yaml:27: column 1 of MAIN: unknown type "
         "'seq'\nv9.yaml:39: column 1 of SUB: unknown type 'seq'"},
        {"bundles: [\"one\"]\n    keys: [\"number\"]\n    field_count: 2",
         "bundles: [\"one\", \"two\"]\n    keys: [\"number\"]\n    field_count: 2",
         "18: file MAIN: unknown bundle 'two'"},
        {"attached: [\"SUB\"], ", "", "29: file SUB: bundle one does not hold it"},
        {"attached: [\"SUB\"]", "attached: [\"SUB\", \"SOB\"]",
         "14: bundle one: unknown file 'SOB'"},
        {"parent: \"MAIN\"", "parent: \"NAIM\"", "29: file SUB: unknown parent 'NAIM'"},
        {"removes: [\"MAIN\"]", "removes: [\"NAIM\"]", "16: deletion cascade: unknown file 'NAIM'"},
        {"delete: \"SUB\"", "delete: \"BUS\"", "16: deletion cascade: unknown file 'BUS'"},
        {"key: [\"number\"]}", "key: [\"date\"]}",
         "16: deletion cascade: SUB has no column 'date'"},
        {"keys: [\"number\"]", "keys: [\"date\"]", "24: 'keys' of MAIN: no column 'date'"},
        {"sender: \"a\"", "sender: \"c\"", "20: unknown role 'c'"},
        {"need: \"required\"", "need: \"must\"",
         "20: 'need' of a direction of MAIN is 'must', not one of required, optional, conditional"},
        {"part: \"serial\"", "part: \"seriall\"",
         "21: 'part' of a name part of MAIN is 'seriall', not one of month, from_office, "
         "from_service_type, to_office, "
         "to_service_type, serial, branch"},
        {"scope: \"care_management\"", "scope: \"both\"",
         "10: 'scope' of a service type is 'both', not one of in, out, care_management"},
        {"code: \"43\"", "code: \"043\"", "10: '043' is not a service type code"},
        {"in_house_care_managers: []", "in_house_care_managers: [\"73\"]",
         "11: unknown service type '73'"},
        {"- id: SUB", "- id: MAIN",
         "29: file MAIN twice\nv9.yaml:14: bundle one: unknown file 'SUB'\nv9.yaml:16: deletion "
         "cascade: unknown file 'SUB'"},
        {"value: \"209901\"", "value: \"209902\"",
         "0: csv_versions lacks the edition's own, 209901"},
        {"applies_from_month: \"209901\"", "applies_from_month: \"209913\"",
         "1: 'applies_from_month' of spec is not a month"},
        // shapes
        {"title: \"t\", ", "", "1: spec has no 'title'"},
        {"title: \"t\"", "title: \"\"", "1: 'title' of spec is empty"},
        {"title: \"t\"", "title: [t]", "1: 'title' of spec is not a text"},
        {"fixed_length: false", "fixed_length: no",
         "6: 'fixed_length' of type seq is neither true nor false"},
        {"deletion_cascades:\n  - {delete: \"SUB\", removes: [\"MAIN\"], key: [\"number\"]}",
         "deletion_cascades: none", "15: 'deletion_cascades' of the edition is not a list"},
        {"roles: {a: \"A\", b: \"B\"}", "roles: {a: \"A\", b: \"B\", [c]: \"C\"}",
         "12: a key that is not a text"},
        {"{literal: \"MAIN\"}", "MAIN",
         "21: a name part of MAIN is not a map\nv9.yaml:21: a name part of MAIN has no 'part'"},
    };
    for (const Broken& broken : cases) check(broken, "v9.yaml", edition_text);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_in_the_findings_is_told_with_its_line) {
    const Broken cases[] = {
        {"    title_ja: \"題\"\n", "", "3: rule R-AAA-01 has no 'title_ja'"},
        {"    hint_en: \"next\"\n", "", "3: rule R-AAA-01 has no 'hint_en'"},
        {"hint_ja: \"次\"\n", "hint_ja: \"\"\n", "8: 'hint_ja' of rule R-AAA-01 is empty"},
        {"  R-AAA-02:", "  R-AAA-01:", "16: duplicate key 'R-AAA-01', first on line 2"},
        {"  R-AAA-02:", "  X-AAA-02:", "16: 'X-AAA-02' is not a rule id"},
        {"severity: error", "severity: fatal",
         "3: severity of rule R-AAA-01 is neither error nor warning"},
        {"basis: own\n", "basis: mine\n",
         "11: basis of rule R-AAA-01 is not one of standard, derived, own, domain"},
        {"が {expected}", "が {expectde}",
         "6: '{expectde}' in 'message_ja' of rule R-AAA-01 is not one of its args"},
        {"が {expected}", "が {expected",
         "6: a brace without its partner in 'message_ja' of rule R-AAA-01"},
        {"{item} {expected}", "{item}} {expected}",
         "7: a brace without its partner in 'message_en' of rule R-AAA-01"},
        {"args: [expected]", "args: [expected, found]",
         "12: argument 'found' of rule R-AAA-01 is used by no text"},
        {", hint_en: \"next\"}", "}", "15: variant other of rule R-AAA-01 has no 'hint_en'"},
        {"message_en: \"other\", ", "", "15: variant other of rule R-AAA-01 has no 'message_en'"},
        {"    basis: own\n", "    basis: own\n    colour: red\n",
         "12: unknown key 'colour' in rule R-AAA-01"},
        {"rules:", "rule:",
         "1: the findings has no 'rules'\nfindings.yaml:1: unknown key 'rule' in the findings"},
    };
    for (const Broken& broken : cases) check(broken, "findings.yaml", findings_text);
}

BOOST_AUTO_TEST_CASE(text_that_is_not_yaml_is_told_with_its_line) {
    const LoadOutcome outcome =
        load("spec: {edition: \"9.9\"\ntypes: [\n", std::string(findings_text));
    BOOST_TEST(!outcome.catalog);
    BOOST_TEST(outcome.problems.front().file == "v9.yaml");
    BOOST_TEST(outcome.problems.front().line >= 1);
    BOOST_TEST(!load("a: *nothing\n", std::string(findings_text)).catalog);
    BOOST_TEST(!load("", std::string(findings_text)).catalog);
    BOOST_TEST(
        !load(std::string(edition_text) + "---\na: b\n", std::string(findings_text)).catalog);
}

BOOST_AUTO_TEST_CASE(missing_and_repeated_files_are_told) {
    const std::string edition(edition_text), findings(findings_text);
    BOOST_TEST(told(load_catalog({{"v9.yaml", edition}})) == "findings.yaml:0: is missing\n");
    BOOST_TEST(told(load_catalog({{"findings.yaml", findings}})) ==
               ":0: no edition among the files\n");
    BOOST_TEST(told(load_catalog(
                   {{"v8.yaml", edition}, {"v9.yaml", edition}, {"findings.yaml", findings}})) ==
               "v9.yaml:0: edition 9.9 twice\n");
}

BOOST_AUTO_TEST_CASE(a_problem_behind_an_alias_is_told_once) {
    const std::string text = replaced(
        replaced(edition_text, "direction: [{sender: \"a\", receiver",
                 "direction: &way [{sender: \"c\", receiver"),
        "direction: [{sender: \"a\", receiver: \"b\", need: \"required\"}]", "direction: *way");
    BOOST_TEST(told(load(text, std::string(findings_text))) == "v9.yaml:20: unknown role 'c'\n");
}

BOOST_AUTO_TEST_SUITE_END()
