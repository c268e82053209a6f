// The shipped profiles, and what the loader says about wrong ones.
#include "adapters/dialect/dialect.hpp"
#include "tests/adapters/sample_sets.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>

using namespace cpg;
using namespace cpg::adapters;
using namespace cpg::adapters::testing;

namespace {

const std::string least = "dialect: small\n"
                          "version: 1\n"
                          "title_ja: 小\n"
                          "title_en: small\n"
                          "about_ja: 小\n"
                          "about_en: small\n"
                          "direction: both\n"
                          "encoding: {read: [cp932], write: cp932}\n"
                          "files:\n"
                          "  - id: rows\n"
                          "    name: {read: [\"rows\\\\.csv\"], write: rows.csv}\n"
                          "    records:\n"
                          "      - columns:\n"
                          "          - {at: 1, to: insured_no, type: digits, pad: 10}\n"
                          "        products: [{type: UPJSK}]\n";

std::string with(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, from);
    return text.replace(at, from.size(), to);
}

std::vector<LoadProblem> problems_of(const std::string& text) {
    return load_dialect(*catalog(), {"small.yaml", text}).problems;
}

} // namespace

BOOST_AUTO_TEST_CASE(eight_dialects_ship_and_load_without_a_problem) {
    std::vector<LoadProblem> problems;
    const std::vector<DialectPtr> dialects = load_dialects(*catalog(), {}, problems);
    for (const LoadProblem& problem : problems)
        BOOST_ERROR(problem.file << ":" << problem.line << ": " << problem.text);
    std::set<std::string> ids;
    for (const DialectPtr& dialect : dialects) {
        ids.insert(dialect->id);
        BOOST_TEST(!dialect->title_ja.empty());
        BOOST_TEST(!dialect->about_en.empty());
        for (const Fill& fill : dialect->fills) BOOST_TEST(!fill.why_ja.empty());
    }
    const std::set<std::string> expected = {"std-v3",        "std-v4-loose",    "web-utf8-wide",
                                            "header-mapped", "preamble-wareki", "legacy-wide-typed",
                                            "kokuhoren-ctl", "life-header-en"};
    BOOST_TEST(ids == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_small_dialect_loads) {
    for (const LoadProblem& problem : problems_of(least)) BOOST_ERROR(problem.text);
}

BOOST_AUTO_TEST_CASE(a_wrong_dialect_is_refused_with_its_line) {
    struct Case {
        std::string from, to;
        int line;
    };
    const std::vector<Case> cases = {
        {"dialect: small", "dialect: other", 1},
        {"dialect: small", "dialect: Small!", 1},
        {"direction: both", "direction: sideways", 7},
        {"version: 1", "version: 1\nvendor: x", 3},
        {"{read: [cp932], write: cp932}", "{read: [shift_jis], write: cp932}", 8},
        {"{read: [cp932], write: cp932}", "{read: [cp932]}", 8},
        {"{read: [cp932], write: cp932}", "{read: [cp932], write: cp932, gaiji: keep}", 8},
        {"rows\\\\.csv", "rows(.csv", 11},
        {"to: insured_no", "to: insured", 14},
        {"type: digits", "type: number", 14},
        {"type: digits, pad: 10", "type: digits, forms: [wareki]", 14},
        {"at: 1, to", "name: [a], to", 14},
        {"type: UPJSK", "type: UPJISSEKI", 15},
        {"type: UPJSK", "type: UPJSK, days: {one_cell: true, first: 2}", 15},
        {"at: 1, to: insured_no, type: digits, pad: 10", "at: 1, derived: weekday", 14},
        {"at: 1, to: insured_no, type: digits, pad: 10", "at: 1, to: sex, codes: none", 14},
    };
    for (const Case& each : cases) {
        const std::vector<LoadProblem> problems = problems_of(with(least, each.from, each.to));
        BOOST_TEST_CONTEXT(each.to) {
            BOOST_TEST(!problems.empty());
            BOOST_TEST(std::any_of(problems.begin(), problems.end(),
                                   [&](const LoadProblem& p) { return p.line == each.line; }));
        }
    }
}
