#include "spec/render/form_sheets.hpp"

#include "spec/render/form_words.hpp"
#include "spec/render/report_words.hpp"

#include <algorithm>

namespace cpg::forms {

namespace {

/// The parts of a meaning: 初回＆紹介, 自宅・一戸建て.
std::vector<std::string_view> parts_of(std::string_view meaning) {
    static constexpr std::string_view separators[] = {"＆", "・"};
    std::vector<std::string_view> parts;
    std::size_t from = 0;
    for (std::size_t at = 0; at < meaning.size();) {
        const auto separator =
            std::find_if(std::begin(separators), std::end(separators), [&](std::string_view item) {
                return meaning.substr(at).starts_with(item);
            });
        if (separator == std::end(separators)) {
            ++at;
            continue;
        }
        parts.push_back(meaning.substr(from, at - from));
        from = at += separator->size();
    }
    parts.push_back(meaning.substr(from));
    return parts;
}

} // namespace

void begin_sheet(Html& html, Markup number, Markup title) {
    html.raw("<section class=\"sheet\"><header><span class=\"no\">")
        .raw(number)
        .raw("</span><h1>")
        .raw(title)
        .raw("</h1>");
}

void end_sheet(Html& html, const FileName& source) {
    html.raw("<footer>送信元 ")
        .text(office_words(source.from, Lang::ja))
        .raw(" → 送信先 ")
        .text(office_words(source.to, Lang::ja))
        .raw("　連番 ")
        .text(source.serial.view())
        .raw("　ケアプランデータ連携標準仕様 第")
        .text(source.edition->label)
        .raw("版</footer></section>\n");
}

void choices(Html& html, const FormRow& row, std::string_view key) {
    const Field* const field = row.field(key);
    if (!field || !field->codes) return;
    const std::string code = row.text(key);
    const std::string* const meaning = field->codes->meaning(code);
    const std::vector<std::string_view> chosen =
        meaning ? parts_of(*meaning) : std::vector<std::string_view>{};
    html.raw("<span class=\"choices\">");
    bool first = true;
    for (const auto& [value, option] : field->codes->values) {
        if (parts_of(option).size() > 1) continue;
        if (!first) html.raw("・");
        first = false;
        const bool on = std::find(chosen.begin(), chosen.end(), option) != chosen.end();
        html.raw(on ? Markup("<b>") : Markup("<i>"))
            .text(option)
            .raw(on ? Markup("</b>") : Markup("</i>"));
    }
    if (!code.empty() && !meaning) html.raw("・<b>").text(code).raw("</b>");
    html.raw("</span>");
}

void entry(Html& html, Markup css_class, Markup label, std::string_view value) {
    html.raw("<div class=\"entry ")
        .raw(css_class)
        .raw("\"><span class=\"k\">")
        .raw(label)
        .raw("</span><span class=\"v\">")
        .text(value)
        .raw("</span></div>");
}

std::string span_of(const FormRow& row, std::string_view from_key, std::string_view to_key) {
    const std::string from = japanese_date(row.text(from_key));
    const std::string to = japanese_date(row.text(to_key));
    return from.empty() && to.empty() ? std::string() : from + " ～ " + to;
}

void cut_note(Html& html, Lang lang) {
    html.raw("<p class=\"cut\">")
        .text(in(lang, "これより後は多すぎるので省きました。", "The rest is left out: too much."))
        .raw("</p>");
}

void delete_list(Html& html, const Table& table, Lang lang) {
    const FileType& type = *table.name().type;
    begin_sheet(html, "削除", "削除する情報の一覧");
    html.raw("</header><h2>").text(type.name).raw("</h2><table class=\"list\"><thead><tr>");
    for (const Field& field : type.fields) html.raw("<th>").text(field.name).raw("</th>");
    html.raw("</tr></thead><tbody>");
    for (std::size_t row = 0; row < table.rows() && !html.full(); ++row) {
        html.raw("<tr>");
        for (const Field& field : type.fields) {
            const std::string value = table.text(row, field.key);
            html.td("", field.key == "plan_date" || field.key == "consult_date"
                            ? japanese_date(value)
                        : field.key == "target_month" ? japanese_month(value)
                                                      : value);
        }
        html.raw("</tr>");
    }
    html.raw("</tbody></table>");
    if (html.full()) cut_note(html, lang);
    end_sheet(html, table.name());
}

} // namespace cpg::forms
