// Every form of a value, read and written.
#include "adapters/dialect/values.hpp"

#include "adapters/dialect/wareki.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::adapters;

namespace {

const Month december = Month::of(2026, 12);

Column column(ValueType type, std::vector<Form> forms) {
    Column out;
    out.type = type;
    out.forms = std::move(forms);
    return out;
}

const std::vector<Form> all_dates = {
    Form::plain,  Form::slashes,      Form::slashes_2,    Form::hyphens,   Form::kanji,
    Form::wareki, Form::wareki_short, Form::wareki_fixed, Form::day_kanji, Form::day};
const std::vector<Form> all_months = {Form::plain,       Form::slashes, Form::hyphens,
                                      Form::kanji,       Form::wareki,  Form::wareki_short,
                                      Form::wareki_fixed};
const std::vector<Form> all_times = {Form::plain, Form::clock, Form::clock_2, Form::clock_s};

struct Case {
    ValueType type;
    std::vector<Form> forms;
    std::string cell, text; // text "!": fits no form
};

std::string read(const Case& each) {
    const auto value = read_value(column(each.type, each.forms), each.cell, december);
    return value ? value->text : "!";
}

} // namespace

BOOST_AUTO_TEST_CASE(forms_are_read_strictly) {
    const std::vector<Case> cases = {
        {ValueType::date, all_dates, "20261205", "20261205"},
        {ValueType::date, all_dates, "00000000", "00000000"},
        {ValueType::date, all_dates, "2026/12/5", "20261205"},
        {ValueType::date, all_dates, "2026/12/05", "20261205"},
        {ValueType::date, all_dates, "2026-12-05", "20261205"},
        {ValueType::date, all_dates, "2026年12月5日", "20261205"},
        {ValueType::date, all_dates, "令和8年12月5日", "20261205"},
        {ValueType::date, all_dates, "令和元年5月1日", "20190501"},
        {ValueType::date, all_dates, "平成31年4月30日", "20190430"},
        {ValueType::date, all_dates, "昭和15年2月15日", "19400215"},
        {ValueType::date, all_dates, "大正13年1月1日", "19240101"},
        {ValueType::date, all_dates, "R8.12.5", "20261205"},
        {ValueType::date, all_dates, "S15.2.15", "19400215"},
        {ValueType::date, all_dates, "R081205", "20261205"},
        {ValueType::date, all_dates, "5日", "20261205"},
        {ValueType::date, all_dates, "5", "20261205"},
        {ValueType::date, all_dates, "２０２６／１２／０５", "20261205"},
        {ValueType::date, all_dates, "32日", "!"},
        {ValueType::date, all_dates, "0日", "!"},
        {ValueType::date, all_dates, "2026/2/29", "!"},
        {ValueType::date, all_dates, "2026/13/1", "!"},
        {ValueType::date, all_dates, "2026/12", "!"},
        {ValueType::date, all_dates, "2026/12/5 ", "!"},
        {ValueType::date, all_dates, "令和0年5月1日", "!"},
        {ValueType::date, all_dates, "X8.12.5", "!"},
        {ValueType::date, {Form::plain}, "2026/12/05", "!"},
        {ValueType::date, {Form::slashes_2}, "2026/12/5", "!"},
        {ValueType::month, all_months, "202612", "202612"},
        {ValueType::month, all_months, "000000", "000000"},
        {ValueType::month, all_months, "2026/12", "202612"},
        {ValueType::month, all_months, "令和8年12月", "202612"},
        {ValueType::month, all_months, "R0812", "202612"},
        {ValueType::month, all_months, "R8.12", "202612"},
        {ValueType::month, all_months, "202613", "!"},
        {ValueType::month, all_months, "20261201", "!"},
        {ValueType::time, all_times, "0900", "0900"},
        {ValueType::time, all_times, "9999", "9999"},
        {ValueType::time, all_times, "9:00", "0900"},
        {ValueType::time, all_times, "09:00", "0900"},
        {ValueType::time, all_times, "09:00:00", "0900"},
        {ValueType::time, all_times, "24:00", "2400"},
        {ValueType::time, all_times, "09:00:01", "!"},
        {ValueType::time, all_times, "9:60", "!"},
        {ValueType::time, all_times, "25:00", "!"},
        {ValueType::time, all_times, "900", "!"},
        {ValueType::time, {Form::minutes}, "540", "0900"},
        {ValueType::time, {Form::minutes}, "1441", "!"},
        {ValueType::integer, {Form::plain}, "0244", "244"},
        {ValueType::integer, {Form::plain}, "-24", "-24"},
        {ValueType::integer, {Form::plain}, "1,234", "!"},
        {ValueType::integer, {Form::plain}, "2.5", "!"},
        {ValueType::integer, {Form::plain}, "1234567890", "!"},
        {ValueType::integer, {Form::commas}, "1,234", "1234"},
        {ValueType::integer, {Form::commas}, "1234567", "1234567"},
        {ValueType::integer, {Form::commas}, "12,34", "!"},
        {ValueType::integer, {Form::commas}, ",234", "!"},
        {ValueType::integer, {Form::commas}, "1234,567", "!"},
        {ValueType::integer, {Form::plain}, "２４４", "244"},
        {ValueType::decimal, {Form::plain}, "10.20", "10.20"},
        {ValueType::decimal, {Form::plain}, "10.", "!"},
        {ValueType::flags31, {Form::plain}, std::string(31, '1'), std::string(31, '1')},
        {ValueType::flags31, {Form::plain}, std::string(30, '1'), "!"},
        {ValueType::flags31, {Form::plain}, std::string(30, '1') + "2", "!"},
        {ValueType::code, {Form::plain}, "Ｈ０００００００１２", "H000000012"},
        {ValueType::text, {Form::plain}, "１２３　ＡＢＣ", "１２３　ＡＢＣ"},
    };
    for (const Case& each : cases) BOOST_TEST(read(each) == each.text, each.cell);
}

