#include "spec/load/doc.hpp"

#include <algorithm>

namespace cpg {
namespace {

/// Text inside a table cell: a bar would end the cell.
std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

std::string row(const std::vector<std::string>& cells) {
    std::string out = "|";
    for (const std::string& text : cells) out += " " + cell(text) + " |";
    return out + "\n";
}

/// A header row and the rule below it.
std::string table(const std::vector<std::string>& titles) {
    std::string out = row(titles) + "|";
    for (std::size_t i = 0; i < titles.size(); ++i) out += "---|";
    return out + "\n";
}

std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
    return out;
}

std::string code(std::string_view text) {
    return text.empty() ? "" : "`" + std::string(text) + "`";
}

std::string confidence_of(Confidence confidence) {
    switch (confidence) {
    case Confidence::high:
        return "";
    case Confidence::medium:
        return "確からしさ：中 / confidence: medium";
    case Confidence::low:
        return "確からしさ：低 / confidence: low";
    }
    return "";
}

std::string required_of(const Field& field) {
    switch (field.required) {
    case Requirement::yes:
        return "必須 / yes";
    case Requirement::conditional:
        return "条件 / if";
    case Requirement::no:
        return field.needed ? "必要 / needed" : "";
    }
    return "";
}

std::string length_of(const Field& field) {
    if (!field.length) return "";
    std::string out = std::to_string(*field.length);
    if (field.accept_length != *field.length)
        out += " (≤ " + std::to_string(field.accept_length) + ")";
    return out;
}

std::string note_of(const Field& field) {
    std::vector<std::string> notes;
    if (!field.when.empty()) notes.push_back("if " + field.when);
    if (!field.fixed.empty()) notes.push_back("always " + field.fixed);
    if (!field.note.empty()) notes.push_back(field.note);
    if (field.confidence != Confidence::high)
        notes.push_back(confidence_of(field.confidence) + " (" + field.confidence_reason + ")");
    std::string out;
    for (const std::string& note : notes) out += (out.empty() ? "" : "; ") + note;
    return out;
}

std::string values_of(const Field& field) {
    if (field.codes) return code(field.codes->id);
    return code(field.pattern.source());
}

std::string file_type_page(const Edition& edition, const FileType& file) {
    std::string out = "### " + file.id + " " + file.name + "\n\n";
    out += "- ファイル名 / file name: " + code(file.name_regex) + "\n";
    out += "- まとまり / bundles: " + joined(file.bundles) + "\n";
    for (const Direction& direction : file.direction)
        out += "- 送信 → 受信 / sender → receiver: " + edition.roles.at(direction.sender) + " → " +
               edition.roles.at(direction.receiver) + " (" + direction.need + ")\n";
    if (!file.keys.empty()) out += "- キー / key: " + joined(file.keys) + "\n";
    for (const auto& [bundle, keys] : file.keys_by_bundle)
        out += "- キー / key (" + bundle + "): " + joined(keys) + "\n";
    if (!file.parent.empty()) out += "- 本体 / main file: " + file.parent + "\n";
    if (!file.row_note.empty()) out += "- " + file.row_note + "\n";
    out += "\n";
    if (file.fields.empty()) return out;
    out += table({"No.", "項目 / item", "key", "項目長 / length", "必須 / required", "型 / type",
                  "値 / values", "注 / note"});
    for (const Field& field : file.fields)
        out += row({std::to_string(field.no), field.name, field.key, length_of(field),
                    required_of(field), std::string(name_of(field.type)), values_of(field),
                    note_of(field)});
    return out + "\n";
}

std::string bundles_page(const Edition& edition) {
    std::string out = "### まとまり / Bundles\n\n";
    out += table({"id", "必ず / required", "添付 / attached", "標準 / section", "注 / note"});
    for (const BundleKind& bundle : edition.bundles)
        out += row({bundle.id, joined(bundle.required), joined(bundle.attached), bundle.section,
                    bundle.note});
    return out + "\n";
}

std::string service_types_page(const Edition& edition) {
    using Scope = ServiceTypeInfo::Scope;
    std::string out = "### サービス種類 / Service types\n\n";
    out += table({"コード / code", "名称 / name", "区分 / group", "対象 / scope"});
    for (const ServiceTypeInfo& info : edition.service_types) {
        const char* scope = info.scope == Scope::in    ? "対象 / in"
                            : info.scope == Scope::out ? "対象外 / out"
                                                       : "送受信者 / sender or receiver only";
        out += row({info.code.str(), info.name, info.group, scope});
    }
    return out + "\n";
}

std::string code_lists_page(const Edition& edition) {
    std::string out = "### コード表 / Code lists\n\n";
    out += table({"id", "名称 / name", "値 / values", "出典 / source"});
    for (const auto& [id, list] : edition.code_lists) {
        std::vector<std::string> values;
        for (const auto& [value, meaning] : list.values) values.push_back(value + " " + meaning);
        out += row({id, list.name, joined(values), list.source});
    }
    return out + "\n";
}

std::string edition_page(const Edition& edition) {
    std::string out = "## 第" + edition.label + "版 / Edition " + edition.label + "\n\n";
    out += edition.title + " (" + edition.issued + "), CSVバージョン " + edition.csv_version +
           ", " + edition.applies_from.str() + " - " +
           (edition.applies_to.has_value() ? edition.applies_to.str() : std::string()) + "\n\n";
    out += bundles_page(edition);
    for (const FileType& file : edition.files) out += file_type_page(edition, file);
    return out + service_types_page(edition) + code_lists_page(edition);
}

std::string rule_page(const RuleText& rule) {
    std::string out = "### " + rule.id + " " + rule.title_ja + "\n\n" + rule.title_en + "\n\n";
    out += std::string("- ") +
           (rule.severity == Severity::error ? "エラー / error" : "注意 / warning");
    if (!rule.enabled) out += " (既定では使わない / off by default)";
    out += " · " + rule.section + " · " + rule.basis + "\n";
    if (!rule.never_lowered.empty())
        out +=
            "- どの設定でも弱められません / no profile may lower it: " + rule.never_lowered + "\n";
    for (const auto& [name, value] : rule.parameters) out += "- " + name + " = " + value + "\n";
    out += "\n" + table({"場合 / case", "メッセージ / message", "次にすること / what to do"});
    out +=
        row({"", rule.message_ja + " / " + rule.message_en, rule.hint_ja + " / " + rule.hint_en});
    for (const auto& [name, message] : rule.variants) {
        const auto hint = rule.variant_hints.find(name);
        out += row({name, message.first + " / " + message.second,
                    hint == rule.variant_hints.end()
                        ? ""
                        : hint->second.first + " / " + hint->second.second});
    }
    return out + "\n";
}

std::string_view words_of(Severity severity) {
    switch (severity) {
    case Severity::error:
        return "エラー / error";
    case Severity::warning:
        return "注意 / warning";
    case Severity::off:
        break;
    }
    return "使わない / off";
}

/// A column a profile; what differs from the rule's own severity is bold.
std::string profiles_page(const Catalog& catalog, const std::vector<ProfilePtr>& profiles) {
    std::string out = "## 検査の厳しさ / Profiles\n\n";
    std::vector<std::string> titles{"規則 / rule"};
    for (const ProfilePtr& profile : profiles) {
        out += "- " + code(profile->name) + " " + profile->title_ja + " / " + profile->title_en +
               ": " + profile->description_ja + " / " + profile->description_en + "\n";
        titles.push_back(profile->name);
    }
    out += "\n" + table(titles);
    for (const auto& [id, rule] : catalog.rules) {
        std::vector<std::string> cells{id + " " + rule.title_ja};
        for (const ProfilePtr& profile : profiles) {
            const Severity severity = chosen_severity(rule, profile->severities);
            const std::string words(words_of(severity));
            cells.push_back(severity == own_severity(rule) ? words : "**" + words + "**");
        }
        out += row(cells);
    }
    return out + "\n";
}

} // namespace

std::string catalog_markdown(const Catalog& catalog, const std::vector<ProfilePtr>& profiles) {
    std::string out = "# ケアプランデータ連携標準仕様の一覧 / The catalogue of the standard\n\n";
    out += "一覧の指紋 / digest: " + code(prefixed_hex(catalog.digest)) + "\n\n";
    for (const auto& edition : catalog.editions) out += edition_page(*edition);
    out += profiles_page(catalog, profiles);
    out += "## 検査の規則 / Rules\n\n";
    for (const auto& [id, rule] : catalog.rules) out += rule_page(rule);
    return out;
}

} // namespace cpg
