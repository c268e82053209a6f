#include "adapters/dialect/table.hpp"
#include "tests/adapters/sample_sets.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::adapters;
using namespace cpg::adapters::testing;

namespace {

const std::string schedule_name = "DLTPLAN_202612_9970100001_43_9970100011_11_20261101090000.CSV";

Result<TableSet> read(const std::string& name, const Bytes& bytes) {
    return tables_of(one_bundle({{name, bytes}}));
}
std::string refusal(const Bytes& bytes) {
    const Result<TableSet> set = read(schedule_name, bytes);
    BOOST_REQUIRE(!set);
    return set.error().detail;
}

} // namespace

BOOST_AUTO_TEST_CASE(samples_of_every_kind_come_back_byte_for_byte) {
    std::vector<SampleRequest> requests;
    for (const char* kind : {"care_plan", "schedule", "care_plan_delete", "schedule_delete"})
        requests.push_back(
            sample_request("9970100001:43", "9970100011:11", Month::of(2026, 12), "4.1", kind));
    requests.push_back(
        sample_request("9970100011:11", "9970100001:43", Month::of(2025, 3), "3", "actual"));
    requests.push_back(sample_request("9970100002:46", "9970100012:63", Month::of(2026, 12), "4.1",
                                      "yobo_with_kihon"));
    for (const SampleRequest& request : requests)
        for (const Bundle& bundle : sample_bundles(request)) {
            const WrittenSet written = files_of(tables_of(bundle).value());
            BOOST_TEST(written.unwritable.empty());
            BOOST_TEST_REQUIRE(written.files.size() == bundle.files.size());
            for (const BundleFile& file : bundle.files) {
                const auto found = std::find_if(
                    written.files.begin(), written.files.end(),
                    [&](const InputFile& other) { return other.name == file.input.name; });
                BOOST_REQUIRE(found != written.files.end());
                BOOST_TEST((found->bytes == file.input.bytes), file.input.name);
            }
        }
}

BOOST_AUTO_TEST_CASE(a_header_row_and_one_empty_column_too_many_are_left_out) {
    const TableSet set = read(schedule_name, "a,b,c,d\n202407,990010,0000000101,202612,\n").value();
    BOOST_TEST(set.tables.front().rows.size() == 1);
    BOOST_TEST(set.tables.front().rows.front().line == 2);
    BOOST_TEST(set.tables.front().rows.front().values.size() == 4);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_refused_with_its_place) {
    BOOST_TEST(refusal("202407,990010,0000000101\r\n").find("line 1: 3 columns, not 4") !=
               std::string::npos);
    BOOST_TEST(refusal("202407,990010,0000000101,202612\r\n202407,1,2,3,4\r\n")
                   .find("line 2: 5 columns") != std::string::npos);
    BOOST_TEST(refusal("202407,990010,\"0000000101,202612\r\n").find("broken quotes") !=
               std::string::npos);
    BOOST_TEST(refusal("202407,990010,0000000101,\x81\r\n").find("MS932") != std::string::npos);
    BOOST_TEST(refusal("202407,990010,0000000101,\xF0\x40\r\n").find("user-defined") !=
               std::string::npos);
    BOOST_TEST(refusal("202407,見本,0000000101,202612\r\n").find("MS932") != std::string::npos);
    BOOST_TEST(refusal(Bytes("202407,\0,0000000101,202612\r\n", 29)).find("NUL") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_second_file_of_a_type_is_refused) {
    const Bytes bytes = "202407,990010,0000000101,202612\r\n";
    Bundle bundle = one_bundle({{schedule_name, bytes}});
    bundle.files.push_back(bundle.files.front());
    BOOST_TEST(tables_of(bundle).error().detail.find("second file") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(text_outside_ms932_gives_no_file_and_its_place) {
    TableSet set =
        sample_set("9970100001:43", "9970100011:11", Month::of(2026, 12), "4.1", "schedule");
    Table& first = set.tables.front();
    const std::size_t row = first.rows.size() - 1;
    first.set(first.rows[row], "name", "\xF0\xA0\xAE\xB7"); // U+20BB7
    const WrittenSet written = files_of(set);
    BOOST_TEST(written.files.empty());
    BOOST_TEST_REQUIRE(written.unwritable.size() == 1);
    BOOST_TEST(written.unwritable.front().type == first.type->id);
    BOOST_TEST(written.unwritable.front().row == row);
    BOOST_TEST(written.unwritable.front().column == first.type->field("name")->no);
}

BOOST_AUTO_TEST_CASE(a_wave_dash_is_written_as_another_one_only_when_told_to) {
    TableSet set =
        sample_set("9970100001:43", "9970100011:11", Month::of(2026, 12), "4.1", "schedule");
    Table& first = set.tables.front();
    first.set(first.rows.front(), "name", "A\xE3\x80\x9C"); // U+301C
    BOOST_TEST(foldable("A\xE3\x80\x9C"));
    BOOST_TEST(foldable("\xF0\xA0\xAE\xB7\xE3\x80\x9C"));
    BOOST_TEST(!foldable("\xF0\xA0\xAE\xB7"));
    BOOST_TEST(!foldable("見本～"));
    BOOST_TEST(!foldable("\xFF"));
    BOOST_TEST(files_of(set).unwritable.size() == 1);
    const WrittenSet folded = files_of(set, true);
    BOOST_TEST(folded.unwritable.empty());
    BOOST_TEST(!folded.files.empty());
}

BOOST_AUTO_TEST_CASE(rows_are_sorted_by_the_user_then_by_every_item) {
    TableSet set =
        sample_set("9970100001:43", "9970100011:11", Month::of(2026, 12), "4.1", "schedule");
    Table sorted = *set.table("UPPLAN");
    sort_rows(sorted);
    Table again = sorted;
    std::reverse(again.rows.begin(), again.rows.end());
    sort_rows(again);
    BOOST_TEST((again.rows == sorted.rows));
    for (std::size_t i = 1; i < sorted.rows.size(); ++i) {
        const auto insurer = [&](std::size_t r) { return sorted.at(sorted.rows[r], "insurer_no"); };
        BOOST_TEST((insurer(i - 1) <= insurer(i)));
    }
}

BOOST_AUTO_TEST_CASE(an_item_that_the_type_does_not_have_is_a_bug) {
    const TableSet set = read(schedule_name, "202407,990010,0000000101,202612\r\n").value();
    const Table& table = set.tables.front();
    Row row = table.blank();
    BOOST_TEST(table.at(row, "service_code") == "");
    BOOST_CHECK_THROW(table.set(row, "service_code", "111111"), std::logic_error);
}
