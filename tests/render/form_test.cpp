#include "spec/render/form_view.hpp"

#include "spec/load/load.hpp"
#include "spec/records/cp932.hpp"
#include "spec/records/csv_reader.hpp"
#include "spec/render/form_words.hpp"
#include "spec/sample/sample.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

using namespace cpg;

namespace {

const Catalog& catalog() {
    static const CatalogPtr instance = embedded_catalog();
    return *instance;
}

OfficeRef office(const std::string& text) { // "1370100017:43"
    return {OfficeNo::parse(text.substr(0, 10)).value(), ServiceType::parse(text.substr(11))};
}

std::vector<InputFile> sample(const std::string& from, const std::string& to, int users,
                              std::vector<std::string> kinds = {}) {
    SampleRequest request;
    request.from = office(from);
    request.to = {office(to)};
    request.month = Month::of(2026, 12);
    request.users = users;
    request.kinds = std::move(kinds);
    auto files = make_sample(catalog(), request);
    BOOST_REQUIRE_MESSAGE(files, (files ? "" : files.error().detail));
    return std::move(*files);
}

using Values = std::map<std::string, std::string>;

/// A file of records given by key; the other items are empty.
InputFile file_of(const std::string& type_id, const std::vector<Values>& records,
                  const std::string& serial = "20261125093000",
                  const std::string& to = "1370100025:11") {
    const FileType& type = *catalog().edition("4.1")->file(type_id);
    Bytes csv;
    for (const Values& values : records) {
        for (std::size_t i = 0; i < type.fields.size(); ++i) {
            const auto value = values.find(type.fields[i].key);
            if (i != 0) csv += ',';
            append_cell(csv,
                        i == 0                  ? "202407"
                        : value == values.end() ? Bytes()
                                                : to_ms932(value->second).bytes.value(),
                        type.fields[i].type == FieldType::free_text);
        }
        csv += "\r\n";
    }
    return {make_file_name(type, office("1370100017:43"), office(to), *Serial::parse(serial),
                           Month::of(2026, 12)),
            csv};
}

Values visit(const std::string& day, Values more = {}) {
    Values values = {{"insurer_no", "990010"},
                     {"insured_no", "0000000001"},
                     {"target_month", "202612"},
                     {"service_date", "202612" + day},
                     {"start_time", "0900"},
                     {"end_time", "0930"},
                     {"count", "1"},
                     {"service_code", "111111"},
                     {"units", "244"},
                     {"service_office_no", "1370100025"},
                     {"created_date", "20261120"}};
    for (auto& [key, value] : more) values[key] = value;
    return values;
}

std::string html_of(const std::vector<InputFile>& files, const FormLimits& limits = {}) {
    return form_html(catalog(), files, Lang::ja, limits);
}

std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size()))
        ++count;
    return count;
}

std::size_t sheets(std::string_view html) {
    return count_of(html, "<section class=\"sheet\">");
}

/// The body without tags, a bar for each cell.
std::string text_of(std::string_view html) {
    std::string out;
    for (std::size_t i = html.find("<body>"); i < html.size(); ++i) {
        if (html[i] != '<') {
            out += html[i];
            continue;
        }
        const std::size_t end = html.find('>', i);
        const std::string_view tag = html.substr(i, end - i);
        if (tag.starts_with("</td") || tag.starts_with("</th")) out += '|';
        i = end;
    }
    return out;
}

