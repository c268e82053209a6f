// サービス利用票別表・提供票別表 第7表: limits and what the user pays.
#include "spec/render/form_sheets.hpp"
#include "spec/render/form_words.hpp"

#include <algorithm>

namespace cpg::forms {

namespace {

constexpr std::size_t rows_of_page = 22;   // what fits above the two small tables on A4 landscape
constexpr std::size_t lines_of_sheet = 18; // printed even when empty
constexpr int type_limit_slots = 9;        // 種類別限度額 of 利用者補足情報

enum class RowKind { detail, subtotal, grand_total };

RowKind kind_of(std::string_view code) {
    if (code == "999999") return RowKind::grand_total;
    const std::string_view item = code.substr(std::min<std::size_t>(2, code.size()));
    const bool total = item == "AAAA" || item == "EEEE" || item == "ZZZZ";
    return total ? RowKind::subtotal : RowKind::detail;
}

constexpr std::string_view amount_columns[] = {
    "units",
    "discount_rate",
    "discounted_units",
    "count",
    "service_units",
    "managed_units",
    "over_type_limit_units",
    "in_type_limit_units",
    "over_limit_units",
    "in_limit_units",
    "unit_price",
    "total_cost",
    "benefit_rate",
    "insurance_claim",
    "fixed_copay_unit",
    "copay_insured",
    "copay_full",
};

void limit_head(Html& html, const SheetRequest& request, const std::string& month,
                const FormRow& row, std::size_t page, std::size_t pages) {
    begin_sheet(html, "第７表", "サービス利用票別表・提供票別表");
    html.raw("<span class=\"made\"><strong>")
        .text(japanese_month_heading(month))
        .raw("</strong>（")
        .text(std::string_view(month).substr(0, 4))
        .raw("年）　")
        .number(static_cast<std::int64_t>(page + 1))
        .raw("/")
        .number(static_cast<std::int64_t>(pages))
        .raw("</span></header><div class=\"line\">");
    entry(html, "", "保険者番号", request.user.insurer_no);
    entry(html, "", "被保険者番号", request.user.insured_no);
    entry(html, "wide", "利用者氏名", request.user.name());
    html.raw("<span class=\"dono\">様</span>");
    entry(html, "", "作成年月日", japanese_date(row.text("created_date")));
    html.raw("</div><h2>区分支給限度管理・利用者負担計算</h2>"
             "<table class=\"form grid7\"><thead><tr>"
             "<th rowspan=\"2\" class=\"office\">事業所名</th>"
             "<th rowspan=\"2\" class=\"number\">事業所番号</th>"
             "<th rowspan=\"2\" class=\"service\">サービス内容／種類</th>"
             "<th rowspan=\"2\" class=\"code\">サービス<br>コード</th>"
             "<th rowspan=\"2\">単位数</th><th colspan=\"2\">割引後</th>"
             "<th rowspan=\"2\">回数</th><th rowspan=\"2\">サービス<br>単位／金額</th>"
             "<th rowspan=\"2\">給付管理<br>単位数</th><th colspan=\"2\">種類支給限度基準</th>"
             "<th colspan=\"2\">区分支給限度基準</th><th rowspan=\"2\">単位数<br>単価</th>"
             "<th rowspan=\"2\">費用総額<br>保険／事業<br>対象分</th><th "
             "rowspan=\"2\">給付率<br>（％）</th>"
             "<th rowspan=\"2\">保険／事業<br>費請求額</th><th "
             "rowspan=\"2\">定額利用者<br>負担単価<br>金額</th>"
             "<th rowspan=\"2\">利用者負担<br>保険／事業<br>対象分</th>"
             "<th rowspan=\"2\">利用者負担<br>全額<br>負担分</th></tr><tr>"
             "<th>率％</th><th>単位数</th><th>超える<br>単位数</th><th>内<br>単位数</th>"
             "<th>超える<br>単位数</th><th>内<br>単位数</th></tr></thead><tbody>");
}

void amounts(Html& html, const FormRow& row) {
    for (const std::string_view key : amount_columns)
        html.td(" class=\"n\"", grouped(row.text(key)));
    html.raw("</tr>");
}

void subtotal_row(Html& html, const FormRow& row, const std::string& code) {
    const std::string_view item = std::string_view(code).substr(2);
    html.raw("<tr class=\"subtotal\"><td>").text(row.text("service_office_name"));
    html.raw("</td>").td("", row.text("service_office_no"));
    html.raw("<td>（")
        .text(service_name(row.edition(), code))
        .raw(item == "EEEE"   ? Markup(" 区分支給対象外小計）")
             : item == "ZZZZ" ? Markup(" 30日超過分小計）")
                              : Markup(" 小計）"))
        .raw("</td>");
    html.td(" class=\"c\"", code);
    amounts(html, row);
}

void detail_row(Html& html, const FormRow& row, const std::string& code) {
    html.raw("<tr><td>").text(row.text("service_office_name"));
    if (auto satellite = row.text("satellite_no"); !satellite.empty())
        html.raw(" 枝番").text(satellite);
    html.raw("</td>").td("", row.text("service_office_no"));
    html.raw("<td>").text(service_name(row.edition(), code));
    if (auto item = row.text("item_name"); !item.empty()) html.raw(" ").text(item);
    if (row.text("over_30_days") == "1") html.raw(" 30日超");
    html.raw("</td>").td(" class=\"c\"", code);
    amounts(html, row);
}

void limit_row(Html& html, const FormRow& row) {
    const std::string code = row.text("service_code");
    switch (kind_of(code)) {
    case RowKind::grand_total:
        html.raw("<tr class=\"total\"><td colspan=\"4\" class=\"c\">合　計</td>");
        return amounts(html, row);
    case RowKind::subtotal:
        return subtotal_row(html, row, code);
    case RowKind::detail:
        return detail_row(html, row, code);
    }
}

void type_limits(Html& html, const Maybe& person) {
    html.raw("<div class=\"half\"><h2>種類別支給限度管理</h2><table class=\"form\"><tr>"
             "<th>サービス種類</th><th>種類支給限度<br>基準額（単位）</th><th>合計単位数</th>"
             "<th>種類支給限度基準<br>を超える単位数</th></tr>");
    for (int slot = 1; slot <= type_limit_slots; ++slot) {
        const std::string prefix = "slot" + std::to_string(slot) + "_";
        const std::string type = person.text(prefix + "service_type");
        if (type.empty() && slot > 3) continue; // three lines are always there, as on paper
        const std::string name =
            person.row() ? service_name(person.row()->edition(), type) : std::string();
        html.raw("<tr>")
            .td("", name.empty() ? type : name)
            .td(" class=\"n\"", grouped(person.text(prefix + "limit_units")))
            .td(" class=\"n\"", grouped(person.text(prefix + "total_units")))
            .td(" class=\"n\"", grouped(person.text(prefix + "over_units")))
            .raw("</tr>");
    }
    html.raw("<tr class=\"total\"><td colspan=\"3\" class=\"c\">合　計</td>")
        .td(" class=\"n\"", grouped(person.text("total_over_units")))
        .raw("</tr></table></div>");
}

/// The first value of an item among the rows: days of a stay stand on the rows of the stay only.
std::string first_value(const std::vector<FormRow>& rows, std::string_view key) {
    for (const FormRow& row : rows)
        if (auto text = row.text(key); !text.empty()) return grouped(text);
    return {};
}

void stay_days(Html& html, const std::vector<FormRow>& rows) {
    html.raw("<div class=\"half\"><h2>要介護認定期間中の短期入所利用日数</h2>"
             "<table class=\"form\"><tr><th>前月までの利用日数</th><th>当月の計画利用日数</th>"
             "<th>累積利用日数</th></tr><tr>")
        .td(" class=\"n\"", first_value(rows, "days_to_prev_month"))
        .td(" class=\"n\"", first_value(rows, "days_this_month"))
        .td(" class=\"n\"", first_value(rows, "days_total"))
        .raw("</tr></table></div>");
}

/// 全合計 is the last line of the sheet, wherever the file has it.
struct SheetRows {
    std::vector<FormRow> rows, totals;
};
SheetRows in_sheet_order(const RowSet& limits) {
    SheetRows out;
    for (const FormRow& row : limits.rows()) {
        const bool total = kind_of(row.text("service_code")) == RowKind::grand_total;
        (total ? out.totals : out.rows).push_back(row);
    }
    return out;
}

void empty_rows(Html& html, std::size_t used) {
    for (std::size_t row = used; row < lines_of_sheet; ++row) {
        html.raw("<tr><td></td><td></td><td></td><td></td>");
        for (std::size_t i = 0; i < std::size(amount_columns); ++i) html.raw("<td></td>");
        html.raw("</tr>");
    }
}

} // namespace

void limit_sheet(Html& html, const SheetRequest& request, const std::string& month,
                 const UserMonth& sheet) {
    if (sheet.limits.empty()) return;
    const FormRow& first = *sheet.limits.first();
    const auto [rows, totals] = in_sheet_order(sheet.limits);
    const std::size_t pages =
        std::max<std::size_t>(1, (rows.size() + rows_of_page - 1) / rows_of_page);
    for (std::size_t page = 0; page < pages && (page == 0 || !html.full()); ++page) {
        limit_head(html, request, month, first, page, pages);
        const std::size_t end = std::min(rows.size(), (page + 1) * rows_of_page);
        for (std::size_t i = page * rows_of_page; i < end; ++i) limit_row(html, rows[i]);
        empty_rows(html, end - page * rows_of_page);
        if (page + 1 == pages)
            for (const FormRow& row : totals) limit_row(html, row);
        html.raw("</tbody></table>");
        if (page + 1 == pages) {
            html.raw("<div class=\"halves\">");
            type_limits(html, first_of(sheet.person));
            stay_days(html, sheet.limits.rows());
            html.raw("</div>");
        } else if (html.full()) {
            cut_note(html, request.lang);
        }
        end_sheet(html, first.name());
    }
}

} // namespace cpg::forms
