#include "tests/kit/export.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::test;

namespace {

using Names = std::set<std::string>;

const kit::Pattern& pattern(const std::string& id) {
    return *kit::embedded_kit()->pattern(id);
}

const kit::PointResult& result_of(const kit::Judgement& judgement, const std::string& id) {
    for (const auto& result : judgement.points)
        if (result.point.id == id) return result;
    throw std::runtime_error("no point " + id);
}

std::size_t column(const kit::MadeFile& file, const std::string& key) {
    return static_cast<std::size_t>(file.name.type->column(key));
}

/// What judge() says of files that are not the pattern's.
std::string unfit(const std::string& id, const std::string& edition, std::vector<InputFile> files) {
    const kit::Pattern& chosen = pattern(id);
    const auto outcome =
        kit::judge(catalog(), *kit::embedded_kit(),
                   {&chosen, catalog().edition(edition), chosen.edition(edition)->month, now()},
                   std::move(files));
    const auto* answer = std::get_if<kit::Unfit>(&outcome);
    if (!answer) return "";
    BOOST_TEST(!answer->ja.empty());
    return answer->en;
}

bool holds(const std::string& text, const std::string& piece) {
    return text.find(piece) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_difference_names_file_line_item_and_what_was_expected) {
    Export given(pattern("D1"), "4.1");
    kit::MadeFile& file = given.file("a", "UP2KYO");
    file.records[4].values[column(file, "frequency")] = "毎週";
    const kit::Judgement judgement = given.judged();
    BOOST_TEST(failed(judgement) == Names{"D1-20"}, boost::test_tools::per_element());
    const kit::PointResult& result = result_of(judgement, "D1-20");
    BOOST_TEST((result.state == kit::State::differs));
    BOOST_REQUIRE(result.places.size() == 1);
    const kit::Place& place = result.places.front();
    BOOST_TEST(place.file == file.name.text);
    BOOST_TEST(place.line == 7); // two line breaks inside the texts of the record before
    BOOST_TEST(place.column == 19);
    BOOST_TEST(place.item == "頻度");
    BOOST_TEST(place.expected == "毎日");
    BOOST_TEST(place.found == "毎週");
}

BOOST_AUTO_TEST_CASE(a_missing_record_is_named_by_the_items_that_find_it) {
    Export given(pattern("D3"), "4.1");
    auto& records = given.file("a", "UPJSK").records;
    std::erase_if(records, [](const auto& record) { return record.source->id == "moved"; });
    const kit::Judgement judgement = given.judged();
    BOOST_TEST(failed(judgement) == (Names{"D3-03", "D3-05"}), boost::test_tools::per_element());
    const kit::PointResult& result = result_of(judgement, "D3-05");
    BOOST_TEST((result.state == kit::State::missing));
    BOOST_TEST(holds(result.places.front().expected, "サービス利用日 20260113"));
}

BOOST_AUTO_TEST_CASE(the_order_of_records_is_free_where_no_point_asks_for_it) {
    Export given(pattern("D2"), "4.1");
    for (kit::MadeBundle& bundle : given.bundles())
        for (kit::MadeFile& file : bundle.files)
            std::reverse(file.records.begin(), file.records.end());
    BOOST_TEST(given.judged().all_met());
}

BOOST_AUTO_TEST_CASE(declared_differences_are_none) {
    Export given(pattern("D3"), "4.1");
    for (kit::MadeBundle& bundle : given.bundles())
        for (kit::MadeFile& file : bundle.files)
            for (kit::MadeRecord& record : file.records) {
                record.values[column(file, "created_date")] = "20260304";
                record.values[column(file, "updater_office")] = "";
                record.values[column(file, "count")].insert(0, "0");
            }
    BOOST_TEST(failed(given.judged()) == Names{}, boost::test_tools::per_element());
    Export other(pattern("D3"), "4.1");
    kit::MadeFile& file = other.file("a", "UPJSK");
    file.records.front().values[column(file, "over_30_days")] = "1";
    BOOST_TEST(failed(other.judged()) == Names{"D3-18"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(line_breaks_inside_a_text_may_be_of_any_kind) {
    Export given(pattern("D1"), "4.1");
    kit::MadeFile& file = given.file("a", "UP1KYO");
    std::string& text = file.records.front().values[column(file, "overall_policy")];
    std::erase(text, '\r');
    BOOST_TEST(given.judged().all_met());
    std::replace(text.begin(), text.end(), '\n', ' ');
    BOOST_TEST(failed(given.judged()) == Names{"D1-06"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_vendor_may_use_its_own_office_numbers_and_serial) {
    for (const char* id : {"D1", "D2", "D3", "D4", "D5", "D6", "D7"}) {
        const kit::Pattern& chosen = pattern(id);
        kit::Setting setting = kit::usual_setting(catalog(), chosen, "4.1");
        setting.from.office = *OfficeNo::parse("1370199990");
        setting.to.office = *OfficeNo::parse("1370199982");
        setting.serial = Serial::parse("20260401235959");
        const auto made = kit::make_bundles(chosen, setting).value();
        const Export given(chosen, "4.1");
        const kit::Judgement judgement = given.judged(kit::files_of(made));
        BOOST_TEST(failed(judgement) == Names{}, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(two_records_of_one_key_are_paired_by_what_is_alike) {
    Export given(pattern("D3"), "4.1");
    kit::MadeFile& file = given.file("a", "UPJSK");
    for (kit::MadeRecord& record : file.records)
        if (record.source->id == "twice-evening") record.values[column(file, "end_time")] = "1745";
    const kit::Judgement judgement = given.judged();
    BOOST_TEST(failed(judgement) == Names{"D3-11"}, boost::test_tools::per_element());
    BOOST_TEST(result_of(judgement, "D3-11").places.size() == 1);
}

BOOST_AUTO_TEST_CASE(a_month_that_was_not_exported_is_missing) {
    Export given(pattern("D2"), "4.1");
    given.bundles().pop_back();
    const Names names = failed(given.judged());
    for (const char* id : {"D2-03", "D2-10", "D2-12", "D2-26", "D2-29"})
        BOOST_TEST(names.contains(id), id);
    BOOST_TEST(!names.contains("D2-04"));
}

BOOST_AUTO_TEST_CASE(a_file_that_was_not_exported_is_missing_and_an_error) {
    const Export given(pattern("D1"), "4.1");
    auto files = given.files();
    std::erase_if(files, [](const InputFile& file) { return file.name.starts_with("UP3KYO"); });
    const Names names = failed(given.judged(files));
    for (const char* id : {"D1-01", "D1-03", "D1-21", "D1-24"}) BOOST_TEST(names.contains(id), id);
    BOOST_TEST(!names.contains("D1-05"));
}

BOOST_AUTO_TEST_CASE(a_large_file_of_other_records_is_read_no_further) {
    Export given(pattern("D7"), "4.1");
    auto& records = given.file("a", "UPJSK").records;
    const kit::MadeRecord twice = records.front();
    records.resize(kit::max_places + 100, twice);
    const kit::Judgement judgement = given.judged();
    BOOST_TEST(failed(judgement).contains("D7-03"));
    for (const auto& result : judgement.points) BOOST_TEST(result.places.size() <= kit::max_places);
}

BOOST_AUTO_TEST_CASE(files_of_something_else_are_named) {
    const auto files = [](const char* id, const char* edition) {
        return Export(pattern(id), edition).files();
    };
    BOOST_TEST(unfit("D1", "4.1", files("D1", "4.1")) == "");
    BOOST_TEST(holds(unfit("D1", "4.1", files("D3", "4.1")), "not the files of D1"));
    BOOST_TEST(holds(unfit("D4", "4.1", files("D5", "4.1")), "UPYOBO"));
    BOOST_TEST(holds(unfit("D1", "4.1", files("D1", "3")), "edition 3"));
    BOOST_TEST(holds(unfit("D1", "4.1", {}), "no file"));
    BOOST_TEST(holds(unfit("D1", "4.1", {{"memo.txt", "x"}}), "no file"));
    BOOST_TEST(holds(unfit("D2", "4.1", files("D6", "4.1")), "not") == false); // February is of D2
    kit::Setting later = kit::usual_setting(catalog(), pattern("D2"), "4.1");
    later.month = Month::of(2026, 6);
    BOOST_TEST(
        holds(unfit("D2", "4.1", kit::files_of(kit::make_bundles(pattern("D2"), later).value())),
              "--month"));
    auto twice = files("D7", "4.1");
    kit::Setting again = kit::usual_setting(catalog(), pattern("D7"), "4.1");
    again.serial = Serial::parse("20260401000000");
    for (auto& file : kit::files_of(kit::make_bundles(pattern("D7"), again).value()))
        twice.push_back(file);
    BOOST_TEST(holds(unfit("D7", "4.1", twice), "twice"));
}
