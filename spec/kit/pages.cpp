#include "spec/kit/pages.hpp"

#include "spec/render/form_html.hpp"

#include <algorithm>

namespace cpg::kit {

namespace {

using forms::Html;

constexpr std::size_t max_page_bytes = 8u << 20; // 50 places a point: some 1 MiB

void begin(Html& html, std::string_view title) {
    html.raw(R"(<!doctype html>
<html lang="ja"><head><meta charset="utf-8"><title>)")
        .text(title)
        .raw(R"(</title><style>
@page{size:A4;margin:12mm}
body{font:10pt/1.5 "BIZ UDPGothic","Yu Gothic","Meiryo","Noto Sans CJK JP",sans-serif;max-width:190mm;margin:6mm auto;padding:0 4mm;color:#000;background:#fff}
h1{font-size:15pt}h2{font-size:11.5pt;border-bottom:.3mm solid #000;margin-top:7mm}
table{border-collapse:collapse;width:100%}
th,td{border:.2mm solid #000;padding:1mm 1.5mm;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{background:#f0f0ee}thead{display:table-header-group}tr{break-inside:avoid}
.en{color:#444;font-size:9pt}.no{white-space:nowrap}.box{width:9mm}
.met{background:#eef7ee}.not{background:#fdecea}
ul{margin:0;padding-left:5mm}code{font-size:9pt}
</style></head><body>
)");
}

std::string end(Html& html) {
    html.raw("</body></html>\n");
    return html.take();
}

void both(Html& html, std::string_view ja, std::string_view en) {
    html.raw("<p>").text(ja).raw("<br><span class=\"en\">").text(en).raw("</span></p>\n");
}

std::string filled(std::string_view text, const Setting& setting) {
    std::string out(text);
    const std::pair<std::string_view, std::string> offices[] = {
        {"{from}", setting.from.office.str()}, {"{to}", setting.to.office.str()}};
    for (const auto& [word, office] : offices)
        for (std::size_t at = out.find(word); at != std::string::npos; at = out.find(word))
            out.replace(at, word.size(), office);
    return out;
}

std::string office_words(const OfficeRef& office) {
    return office.office.str() +
           (office.service_type ? "（サービス種類 " + office.service_type->str() + "）" : "");
}

// --- the sheet ---

class Sheet {
  public:
    Sheet(const Pattern& pattern, const Setting& setting, const std::vector<MadeBundle>& bundles)
        : pattern_(pattern), setting_(setting), bundles_(bundles), html_(max_page_bytes) {}

    std::string write() {
        const std::string title = pattern_.id + " " + pattern_.title_ja;
        begin(html_, title);
        html_.raw("<h1>").text(title).raw("</h1>\n");
        both(html_,
             "ケアプランデータ連携標準仕様 " + setting_.edition->id +
                 " 版の適合キット。人物・事業所はすべて架空です。",
             pattern_.title_en + ". Conformance kit, edition " + setting_.edition->id +
                 ". Every person and office is invented.");
        write_task();
        write_files();
        write_points();
        write_free();
        return end(html_);
    }

  private:
    void write_task() {
        html_.raw("<h2>行うこと / What to do</h2>\n");
        both(html_,
             "取り込み: " + filled(pattern_.import_ja, setting_) +
                 " 下の表の印を、画面と expected/forms.html を見比べて付けてください。",
             "Import: " + filled(pattern_.import_en, setting_) +
                 " Compare the screen with expected/forms.html and tick the points below.");
        both(html_,
             "出力: " + filled(pattern_.export_ja, setting_) +
                 " 出力したフォルダーを cpgw kit check で調べます。",
             "Export: " + filled(pattern_.export_en, setting_) +
                 " Judge the exported folder with cpgw kit check.");
        html_.raw("<p><code>cpgw kit check --pattern ")
            .text(pattern_.id + " --edition " + setting_.edition->id + " --month " +
                  setting_.month.str())
            .raw(" FOLDER</code><br><code>cpgw kit import-check --pattern ")
            .text(pattern_.id + " --edition " + setting_.edition->id)
            .raw(" --answers answers.csv</code></p>\n");
        both(html_,
             "送信元 " + office_words(setting_.from) + "、送信先 " + office_words(setting_.to) +
                 "。通番と自社の事業所番号は自由です。",
             "From " + setting_.from.office.str() + " to " + setting_.to.office.str() +
                 ". Serials and your own office numbers are free.");
    }

    void write_files() {
        html_.raw("<h2>ファイル / Files</h2>\n<table><thead><tr><th>ファイル名<th>帳票"
                  "<th>レコード</tr></thead>\n");
        for (const MadeBundle& bundle : bundles_) {
            for (const MadeFile& file : bundle.files)
                html_.raw("<tr><td>")
                    .text(file.name.text)
                    .raw("<td>")
                    .text(file.name.type->name)
                    .raw("<td>")
                    .number(static_cast<std::int64_t>(file.records.size()))
                    .raw("</tr>\n");
            for (const InputFile& image : bundle.images)
                html_.raw("<tr><td>").text(image.name).raw("<td>画像 / picture<td></tr>\n");
        }
        html_.raw("</table>\n");
    }

    void write_points() {
        html_.raw("<h2>確認する点 / Points</h2>\n<table><thead><tr><th>番号<th>点と期待する値"
                  "<th>取込<br>ok / ng<th>出力</tr></thead>\n");
        for (const Point& point : pattern_.points_in(*setting_.edition)) {
            html_.raw("<tr><td class=\"no\">").text(point.id).raw("<td>").text(point.ja);
            html_.raw("<br><span class=\"en\">").text(point.en).raw("</span>");
            write_expected(point);
            html_.raw("<td class=\"box\">").text(point.on_screen() ? "□" : "－");
            html_.raw("<td class=\"box\">自動</tr>\n");
        }
        html_.raw("</table>\n");
    }

    void write_expected(const Point& point) {
        if (point.kind != PointKind::values) return;
        html_.raw("<ul>\n");
        for (const Look& look : point.looks)
            for (const MadeBundle& bundle : bundles_)
                for (const MadeFile& file : bundle.files) {
                    if (bundle.source->id != look.bundle || file.source->type != look.file)
                        continue;
                    for (const MadeRecord& record : file.records) write_record(look, file, record);
                }
        html_.raw("</ul>");
    }

    void write_record(const Look& look, const MadeFile& file, const MadeRecord& record) {
        if (std::find(look.records.begin(), look.records.end(), record.source->id) ==
            look.records.end())
            return;
        const auto value = [&](std::string_view key) -> const std::string& {
            return record.values[static_cast<std::size_t>(file.name.type->column(key))];
        };
        std::string words = file.source->type;
        for (const std::string& key : file.source->match)
            if (file.name.type->column(key) >= 0 && key != "insurer_no" && !value(key).empty())
                words += " " + value(key);
        html_.raw("<li>").text(words).raw(": ");
        bool first = true;
        for (const std::string& key : look.items) {
            const Field& field = *file.name.type->field(key);
            html_.text((first ? "" : "、") + field.name + " = " + shown(field, value(key)));
            first = false;
        }
        html_.raw("\n");
    }

    void write_free() {
        html_.raw("<h2>違ってよいもの / What may differ</h2>\n<ul>\n"
                  "<li>通番、自社の事業所番号、レコードの順（順の点があるファイルを除く） "
                  "<span class=\"en\">serial, your own office numbers, order of records "
                  "(but where a point asks for it)</span>\n");
        if (pattern_.tolerates(Tolerance::line_breaks))
            html_.raw("<li>文中の改行の種類（CR LF・LF） <span class=\"en\">kind of line break "
                      "inside a text</span>\n");
        if (pattern_.tolerates(Tolerance::leading_zeros))
            html_.raw("<li>数値の前の 0 <span class=\"en\">leading zeros of a number</span>\n");
        for (const FreeItem& free : pattern_.free) {
            const FileType* const type = setting_.edition->file(free.file);
            if (!type) continue;
            html_.raw("<li>").text(free.file + ":");
            for (const std::string& key : free.items)
                if (const Field* field = type->field(key)) html_.text(" " + field->name);
            html_.text("（" + free.reason_ja + "） ")
                .raw("<span class=\"en\">")
                .text(free.reason_en)
                .raw("</span>\n");
        }
        html_.raw("</ul>\n");
    }

    const Pattern& pattern_;
    const Setting& setting_;
    const std::vector<MadeBundle>& bundles_;
    Html html_;
};

// --- the report ---

void write_place(Html& html, const Place& place) {
    html.raw("<li>").text(place.file);
    if (place.line != 0) html.raw(" › ").number(place.line).raw(" 行");
    if (!place.item.empty()) html.raw(" › ").text(place.item);
    if (!place.ja.empty()) html.raw(": ").text(place.ja).raw(" / ").text(place.en);
    if (!place.expected.empty()) html.raw("<br>期待 / expected: ").text(place.expected);
    if (!place.found.empty()) html.raw("<br>実際 / found: ").text(place.found);
    html.raw("\n");
}

void write_result(Html& html, const PointResult& result) {
    const bool met = result.state == State::met;
    html.raw("<tr class=\"").text(met ? "met" : "not").raw("\">");
    html.raw("<td class=\"no\">").text(result.point.id).raw("<td>").text(result.point.ja);
    html.raw("<br><span class=\"en\">").text(result.point.en).raw("</span>");
    if (!met) {
        html.raw("<ul>\n");
        for (const Place& place : result.places) {
            if (html.full()) break;
            write_place(html, place);
        }
        if (result.places_dropped != 0)
            html.raw("<li>… +").number(static_cast<std::int64_t>(result.places_dropped)).raw("\n");
        html.raw("</ul>");
    }
    html.raw("<td>").text(met ? "OK" : result.state == State::differs ? "NG 相違" : "NG 不足");
    html.raw("</tr>\n");
}

} // namespace

std::string sheet_html(const Pattern& pattern, const Setting& setting,
                       const std::vector<MadeBundle>& bundles) {
    return Sheet(pattern, setting, bundles).write();
}

std::string report_html(const Judgement& judgement) {
    Html html(max_page_bytes);
    const std::string title = judgement.pattern->id + " " + judgement.pattern->title_ja;
    begin(html, title);
    html.raw("<h1>").text(title).raw("</h1>\n");
    both(html,
         std::string(judgement.all_met() ? "合格" : "不合格") + "（" +
             std::to_string(judgement.met()) + " / " + std::to_string(judgement.points.size()) +
             " 点）、標準仕様 " + judgement.edition->id + " 版、対象年月 " + judgement.month.str(),
         std::string(judgement.all_met() ? "passed" : "not passed") + ", edition " +
             judgement.edition->id);
    html.raw("<h2>調べたファイル / Files</h2>\n<ul>\n");
    for (const BundleReport& bundle : judgement.report.bundles)
        for (const FileSummary& file : bundle.files)
            html.raw("<li>").text(file.name + " " + prefixed_hex(file.digest)).raw("\n");
    html.raw("</ul>\n<h2>点 / Points</h2>\n<table>\n");
    for (const PointResult& result : judgement.points) write_result(html, result);
    html.raw("</table>\n");
    return end(html);
}

} // namespace cpg::kit
