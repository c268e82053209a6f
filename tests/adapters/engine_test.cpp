// What the engine can say that the shipped dialects do not use: one-cell days, marks, rows of two
// kinds, blanks that go on from above, tabs, layouts, limits.
#include "adapters/dialect/convert.hpp"
#include "spec/records/unpack.hpp"
#include "tests/adapters/sample_sets.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace cpg;
using namespace cpg::adapters;
using namespace cpg::adapters::testing;

namespace {

/// A small dialect of 実績, without the middle part of its only file.
const std::string head = R"(dialect: small
version: 3
title_ja: 小
title_en: small
about_ja: 小
about_en: small
direction: both
encoding: {read: [utf-8], write: utf-8}
loses:
  UPJSK: [created_date, planner_name, service_office_name, satellite_no, stay_days_to_prev_month, prorate_days, tais_code, item_name, detail_no, updater_office]
fills:
  - {type: "*", item: csv_version, value: "202407", why_ja: 版, why_en: version}
  - {type: "*", item: created_date, value: "@serial_date", why_ja: 日, why_en: day}
  - {type: "*", item: target_month, value: "@month", why_ja: 月, why_en: month}
  - {type: "*", item: over_30_days, value: "0", why_ja: 区分, why_en: flag}
)";
const std::string file = R"(files:
  - id: rows
    name: {read: ["ROWS_(?<month>\\d{6})_(?<serial>\\d{14})\\.txt"], write: "ROWS_{month}_{serial}.txt"}
    records:
      - columns:
          - {at: 1, to: insurer_no}
          - {at: 2, to: insured_no}
          - {at: 3, to: planner_office_no}
          - {at: 4, to: service_office_no}
          - {at: 5, to: service_code}
          - {at: 6, to: start_time, type: time, forms: [minutes], untimed: [none]}
          - {at: 7, to: end_time, type: time, forms: [minutes], untimed: [none]}
          - {at: 8, to: units, type: int, forms: [zero_padded], pad: 6}
        products:
          - {type: UPJSK, from: service_office_no, to: planner_office_no, days: DAYS}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    if (at == std::string::npos) throw std::logic_error("no " + from);
    return text.replace(at, from.size(), to);
}
std::string small(const std::string& days, const std::string& more = "") {
    return head + more + replaced(file, "DAYS", days);
}

DialectPtr loaded(const std::string& text) {
    const DialectOutcome outcome = load_dialect(*catalog(), {"small.yaml", text});
    for (const LoadProblem& problem : outcome.problems)
        BOOST_ERROR(problem.line << ": " << problem.text);
    BOOST_REQUIRE(outcome.dialect);
    return outcome.dialect;
}

OfficeTables offices() {
    OfficeTables out;
    out.tables.emplace("offices", OfficeTable({"office_no", "service_type"},
                                              {{"9970100001", "43"}, {"9970100011", "11"}}));
    return out;
}

Context context_of(const std::string& serial = "20270106100000") {
    Context out;
    out.catalog = catalog();
    out.tables = offices();
    out.serial = Serial::parse(serial).value();
    return out;
}

const std::string row = "990010,0000000101,9970100001,9970100011,111111,540,570,000244,";
const std::string name = "ROWS_202612_20270105090000.txt";

std::vector<std::string> items(const Converted& set, std::string_view key) {
    std::vector<std::string> out;
    for (const Row& each : set.tables.tables.front().rows)
        out.emplace_back(set.tables.tables.front().at(each, key));
    return out;
}

std::vector<Converted> convert(const Dialect& dialect, const Bytes& bytes) {
    return to_standard(context_of(), dialect, {{name, bytes}});
}

bool tells(const ConversionReport& report, std::string_view id) {
    return std::any_of(report.notes.begin(), report.notes.end(),
                       [&](const Note& note) { return note.id == id; });
}

/// To the standard and back to the same bytes.
void round_trip(const Dialect& dialect, const Bytes& bytes) {
    for (const Converted& set : convert(dialect, bytes)) {
        BOOST_TEST_REQUIRE((set.state == Converted::State::ready), set.report.text(Lang::en));
        const ForSoftware out = from_standard(context_of(), dialect, one_bundle(set.files));
        BOOST_TEST(!out.report.is_refused(), out.report.text(Lang::en));
        BOOST_TEST_REQUIRE(out.files.size() == 1);
        BOOST_TEST(out.files.front().bytes == bytes);
    }
}

