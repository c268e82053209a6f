#include "adapters/dialect/edition.hpp"
#include "spec/check/checker.hpp"
#include "tests/adapters/sample_sets.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>

using namespace cpg;
using namespace cpg::adapters;
using namespace cpg::adapters::testing;

namespace {

const std::string manager = "9970100001:43", visits = "9970100011:11";
const Month last_of_edition_3 = Month::of(2025, 3), december = Month::of(2026, 12);

/// Sets of a kind; 実績 goes the other way.
TableSet set_of(const std::string& kind, const std::string& edition) {
    const bool back = kind.starts_with("actual");
    return sample_set(back ? visits : manager, back ? manager : visits,
                      edition == "3" ? last_of_edition_3 : december, edition, kind);
}

OfficeTables offices(std::vector<std::vector<std::string>> rows) {
    OfficeTables out;
    out.tables.emplace("offices", OfficeTable({"office_no", "service_type"}, std::move(rows)));
    return out;
}
OfficeTables both_offices() {
    return offices({{"9970100001", "43"}, {"9970100011", "11"}});
}

bool is_rental(std::string_view code) {
    return code.starts_with("17") && code != "17AAAA";
}

/// A code for every piece of rented equipment of the set.
OfficeTable equipment_of(const TableSet& set) {
    std::vector<std::vector<std::string>> rows;
    for (const Table& table : set.tables)
        for (const Row& row : table.rows)
            if (is_rental(table.at(row, "service_code")))
                rows.push_back({std::string(table.at(row, "insured_no")),
                                std::string(table.at(row, "service_code")), "99999-000010",
                                "見本用具"});
    return {{"insured_no", "service_code", "tais_code", "item_name"}, std::move(rows)};
}

struct Moved {
    std::optional<TableSet> set;
    ConversionReport report;
    std::uint64_t count(std::string_view id, std::string_view column = {}) const {
        std::uint64_t out = 0;
        for (const Note& note : report.notes)
            if (note.id == id && (column.empty() || note.column == column)) out += note.count;
        return out;
    }
};
Moved moved(const TableSet& set, std::string_view edition, const OfficeTables& tables = {}) {
    Moved out;
    out.set = in_edition(*catalog(), set, edition, tables, out.report);
    return out;
}

std::set<std::string> errors_of(const TableSet& set) {
    const BundleReport report =
        check_bundle(*catalog(), one_bundle(files_of(set).files), CheckOptions{}).report;
    std::set<std::string> out;
    for (const Finding& finding : report.findings)
        if (finding.severity == Severity::error) out.insert(finding.rule);
    return out;
}

/// What differs between two sets, a line each; items of `but` are not looked at.
std::vector<std::string> differences(const TableSet& left, const TableSet& right,
                                     const std::set<std::string>& but = {}) {
    std::vector<std::string> out;
    if (left.edition != right.edition || left.serial != right.serial)
        out.push_back("edition or serial");
    for (const FileType& type : left.edition->files) {
        const Table* const a = left.table(type.id);
        const Table* const b = right.table(type.id);
        if (!a && !b) continue;
        if (!a || !b || a->rows.size() != b->rows.size() || a->month != b->month) {
            out.push_back(type.id);
            continue;
        }
        for (std::size_t r = 0; r < a->rows.size(); ++r)
            for (std::size_t i = 0; i < type.fields.size(); ++i)
                if (but.count(type.fields[i].key) == 0 &&
                    a->rows[r].values[i] != b->rows[r].values[i])
                    out.push_back(type.id + "." + type.fields[i].key);
    }
    return out;
}

std::uint64_t filled(const Table& table, std::string_view key) {
    return static_cast<std::uint64_t>(
        std::count_if(table.rows.begin(), table.rows.end(),
                      [&](const Row& row) { return !table.at(row, key).empty(); }));
}

const std::set<std::string> new_items = {"tais_code", "notified_item_code", "item_name"};

} // namespace

BOOST_AUTO_TEST_CASE(a_set_of_the_wanted_edition_stays_as_it_is) {
    const TableSet set = set_of("schedule", "4.1");
    const Moved out = moved(set, "4.1");
    BOOST_REQUIRE(out.set);
    BOOST_TEST(differences(set, *out.set).empty());
    BOOST_TEST(out.report.notes.empty());
}

