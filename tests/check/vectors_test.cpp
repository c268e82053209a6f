#include "tests/check/vectors.hpp"

#include "spec/load/load.hpp"
#include "spec/render/report_json.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <map>
#include <set>

using namespace cpg;
using namespace cpg::test;

namespace {

std::vector<Finding> all_findings(const Report& report) {
    std::vector<Finding> all = report.findings;
    for (const BundleReport& bundle : report.bundles)
        all.insert(all.end(), bundle.findings.begin(), bundle.findings.end());
    return all;
}

std::string severity_name(Severity severity) {
    return severity == Severity::error     ? "error"
           : severity == Severity::warning ? "warning"
                                           : "off";
}

std::string described(const Finding& finding) {
    return finding.rule + "/" + finding.variant + " " + severity_name(finding.severity) + " " +
           finding.where.file + " record " + std::to_string(finding.where.record) + " line " +
           std::to_string(finding.where.line) + " column " + std::to_string(finding.where.column);
}

std::string described(const std::vector<Finding>& findings) {
    std::string text;
    for (const Finding& finding : findings) text += "\n    " + described(finding);
    return text.empty() ? "\n    (no finding)" : text;
}

std::string name_of_file(const VectorCase& item, const std::string& type) {
    for (const VectorFile& file : item.files)
        if (file.type == type) return file.name;
    return "(no such file)";
}

bool matches(const VectorCase& item, const Finding& finding) {
    const Expectation& expect = item.expect;
    if (finding.rule != item.rule) return false;
    if (expect.severity && *expect.severity != severity_name(finding.severity)) return false;
    if (expect.variant && *expect.variant != finding.variant) return false;
    if (expect.file) {
        const std::string name = expect.file->empty() ? "" : name_of_file(item, *expect.file);
        if (name != finding.where.file) return false;
    }
    if (expect.record && *expect.record != finding.where.record) return false;
    if (expect.line && *expect.line != finding.where.line) return false;
    return !expect.column || *expect.column == finding.where.column;
}

/// A "{name}" that the renderer could not fill.
bool has_open_placeholder(const std::string& text) {
    for (std::size_t open = text.find('{'); open != std::string::npos;
         open = text.find('{', open + 1)) {
        std::size_t end = open + 1;
        while (end < text.size() && (std::islower(static_cast<unsigned char>(text[end])) != 0 ||
                                     text[end] == '_' || text[end] == '2'))
            ++end;
        if (end > open + 1 && end < text.size() && text[end] == '}') return true;
    }
    return false;
}

Report check(const Catalog& catalog, const VectorCase& item) {
    return check_heap(catalog, group_files(catalog, item.input()), item.options);
}

} // namespace

BOOST_AUTO_TEST_SUITE(vectors)

BOOST_AUTO_TEST_CASE(good_bundles_of_every_kind_have_no_finding) {
    const CatalogPtr catalog = embedded_catalog();
    std::set<std::string> kinds;
    for (const std::string& name : base_names()) {
        VectorCase item;
        item.files = load_base(*catalog, name);
        const Report report = check(*catalog, item);
        BOOST_TEST_CONTEXT("base " << name) {
            BOOST_REQUIRE(report.bundles.size() == 1);
            BOOST_CHECK_MESSAGE(all_findings(report).empty(), described(all_findings(report)));
            BOOST_CHECK(report.verdict == Verdict::accepted);
            BOOST_CHECK(report.bundles.front().kind != "unknown");
            kinds.insert(report.bundles.front().edition + " " + report.bundles.front().kind);
        }
    }
    for (const auto& edition : catalog->editions)
        for (const BundleKind& kind : edition->bundles)
            BOOST_CHECK_MESSAGE(kinds.contains(edition->id + " " + kind.id),
                                "no base for " << edition->id << " " << kind.id);
}