/// The cells of the line of 予定 or 実績 that is the n-th of the sheet, days 1 to 31 and the sum.
std::vector<std::string> line_of(const std::string& html, const std::string& kind, std::size_t n) {
    const std::string text = text_of(html);
    std::size_t at = text.find("合計回数|");
    BOOST_REQUIRE(at != text.npos);
    for (std::size_t i = 0; i <= n; ++i) {
        at = text.find(kind + "|", at + 1);
        BOOST_REQUIRE(at != text.npos);
    }
    std::vector<std::string> cells;
    for (at += kind.size() + 1; cells.size() < 32;) {
        const std::size_t end = text.find('|', at);
        cells.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return cells;
}

std::string days_with_counts(const std::string& html, const std::string& kind, std::size_t n = 0) {
    const auto cells = line_of(html, kind, n);
    std::string out;
    for (std::size_t day = 0; day < 31; ++day)
        if (!cells[day].empty()) out += std::to_string(day + 1) + "=" + cells[day] + " ";
    return out + "sum=" + cells[31];
}

/// Every tag is closed in order, and is one of the forms' own.
void check_well_formed(std::string_view html) {
    static const std::set<std::string_view> known = {
        "html",   "head",  "meta", "title", "style", "body",     "section", "header",
        "footer", "h1",    "h2",   "h3",    "div",   "span",     "p",       "table",
        "thead",  "tbody", "tr",   "th",    "td",    "colgroup", "col",     "small",
        "strong", "b",     "i",    "br",    "ul",    "li",       "img"};
    static const std::set<std::string_view> empty = {"meta", "col", "br", "img"};
    std::vector<std::string_view> open;
    for (std::size_t at = html.find('<'); at != html.npos; at = html.find('<', at + 1)) {
        if (html.substr(at).starts_with("<!DOCTYPE")) continue;
        const bool closing = html[at + 1] == '/';
        const std::size_t from = at + (closing ? 2 : 1);
        const std::string_view name = html.substr(from, html.find_first_of(" >\n", from) - from);
        if (known.find(name) == known.end()) BOOST_FAIL("unknown tag " << name);
        if (closing) {
            BOOST_REQUIRE(!open.empty());
            BOOST_REQUIRE_EQUAL(open.back(), name);
            open.pop_back();
        } else if (empty.find(name) == empty.end()) {
            open.push_back(name);
        }
    }
    BOOST_TEST(open.empty());
}

} // namespace

BOOST_AUTO_TEST_SUITE(form_sheets)

BOOST_AUTO_TEST_CASE(dates_are_in_the_japanese_calendar_with_the_western_year) {
    using namespace forms;
    BOOST_TEST(japanese_date("20261201") == "令和8年12月1日（2026年）");
    BOOST_TEST(japanese_date("20190501") == "令和元年5月1日（2019年）");
    BOOST_TEST(japanese_date("20190430") == "平成31年4月30日（2019年）");
    BOOST_TEST(japanese_date("19890107") == "昭和64年1月7日（1989年）");
    BOOST_TEST(japanese_date("19261224") == "大正15年12月24日（1926年）");
    BOOST_TEST(japanese_date("19120729") == "明治45年7月29日（1912年）");
    BOOST_TEST(japanese_date("") == "");
    BOOST_TEST(japanese_date("00000000") == "");
    BOOST_TEST(japanese_date("20260230") == "20260230");
    BOOST_TEST(japanese_month("202612") == "令和8年12月（2026年）");
    BOOST_TEST(japanese_month("202613") == "202613");
}

BOOST_AUTO_TEST_CASE(times_and_amounts_are_as_on_paper) {
    using namespace forms;
    BOOST_TEST(clock_time("0930") == "9:30");
    BOOST_TEST(clock_time("9999") == "");
    BOOST_TEST(clock_time("2400") == "24:00");
    BOOST_TEST(clock_time("2460") == "2460");
    BOOST_TEST(grouped("1234567") == "1,234,567");
    BOOST_TEST(grouped("-12345") == "-12,345");
    BOOST_TEST(grouped("000123") == "123");
    BOOST_TEST(grouped("1x") == "1x");
    BOOST_TEST(grouped("") == "");
}

BOOST_AUTO_TEST_CASE(every_user_has_pages_of_his_own) {
    const auto plan = html_of(sample("1370100017:43", "1370100025:11", 7));
    BOOST_TEST(sheets(plan) == 7u * 5u); // 第1, 2, 3, 6, 7表
    for (const std::string_view title :
         {"居宅サービス計画書（１）", "居宅サービス計画書（２）", "週間サービス計画表",
          "サービス利用票・提供票（兼居宅サービス計画）", "サービス利用票別表・提供票別表"})
        BOOST_TEST(count_of(plan, title) == 7u, title);
    const auto prevention = html_of(sample("1370100017:46", "1370100025:A2", 3));
    BOOST_TEST(count_of(prevention, "<h1>利用者基本情報</h1>") == 3u);
    BOOST_TEST(count_of(prevention, "<h1>介護予防サービス・支援計画書</h1>") == 3u);
    const auto actual = html_of(sample("1370100025:11", "1370100017:43", 4));
    BOOST_TEST(sheets(actual) == 4u);
    for (const std::string& html : {plan, prevention, actual}) check_well_formed(html);
}

