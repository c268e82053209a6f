#include "spec/kit/fill.hpp"
#include "tests/kit/export.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::test;

namespace {

/// The texts of the problems when one piece of D7 is replaced by another.
std::string problems_with(const std::string& piece, const std::string& other) {
    SourceFile source;
    for (const SourceFile& one : kit::embedded_patterns())
        if (one.name == "d7.yaml") source = one;
    const std::size_t at = source.text.find(piece);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, "d7.yaml has no '" << piece << "'");
    source.text.replace(at, piece.size(), other);
    const kit::KitOutcome outcome = kit::load_kit(catalog(), {source});
    std::string texts;
    for (const LoadProblem& problem : outcome.problems) {
        BOOST_TEST(problem.file == "d7.yaml");
        texts += problem.text + "\n";
    }
    BOOST_TEST(outcome.problems.empty() == (outcome.kit != nullptr));
    return texts;
}

void refuses(const std::string& piece, const std::string& other, const std::string& expected) {
    const std::string texts = problems_with(piece, other);
    BOOST_TEST(texts.find(expected) != std::string::npos,
               "'" << other << "' gives: " << texts << " and not: " << expected);
}

kit::Filling filling() {
    const kit::Pattern& pattern = *kit::embedded_kit()->pattern("D4");
    return {catalog().edition("4.1"),
            pattern.from,
            pattern.to,
            Month::of(2026, 2),
            Serial::parse("20260125093000"),
            0};
}

std::string filled(const std::string& text) {
    const auto value = kit::fill(text, filling());
    return value ? *value : "refused";
}

} // namespace

BOOST_AUTO_TEST_CASE(holds_the_seven_patterns_with_their_kinds) {
    const kit::Kit& kit = *kit::embedded_kit();
    const std::vector<std::pair<std::string, std::string>> expected = {
        {"D1", "care_plan"}, {"D2", "schedule"}, {"D3", "actual"}, {"D4", "kihon"},
        {"D5", "yobo"},      {"D6", "schedule"}, {"D7", "actual"}};
    BOOST_REQUIRE(kit.patterns.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        BOOST_TEST(kit.patterns[i].id == expected[i].first);
        BOOST_TEST(kit.patterns[i].kind == expected[i].second);
        BOOST_TEST((kit.patterns[i].edition("4.1") != nullptr));
        BOOST_TEST((kit.patterns[i].edition("3") != nullptr) == (i < 3));
    }
}

BOOST_AUTO_TEST_CASE(leaves_out_what_edition_3_has_not) {
    const kit::Pattern& plan = *kit::embedded_kit()->pattern("D1");
    for (const kit::Point& point : plan.points_in(*catalog().edition("3")))
        for (const kit::Look& look : point.looks) BOOST_TEST(look.file != "UP3KYO");
    const kit::Pattern& schedule = *kit::embedded_kit()->pattern("D2");
    for (const kit::Point& point : schedule.points_in(*catalog().edition("3")))
        for (const kit::Look& look : point.looks)
            BOOST_TEST(
                (std::find(look.items.begin(), look.items.end(), "tais_code") == look.items.end()));
}

BOOST_AUTO_TEST_CASE(the_digest_of_the_kit_is_that_of_its_sources) {
    std::vector<SourceFile> sources = kit::embedded_patterns();
    const Digest original = kit::load_kit(catalog(), sources).kit->digest;
    BOOST_TEST((original == kit::embedded_kit()->digest));
    std::reverse(sources.begin(), sources.end());
    BOOST_TEST((kit::load_kit(catalog(), sources).kit->digest == original));
    sources.front().text += "# a remark\n";
    BOOST_TEST((kit::load_kit(catalog(), sources).kit->digest != original));
}

BOOST_AUTO_TEST_CASE(a_pattern_with_a_mistake_is_refused_with_its_line) {
    BOOST_TEST(problems_with("id: D7", "id: D7") == "");
    refuses("kind: actual", "kind: actuals", "has no bundles of kind actuals");
    refuses("  title_ja:", "  titel: x\n  title_ja:", "titel");
    refuses("03A0100012:A2", "03A0100012", "not OFFICE:TYPE");
    refuses("tolerances: [line_breaks", "tolerances: [line_brakes", "unknown tolerance");
    refuses("id: \"4.1\"", "id: \"9\"", "no edition that is known");
    refuses("UPJSK:\n        match", "UPJUNK:\n        match", "unknown CSV type UPJUNK");
    refuses("start_time: \"1000\"", "begin_time: \"1000\"", "has no item begin_time");
    refuses("user: nana", "user: nina", "unknown user nina");
    refuses("{bits 16-31}", "{bits 16-32}", "is no placeholder");
    refuses("見本訪問型サービス", "見本\\u0E01サービス", "MS932");
    refuses("days: [3, 10, 24]", "days: [3, 10, 31]", "1 to 28");
    refuses("id: moved", "id: visit", "record visit twice");
    refuses("id: D7-05", "id: D7-04", "point D7-04 twice");
    refuses("id: D7-05", "id: D6-05", "starts with D7-");
    refuses("kind: count", "kind: counts", "unknown kind of point");
    refuses("rules: [R-CSV-02", "rules: [R-CSV-99", "unknown rule");
    refuses("records: [moved]", "records: [gone]", "no record gone");
    refuses("items: [prorate_days]", "items: [updater_office]", "is free");
    refuses("records: [prorated], items: [prorate_days]",
            "records: [prorated], items: [prorate_days, units]", "looked at by two points");
    refuses("{id: D7-13, kind: rest,", "{id: D7-13, kind: valid,", "one point of kind rest");
}

BOOST_AUTO_TEST_CASE(no_second_point_may_look_at_a_record_that_is_found_by_a_looked_at_item) {
    refuses("records: [tan-visit], items: [insurer_no, insured_no, planner_name, units]}]",
            "records: [tan-visit], items: [insurer_no]}]\n"
            "  - id: D7-14\n    ja: x\n    en: x\n"
            "    look: [{file: UPJSK, records: [tan-visit], items: [units]}]",
            "no other point may look at it");
}

BOOST_AUTO_TEST_CASE(fills_months_days_offices_and_bitmaps) {
    BOOST_TEST(filled("{M} {M-2} {M+11}") == "202602 202512 202701");
    BOOST_TEST(filled("{M.05}-{M.last}-{M-1.31}") == "20260205-20260228-20260131");
    BOOST_TEST(filled("{M-1.text}～") == "2026年1月～");
    BOOST_TEST(filled("{from} {to.type}") == "0300100012 63");
    BOOST_TEST(filled("{bits 1-31}") == "1111111111111111111111111111000");
    BOOST_TEST(filled("{bits 16-20}") == "0000000000000001111100000000000");
    BOOST_TEST(filled("{image 0001}") ==
               "UPKIHON_IMAGE_0300100012_46_0370100066_63_20260125093000_0001.jpg");
    for (const char* wrong :
         {"{", "{}", "{M", "{M.29}", "{M.00}", "{M*1}", "{M-999}", "{bits 0-3}", "{bits 9-3}",
          "{bits 29-31}", "{M.day}", "{image 1}", "{who}", "{from.name}"})
        BOOST_TEST(filled(wrong) == "refused", wrong);
}
