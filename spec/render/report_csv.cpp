#include "spec/render/report_words.hpp"

#include <algorithm>
#include <optional>

namespace cpg {
namespace {

constexpr std::string_view byte_order_mark =
    "\xEF\xBB\xBF"; // else a spreadsheet takes it for Shift_JIS

/// Blanks that spreadsheets pass over before they look whether a cell is a formula.
constexpr std::string_view blanks[] = {" ", "\t", "\r", "\n", "\xE3\x80\x80", byte_order_mark};
/// With these a formula begins; full-width ones are narrowed by a Japanese input method.
constexpr std::string_view formula_starts[] = {"=", "+",  "-",  "@",  "|",
                                               ";", "＝", "＋", "－", "＠"};

/// The rest of the text behind one of the starts; none when it begins with none of them.
template<std::size_t N>
std::optional<std::string_view> behind(std::string_view text, const std::string_view (&starts)[N]) {
    for (const std::string_view start : starts)
        if (text.starts_with(start)) return text.substr(start.size());
    return std::nullopt;
}

/// Whether a spreadsheet might run the cell: file names come from outside.
bool would_run(std::string_view text) {
    while (const auto rest = behind(text, blanks)) text = *rest;
    return behind(text, formula_starts).has_value();
}

void add_row(std::string& out, std::initializer_list<std::string_view> cells) {
    bool first = true;
    for (const std::string_view cell : cells) {
        if (!first) out += ',';
        first = false;
        out += '"';
        if (would_run(cell)) out += '\'';
        for (const char c : cell) {
            if (c == '"') out += '"';
            out += c;
        }
        out += '"';
    }
    out += "\r\n";
}

std::string number(std::uint64_t value) {
    return value == 0 ? std::string() : std::to_string(value);
}

void add_finding(std::string& out, const Catalog& catalog, const BundleReport* bundle,
                 const Finding& finding, Lang lang) {
    const FindingText text = text_of(catalog, finding, lang);
    const Where& where = finding.where;
    const std::string from = bundle ? office_words(bundle->from, lang) : std::string();
    const std::string to = bundle ? office_words(bundle->to, lang) : std::string();
    const std::string_view serial = bundle ? bundle->serial.view() : std::string_view();
    add_row(out, {severity_words(finding.severity, lang), finding.rule, from, to, serial,
                  where.file, number(where.line), number(where.record),
                  number(static_cast<std::uint64_t>(where.column)), finding.item, text.message,
                  text.hint, text.section});
}

} // namespace

std::string to_csv(const Catalog& catalog, const Report& report, Lang lang) {
    std::string out(byte_order_mark);
    add_row(out,
            {in(lang, "区分", "severity"), in(lang, "規則", "rule"), in(lang, "送信元", "from"),
             in(lang, "送信先", "to"), in(lang, "連番", "serial"), in(lang, "ファイル", "file"),
             in(lang, "行", "line"), in(lang, "件目", "record"), in(lang, "項目番号", "column"),
             in(lang, "項目", "item"), in(lang, "内容", "message"), in(lang, "直し方", "hint"),
             in(lang, "標準仕様の箇所", "section")});
    for (const BundleReport& bundle : report.bundles)
        for (const Finding& finding : bundle.findings)
            add_finding(out, catalog, &bundle, finding, lang);
    for (const Finding& finding : report.findings)
        add_finding(out, catalog, nullptr, finding, lang);
    return out;
}

} // namespace cpg