BOOST_AUTO_TEST_CASE(needs_nothing_from_outside_and_runs_nothing) {
    const std::string html = html_of(sample("1370100017:46", "1370100025:A2", 2));
    for (const std::string_view part :
         {"<script", "http:", "https:", "url(", "@import", " style=", " on", "<link", "<iframe"})
        BOOST_TEST(count_of(html.substr(0, html.find("<body>")), part) == 0u, part);
    BOOST_TEST(count_of(html, "<script") == 0u);
    BOOST_TEST(count_of(html, " style=") == 0u);
    BOOST_TEST(count_of(html, "default-src 'none'") == 1u);
    BOOST_TEST(count_of(html, "@page{size:A4 landscape") == 1u);
}

BOOST_AUTO_TEST_CASE(a_month_has_31_columns_and_counts_stand_on_their_day) {
    const std::string html = html_of({file_of(
        "UPPLAN", {visit("01"), visit("03"), visit("03"), visit("31", {{"count", "2"}})})});
    BOOST_TEST(days_with_counts(html, "予定") == "1=1 3=2 31=2 sum=5");
    BOOST_TEST(days_with_counts(html, "実績") == "sum=");
    const std::string text = text_of(html);
    BOOST_TEST(count_of(text, "令和8年12月分") == 1u);
    BOOST_TEST(count_of(text, "日付|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19|20|21|22|23|24|"
                              "25|26|27|28|29|30|31|") == 1u);
    BOOST_TEST(count_of(text, "曜日|火|水|木|金|土|日|月|") == 1u); // 1 December 2026 is a Tuesday
    BOOST_TEST(count_of(text, "訪問介護111111 244単位|") == 1u);
    BOOST_TEST(count_of(text, "9:00～\n9:30|") == 1u);
}

BOOST_AUTO_TEST_CASE(planned_and_actual_of_a_month_share_one_grid) {
    const InputFile plan = file_of("UPPLAN", {visit("01"), visit("08")});
    const InputFile actual = file_of(
        "UPJSK", {visit("01"), visit("09", {{"start_time", "1000"}, {"end_time", "1030"}})});
    const std::string both = html_of({plan, actual});
    BOOST_TEST(sheets(both) == 1u);
    BOOST_TEST(days_with_counts(both, "予定", 0) == "1=1 8=1 sum=2");
    BOOST_TEST(days_with_counts(both, "実績", 0) == "1=1 sum=1");
    BOOST_TEST(days_with_counts(both, "予定", 1) == "sum=");
    BOOST_TEST(days_with_counts(both, "実績", 1) == "9=1 sum=1");
    const std::string only = html_of({actual});
    BOOST_TEST(days_with_counts(only, "予定", 0) == "sum=");
    BOOST_TEST(days_with_counts(only, "実績", 0) == "1=1 sum=1");
}

BOOST_AUTO_TEST_CASE(a_plan_sent_to_two_offices_counts_once_and_a_newer_one_replaces_it) {
    const std::vector<Values> rows = {visit("01"), visit("02"), visit("02")};
    const InputFile one = file_of("UPPLAN", rows);
    const InputFile other = file_of("UPPLAN", rows, "20261125093000", "1370100033:15");
    BOOST_TEST(days_with_counts(html_of({one, other}), "予定") == "1=1 2=2 sum=3");
    const InputFile newer = file_of("UPPLAN", {visit("05")}, "20261126093000");
    BOOST_TEST(days_with_counts(html_of({one, newer}), "予定") == "5=1 sum=1");
    BOOST_TEST(days_with_counts(html_of({newer, one}), "予定") == "5=1 sum=1");
}

BOOST_AUTO_TEST_CASE(a_day_outside_the_month_is_told) {
    const std::string html =
        html_of({file_of("UPPLAN", {visit("01"), visit("01", {{"service_date", "20270101"}})})});
    BOOST_TEST(days_with_counts(html, "予定") == "1=1 sum=1");
    BOOST_TEST(count_of(html, "対象年月の外の日付の記録が 1 件あります") == 1u);
}

