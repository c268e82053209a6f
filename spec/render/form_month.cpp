// サービス利用票・提供票 第6表: a month as a grid, a line of 予定 and one of 実績 for each time
// band.
#include "spec/render/form_sheets.hpp"
#include "spec/render/form_words.hpp"

#include <algorithm>
#include <array>
#include <bitset>

namespace cpg::forms {

namespace {

constexpr std::size_t days_of_grid = 31;
constexpr std::size_t bands_of_page = 12; // what fits under the head on A4 landscape
constexpr char key_separator = '\x1F';

using DayCounts = std::array<int, days_of_grid>;

/// One service at one time of day: two lines of the sheet.
struct Band {
    std::string start, end, code, units;
    std::string office_no, office_name, satellite_no, item, item_code;
    bool over_30_days = false;
    DayCounts planned{}, actual{};
    std::bitset<days_of_grid> prorated;
};

bool is_rental(std::string_view code) {
    return code.starts_with("17") || code.starts_with("67");
}

/// What 予定 and 実績 of one service have in common. Units are not: those of a percent 加算 are
/// known late. Pieces of rental equipment differ by nothing else.
std::string key_of(const FormRow& row) {
    std::string key;
    for (const char* item :
         {"service_office_no", "satellite_no", "start_time", "end_time", "service_code",
          "tais_code", "notified_item_code", "detail_no", "over_30_days"})
        key += row.text(item) + key_separator;
    if (is_rental(row.text("service_code"))) key += row.text("units");
    return key;
}

Band band_of(const FormRow& row) {
    Band band;
    band.start = row.text("start_time");
    band.end = row.text("end_time");
    band.code = row.text("service_code");
    band.units = row.text("units");
    band.office_no = row.text("service_office_no");
    band.office_name = row.text("service_office_name");
    band.satellite_no = row.text("satellite_no");
    band.item = row.text("item_name");
    band.item_code = row.text("tais_code");
    if (band.item_code.empty()) band.item_code = row.text("notified_item_code");
    band.over_30_days = row.text("over_30_days") == "1";
    return band;
}

class Grid {
  public:
    explicit Grid(const std::string& month) : month_(month) {}

    void take(const RowSet& rows, DayCounts Band::*counts) {
        if (rows.empty()) return;
        for (const FormRow& row : rows.rows()) {
            const auto [at, is_new] = places_.try_emplace(key_of(row), bands_.size());
            if (is_new) bands_.push_back(band_of(row));
            count(row, bands_[at->second], counts);
        }
    }

    /// By time of day, services without time last; else in the order of the file.
    std::vector<Band> bands() && {
        std::stable_sort(bands_.begin(), bands_.end(), [](const Band& left, const Band& right) {
            return std::tie(left.start, left.end) < std::tie(right.start, right.end);
        });
        return std::move(bands_);
    }
    /// Records whose day is not of the month: they have no place in the grid.
    std::size_t outside() const { return outside_; }

  private:
    void count(const FormRow& row, Band& band, DayCounts Band::*counts) {
        const std::string date = row.text("service_date");
        const int day = date.starts_with(month_) && date.size() == 8
                            ? amount_of(std::string_view(date).substr(6))
                            : 0;
        if (day < 1 || day > static_cast<int>(days_of_grid)) {
            ++outside_;
            return;
        }
        (band.*counts)[static_cast<std::size_t>(day) - 1] += amount_of(row.text("count"));
        const std::string bitmap = row.text("prorate_days");
        for (std::size_t i = 0; i < std::min(bitmap.size(), days_of_grid); ++i)
            if (bitmap[i] == '1') band.prorated.set(i);
    }