BOOST_AUTO_TEST_CASE(every_case_is_judged_as_it_says) {
    const CatalogPtr catalog = embedded_catalog();
    for (const VectorCase& item : load_cases(*catalog)) {
        const std::vector<Finding> findings = all_findings(check(*catalog, item));
        std::uint64_t of_rule = 0, as_expected = 0;
        for (const Finding& finding : findings) {
            if (finding.rule == item.rule) ++of_rule;
            if (matches(item, finding)) ++as_expected;
        }
        BOOST_TEST_CONTEXT(item.source << ": " << item.rule << ", " << item.name) {
            if (item.expect.pass) {
                BOOST_CHECK_MESSAGE(of_rule == 0, described(findings));
                continue;
            }
            BOOST_CHECK_MESSAGE(as_expected != 0, described(findings));
            if (item.expect.count)
                BOOST_CHECK_MESSAGE(of_rule == *item.expect.count, described(findings));
            if (item.expect.only)
                BOOST_CHECK_MESSAGE(findings.size() == of_rule, described(findings));
        }
    }
}

BOOST_AUTO_TEST_CASE(every_implemented_rule_has_a_passing_and_two_failing_cases) {
    const CatalogPtr catalog = embedded_catalog();
    std::map<std::string, std::pair<int, int>> cases; // passing, failing
    for (const VectorCase& item : load_cases(*catalog))
        ++(item.expect.pass ? cases[item.rule].first : cases[item.rule].second);
    for (const std::string& rule : implemented_rules()) {
        BOOST_CHECK_MESSAGE(cases[rule].first >= 1, rule << " lacks a passing case");
        BOOST_CHECK_MESSAGE(cases[rule].second >= 2, rule << " lacks failing cases");
    }
    for (const auto& [rule, counts] : cases)
        BOOST_CHECK_MESSAGE(
            std::count(implemented_rules().begin(), implemented_rules().end(), rule) == 1,
            rule << " has cases but is not implemented");
}

BOOST_AUTO_TEST_CASE(every_rule_that_applies_to_edition_3_has_a_failing_case_of_it) {
    const std::map<std::string, std::string> not_applicable{
        {"R-NAME-06", "no service types in its names"},
        {"R-NAME-08", "no UPKIHON"},
        {"R-NAME-10", "no service types in its names"},
        {"R-NAME-11", "no images"},
        {"R-REQ-02", "only 介護予防 files have the 必要 mark alone"},
        {"R-BND-04", "no 別表"},
        {"R-REL-05", "no 別表, no images"},
        {"R-REL-08", "no 第3表"},
        {"R-WEL-01", "no TAISコード, no 福祉用具届出コード"},
        {"R-WEL-02", "no TAISコード, no 福祉用具届出コード"},
        {"R-IMG-01", "no images"}};
    const CatalogPtr catalog = embedded_catalog();
    std::set<std::string> covered;
    for (const VectorCase& item : load_cases(*catalog))
        if (item.base.starts_with("3-") && !item.expect.pass) covered.insert(item.rule);
    for (const std::string& rule : implemented_rules())
        BOOST_CHECK_MESSAGE(covered.contains(rule) != not_applicable.contains(rule),
                            rule << (covered.contains(rule) ? " applies after all" : " lacks one"));
}

/// The cases that the rows of "Tolerant readings" name.
std::vector<std::string> quirks_of_the_readme() {
    std::ifstream in(CPG_SOURCE_DIR "/spec/README.md");
    std::vector<std::string> quirks;
    bool is_inside = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("## ")) is_inside = line == "## Tolerant readings";
        if (!is_inside || !line.starts_with("| ") || line.starts_with("| seen in")) continue;
        const std::size_t end = line.rfind("` |"), begin = line.rfind('`', end - 1);
        quirks.push_back(end == line.npos ? line : line.substr(begin + 1, end - begin - 1));
    }
    return quirks;
}