BOOST_AUTO_TEST_CASE(pro_rata_days_are_marked) {
    const std::string bitmap = "0011" + std::string(27, '0');
    const std::string html =
        html_of({file_of("UPPLAN", {visit("03", {{"prorate_days", bitmap}})})});
    BOOST_TEST(days_with_counts(html, "予定") == "3=1 4=・ sum=1");
}

BOOST_AUTO_TEST_CASE(a_long_month_goes_on_to_another_page_with_its_head) {
    std::vector<Values> rows;
    for (int i = 0; i < 30; ++i)
        rows.push_back(visit("01", {{"service_code", "1111" + std::to_string(10 + i)}}));
    const std::string html = html_of({file_of("UPPLAN", rows)});
    BOOST_TEST(sheets(html) == 3u);
    BOOST_TEST(count_of(html, "被保険者番号</th><td>0000000001</td>") == 3u);
    BOOST_TEST(count_of(html, "3/3</span>") == 1u);
}

BOOST_AUTO_TEST_CASE(the_grand_total_is_the_last_line_of_table_7) {
    const Values user = {
        {"insurer_no", "990010"}, {"insured_no", "0000000001"}, {"target_month", "202612"}};
    auto row = [&](const std::string& code, const std::string& units) {
        Values values = user;
        values["service_code"] = code;
        values["service_units"] = units;
        return values;
    };
    const std::string text = text_of(html_of({file_of(
        "UPSIKYU", {row("999999", "1464"), row("111111", "1464"), row("11AAAA", "1464")})}));
    const std::size_t detail = text.find("111111|");
    const std::size_t subtotal = text.find("（訪問介護 小計）|11AAAA|");
    const std::size_t total = text.find("合　計|");
    BOOST_TEST(detail < subtotal);
    BOOST_TEST(subtotal < total);
    BOOST_TEST(total < text.size());
    BOOST_TEST(count_of(text, "1,464|") == 3u);
}

BOOST_AUTO_TEST_CASE(codes_have_their_names_and_chosen_ones_are_circled) {
    const Values user = {
        {"insurer_no", "990010"}, {"insured_no", "0000000001"}, {"plan_date", "20261101"}};
    Values plan = user;
    plan["plan_class"] = "53"; // 紹介＆継続
    plan["care_level"] = "23";
    plan["housework_reason"] = "7"; // no such code
    const std::string html = html_of({file_of("UP1KYO", {plan})});
    BOOST_TEST(count_of(html, "<i>初回</i>・<b>紹介</b>・<b>継続</b>") == 1u);
    BOOST_TEST(count_of(html, "<b>要介護３</b>") == 1u);
    BOOST_TEST(count_of(html, "<i>要介護２</i>") == 1u);
    BOOST_TEST(count_of(html, "<i>その他</i>・<b>7</b>") == 1u);
}

BOOST_AUTO_TEST_CASE(the_second_table_leaves_what_goes_on_open) {
    const Values user = {
        {"insurer_no", "990010"}, {"insured_no", "0000000001"}, {"plan_date", "20261101"}};
    auto row = [&](const std::string& need_no, const std::string& need, const std::string& goal) {
        Values values = user;
        values["need_no"] = need_no;
        values["need"] = need;
        values["goal_no"] = "1";
        values["long_goal"] = goal;
        values["service_content"] = "content";
        return values;
    };
    const std::string html = html_of({file_of(
        "UP2KYO", {row("1", "A", "G"), row("1", "", ""), row("1", "A", "G"), row("2", "A", "G")})});
    BOOST_TEST(count_of(html, "<td>A</td>") == 2u);
    BOOST_TEST(count_of(html, "<td class=\"on\"></td>") == 2u * 5u);
}