    std::string month_;
    std::map<std::string, std::size_t> places_;
    std::vector<Band> bands_;
    std::size_t outside_ = 0;
};

struct PageRequest {
    const SheetRequest& request;
    const std::string& month;
    const UserMonth& sheet;
    std::size_t page, pages;
};

void head_cell(Html& html, Markup label, std::string_view value) {
    html.th("", label).td("", value);
}

std::string with_unit(const std::string& value, std::string_view unit) {
    return value.empty() ? std::string() : grouped(value) + std::string(unit);
}

/// 変更後の区分 with the day of change, when the level changed in the month.
std::string care_level_of(const Maybe& person) {
    std::string text = person.meaning("care_level");
    const std::string changed = japanese_date(person.text("care_level_changed"));
    const std::string before = person.meaning("prev_care_level");
    if (!changed.empty()) text += "\n変更前 " + before + "　変更日 " + changed;
    return text;
}

void month_head(Html& html, const PageRequest& page) {
    const RowSet& rows = page.sheet.planned.empty() ? page.sheet.actual : page.sheet.planned;
    const FormRow& row = *rows.first();
    const Maybe person = first_of(page.sheet.person);
    begin_sheet(html, "第６表", "サービス利用票・提供票（兼居宅サービス計画）");
    html.raw("<span class=\"made\"><strong>")
        .text(japanese_month_heading(page.month))
        .raw("</strong>（")
        .text(std::string_view(page.month).substr(0, 4))
        .raw("年）　")
        .number(static_cast<std::int64_t>(page.page + 1))
        .raw("/")
        .number(static_cast<std::int64_t>(page.pages))
        .raw("</span></header><div class=\"badges\"><span class=\"badge\">");
    if (person.row()) choices(html, *person.row(), "cert_status");
    html.raw("</span></div><table class=\"form head6\"><tr>");
    head_cell(html, "保険者番号", page.request.user.insurer_no);
    html.th("", "フリガナ").td("", person.text("name_kana"));
    html.th("", "居宅介護支援<br>事業者番号").td("", row.text("planner_office_no"));
    head_cell(html, "作成年月日", japanese_date(row.text("created_date")));
    html.raw("</tr><tr>");
    head_cell(html, "被保険者番号", page.request.user.insured_no);
    html.th("", "被保険者氏名")
        .raw("<td class=\"name\">")
        .text(page.request.user.name())
        .raw("　様</td>");
    html.th("", "担当者名").td("", row.text("planner_name"));
    html.th("", "利用者確認").td("", "");
    html.raw("</tr><tr>");
    head_cell(html, "生年月日", japanese_date(person.text("birth_date")));
    head_cell(html, "性別", person.meaning("sex"));
    head_cell(html, "要介護状態区分", care_level_of(person));
    head_cell(html, "区分支給限度基準額", with_unit(person.text("limit_units"), " 単位/月"));
    html.raw("</tr><tr>");
    head_cell(html, "認定日", japanese_date(person.text("cert_date")));
    html.raw("<th>限度額適用期間</th><td colspan=\"3\">")
        .text(person.row() ? span_of(*person.row(), "limit_from", "limit_to") : std::string())
        .raw("</td>");
    head_cell(html, "前月までの<br>短期入所利用日数",
              with_unit(row.text("stay_days_to_prev_month"), " 日"));
    html.raw("</tr></table>");
}

Markup day_class(const std::optional<Month>& month, std::size_t day) {
    if (month && static_cast<int>(day) > month->days()) return " class=\"off\"";
    if (!month) return "";
    const int weekday = weekday_of(*month, static_cast<int>(day));
    return weekday == 5 ? Markup(" class=\"sa\"") : weekday == 6 ? Markup(" class=\"su\"") : "";
}

void grid_head(Html& html, const std::optional<Month>& month) {
    static constexpr Markup names[] = {"月", "火", "水", "木", "金", "土", "日"};
    html.raw("<table class=\"form grid6\"><colgroup><col class=\"time\"><col class=\"service\">"
             "<col class=\"office\"><col class=\"kind\">");
    for (std::size_t day = 1; day <= days_of_grid; ++day)
        html.raw("<col").raw(day_class(month, day)).raw(">");
    html.raw("<col class=\"sum\"></colgroup><thead><tr><th rowspan=\"2\">提供時間帯</th>"
             "<th rowspan=\"2\">サービス内容</th><th rowspan=\"2\">サービス事業者<br>事業所名</th>"
             "<th class=\"kind\">日付</th>");
    for (std::size_t day = 1; day <= days_of_grid; ++day)
        html.raw("<th")
            .raw(day_class(month, day))
            .raw(">")
            .number(static_cast<int>(day))
            .raw("</th>");
    html.raw("<th rowspan=\"2\">合計<br>回数</th></tr><tr><th class=\"kind\">曜日</th>");
    for (std::size_t day = 1; day <= days_of_grid; ++day) {
        html.raw("<th").raw(day_class(month, day)).raw(">");
        if (month && static_cast<int>(day) <= month->days())
            html.raw(names[weekday_of(*month, static_cast<int>(day))]);
        html.raw("</th>");
    }
    html.raw("</tr></thead><tbody>");
}

void count_line(Html& html, Markup kind, const DayCounts& counts,
                const std::bitset<days_of_grid>& prorated) {
    int total = 0;
    html.raw("<td class=\"kind\">").raw(kind).raw("</td>");
    for (std::size_t i = 0; i < days_of_grid; ++i) {
        html.raw("<td>");
        if (counts[i] != 0)
            html.number(counts[i]);
        else if (prorated[i])
            html.raw("・");
        html.raw("</td>");
        total += counts[i];
    }
    html.raw("<td class=\"sum\">");
    if (total != 0) html.number(total);
    html.raw("</td></tr>");
}

void band_lines(Html& html, const Edition& edition, const Band& band) {
    const std::string start = clock_time(band.start);
    const std::string end = clock_time(band.end);
    html.raw("<tr class=\"planned\"><td rowspan=\"2\" class=\"time\">")
        .text(start.empty() && end.empty() ? std::string() : start + "～\n" + end)
        .raw("</td><td rowspan=\"2\" class=\"service\">")
        .text(service_name(edition, band.code));
    if (!band.item.empty()) html.raw("<br>").text(band.item);
    html.raw("<small>").text(band.code);
    if (!band.units.empty()) html.raw(" ").text(grouped(band.units)).raw("単位");
    if (!band.item_code.empty()) html.raw(" ").text(band.item_code);
    if (band.over_30_days) html.raw(" 30日超");
    html.raw("</small></td><td rowspan=\"2\" class=\"office\">").text(band.office_name);
    html.raw("<small>").text(band.office_no);
    if (!band.satellite_no.empty()) html.raw(" 枝番").text(band.satellite_no);
    html.raw("</small></td>");
    count_line(html, "予定", band.planned, band.prorated);
    html.raw("<tr class=\"actual\">");
    count_line(html, "実績", band.actual, {});
}

/// The sheet has a fixed number of lines, as on paper.
void empty_bands(Html& html, std::size_t count) {
    static constexpr DayCounts nothing{};
    for (; count > 0; --count) {
        html.raw("<tr class=\"planned\"><td rowspan=\"2\"></td><td rowspan=\"2\"></td>"
                 "<td rowspan=\"2\"></td>");
        count_line(html, "予定", nothing, {});
        html.raw("<tr class=\"actual\">");
        count_line(html, "実績", nothing, {});
    }
}

} // namespace

void month_grid(Html& html, const SheetRequest& request, const std::string& month,
                const UserMonth& sheet) {
    if (sheet.planned.empty() && sheet.actual.empty()) return;
    Grid grid(month);
    grid.take(sheet.planned, &Band::planned);
    grid.take(sheet.actual, &Band::actual);
    const std::size_t outside = grid.outside();
    const std::vector<Band> bands = std::move(grid).bands();
    const FileName& source = (sheet.planned.empty() ? sheet.actual : sheet.planned).first()->name();
    const auto calendar = Month::parse(month);
    const std::size_t pages =
        std::max<std::size_t>(1, (bands.size() + bands_of_page - 1) / bands_of_page);
    for (std::size_t page = 0; page < pages && (page == 0 || !html.full()); ++page) {
        month_head(html, {request, month, sheet, page, pages});
        grid_head(html, calendar);
        const std::size_t end = std::min(bands.size(), (page + 1) * bands_of_page);
        bool has_prorated = false;
        for (std::size_t i = page * bands_of_page; i < end; ++i) {
            band_lines(html, *source.edition, bands[i]);
            has_prorated = has_prorated || bands[i].prorated.any();
        }
        empty_bands(html, bands_of_page - (end - page * bands_of_page));
        html.raw("</tbody></table>");
        if (has_prorated) html.raw("<p class=\"notes\">・は日割対象日です。</p>");
        if (outside != 0)
            html.raw("<p class=\"cut\">対象年月の外の日付の記録が ")
                .number(static_cast<std::int64_t>(outside))
                .raw(" 件あります（表には載りません）。</p>");
        if (page + 1 < pages && html.full()) cut_note(html, request.lang);
        end_sheet(html, source);
    }
}

} // namespace cpg::forms
