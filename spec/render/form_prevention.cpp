// 介護予防: 利用者基本情報 and 介護予防サービス・支援計画書.
#include "spec/render/form_sheets.hpp"
#include "spec/render/form_words.hpp"

namespace cpg::forms {

namespace {

void row_of(Html& html, Markup label, std::string_view value) {
    html.raw("<tr>").th(" class=\"side\"", label).td(" class=\"long\"", value).raw("</tr>");
}

struct Flag {
    const char* key;
    Markup label;
};

/// Flags of 1 and 0 as a list with the set ones circled.
template<std::size_t N> void flags(Html& html, const FormRow& row, const Flag (&list)[N]) {
    html.raw("<span class=\"choices\">");
    for (std::size_t i = 0; i < N; ++i) {
        const bool on = row.text(list[i].key) == "1";
        if (i != 0) html.raw("・");
        html.raw(on ? Markup("<b>") : Markup("<i>"))
            .raw(list[i].label)
            .raw(on ? Markup("</b>") : Markup("</i>"));
    }
    html.raw("</span>");
}

std::string contact(const FormRow& row, const std::string& prefix, std::string_view key) {
    return row.text(prefix + "_" + std::string(key));
}

void kihon_person(Html& html, const FormRow& row) {
    html.raw("<h2>《基本情報》</h2><table class=\"form\">");
    row_of(html, "作成担当者", row.text("author"));
    html.raw("<tr><th class=\"side\">相談日</th><td>")
        .text(japanese_date(row.text("consult_date")))
        .raw("　");
    choices(html, row, "consult_method");
    html.raw("（").text(row.text("consult_method_other")).raw("）　");
    choices(html, row, "consult_times");
    if (auto before = japanese_date(row.text("prev_consult_date")); !before.empty())
        html.raw("（前回 ").text(before).raw("）");
    html.raw("</td></tr><tr><th class=\"side\">本人の現況</th><td>");
    choices(html, row, "situation");
    html.raw("（").text(row.text("situation_note")).raw("）</td></tr>");
    html.raw("<tr><th class=\"side\">フリガナ<br>本人氏名</th><td><small>")
        .text(row.text("name_kana"))
        .raw("</small><span class=\"name\">")
        .text(row.text("name"))
        .raw("</span>　");
    choices(html, row, "sex");
    html.raw("　").text(japanese_date(row.text("birth_date"))).raw("生</td></tr>");
    html.raw("<tr><th class=\"side\">住所</th><td>")
        .text(row.text("address"))
        .raw("<br>Tel ")
        .text(row.text("phone"))
        .raw("　Fax ")
        .text(row.text("fax"))
        .raw("</td></tr><tr><th class=\"side\">日常生活<br>自立度</th><td>障害高齢者　");
    choices(html, row, "adl_level");
    html.raw("<br>認知症高齢者　");
    choices(html, row, "dementia_level");
    html.raw("</td></tr><tr><th class=\"side\">認定・<br>総合事業<br>情報</th><td>");
    choices(html, row, "care_level");
    html.raw("<br>有効期限　")
        .text(span_of(row, "cert_from", "cert_to"))
        .raw("　前回の介護度　")
        .text(row.meaning("prev_care_level"))
        .raw("<br>基本チェックリスト記入結果　");
    choices(html, row, "checklist_result");
    html.raw("　記入日　").text(japanese_date(row.text("checklist_date"))).raw("</td></tr>");
}

void kihon_life(Html& html, const FormRow& row) {
    static constexpr Flag disabilities[] = {{"dis_physical", "身障"},
                                            {"dis_intellectual", "療育"},
                                            {"dis_mental", "精神"},
                                            {"dis_intractable", "難病"}};
    static constexpr Flag incomes[] = {{"econ_kokumin", "国民年金"},
                                       {"econ_kosei", "厚生年金"},
                                       {"econ_shogai", "障害年金"},
                                       {"econ_seiho", "生活保護"}};
    html.raw("<tr><th class=\"side\">障害等認定</th><td>");
    flags(html, row, disabilities);
    html.raw("　").text(row.text("dis_note"));
    html.raw("</td></tr><tr><th class=\"side\">本人の<br>住居環境</th><td>");
    choices(html, row, "residence");
    html.raw("<br>自室 ").text(row.text("floor")).raw(" 階　住宅改修の有無 ");
    choices(html, row, "house_reform");
    html.raw("</td></tr><tr><th class=\"side\">経済状況</th><td>");
    flags(html, row, incomes);
    html.raw("　").text(row.text("econ_note"));
    html.raw("</td></tr><tr><th class=\"side\">来所者<br>（相談者）</th><td>")
        .text(row.text("visitor_name"))
        .raw("　続柄 ")
        .text(row.text("visitor_relation"))
        .raw("<br>")
        .text(row.text("visitor_address"))
        .raw("　Tel ")
        .text(row.text("visitor_phone"))
        .raw("</td></tr></table><table class=\"form\"><tr><th rowspan=\"5\" "
             "class=\"side\">緊急<br>連絡先</th>"
             "<th>氏名</th><th>続柄</th><th>住所</th><th>連絡先</th></tr>");
    for (const char* prefix : {"emergency1", "emergency2", "emergency3", "emergency4"})
        html.raw("<tr>")
            .td("", contact(row, prefix, "name"))
            .td("", contact(row, prefix, "relation"))
            .td("", contact(row, prefix, "address"))
            .td("", contact(row, prefix, "phone"))
            .raw("</tr>");
    html.raw("</table>");
}

bool is_jpeg(BytesView bytes) {
    return bytes.starts_with("\xFF\xD8\xFF");
}

void family_image(Html& html, const SheetRequest& request, const std::string& name) {
    if (name.empty()) return;
    const Image* const image = request.data.image(name);
    const bool shown = image && is_jpeg(image->bytes) &&
                       image->bytes.size() <= request.max_image_bytes &&
                       image->bytes.size() <= request.image_bytes_left;
    if (!shown) {
        html.raw("<div class=\"picture\">画像 ").text(name).raw("</div>");
        return;
    }
    request.image_bytes_left -= image->bytes.size();
    html.raw("<div class=\"picture\"><img alt=\"家族構成\" src=\"data:image/jpeg;base64,")
        .base64(image->bytes)
        .raw("\"></div>");
}

void kihon_day(Html& html, const RowSet& hours) {
    html.raw("<table class=\"form\"><tr><th class=\"hour\">時間</th><th>本人</th>"
             "<th>介護者・家族</th></tr>");
    if (!hours.empty())
        for (const FormRow& row : hours.rows()) {
            if (html.full()) break;
            html.raw("<tr>")
                .td("", row.text("time"))
                .td("", row.text("user_life"))
                .td("", row.text("family_life"))
                .raw("</tr>");
        }
    html.raw("</table>");
}

void kihon_illnesses(Html& html, const RowSet& illnesses) {
    html.raw("<h2>《現病歴・既往歴と経過》</h2><table class=\"form\"><tr><th>年月日</th>"
             "<th>病名</th><th>医療機関・医師名</th><th>主治医・<br>意見作成者</th><th>連絡先</"
             "th><th>経過</th>"
             "<th>治療中の場合は内容</th></tr>");
    if (!illnesses.empty())
        for (const FormRow& row : illnesses.rows()) {
            if (html.full()) break;
            html.raw("<tr>")
                .td("", row.text("when"))
                .td("", row.text("disease"))
                .td("", row.text("doctor"))
                .td("", row.meaning("doctor_flag"))
                .td("", row.text("doctor_phone"))
                .td("", row.meaning("course"))
                .td("", row.text("treatment"))
                .raw("</tr>");
        }
    html.raw("</table>");
}

} // namespace

void basic_information(Html& html, const SheetRequest& request, const BasicInformation& sheet) {
    if (sheet.main.empty()) return;
    const FormRow& row = *sheet.main.first();
    begin_sheet(html, "様式", "利用者基本情報");
    html.raw("<span class=\"made\">保険者番号 ")
        .text(request.user.insurer_no)
        .raw("　被保険者番号 ")
        .text(request.user.insured_no)
        .raw("</span></header><div class=\"badges\"><span class=\"badge\">");
    choices(html, row, "plan_kind");
    html.raw("</span><span class=\"badge\">");
    choices(html, row, "entrusted");
    html.raw("</span></div><div class=\"columns\"><div>");
    kihon_person(html, row);
    kihon_life(html, row);
    html.raw("<table class=\"form\"><tr><th class=\"side\">家族構成・<br>家族関係等<br>の状況</th>"
             "<td class=\"long\">");
    family_image(html, request, row.text("family_image"));
    html.text(row.text("family_note"))
        .raw(
            "</td></tr></table></div><div><h2>《介護予防に関する事項》</h2><table class=\"form\">");
    row_of(html, "今までの生活", row.text("life_history"));
    row_of(html, "１日の生活・<br>すごし方", row.text("daily_life"));
    row_of(html, "趣味・楽しみ<br>・特技", row.text("hobby"));
    row_of(html, "友人・地域<br>との関係", row.text("community"));
    html.raw("</table>");
    kihon_day(html, sheet.hours);
    kihon_illnesses(html, sheet.illnesses);
    html.raw("<h2>《現在利用しているサービス》</h2><table class=\"form\">");
    row_of(html, "公的サービス", row.text("public_services"));
    row_of(html, "非公的サービス", row.text("private_services"));
    html.raw("</table><p class=\"consent\">同意日　")
        .text(japanese_date(row.text("consent_date")))
        .raw("　　氏名　")
        .text(row.text("consent_name"))
        .raw("</p></div></div>");
    if (html.full()) cut_note(html, request.lang);
    end_sheet(html, row.name());
}

namespace {

struct Area {
    Markup label;
    const char *status, *wish, *issue, *reason;
};
constexpr Area areas[] = {
    {"運動・移動について", "move_status", "move_wish", "move_issue", "move_reason"},
    {"日常生活（家庭生活）について", "home_status", "home_wish", "home_issue", "home_reason"},
    {"社会参加、対人関係・<br>コミュニケーションについて", "social_status", "social_wish",
     "social_issue", "social_reason"},
    {"健康管理について", "health_status", "health_wish", "health_issue", "health_reason"},
};

struct Check {
    Markup label;
    const char *count, *program;
    Markup of; // number of questions of 基本チェックリスト
};
constexpr Check checks[] = {
    {"運動不足", "check_exercise", "program_exercise", "/5"},
    {"栄養改善", "check_nutrition", "program_nutrition", "/2"},
    {"口腔内ケア", "check_oral", "program_oral", "/3"},
    {"閉じこもり予防", "check_homebound", "program_homebound", "/2"},
    {"物忘れ予防", "check_memory", "program_memory", "/3"},
    {"うつ予防", "check_depression", "program_depression", "/5"},
};

void prevention_head(Html& html, const SheetRequest& request, const FormRow& row) {
    begin_sheet(html, "様式", "介護予防サービス・支援計画書");
    html.raw("<span class=\"made\">No. ")
        .text(row.text("ref_no"))
        .raw("</span></header><div class=\"badges\"><span class=\"badge\">");
    choices(html, row, "plan_class");
    html.raw("</span><span class=\"badge\">");
    choices(html, row, "cert_status");
    html.raw("</span><span class=\"badge\">");
    choices(html, row, "support_level");
    html.raw("</span><span class=\"badge\">");
    choices(html, row, "plan_kind");
    html.raw("</span><span class=\"badge\">");
    choices(html, row, "entrusted");
    html.raw("</span></div><div class=\"line\">");
    entry(html, "wide", "利用者名", row.text("name"));
    html.raw("<span class=\"dono\">様</span>");
    entry(html, "", "保険者番号", request.user.insurer_no);
    entry(html, "", "被保険者番号", request.user.insured_no);
    entry(html, "", "認定年月日", japanese_date(row.text("cert_date")));
    entry(html, "", "有効期間", span_of(row, "cert_from", "cert_to"));
    html.raw("</div><div class=\"line\">");
    entry(html, "", "計画作成者氏名",
          row.text("center_author") + (row.text("cm_author").empty() ? "" : "／") +
              row.text("cm_author"));
    entry(html, "wide", "計画作成者事業者・事業所名及び所在地（連絡先）",
          row.text("author_office") + " " + row.text("author_office_address") + " " +
              row.text("author_office_phone"));
    html.raw("</div><div class=\"line\">");
    entry(html, "", "計画作成（変更）日", japanese_date(row.text("plan_date")));
    entry(html, "", "初回作成日", japanese_date(row.text("first_plan_date")));
    entry(html, "wide", "担当地域包括支援センター", row.text("center_name"));
    html.raw("</div><table class=\"form\"><tr><th rowspan=\"2\" class=\"side\">目標とする生活</th>"
             "<th class=\"one\">１日</th><td>")
        .text(row.text("goal_day"))
        .raw("</td></tr><tr><th class=\"one\">１年</th><td>")
        .text(row.text("goal_year"))
        .raw("</td></tr></table>");
}

void assessment(Html& html, const FormRow& row) {
    html.raw("<table class=\"form assess\"><thead><tr><th>アセスメント領域と<br>現在の状況</th>"
             "<th>本人・家族の<br>意欲・意向</th><th>領域における課題<br>（背景・原因）</th></tr></"
             "thead>");
    for (const Area& area : areas) {
        html.raw("<tr><td><strong>")
            .raw(area.label)
            .raw("</strong><br>")
            .text(row.text(area.status))
            .raw("</td>")
            .td("", row.text(area.wish))
            .raw("<td>");
        choices(html, row, area.issue);
        html.raw("<br>").text(row.text(area.reason)).raw("</td></tr>");
    }
    html.raw("</table>");
}

/// 課題 and 支援計画 that go on from the row above are left empty, as the standard prints them.
void support_rows(Html& html, const RowSet& supports) {
    html.raw(
        "<table class=\"form support\"><thead><tr><th rowspan=\"2\">総合的課題</th>"
        "<th rowspan=\"2\">課題に対する<br>目標と具体策<br>の提案</th>"
        "<th rowspan=\"2\">具体策について<br>の意向<br>本人・家族</th><th rowspan=\"2\">目標</th>"
        "<th colspan=\"6\">支援計画</th></tr><tr><th>目標についての<br>支援のポイント</th>"
        "<th>本人等のセルフケアや家族の支援、インフォーマルサービス（民間サービス）</th>"
        "<th>介護保険サービス又は地域支援事業（総合事業のサービス）</"
        "th><th>サービス<br>種別</th>"
        "<th>事業所<br>（利用先）</th><th>期間</th></tr></thead><tbody>");
    if (!supports.empty())
        for (const FormRow& row : supports.rows()) {
            if (html.full()) break;
            html.raw("<tr>");
            for (const char* key :
                 {"need", "proposal", "proposal_wish", "goal", "support_point", "self_care",
                  "insurance_service", "use_kind", "use_office", "use_period"}) {
                const std::string text = row.text(key);
                html.raw(text.empty() ? Markup("<td class=\"on\">") : Markup("<td>"))
                    .text(text)
                    .raw("</td>");
            }
            html.raw("</tr>");
        }
    html.raw("<tr class=\"fill\"><td></td><td></td><td></td><td></td><td></td><td></td><td></td>"
             "<td></td><td></td><td></td></tr></tbody></table>");
}

void programs(Html& html, const FormRow& row) {
    html.raw("<table class=\"form "
             "checks\"><tr><th>基本チェックリスト<br>の（該当数）/（質問項目数）</th>");
    for (const Check& check : checks) html.raw("<th>").raw(check.label).raw("</th>");
    html.raw("</tr><tr><th>該当数</th>");
    for (const Check& check : checks)
        html.raw("<td class=\"c\">").text(row.text(check.count)).raw(check.of).raw("</td>");
    html.raw("</tr><tr><th>必要な事業プログラム</th>");
    for (const Check& check : checks) {
        html.raw("<td class=\"c\">");
        choices(html, row, check.program);
        html.raw("</td>");
    }
    html.raw("</tr></table>");
}

} // namespace

void prevention_plan(Html& html, const SheetRequest& request, const PreventionPlan& plan) {
    if (plan.main.empty()) return;
    const FormRow& row = *plan.main.first();
    prevention_head(html, request, row);
    html.raw("<div class=\"plan\">");
    assessment(html, row);
    support_rows(html, plan.supports);
    html.raw("</div><div class=\"columns\"><div><table class=\"form\">");
    row_of(html, "健康状態についての<br>留意点", row.text("health_note"));
    row_of(html, "妥当な支援の<br>実施に向けた方針", row.text("support_policy"));
    row_of(html, "総合的な方針", row.text("overall_policy"));
    html.raw("</table></div><div>");
    programs(html, row);
    html.raw("<table class=\"form\">");
    row_of(html, "地域包括支援<br>センターの意見", row.text("center_opinion"));
    html.raw("</table><p class=\"consent\">上記計画について、同意いたします。　")
        .text(japanese_date(row.text("consent_date")))
        .raw("　　氏名　")
        .text(row.text("consent_name"))
        .raw("</p></div></div>");
    if (html.full()) cut_note(html, request.lang);
    end_sheet(html, row.name());
}

} // namespace cpg::forms