BOOST_AUTO_TEST_CASE(the_first_form_is_the_one_that_is_written_and_says_what_is_normalised) {
    struct Written {
        ValueType type;
        Form form;
        std::string text, cell; // cell "!": has no such form
    };
    const std::vector<Written> cases = {
        {ValueType::date, Form::plain, "20261205", "20261205"},
        {ValueType::date, Form::slashes, "20261205", "2026/12/5"},
        {ValueType::date, Form::slashes_2, "20261205", "2026/12/05"},
        {ValueType::date, Form::hyphens, "20261205", "2026-12-05"},
        {ValueType::date, Form::kanji, "20261205", "2026年12月5日"},
        {ValueType::date, Form::wareki, "20261205", "令和8年12月5日"},
        {ValueType::date, Form::wareki, "20190501", "令和元年5月1日"},
        {ValueType::date, Form::wareki, "20190430", "平成31年4月30日"},
        {ValueType::date, Form::wareki_short, "19400215", "S15.2.15"},
        {ValueType::date, Form::wareki_fixed, "20261205", "R081205"},
        {ValueType::date, Form::day_kanji, "20261205", "5日"},
        {ValueType::date, Form::day, "20261231", "31"},
        {ValueType::date, Form::day, "20261131", "!"},
        {ValueType::date, Form::day, "20270101", "!"},
        {ValueType::date, Form::slashes, "00000000", "!"},
        {ValueType::month, Form::wareki, "202612", "令和8年12月"},
        {ValueType::month, Form::wareki_fixed, "202612", "R0812"},
        {ValueType::month, Form::hyphens, "202612", "2026-12"},
        {ValueType::time, Form::clock, "0900", "9:00"},
        {ValueType::time, Form::clock_2, "0900", "09:00"},
        {ValueType::time, Form::clock_s, "0900", "09:00:00"},
        {ValueType::time, Form::minutes, "0900", "540"},
        {ValueType::time, Form::clock, "9999", "!"},
        {ValueType::time, Form::plain, "9999", "9999"},
        {ValueType::integer, Form::commas, "1234567", "1,234,567"},
        {ValueType::integer, Form::commas, "123", "123"},
        {ValueType::integer, Form::plain, "abc", "!"},
    };
    for (const Written& each : cases) {
        const Column there = column(each.type, {each.form});
        const auto cell = write_value(there, each.text, december);
        BOOST_TEST(cell.value_or("!") == each.cell, each.text);
        if (!cell) continue;
        const auto back = read_value(there, *cell, december);
        BOOST_REQUIRE_MESSAGE(back, *cell);
        BOOST_TEST(back->text == each.text);
        BOOST_TEST(!back->normalised, *cell);
    }
    Column padded = column(ValueType::integer, {Form::zero_padded});
    padded.pad = 6;
    BOOST_TEST(write_value(padded, "244", december).value() == "000244");
    BOOST_TEST(read_value(padded, "244", december)->normalised);
    Column number = column(ValueType::digits, {Form::plain});
    number.pad = 10;
    BOOST_TEST(read_value(number, "101", december)->text == "0000000101");
    BOOST_TEST(read_value(number, "101", december)->normalised);
}

