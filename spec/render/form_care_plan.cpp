// 居宅サービス計画書: 第1表, 第2表, 第3表.
#include "spec/render/form_sheets.hpp"
#include "spec/render/form_words.hpp"

#include <algorithm>
#include <array>

namespace cpg::forms {

namespace {

std::string joined(std::initializer_list<std::string> parts) {
    std::string out;
    for (const std::string& part : parts)
        if (!part.empty()) out += (out.empty() ? "" : " ") + part;
    return out;
}

void box(Html& html, Markup label, std::string_view text) {
    html.raw("<tr><th class=\"side\">")
        .raw(label)
        .raw("</th><td class=\"long\">")
        .text(text)
        .raw("</td></tr>");
}

/// Name of the user and day of the plan, as the sheets after the first repeat them.
void plan_head(Html& html, const CarePlan& plan, const FormRow& row) {
    html.raw("<span class=\"made\">作成年月日　")
        .text(japanese_date(row.text("created_date")))
        .raw("</span></header><div class=\"line\">");
    entry(html, "wide", "利用者名", first_of(plan.person).text("name"));
    html.raw("<span class=\"dono\">殿</span>");
    entry(html, "", "保険者番号", row.text("insurer_no"));
    entry(html, "", "被保険者番号", row.text("insured_no"));
    entry(html, "", "居宅サービス計画作成（変更）日", japanese_date(row.text("plan_date")));
    html.raw("</div>");
}

} // namespace

void care_plan_1(Html& html, const CarePlan& plan) {
    if (plan.table1.empty()) return;
    const FormRow& row = *plan.table1.first();
    const Maybe person = first_of(plan.person);
    begin_sheet(html, "第１表", "居宅サービス計画書（１）");
    html.raw("<span class=\"made\">作成年月日　")
        .text(japanese_date(row.text("created_date")))
        .raw("</span></header><div class=\"badges\"><span class=\"badge\">");
    choices(html, row, "plan_class");
    html.raw("</span><span class=\"badge\">");
    choices(html, row, "cert_status");
    html.raw("</span></div><div class=\"line\">");
    entry(html, "wide", "利用者名", person.text("name"));
    html.raw("<span class=\"dono\">殿</span>");
    entry(html, "", "生年月日", japanese_date(person.text("birth_date")));
    entry(html, "wide", "住所",
          joined({row.text("postal_code"), row.text("address1"), row.text("address2")}));
    html.raw("</div><div class=\"line\">");
    entry(html, "wide", "居宅サービス計画作成者氏名", row.text("planner_name"));
    entry(html, "", "保険者番号", row.text("insurer_no"));
    entry(html, "", "被保険者番号", row.text("insured_no"));
    html.raw("</div><div class=\"line\">");
    entry(html, "wide", "居宅介護支援事業者・事業所名及び所在地",
          joined({row.text("planner_office_name"), "（" + row.text("planner_office_no") + "）",
                  row.text("planner_postal_code"), row.text("planner_address1"),
                  row.text("planner_address2")}));
    html.raw("</div><div class=\"line\">");
    entry(html, "wide", "居宅サービス計画作成（変更）日", japanese_date(row.text("plan_date")));
    entry(html, "wide", "初回居宅サービス計画作成日", japanese_date(row.text("first_plan_date")));
    html.raw("</div><div class=\"line\">");
    entry(html, "wide", "認定日", japanese_date(row.text("cert_date")));
    entry(html, "wide", "認定の有効期間", span_of(row, "cert_from", "cert_to"));
    html.raw("</div><table class=\"form plan1\"><tr><th class=\"side\">要介護状態区分</th><td>");
    choices(html, row, "care_level");
    html.raw("</td></tr>");
    box(html, "利用者及び家族の<br>生活に対する意向を<br>踏まえた課題分析の結果",
        row.text("intention_analysis"));
    box(html, "介護認定審査会の<br>意見及びサービスの<br>種類の指定",
        row.text("committee_opinion"));
    box(html, "総合的な援助の方針", row.text("overall_policy"));
    html.raw("<tr><th class=\"side\">生活援助中心型の<br>算定理由</th><td>");
    choices(html, row, "housework_reason");
    html.raw("　（").text(row.text("housework_reason_other")).raw("）</td></tr></table>");
    end_sheet(html, row.name());
}

namespace {

/// The 課題 and 目標 that stand above: a row goes on with them when it has the same, or prints them
/// blank under the same number (第2表, data example of the standard).
class Above {
  public:
    struct Continues {
        bool need = false, goal = false;
    };
    Continues take(const FormRow& row) {
        const std::string need = row.text("need");
        const std::string goal = row.text("long_goal") + '\n' + row.text("short_goal");
        Continues out;
        out.need = goes_on(need_, row.text("need_no"), need, need.empty());
        if (!out.need) goal_ = {};
        out.goal = goes_on(goal_, row.text("goal_no"), goal, goal == "\n");
        return out;
    }