BOOST_AUTO_TEST_CASE(an_actual_of_edition_3_passes_the_check_of_edition_4_1) {
    TableSet set = set_of("actual", "3");
    for (Table& table : set.tables) // edition 4.1 wants to know what is rented
        std::erase_if(table.rows,
                      [&](const Row& row) { return is_rental(table.at(row, "service_code")); });
    const Moved out = moved(set, "4.1", both_offices());
    BOOST_REQUIRE(out.set);
    BOOST_TEST(out.set->from.service_type->str() == "11");
    BOOST_TEST(out.set->to.service_type->str() == "43");
    BOOST_TEST(out.set->table("UPJSK")->at(out.set->table("UPJSK")->rows.front(), "csv_version") ==
               "202407");
    BOOST_TEST(errors_of(*out.set) == std::set<std::string>{}, boost::test_tools::per_element());
    BOOST_TEST(out.count("A-ENV-03") == 2);
    BOOST_TEST(out.count("A-EDI-02") == 0);
    BOOST_TEST(out.count("A-EDI-01", "UPJSK") == 3 * set.tables.front().rows.size());
}

BOOST_AUTO_TEST_CASE(equipment_without_a_code_is_told_and_refused_by_the_check) {
    const TableSet set = set_of("schedule", "3");
    const Moved out = moved(set, "4.1", both_offices());
    BOOST_REQUIRE(out.set);
    BOOST_TEST(errors_of(*out.set) == std::set<std::string>{"R-WEL-01"},
               boost::test_tools::per_element());
    const Table& plan = *set.table("UPPLAN");
    const auto rentals = std::count_if(plan.rows.begin(), plan.rows.end(), [&](const Row& row) {
        return is_rental(plan.at(row, "service_code"));
    });
    BOOST_TEST_REQUIRE(rentals > 0);
    BOOST_TEST(out.count("A-EDI-02", "UPPLAN") == static_cast<std::uint64_t>(rentals));
    BOOST_TEST(out.count("A-EDI-02", "UPSIKYU") > 0);
    BOOST_TEST(!out.report.is_refused());
}

BOOST_AUTO_TEST_CASE(equipment_that_the_office_knows_passes) {
    const TableSet set = set_of("schedule", "3");
    OfficeTables tables = both_offices();
    tables.tables.emplace("equipment", equipment_of(set));
    const Moved out = moved(set, "4.1", tables);
    BOOST_REQUIRE(out.set);
    BOOST_TEST(errors_of(*out.set) == std::set<std::string>{}, boost::test_tools::per_element());
    BOOST_TEST(out.count("A-EDI-02") == 0);
    BOOST_TEST(out.count("A-LOOK-03", "UPPLAN") ==
               2 * filled(*out.set->table("UPPLAN"), "tais_code"));
    for (const Table& table : out.set->tables)
        for (const Row& row : table.rows) // nothing else got a code
            BOOST_TEST(table.at(row, "tais_code").empty() ==
                       !is_rental(table.at(row, "service_code")));
}

BOOST_AUTO_TEST_CASE(equipment_with_two_possible_codes_gets_none) {
    const TableSet set = set_of("schedule", "3");
    OfficeTables tables = both_offices();
    tables.tables.emplace("equipment",
                          OfficeTable({"service_code", "tais_code"}, {{"171003", "99999-000010"},
                                                                      {"171003", "99999-000030"},
                                                                      {"171004", "99999-000020"}}));
    const Moved out = moved(set, "4.1", tables);
    BOOST_REQUIRE(out.set);
    const Table& plan = *out.set->table("UPPLAN");
    for (const Row& row : plan.rows) {
        if (plan.at(row, "service_code") == "171003") BOOST_TEST(plan.at(row, "tais_code") == "");
        if (plan.at(row, "service_code") == "171004")
            BOOST_TEST(plan.at(row, "tais_code") == "99999-000020");
    }
    BOOST_TEST(out.count("A-EDI-02", "UPPLAN") > 0);
}

