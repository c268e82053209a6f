#include "adapters/hotfolder/words.hpp"

#include "spec/base/html.hpp"
#include "spec/render/report_json.hpp"

#include <array>
#include <cstdio>

namespace cpg::hotfolder {
namespace {

struct JapanTime {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

JapanTime japan(Time time) {
    using namespace std::chrono;
    const auto local = floor<seconds>(time) + hours(9);
    const auto day = floor<days>(local);
    const year_month_day date{sys_days(day)};
    const hh_mm_ss clock(local - day);
    return {int(date.year()),
            static_cast<int>(unsigned(date.month())),
            static_cast<int>(unsigned(date.day())),
            static_cast<int>(clock.hours().count()),
            static_cast<int>(clock.minutes().count()),
            static_cast<int>(clock.seconds().count())};
}

std::string place_of(const Complaint& complaint) {
    std::string place = complaint.file;
    if (complaint.line != 0) place += " › " + std::to_string(complaint.line) + "行目";
    if (!complaint.item.empty()) place += " › " + complaint.item;
    return place;
}

void add_html_words(std::string& out, std::string_view tag, const Words& words) {
    if (words.ja.empty() && words.en.empty()) return;
    out.append("<").append(tag).append(">").append(html_escaped(words.ja));
    if (!words.en.empty() && words.en != words.ja)
        out += "<br><span lang=\"en\">" + html_escaped(words.en) + "</span>";
    out.append("</").append(tag).append(">\n");
}

void add_text_words(std::string& out, std::string_view before, const Words& words) {
    if (!words.ja.empty()) out.append(before).append(words.ja).append("\r\n");
    if (!words.en.empty() && words.en != words.ja)
        out.append(before).append(words.en).append("\r\n");
}

std::string_view kind_words(const Complaint& complaint) {
    return complaint.error ? "エラー" : "注意";
}

} // namespace

std::vector<Complaint> complaints_of(const Catalog& catalog, const std::vector<Finding>& findings) {
    std::vector<Complaint> complaints;
    for (const auto& finding : findings) {
        const FindingText ja = text_of(catalog, finding, Lang::ja);
        const FindingText en = text_of(catalog, finding, Lang::en);
        complaints.push_back({finding.rule,
                              finding.severity == Severity::error,
                              finding.where.file,
                              finding.where.line,
                              finding.item,
                              {ja.message, en.message},
                              {ja.hint, en.hint}});
    }
    return complaints;
}

std::vector<Complaint> complaints_of(const Catalog& catalog, const BundleReport& report) {
    auto complaints = complaints_of(catalog, report.findings);
    if (report.findings_dropped != 0) {
        const std::string count = std::to_string(report.findings_dropped);
        complaints.push_back({"",
                              false,
                              "",
                              0,
                              "",
                              {"ほかに " + count + " 件あります。", "and " + count + " more."},
                              {}});
    }
    return complaints;
}

Words japan_words(Time time) {
    const JapanTime at = japan(time);
    std::array<char, 64> ja{}, en{};
    std::snprintf(ja.data(), ja.size(), "%d年%d月%d日 %02d:%02d", at.year, at.month, at.day,
                  at.hour, at.minute);
    std::snprintf(en.data(), en.size(), "%04d-%02d-%02d %02d:%02d", at.year, at.month, at.day,
                  at.hour, at.minute);
    return {ja.data(), en.data()};
}

std::string japan_stamp(Time time) {
    const JapanTime at = japan(time);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d%02d%02d-%02d%02d%02d", at.year, at.month, at.day,
                  at.hour, at.minute, at.second);
    return text.data();
}

std::string to_text(const ReturnReport& report) {
    std::string out = "\xef\xbb\xbf";
    out += "差戻しの報告 / Why these files were returned\r\n\r\n";
    out += "事業所 / office: " + report.office + "\r\n";
    out += "日時 / time: " + japan_words(report.time).ja + "\r\n";
    out += "作業番号 / job: " + report.job + "\r\n";
    out += "ファイル / files:\r\n";
    for (const auto& file : report.files) out += "  " + file + "\r\n";
    out += "\r\n";
    for (const auto& note : report.notes) add_text_words(out, "※ ", note);
    std::size_t number = 0;
    for (const auto& complaint : report.complaints) {
        out += std::to_string(++number) + ". " + std::string(kind_words(complaint));
        if (!complaint.rule.empty()) out += " [" + complaint.rule + "]";
        if (const auto place = place_of(complaint); !place.empty()) out += " " + place;
        out += "\r\n";
        add_text_words(out, "   ", complaint.what);
        add_text_words(out, "   → ", complaint.hint);
        out += "\r\n";
    }
    out +=
        "直したら、もう一度「送信」フォルダーに入れてください。この中の元のファイルはそのままです。"
        "\r\n"
        "Mend it and drop it into the outgoing folder again. The originals here are unchanged.\r\n";
    return out;
}

std::string to_html(const ReturnReport& report) {
    std::string out =
        "<!doctype html>\n<html lang=\"ja\">\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src 'unsafe-inline'\">\n<title>差戻しの報告</title>\n"
        "<style>body{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em;"
        "line-height:1.6}span[lang=en]{color:#555;font-size:.9em}.error{color:#a00}"
        "li{margin-bottom:1em}code{background:#eee}</style>\n"
        "<h1>差戻しの報告<br><span lang=\"en\">Why these files were returned</span></h1>\n<p>";
    out += html_escaped(report.office) + " ・ " + japan_words(report.time).ja + " ・ <code>" +
           html_escaped(report.job) + "</code></p>\n<ul>\n";
    for (const auto& file : report.files) out += "<li>" + html_escaped(file) + "</li>\n";
    out += "</ul>\n";
    for (const auto& note : report.notes) add_html_words(out, "p", note);
    out += "<ol>\n";
    for (const auto& complaint : report.complaints) {
        out += "<li><strong class=\"" + std::string(complaint.error ? "error" : "warning") + "\">" +
               std::string(kind_words(complaint)) + "</strong> ";
        if (!complaint.rule.empty()) out += "<code>" + html_escaped(complaint.rule) + "</code> ";
        out += html_escaped(place_of(complaint)) + "\n";
        add_html_words(out, "p", complaint.what);
        if (!complaint.hint.ja.empty())
            add_html_words(out, "p", {"→ " + complaint.hint.ja, complaint.hint.en});
        out += "</li>\n";
    }
    out += "</ol>\n";
    add_html_words(out, "p",
                   {"直したら、もう一度「送信」フォルダーに入れてください。この中の元のファイルはそ"
                    "のままです。",
                    "Mend it and drop it into the outgoing folder again. The originals here are "
                    "unchanged."});
    return out + "</html>\n";
}

} // namespace cpg::hotfolder