const std::vector<std::string> two_days = {"20261202", "20261231"};
std::string days(const std::string& yes) {
    std::string out(31, '0');
    out[1] = out[30] = yes.front();
    return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(days_in_one_cell_are_31_characters) {
    const DialectPtr dialect = loaded(small("{first: 9, one_cell: true, yes: [\"1\"]}"));
    const Bytes bytes = row + days("1") + "\r\n";
    const std::vector<Converted> sets = convert(*dialect, bytes);
    BOOST_TEST_REQUIRE(sets.size() == 1);
    BOOST_TEST(items(sets.front(), "service_date") == two_days, boost::test_tools::per_element());
    BOOST_TEST(items(sets.front(), "start_time").front() == "0900");
    round_trip(*dialect, bytes);

    const std::vector<Converted> cut = convert(*dialect, row + days("1").substr(1) + "\r\n");
    BOOST_TEST((cut.front().state == Converted::State::quarantined));
    BOOST_TEST(tells(cut.front().report, "A-DAY-02"));
}

BOOST_AUTO_TEST_CASE(a_mark_says_once_and_nothing_else_is_a_mark) {
    const DialectPtr dialect = loaded(small("{first: 9, yes: [\"○\", \"1\"]}"));
    const auto marked = [](const std::string& second) {
        std::string text = row;
        for (int day = 1; day <= 31; ++day) {
            if (day == 2) text += second;
            if (day == 31) text += "○";
            if (day != 31) text += ",";
        }
        return text + "\r\n";
    };
    round_trip(*dialect, marked("○"));
    const std::vector<Converted> other = convert(*dialect, marked("1"));
    BOOST_TEST(items(other.front(), "service_date") == two_days, boost::test_tools::per_element());
    BOOST_TEST(tells(convert(*dialect, marked("x")).front().report, "A-DAY-02"));
}

BOOST_AUTO_TEST_CASE(visits_that_a_mark_cannot_count_are_refused) {
    const DialectPtr marks = loaded(small("{first: 9, yes: [\"○\"]}"));
    const DialectPtr counts = loaded(small("{first: 9}"));
    std::string text = row + ",2";
    text += std::string(29, ',') + "\r\n";
    const std::vector<Converted> sets = convert(*counts, text);
    BOOST_TEST(items(sets.front(), "count").front() == "2");
    const ForSoftware out = from_standard(context_of(), *marks, one_bundle(sets.front().files));
    BOOST_TEST(tells(out.report, "A-VAL-05"));
    BOOST_TEST(out.files.empty());
}

BOOST_AUTO_TEST_CASE(one_row_may_be_planned_or_carried_out) {
    std::string text = small("{first: 10, one_cell: true, yes: [\"1\"]}, only_when: \"@kind\", "
                             "only_values: [実績]");
    text = replaced(text, "        products:\n",
                    "          - {at: 9, to: \"@kind\"}\n        products:\n"
                    "          - {type: UPPLAN, from: planner_office_no, to: service_office_no, "
                    "days: {first: 10, one_cell: true, yes: [\"1\"]}, alone: true, only_when: "
                    "\"@kind\", only_values: [予定]}\n");
    const DialectPtr dialect = loaded(text);
    const std::vector<Converted> sets =
        convert(*dialect, row + "予定," + days("1") + "\r\n" + row + "実績," + days("1") + "\r\n");
    BOOST_TEST_REQUIRE(sets.size() == 2);
    BOOST_TEST((sets[0].state == Converted::State::ready));
    BOOST_TEST(sets[0].tables.tables.front().type->id == "UPJSK");
    BOOST_TEST((sets[1].state == Converted::State::partial));
    BOOST_TEST(sets[1].tables.tables.front().type->id == "UPPLAN");
    BOOST_TEST(sets[1].tables.from.office.str() == "9970100001");
    round_trip(*dialect, row + "実績," + days("1") + "\r\n");
}

BOOST_AUTO_TEST_CASE(what_is_filled_for_one_set_is_not_counted_for_another) {
    std::string text = small("{first: 9, one_cell: true, yes: [\"1\"]}");
    text = replaced(text, "        products:\n",
                    "        products:\n"
                    "          - {type: UPPLAN, from: planner_office_no, to: service_office_no, "
                    "days: {first: 10, one_cell: true, yes: [\"1\"]}, alone: true}\n");
    std::string one_day(31, '0');
    one_day[4] = '1';
    const std::vector<Converted> sets =
        convert(*loaded(text), row + days("1") + "," + one_day + "\r\n");
    BOOST_TEST_REQUIRE(sets.size() == 2);
    BOOST_TEST(sets[0].report.count(NoteKind::filled) == 2 * 4);
    BOOST_TEST(sets[1].report.count(NoteKind::filled) == 1 * 4);
}

BOOST_AUTO_TEST_CASE(blank_cells_go_on_from_the_row_above) {
    const DialectPtr dialect = loaded(replaced(
        small("{first: 9, one_cell: true, yes: [\"1\"]}"), "        products:\n",
        "        fill_down: [insurer_no, insured_no, planner_office_no]\n        products:\n"));
    const Bytes again = ",,,9970100011,111211,600,660,000387," + days("1") + "\r\n";
    const Bytes bytes = row + days("1") + "\r\n" + again;
    const std::vector<Converted> sets = convert(*dialect, bytes);
    BOOST_TEST(items(sets.front(), "insured_no") == std::vector<std::string>(4, "0000000101"),
               boost::test_tools::per_element());
    round_trip(*dialect, bytes);
    // Nothing stands above the first row.
    const std::vector<Converted> first = convert(*dialect, again);
    BOOST_TEST((first.front().state == Converted::State::quarantined));
}

BOOST_AUTO_TEST_CASE(tabs_and_line_feeds_without_a_last_one) {
    const DialectPtr dialect =
        loaded(small("{first: 9, one_cell: true, yes: [\"1\"]}",
                     "csv: {delimiter: tab, quote: none}\nnewline: {write: lf, last: false}\n"));
    Bytes bytes = row + days("1") + "\n" + row + days("1");
    bytes = replaced(bytes, "540,570", "600,630");
    std::replace(bytes.begin(), bytes.end(), ',', '\t');
    round_trip(*dialect, bytes);
}

BOOST_AUTO_TEST_CASE(each_layout_puts_the_same_files_elsewhere) {
    const Bytes bytes = row + days("1") + "\r\n";
    const auto laid_out = [&](const std::string& layout) {
        const DialectPtr dialect =
            loaded(small("{first: 9, one_cell: true, yes: [\"1\"]}", "layout: " + layout + "\n"));
        const std::vector<Converted> sets = convert(*dialect, bytes);
        return from_standard(context_of(), *dialect, one_bundle(sets.front().files)).files;
    };
    const std::vector<std::pair<std::string, std::string>> folders = {{"L1", ""},
                                                                      {"L2", "9970100011/"},
                                                                      {"L3", "20270105090000/"},
                                                                      {"L4", ""},
                                                                      {"L6", "202612/9970100011/"}};
    for (const auto& [layout, folder] : folders) {
        const std::vector<DialectFile> files = laid_out(layout);
        BOOST_TEST_REQUIRE(files.size() == 1);
        BOOST_TEST(files.front().path == folder + name);
        BOOST_TEST(files.front().bytes == bytes);
    }
    const std::vector<DialectFile> packed = laid_out("L5");
    BOOST_TEST_REQUIRE(packed.size() == 1);
    BOOST_TEST(packed.front().path == "9970100011_20270105090000.zip");
    const auto unpacked = unpack_zip(packed.front().bytes, UnpackLimits{});
    BOOST_REQUIRE(unpacked);
    BOOST_TEST_REQUIRE(unpacked->size() == 1);
    BOOST_TEST(unpacked->front().name == name);
    BOOST_TEST(unpacked->front().bytes == bytes);
}

BOOST_AUTO_TEST_CASE(the_header_of_a_request_says_dialect_counts_and_digest) {
    const DialectPtr dialect = loaded(small("{first: 9, one_cell: true, yes: [\"1\"]}"));
    const std::vector<Converted> sets = convert(*dialect, row + days("1") + "\r\n");
    const ConversionReport& report = sets.front().report;
    BOOST_TEST(report.header() ==
               "small@3; fills=8; lookups=2; report=" + prefixed_hex(report.digest()));
    BOOST_TEST(report.text(Lang::ja).find("A-FILL-01") != std::string::npos);
    BOOST_TEST(report.text(Lang::en).find("offices.csv") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_context_may_say_who_sends_to_whom_and_when) {
    std::string text = small("{first: 9, one_cell: true, yes: [\"1\"]}");
    text = replaced(text, "ROWS_(?<month>\\\\d{6})_(?<serial>\\\\d{14})\\\\.txt", "rows\\\\.txt");
    const DialectPtr dialect = loaded(text);
    Context context = context_of();
    const std::vector<DialectFile> files = {{"rows.txt", row + days("1") + "\r\n"}};
    const std::vector<Converted> unsaid = to_standard(context, *dialect, files);
    BOOST_TEST((unsaid.front().state == Converted::State::quarantined));
    context.month = Month::of(2026, 12);
    const std::vector<Converted> said = to_standard(context, *dialect, files);
    BOOST_TEST((said.front().state == Converted::State::ready), said.front().report.text(Lang::en));
    BOOST_TEST(said.front().tables.serial.str() == "20270106100000");
    BOOST_TEST(tells(said.front().report, "A-FILL-01"));
}