BOOST_AUTO_TEST_CASE(up_and_down_again_gives_the_same_set_of_edition_3) {
    for (const char* kind : {"care_plan", "schedule", "actual", "care_plan_delete",
                             "schedule_delete", "actual_delete"}) {
        const TableSet set = set_of(kind, "3");
        OfficeTables tables = both_offices();
        tables.tables.emplace("equipment", equipment_of(set));
        const Moved up = moved(set, "4.1", tables);
        BOOST_REQUIRE_MESSAGE(up.set, kind);
        const Moved down = moved(*up.set, "3");
        BOOST_REQUIRE_MESSAGE(down.set, kind);
        BOOST_TEST_CONTEXT(kind) {
            BOOST_TEST(differences(set, *down.set) == std::vector<std::string>{},
                       boost::test_tools::per_element());
            const WrittenSet before = files_of(set), after = files_of(*down.set);
            BOOST_TEST_REQUIRE(before.files.size() == after.files.size());
            for (std::size_t i = 0; i < before.files.size(); ++i) {
                BOOST_TEST(before.files[i].name == after.files[i].name);
                BOOST_TEST(before.files[i].bytes == after.files[i].bytes);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(down_and_up_again_differs_in_what_was_told_as_lost_only) {
    for (const char* kind : {"care_plan", "schedule", "actual"}) {
        const TableSet set = set_of(kind, "4.1");
        const Moved down = moved(set, "3");
        BOOST_REQUIRE_MESSAGE(down.set, kind);
        BOOST_TEST(!down.set->from.service_type.has_value());
        const Moved up = moved(*down.set, "4.1", both_offices());
        BOOST_REQUIRE_MESSAGE(up.set, kind);
        BOOST_TEST_CONTEXT(kind) {
            TableSet rest = set;
            std::erase_if(rest.tables,
                          [](const Table& table) { return table.type->id == "UP3KYO"; });
            BOOST_TEST(differences(rest, *up.set, new_items) == std::vector<std::string>{},
                       boost::test_tools::per_element());
            BOOST_TEST((up.set->from == set.from));
            BOOST_TEST((up.set->to == set.to));
            std::uint64_t lost = 1; // the service types of the names
            for (const Table& table : rest.tables)
                for (const std::string& key : new_items) lost += filled(table, key);
            BOOST_TEST(down.count("A-LOSS-01") == lost);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_plan_of_edition_4_1_loses_its_weekly_table_and_says_so) {
    const TableSet set = set_of("care_plan", "4.1");
    const Moved down = moved(set, "3");
    BOOST_REQUIRE(down.set);
    BOOST_TEST(!down.set->table("UP3KYO"));
    BOOST_TEST(down.count("A-LOSS-02", "UP3KYO") == set.table("UP3KYO")->rows.size());
    BOOST_TEST(errors_of(*down.set) == std::set<std::string>{}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_plan_of_edition_3_says_that_edition_4_1_wants_a_weekly_table) {
    const Moved up = moved(set_of("care_plan", "3"), "4.1", both_offices());
    BOOST_REQUIRE(up.set);
    BOOST_TEST(up.count("A-EDI-03", "UP3KYO") == 1);
    BOOST_TEST(errors_of(*up.set).count("R-BND-02") == 1);
}

BOOST_AUTO_TEST_CASE(what_edition_3_does_not_know_at_all_is_refused) {
    const TableSet set = sample_set("9970100002:46", "9970100012:63", december, "4.1", "kihon");
    const Moved down = moved(set, "3");
    BOOST_TEST(!down.set.has_value());
    BOOST_TEST(down.report.is_refused());
    BOOST_TEST(down.count("A-EDI-05") == 1);
    BOOST_TEST(down.count("A-LOSS-02", "UPKIHON") == set.table("UPKIHON")->rows.size());
}

BOOST_AUTO_TEST_CASE(a_service_type_that_is_not_known_for_certain_is_refused) {
    const TableSet set = set_of("actual", "3");
    for (const OfficeTables& tables :
         {OfficeTables{}, offices({{"9970100001", "43"}}),
          offices({{"9970100001", "43"}, {"9970100011", "11"}, {"9970100011", "15"}})}) {
        const Moved up = moved(set, "4.1", tables);
        BOOST_TEST(!up.set.has_value());
        BOOST_TEST(up.report.is_refused());
        BOOST_TEST(up.count("A-ENV-02") >= 1);
    }
}

BOOST_AUTO_TEST_CASE(a_service_type_that_the_set_brings_is_not_looked_up) {
    TableSet set = set_of("actual", "3");
    set.from.service_type = ServiceType::parse("15");
    const Moved up = moved(set, "4.1", both_offices());
    BOOST_REQUIRE(up.set);
    BOOST_TEST(up.set->from.service_type->str() == "15");
    BOOST_TEST(up.count("A-ENV-03") == 1);
}

BOOST_AUTO_TEST_CASE(an_edition_that_does_not_exist_is_refused) {
    const Moved out = moved(set_of("actual", "4.1"), "5.0");
    BOOST_TEST(!out.set.has_value());
    BOOST_TEST(out.count("A-EDI-04") == 1);
}