  private:
    struct Shown {
        std::string no, text;
        bool any = false;
    };
    static bool goes_on(Shown& shown, const std::string& no, const std::string& text, bool blank) {
        const bool same_no = no.empty() || no == shown.no;
        if (shown.any && same_no && (blank || text == shown.text)) return true;
        shown = {no, text, true};
        return false;
    }
    Shown need_, goal_;
};

void plan2_cell(Html& html, bool continued, std::string_view text) {
    html.raw(continued ? Markup("<td class=\"on\">") : Markup("<td>"))
        .text(continued ? std::string_view() : text)
        .raw("</td>");
}

void plan2_row(Html& html, Above& above, const FormRow& row) {
    const Above::Continues same = above.take(row);
    html.raw("<tr>");
    plan2_cell(html, same.need, row.text("need"));
    plan2_cell(html, same.goal, row.text("long_goal"));
    plan2_cell(html, same.goal, row.text("long_period"));
    plan2_cell(html, same.goal, row.text("short_goal"));
    plan2_cell(html, same.goal, row.text("short_period"));
    html.td("", row.text("service_content"));
    const std::string target = row.text("insurance_target");
    html.td(" class=\"c\"", target == "Y" ? "○" : target == "N" ? "" : target);
    html.td("", row.text("service_kind"));
    html.raw("<td>")
        .text(row.text("service_office_name"))
        .raw("<small>")
        .text(row.text("service_office_no"))
        .raw("</small></td>");
    html.td("", row.text("frequency")).td("", row.text("period")).raw("</tr>");
}

} // namespace

void care_plan_2(Html& html, const SheetRequest& request, const CarePlan& plan) {
    if (plan.table2.empty()) return;
    const auto& rows = plan.table2.rows();
    begin_sheet(html, "第２表", "居宅サービス計画書（２）");
    plan_head(html, plan, rows.front());
    html.raw("<table class=\"form plan2\"><colgroup><col class=\"need\"><col><col class=\"term\">"
             "<col><col class=\"term\"><col class=\"content\"><col class=\"mark\"><col><col>"
             "<col class=\"rate\"><col class=\"term\"></colgroup><thead><tr>"
             "<th rowspan=\"2\">生活全般の解決すべき<br>課題（ニーズ）</th>"
             "<th colspan=\"4\">目標</th><th colspan=\"6\">援助内容</th></tr><tr>"
             "<th>長期目標</th><th>（期間）</th><th>短期目標</th><th>（期間）</th>"
             "<th>サービス内容</th><th>※1</th><th>サービス種別</th><th>※2</th><th>頻度</th>"
             "<th>期間</th></tr></thead><tbody>");
    Above above;
    for (const FormRow& row : rows) {
        if (html.full()) break;
        plan2_row(html, above, row);
    }
    html.raw("<tr class=\"fill\"><td></td><td></td><td></td><td></td><td></td><td></td><td></td>"
             "<td></td><td></td><td></td><td></td></tr></tbody></table><p class=\"notes\">"
             "※1「保険給付の対象となるかどうかの区分」について、保険給付対象内サービスについては○印"
             "を付す。<br>"
             "※2「当該サービス提供を行う事業所」について記入する。</p>");
    if (html.full()) cut_note(html, request.lang);
    end_sheet(html, rows.front().name());
}

namespace {

// --- 第3表: the week as a grid of quarters of an hour, from four in the morning ---

constexpr int slot_minutes = 15;
static_assert(slots_of_day * slot_minutes == 24 * 60);
constexpr int first_minute = 4 * 60;   // the official sheet begins at 4:00
constexpr int shortest_slots = 2;      // half an hour: what a line of text needs
constexpr std::size_t line_bytes = 30; // of a block a day wide: ten full-width characters

struct Block {
    int from = 0, to = 0; // slots from 4:00
    int lane = 0;
    std::string time, text;
};

constexpr Markup day_names[] = {"月", "火", "水", "木", "金", "土", "日"};

std::optional<Block> block_of(const std::string& start, const std::string& end, std::string text) {
    const int from = minutes_of(start);
    if (from < 0) return std::nullopt;
    int to = minutes_of(end);
    if (to < 0) to = from;
    if (to < from) to += 24 * 60; // past midnight
    Block block;
    block.from = ((from - first_minute + 24 * 60) % (24 * 60)) / slot_minutes;
    const int slots = (to - from + slot_minutes - 1) / slot_minutes;
    block.to = std::min(block.from + std::max(slots, shortest_slots), slots_of_day);
    block.time = clock_time(start) + "-" + clock_time(end);
    block.text = std::move(text);
    return block;
}

void assign_lanes(std::vector<Block>& blocks) {
    std::stable_sort(blocks.begin(), blocks.end(),
                     [](const Block& left, const Block& right) { return left.from < right.from; });
    std::array<int, most_lanes> busy_until{};
    for (Block& block : blocks) {
        const auto free = std::find_if(busy_until.begin(), busy_until.end(),
                                       [&](int until) { return until <= block.from; });
        const auto lane =
            free == busy_until.end()
                ? std::min_element(busy_until.begin(), busy_until.end()) - busy_until.begin()
                : free - busy_until.begin();
        block.lane = static_cast<int>(lane);
        busy_until[static_cast<std::size_t>(lane)] = block.to;
    }
}

void day_column(Html& html, Markup head, const std::vector<Block>& blocks) {
    html.raw("<div class=\"day\"><h3>").raw(head).raw("</h3><div class=\"slots\">");
    for (const Block& block : blocks) {
        if (html.full()) break;
        html.raw("<div class=\"block t")
            .number(block.from)
            .raw(" n")
            .number(block.to - block.from)
            .raw(" k")
            .number(block.lane)
            .raw("\"><small>")
            .text(block.time)
            .raw("</small> ")
            .text(block.text)
            .raw("</div>");
    }
    html.raw("</div></div>");
}

void time_axis(Html& html) {
    struct Part {
        int from;
        Markup label;
    };
    static constexpr Part parts[] = {{4, "深夜"},  {6, "早朝"},  {8, "午前"},
                                     {12, "午後"}, {18, "夜間"}, {22, "深夜"}};
    html.raw("<div class=\"day axis\"><h3></h3><div class=\"slots\">");
    for (std::size_t i = 0; i < std::size(parts); ++i) {
        const int to = i + 1 < std::size(parts) ? parts[i + 1].from : 28;
        html.raw("<div class=\"part t")
            .number((parts[i].from - 4) * 4)
            .raw(" n")
            .number((to - parts[i].from) * 4)
            .raw("\">")
            .raw(parts[i].label)
            .raw("</div>");
    }
    for (int hour = 4; hour < 28; hour += 2)
        html.raw("<div class=\"hour t")
            .number((hour - 4) * 4)
            .raw("\">")
            .number(hour >= 24 ? hour - 24 : hour)
            .raw(":00</div>");
    html.raw("</div></div>");
}

/// Whether the text may be cut off at the block's edge. The time takes the better part of a line.
bool overflows(const Block& block) {
    const auto lines = static_cast<std::size_t>((block.to - block.from) / shortest_slots);
    const bool narrow = block.lane > 0;
    return block.time.size() + block.text.size() > lines * (narrow ? line_bytes / 2 : line_bytes);
}

/// What a record of 第3表 carries; a vendor may put more than one kind into a record.
struct Week {
    std::array<std::vector<Block>, 7> services;
    std::vector<Block> activities;
    std::vector<std::string> others, activities_without_time;