BOOST_AUTO_TEST_CASE(the_week_places_services_by_weekday_and_time) {
    const Values user = {
        {"insurer_no", "990010"}, {"insured_no", "0000000001"}, {"plan_date", "20261101"}};
    auto service = [&](const std::string& text, const std::string& day, const std::string& from,
                       const std::string& to) {
        Values values = user;
        values["service_content"] = text;
        values["weekday"] = day;
        values["service_start"] = from;
        values["service_end"] = to;
        return values;
    };
    const std::string html = html_of({file_of(
        "UP3KYO", {service("morning", "1", "0900", "1030"), service("beside", "1", "1000", "1100"),
                   service("night", "7", "2330", "0130"), service("late", "2", "0330", "0500"),
                   service("any day", "", "0900", "1000")})});
    BOOST_TEST(count_of(html, "block t20 n6 k0\"><small>9:00-10:30</small> morning") == 1u);
    BOOST_TEST(count_of(html, "block t24 n4 k1\"><small>10:00-11:00</small> beside") == 1u);
    BOOST_TEST(count_of(html, "block t78 n8 k0\"><small>23:30-1:30</small> night") == 1u);
    BOOST_TEST(count_of(html, "block t94 n2 k0\"><small>3:30-5:00</small> late") == 1u);
    BOOST_TEST(count_of(text_of(html), "9:00 10:00 any day") == 1u);
    BOOST_TEST(count_of(html, "内容の全文") == 0u);
    check_well_formed(html);
}

BOOST_AUTO_TEST_CASE(a_text_too_long_for_its_hour_is_printed_below_the_week) {
    const std::string text = "a text that is much too long for half an hour on a Wednesday";
    const std::string html = html_of({file_of("UP3KYO", {{{"insured_no", "1"},
                                                          {"service_content", text},
                                                          {"weekday", "3"},
                                                          {"service_start", "0900"},
                                                          {"service_end", "0930"}}})});
    BOOST_TEST(count_of(html, "<div>水 9:00-9:30 " + text + "</div>") == 1u);
}

BOOST_AUTO_TEST_CASE(no_value_of_any_item_becomes_markup) {
    const std::string canary = "<b x='\"><script>&amp;";
    std::vector<InputFile> files;
    for (const FileType& type : catalog().edition("4.1")->files) {
        if (!type.is_csv()) continue;
        Values values;
        for (const Field& field : type.fields) values[field.key] = canary;
        files.push_back(file_of(type.id, {values}));
    }
    files.push_back({"<script>.CSV", "x"});
    const std::string html = html_of(files);
    check_well_formed(html);
    BOOST_TEST(count_of(html, "<b x") == 0u);
    BOOST_TEST(count_of(html, "<script") == 0u);
    BOOST_TEST(count_of(html, "&lt;b x=&#39;&quot;&gt;&lt;script&gt;&amp;amp;") > 100u);
}

BOOST_AUTO_TEST_CASE(control_characters_and_broken_bytes_are_replaced) {
    InputFile file = file_of("UP2KYO", {{{"insurer_no", "1"}, {"need", "AAA"}}});
    file.bytes.replace(file.bytes.find("AAA"), 3, Bytes("\0\x1B\x80", 3));
    const std::string html = html_of({file});
    BOOST_TEST(count_of(html, "<td>\uFFFD\uFFFD\uFFFD</td>") == 1u);
    BOOST_TEST(html.find('\0') == html.npos);
}

BOOST_AUTO_TEST_CASE(a_family_image_is_shown_when_it_is_one) {
    auto files = sample("1370100017:46", "1370100025:A2", 1, {"kihon"});
    const std::string with_image = html_of(files);
    BOOST_TEST(count_of(with_image, "src=\"data:image/jpeg;base64,/9j/") == 1u);
    for (InputFile& file : files)
        if (file.name.ends_with(".jpg")) file.bytes = "<svg onload=alert(1)>";
    const std::string without = html_of(files);
    BOOST_TEST(count_of(without, "<img") == 0u);
    FormLimits limits;
    limits.max_image_bytes = 10;
    BOOST_TEST(count_of(html_of(sample("1370100017:46", "1370100025:A2", 1, {"kihon"}), limits),
                        "<img") == 0u);
}

BOOST_AUTO_TEST_CASE(a_delete_file_is_a_list) {
    const std::string text = text_of(html_of({file_of(
        "DLTPLAN",
        {{{"insurer_no", "990010"}, {"insured_no", "0000000001"}, {"target_month", "202612"}}})}));
    BOOST_TEST(count_of(text, "202407|990010|0000000001|令和8年12月（2026年）|") == 1u);
}

