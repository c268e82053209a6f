#include "spec/model/profile.hpp"
#include "spec/render/report_words.hpp"

#include <map>
#include <vector>

namespace cpg {
namespace {

constexpr std::string_view then = " › ";

void add_line(std::string& out, std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts) out += part;
    out += '\n';
}

/// A value on a terminal: no control character reaches it.
std::string printable(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    return out;
}

std::string place_of(const Finding& finding, Lang lang) {
    const Where& where = finding.where;
    std::string place = where.file.empty() ? std::string(in(lang, "送信単位全体", "the bundle"))
                                           : printable(where.file);
    if (where.line != 0) {
        place += then;
        place += lang == Lang::ja ? std::to_string(where.line) + "行目"
                                  : "line " + std::to_string(where.line);
    }
    if (!finding.item.empty()) (place += then) += finding.item;
    return place;
}

/// Findings that tell a person the same but for the line: shown once, with the other lines.
struct Fold {
    struct Lines {
        std::uint32_t from = 0, to = 0;
    };
    const Finding* first = nullptr;
    std::vector<Lines> other_lines;
    std::uint64_t others = 0;
    bool more_lines = false; // than are named

    void add(std::uint32_t line);
};

/// Stretches of lines named behind a folded finding: they fit in two or three rows of a terminal.
constexpr std::size_t max_other_lines = 20;

void Fold::add(std::uint32_t line) {
    ++others;
    if (!more_lines && !other_lines.empty() && line == other_lines.back().to + 1)
        other_lines.back().to = line;
    else if (other_lines.size() < max_other_lines)
        other_lines.push_back({line, line});
    else
        more_lines = true;
}

/// What must be equal for two findings to be folded; which earlier record a double one equals is
/// its line told in another way.
std::string sameness(const Finding& finding) {
    std::string key = finding.where.file;
    for (const std::string_view part :
         {std::string_view(finding.rule), std::string_view(finding.variant),
          std::string_view(finding.key), std::string_view(finding.section),
          std::string_view(finding.value)})
        (key += '\0') += part;
    key += finding.severity == Severity::error ? 'e' : 'w';
    for (const auto& [name, value] : finding.args)
        if (name != "first_record") ((key += '\0') += name) += '=' + value;
    return key;
}

/// In the order of their first findings.
std::vector<Fold> folded(const std::vector<Finding>& findings) {
    std::vector<Fold> folds;
    std::map<std::string, std::size_t> fold_of;
    for (const Finding& finding : findings) {
        const auto [known, is_new] = fold_of.emplace(sameness(finding), folds.size());
        if (is_new || finding.where.line == 0) {
            folds.push_back({.first = &finding, .other_lines = {}});
            continue;
        }
        folds[known->second].add(finding.where.line);
    }
    return folds;
}

void add_other_lines(std::string& out, const Fold& fold, Lang lang) {
    if (fold.others == 0) return;
    out += lang == Lang::ja ? "    ほか " + std::to_string(fold.others) + " 件：行 "
                            : "    and " + std::to_string(fold.others) + " more: lines ";
    std::string_view comma;
    for (const auto& [from, to] : fold.other_lines) {
        (out += comma) += std::to_string(from);
        if (to != from) out += "-" + std::to_string(to);
        comma = ", ";
    }
    out += fold.more_lines ? ", …\n" : "\n";
}

void add_fold(std::string& out, const Catalog& catalog, const Fold& fold, Lang lang) {
    const Finding& finding = *fold.first;
    const FindingText text = text_of(catalog, finding, lang);
    add_line(out, {"  ", in(lang, "【", "["), severity_words(finding.severity, lang),
                   in(lang, "】", "] "), place_of(finding, lang)});
    add_line(out, {"    ", printable(text.message)});
    add_line(out, {"    → ", printable(text.hint)});
    if (!finding.value.empty())
        add_line(out, {"    ", in(lang, "値：", "value: "), printable(finding.value)});
    add_other_lines(out, fold, lang);
    add_line(out, {"    ", in(lang, "（", "("), finding.rule, in(lang, "、", ", "), text.section,
                   in(lang, "）", ")")});
}

/// Findings come sorted by file: a blank line before each file's own.
void add_findings(std::string& out, const Catalog& catalog, const std::vector<Finding>& findings,
                  Lang lang) {
    const std::string* file = nullptr;
    for (const Fold& fold : folded(findings)) {
        const std::string& its_file = fold.first->where.file;
        if (file && *file != its_file) out += '\n';
        file = &its_file;
        add_fold(out, catalog, fold, lang);
    }
}

std::string counts(std::uint64_t errors, std::uint64_t warnings, Lang lang) {
    const std::string e = std::to_string(errors), w = std::to_string(warnings);
    return lang == Lang::ja ? "エラー " + e + "件、警告 " + w + "件"
                            : "errors: " + e + ", warnings: " + w;
}

std::string_view verdict_words(Verdict verdict, Lang lang) {
    return verdict == Verdict::accepted ? in(lang, "受け付けられます", "can be accepted")
                                        : in(lang, "受け付けられません", "cannot be accepted");
}

void add_bundle(std::string& out, const Catalog& catalog, const BundleReport& report, Lang lang) {
    add_line(out, {"■ ", kind_words(report.kind, lang), in(lang, "  第", "  edition "),
                   report.edition, in(lang, "版", "")});
    add_line(out, {"  ", office_words(report.from, lang), " → ", office_words(report.to, lang),
                   in(lang, "  連番 ", "  serial "), report.serial.view()});
    for (const FileSummary& file : report.files)
        add_line(out, {"  ・", printable(file.name), in(lang, "  ", "  records: "),
                       std::to_string(file.records), in(lang, "件", "")});
    for (const SignatureSummary& signature : report.signatures)
        add_line(out, {"  ・", in(lang, "電子署名 ", "signature "), printable(signature.file), "  ",
                       signature_level_words(signature.level, lang)});
    add_findings(out, catalog, report.findings, lang);
    if (report.findings_dropped != 0) {
        const std::string dropped = std::to_string(report.findings_dropped);
        add_line(out,
                 {"  ", in(lang, "ほかに ", "not shown: "), dropped, in(lang, "件あります。", "")});
    }
    add_line(out, {"  ", in(lang, "結果：", "result: "), verdict_words(report.verdict, lang),
                   in(lang, "（", " ("), counts(report.errors, report.warnings, lang),
                   in(lang, "）", ")")});
    out += '\n';
}

} // namespace

std::string to_text(const Catalog& catalog, const Report& report, Lang lang) {
    std::string out;
    std::uint64_t errors = 0, warnings = 0;
    for (const BundleReport& bundle : report.bundles) {
        add_bundle(out, catalog, bundle, lang);
        errors += bundle.errors;
        warnings += bundle.warnings;
    }
    if (!report.findings.empty()) {
        add_line(out, {"■ ", in(lang, "読み取れないファイル", "files that could not be read")});
        add_findings(out, catalog, report.findings, lang);
        out += '\n';
    }
    for (const Finding& finding : report.findings)
        ++(finding.severity == Severity::error ? errors : warnings);
    if (report.profile != standard_profile)
        add_line(out, {in(lang, "検査の厳しさ：", "profile: "), report.profile});
    add_line(out,
             {in(lang, "全体の結果：", "overall result: "), verdict_words(report.verdict, lang),
              in(lang, "（", " ("), counts(errors, warnings, lang), in(lang, "）", ")")});
    return out;
}

} // namespace cpg
