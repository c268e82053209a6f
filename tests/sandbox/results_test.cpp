#include "gateway/sandbox/results.hpp"

#include "spec/check/checker.hpp"
#include "spec/load/load.hpp"
#include "spec/records/csv_reader.hpp"
#include "spec/sample/sample.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <map>
#include <set>

using namespace cpg;
using namespace cpg::sandbox;

namespace {

const Catalog& catalog() {
    static const CatalogPtr instance = embedded_catalog();
    return *instance;
}

OfficeRef office(std::string_view number, std::string_view type) {
    return {OfficeNo::parse(number).value(), ServiceType::parse(type).value()};
}

constexpr std::string_view planner = "0370100017", provider = "0370100033";

Bundle schedule_for(std::string_view type, int users, const std::string& edition = "4.1",
                    std::uint64_t seed = 7) {
    SampleRequest request;
    request.from = office(planner, "43");
    request.to = {office(provider, type)};
    request.month = edition == "3" ? Month::of(2024, 12) : Month::of(2026, 12);
    request.users = users;
    request.kinds = {"schedule"};
    request.edition = edition;
    request.seed = seed;
    return group_files(catalog(), make_sample(catalog(), request).value()).bundles.front();
}

ResultsRequest with_seed(std::uint64_t seed, Users users = Users::all) {
    return {Serial::parse("20261130180000").value(), seed, users};
}

struct Visit {
    std::string user, day, start, code, office;
    auto operator<=>(const Visit&) const = default;
};

std::vector<Visit> visits_in(const FileType& type, BytesView file) {
    std::vector<Visit> visits;
    const auto cell = [&](const Record& record, std::string_view key) {
        return record.cells[static_cast<std::size_t>(type.column(key))].text();
    };
    read_csv(file, {[&](const Record& record) {
                        visits.push_back({cell(record, "insured_no"), cell(record, "service_date"),
                                          cell(record, "start_time"), cell(record, "service_code"),
                                          cell(record, "service_office_no")});
                    },
                    [](const CsvNote&) {}});
    return visits;
}

std::vector<Visit> planned_in(const Bundle& schedule) {
    for (const auto& file : schedule.files)
        if (file.name.type->id == "UPPLAN") {
            auto visits = visits_in(*file.name.type, file.input.bytes);
            std::erase_if(visits, [](const Visit& visit) { return visit.office != provider; });
            return visits;
        }
    return {};
}

std::vector<Visit> done_in(const Bundle& schedule, const InputFile& results) {
    return visits_in(*schedule.edition->file("UPJSK"), results.bytes);
}

std::set<std::string> users_of(const std::vector<Visit>& visits) {
    std::set<std::string> users;
    for (const auto& visit : visits) users.insert(visit.user);
    return users;
}

BundleReport checked(const InputFile& results) {
    const Heap heap = group_files(catalog(), {results});
    BOOST_REQUIRE(heap.bundles.size() == 1);
    return check_bundle(catalog(), heap.bundles.front(), {}).report;
}

} // namespace

// Types with visits, stays, rentals, months, and another edition.
const std::array<std::string, 7> service_types{"11", "13", "15", "17", "21", "31", "73"};

BOOST_DATA_TEST_CASE(results_of_a_schedule_pass_the_check_without_a_finding,
                     boost::unit_test::data::make(service_types), type) {
    for (const std::string edition : {"4.1", "3"})
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            BOOST_TEST_CONTEXT("edition " << edition << " seed " << seed) {
                const Bundle schedule = schedule_for(type, 12, edition, seed);
                const auto results = results_of(schedule, with_seed(seed));
                BOOST_REQUIRE(results.has_value());
                const BundleReport report = checked(*results);
                BOOST_TEST(report.findings.size() == 0u);
                BOOST_TEST(report.kind == "actual");
                BOOST_TEST(report.from.office.view() == provider);
                BOOST_TEST(report.to.office.view() == planner);
                BOOST_TEST(users_of(done_in(schedule, *results)) == users_of(planned_in(schedule)));
            }
        }
}

BOOST_AUTO_TEST_CASE(some_visits_fell_out_some_began_later_and_none_was_invented) {
    const Bundle schedule = schedule_for("11", 60);
    const auto planned = planned_in(schedule);
    const auto done = done_in(schedule, results_of(schedule, with_seed(3)).value());
    std::map<std::tuple<std::string, std::string, std::string>, std::set<std::string>> starts;
    for (const auto& visit : planned)
        starts[{visit.user, visit.day, visit.code}].insert(visit.start);
    std::size_t later = 0;
    for (const auto& visit : done) {
        BOOST_TEST(visit.office == provider);
        const auto at = starts.find({visit.user, visit.day, visit.code});
        BOOST_REQUIRE(at != starts.end());
        if (!at->second.contains(visit.start)) ++later;
    }
    BOOST_TEST(done.size() < planned.size());
    BOOST_TEST(done.size() * 4 > planned.size() * 3);
    BOOST_TEST(later > 0u);
    BOOST_TEST(later * 2 < done.size());
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_bytes_and_another_one_others) {
    const Bundle schedule = schedule_for("15", 20);
    const auto first = results_of(schedule, with_seed(1)).value();
    BOOST_TEST(first.bytes == results_of(schedule, with_seed(1)).value().bytes);
    BOOST_TEST(first.bytes != results_of(schedule, with_seed(2)).value().bytes);
}

BOOST_AUTO_TEST_CASE(the_last_user_can_be_left_out) {
    const Bundle schedule = schedule_for("15", 5);
    const auto all = results_of(schedule, with_seed(1)).value();
    const auto fewer = results_of(schedule, with_seed(1, Users::without_last)).value();
    BOOST_TEST(users_of(done_in(schedule, all)).size() == 5u);
    BOOST_TEST(users_of(done_in(schedule, fewer)).size() == 4u);
    BOOST_TEST(checked(fewer).findings.size() == 0u);
}

BOOST_AUTO_TEST_CASE(nothing_is_made_of_nothing) {
    BOOST_TEST(!results_of(schedule_for("15", 1), with_seed(1, Users::without_last)));
    Bundle of_another_office = schedule_for("15", 3);
    of_another_office.to.office = OfficeNo::parse("0370100058").value();
    BOOST_TEST(!results_of(of_another_office, with_seed(1)));
    Bundle without_plan = schedule_for("15", 3);
    std::erase_if(without_plan.files,
                  [](const BundleFile& file) { return file.name.type->id == "UPPLAN"; });
    BOOST_TEST(!results_of(without_plan, with_seed(1)));
}