BOOST_AUTO_TEST_CASE(words_stand_for_codes_and_blanks_for_what_the_column_says) {
    CodeTable sexes;
    sexes.codes = {{"1", {"男", "男性"}}, {"2", {"女"}}};
    Column coded = column(ValueType::text, {Form::plain});
    coded.codes = &sexes;
    BOOST_TEST(read_value(coded, "男", december)->text == "1");
    BOOST_TEST(!read_value(coded, "男", december)->normalised);
    BOOST_TEST(read_value(coded, "男性", december)->normalised);
    BOOST_TEST(!read_value(coded, "他", december).has_value());
    BOOST_TEST(read_value(coded, "", december)->text == "");
    BOOST_TEST(write_value(coded, "2", december).value() == "女");
    BOOST_TEST(!write_value(coded, "3", december).has_value());
    coded.empty = "2";
    BOOST_TEST(read_value(coded, "", december)->text == "2");
    BOOST_TEST(!write_value(coded, "", december).has_value()); // would come back as 2

    Column time = column(ValueType::time, {Form::clock});
    time.empty = "9999";
    BOOST_TEST(read_value(time, "", december)->text == "9999");
    BOOST_TEST(write_value(time, "9999", december).value() == "");
    time.untimed = {"終日", "-"};
    BOOST_TEST(read_value(time, "-", december)->text == "9999");
    BOOST_TEST(read_value(time, "-", december)->normalised);
    BOOST_TEST(write_value(time, "9999", december).value() == "終日");
}

BOOST_AUTO_TEST_CASE(a_day_alone_needs_a_month) {
    const Column there = column(ValueType::date, {Form::day});
    BOOST_TEST(!read_value(there, "5", Month()).has_value());
    BOOST_TEST(!read_value(there, "31", Month::of(2026, 11)).has_value());
}

BOOST_AUTO_TEST_CASE(blanks_and_width_do_not_count_where_they_mean_nothing) {
    BOOST_TEST(trimmed(" \t　a b　\r\n") == "a b");
    BOOST_TEST(half_width("Ａ１　－") == "A1 -");
    BOOST_TEST(folded("見本　花子") == folded("見本 花子"));
    BOOST_TEST(folded("\xFF") == "\xFF");
}

BOOST_AUTO_TEST_CASE(weekdays_and_durations_are_those_of_the_calendar) {
    BOOST_TEST(weekday_of("20261201") == "火");
    BOOST_TEST(weekday_of("20240229") == "木");
    BOOST_TEST(weekday_of("19000101") == "月");
    BOOST_TEST(weekday_of("20260229") == "");
    BOOST_TEST(minutes_between("0900", "1015").value() == 75);
    BOOST_TEST(minutes_between("2330", "0030").value() == 60);
    BOOST_TEST(!minutes_between("9999", "9999").has_value());
}

BOOST_AUTO_TEST_CASE(a_month_belongs_to_the_era_of_its_last_day) {
    BOOST_TEST(era_of({2019, 5, 0}).letter == 'R');
    BOOST_TEST(era_of({2019, 4, 0}).letter == 'H');
    BOOST_TEST(era_of({2019, 4, 30}).letter == 'H');
    BOOST_TEST(era_of({1989, 1, 7}).letter == 'S');
    BOOST_TEST(western_year("R", 8).value() == 2026);
    BOOST_TEST(western_year("平成", 35).value() == 2023); // printed ahead of its time
    BOOST_TEST(!western_year("X", 1).has_value());
}