BOOST_AUTO_TEST_CASE(every_tolerant_reading_has_its_cases) {
    std::set<std::string> shown;
    for (const VectorCase& item : load_cases(*embedded_catalog()))
        if (!item.quirk.empty()) shown.insert(item.quirk);
    const std::vector<std::string> rows = quirks_of_the_readme();
    BOOST_CHECK_GE(rows.size(), 25u);
    for (const std::string& quirk : rows)
        BOOST_CHECK_MESSAGE(shown.contains(quirk), quirk << " has no case");
    for (const std::string& quirk : shown)
        BOOST_CHECK_MESSAGE(std::count(rows.begin(), rows.end(), quirk) == 1,
                            quirk << " is not one row of spec/README.md");
}

BOOST_AUTO_TEST_CASE(every_variant_with_a_text_has_a_failing_case) {
    const CatalogPtr catalog = embedded_catalog();
    std::set<std::string> raised;
    for (const VectorCase& item : load_cases(*catalog))
        for (const Finding& finding : all_findings(check(*catalog, item)))
            raised.insert(finding.rule + "/" + finding.variant);
    // Raised by the store and the gateway, which know receivers and earlier bundles.
    const std::set<std::string> elsewhere{"R-AUTH-01/receiver_unknown",
                                          "R-AUTH-01/receiver_disabled"};
    // Told by R-IMG-01 left_over.
    const std::set<std::string> covered{"R-REL-05/image"};
    for (const std::string& rule : implemented_rules())
        for (const auto& [variant, texts] : catalog->rule(rule).variants) {
            const std::string id = rule + "/" + variant;
            if (elsewhere.contains(id) || covered.contains(id)) continue;
            BOOST_CHECK_MESSAGE(raised.contains(id), id << " is raised by no case");
        }
}

BOOST_AUTO_TEST_CASE(the_texts_and_the_checker_know_the_same_rules) {
    const CatalogPtr catalog = embedded_catalog();
    for (const std::string& rule : implemented_rules())
        BOOST_CHECK_MESSAGE(catalog->rules.contains(rule), rule << " has no text");
    // Of the sections on names, bytes, versions, bundles and relations, only what needs a writer or
    // a store is left out.
    const std::set<std::string> elsewhere{"R-ENC-04", "R-SEQ-01", "R-SEQ-02"};
    for (const auto& [id, text] : catalog->rules)
        for (const char* const section :
             {"R-NAME-", "R-AUTH-", "R-ENC-", "R-CSV-", "R-REQ-", "R-LEN-", "R-CODE-", "R-DATE-",
              "R-VER-", "R-MON-", "R-BND-", "R-REL-", "R-SEQ-", "R-DEL-"})
            if (id.starts_with(section) && !elsewhere.contains(id))
                BOOST_CHECK_MESSAGE(
                    std::count(implemented_rules().begin(), implemented_rules().end(), id) == 1,
                    id << " is not implemented");
}

BOOST_AUTO_TEST_CASE(every_message_is_filled_in_both_languages) {
    const CatalogPtr catalog = embedded_catalog();
    for (const VectorCase& item : load_cases(*catalog)) {
        const Report report = check(*catalog, item);
        for (const Finding& finding : all_findings(report))
            for (const Lang lang : {Lang::ja, Lang::en}) {
                const FindingText text = text_of(*catalog, finding, lang);
                BOOST_CHECK_MESSAGE(!text.message.empty() && !text.hint.empty() &&
                                        !text.section.empty(),
                                    described(finding));
                BOOST_CHECK_MESSAGE(!has_open_placeholder(text.message + text.hint),
                                    described(finding) << ": " << text.message << text.hint);
                if (!finding.variant.empty())
                    BOOST_CHECK_MESSAGE(
                        catalog->rule(finding.rule).variants.contains(finding.variant),
                        described(finding) << ": no text of the variant");
            }
    }
}

BOOST_AUTO_TEST_SUITE_END()