    void take(const FormRow& row) {
        if (auto text = row.text("service_content"); !text.empty()) take_service(row, text);
        if (auto text = row.text("activity"); !text.empty()) {
            if (auto block = block_of(row.text("activity_start"), row.text("activity_end"), text))
                activities.push_back(std::move(*block));
            else
                activities_without_time.push_back(std::move(text));
        }
        if (auto text = row.text("non_weekly_service"); !text.empty())
            others.push_back(std::move(text));
    }

    /// A service without a weekday or a time has no place in the grid.
    void take_service(const FormRow& row, const std::string& text) {
        const std::string day = row.text("weekday");
        auto block = block_of(row.text("service_start"), row.text("service_end"), text);
        if (block && day.size() == 1 && day[0] >= '1' && day[0] <= '7')
            services[static_cast<std::size_t>(day[0] - '1')].push_back(std::move(*block));
        else
            others.push_back(joined({row.meaning("weekday"), clock_time(row.text("service_start")),
                                     clock_time(row.text("service_end")), text}));
    }
};

/// Whatever a block cannot hold is printed below the grid.
std::vector<std::string> overflowing(Week& week) {
    std::vector<std::string> texts;
    const auto add = [&](std::string_view day, std::vector<Block>& blocks) {
        assign_lanes(blocks);
        for (const Block& block : blocks)
            if (overflows(block))
                texts.push_back(joined({std::string(day), block.time, block.text}));
    };
    for (std::size_t day = 0; day < week.services.size(); ++day)
        add(day_names[day].view(), week.services[day]);
    add({}, week.activities);
    return texts;
}

void text_list(Html& html, Markup label, const std::vector<std::string>& texts) {
    html.raw("<tr><th class=\"side\">").raw(label).raw("</th><td class=\"long\">");
    for (const std::string& text : texts) {
        if (html.full()) break;
        html.raw("<div>").text(text).raw("</div>");
    }
    html.raw("</td></tr>");
}

} // namespace

void care_plan_3(Html& html, const SheetRequest& request, const CarePlan& plan) {
    if (plan.table3.empty()) return;
    const auto& rows = plan.table3.rows();
    Week week;
    for (const FormRow& row : rows) week.take(row);
    const std::vector<std::string> overflow = overflowing(week);
    begin_sheet(html, "第３表", "週間サービス計画表");
    plan_head(html, plan, rows.front());
    html.raw("<div class=\"week\">");
    time_axis(html);
    for (std::size_t day = 0; day < week.services.size(); ++day)
        day_column(html, day_names[day], week.services[day]);
    day_column(html, "主な日常生活上の活動", week.activities);
    html.raw("</div><table class=\"form\">");
    text_list(html, "週単位以外<br>のサービス", week.others);
    if (!week.activities_without_time.empty())
        text_list(html, "主な日常生活上の活動<br>（時刻なし）", week.activities_without_time);
    if (!overflow.empty()) text_list(html, "枠に収まらない<br>内容の全文", overflow);
    html.raw("</table>");
    if (html.full()) cut_note(html, request.lang);
    end_sheet(html, rows.front().name());
}

} // namespace cpg::forms