BOOST_AUTO_TEST_CASE(edition_3_has_forms_too) {
    SampleRequest request;
    request.from = office("1370100017:43");
    request.to = {office("1370100025:11")};
    request.month = Month::of(2024, 12);
    request.edition = "3";
    request.users = 2;
    const auto files = make_sample(catalog(), request);
    BOOST_REQUIRE(files);
    const std::string html = html_of(*files);
    BOOST_TEST(sheets(html) == 2u * 4u); // no 第3表
    BOOST_TEST(count_of(html, "第3.2版") == 8u);
    check_well_formed(html);
}

BOOST_AUTO_TEST_CASE(says_what_is_not_shown) {
    const std::string nothing = html_of({});
    BOOST_TEST(count_of(nothing, "帳票にするものがありません。") == 1u);
    const std::string stray = html_of({{"notes.csv", "x"}, file_of("UPPLAN", {visit("01")})});
    BOOST_TEST(count_of(stray, "標準のファイル名ではありません：notes.csv") == 1u);
    FormLimits few;
    few.max_sheets = 3;
    const std::string cut = html_of(sample("1370100017:43", "1370100025:11", 2), few);
    BOOST_TEST(sheets(cut) == 3u + 1u);
    BOOST_TEST(count_of(cut, "多すぎるので省いた帳票：7") == 1u);
    few.max_rows = 5;
    BOOST_TEST(count_of(html_of(sample("1370100017:43", "1370100025:11", 2), few),
                        "多すぎるので省いた記録：") == 1u);
    BOOST_TEST(count_of(form_html(catalog(), {}, Lang::en), "There is nothing to show") == 1u);
}

BOOST_AUTO_TEST_CASE(what_it_writes_is_bounded_whatever_comes) {
    FormLimits limits;
    limits.max_bytes = 300'000;
    constexpr std::size_t slack = 200'000; // the sheet that was begun, and the style
    std::vector<Values> bands, plans, texts;
    for (int i = 0; i < 3000; ++i) {
        bands.push_back(visit("01", {{"service_code", "11" + std::to_string(1000 + i)}}));
        plans.push_back({{"insured_no", "1"}, {"need", std::to_string(i)}});
        texts.push_back({{"insured_no", "1"}, {"non_weekly_service", std::to_string(i)}});
    }
    for (const InputFile& file :
         {file_of("UPPLAN", bands), file_of("UPSIKYU", bands), file_of("UP2KYO", plans),
          file_of("UP3KYO", texts), file_of("DLTPLAN", bands)}) {
        const std::string html = html_of({file}, limits);
        BOOST_TEST(html.size() < limits.max_bytes + slack, file.name);
        check_well_formed(html);
    }
    const std::string huge(5'000'000, '<');
    const std::string cut = html_of({file_of("UP2KYO", {{{"insured_no", "1"}, {"need", huge}}})});
    BOOST_TEST(cut.size() < 200'000u);
    BOOST_TEST(count_of(cut, "（以下省略 / cut）") == 1u);
}

BOOST_AUTO_TEST_CASE(a_big_office_is_shown_within_its_limits) {
    const std::string html = html_of(sample("1370100017:43", "1370100025:11", 1500, {"schedule"}));
    BOOST_TEST(html.size() < FormLimits{}.max_bytes + 1'000'000);
    BOOST_TEST(sheets(html) ==
               2001u); // 1500 * 2 are more than max_sheets; and the page that says so
}

BOOST_AUTO_TEST_CASE(lines_above_the_forms_are_shown_and_break_nothing) {
    const std::string html = form_html(catalog(), {}, Lang::ja, {}, {"水準 L1", "<b>&\x1b"});
    BOOST_TEST(html.find("<p class=\"above\">水準 L1</p>") < html.find("<section"));
    BOOST_TEST(count_of(html, "<p class=\"above\">&lt;b&gt;&amp;") == 1u);
    BOOST_TEST(count_of(html, "<b>") == 0u);
    BOOST_TEST(count_of(html, "\x1b") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
