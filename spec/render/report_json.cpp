#include "spec/render/report_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace cpg {
namespace {

namespace json = boost::json;

/// The text a placeholder stands for; the names of places have a general word where they do not
/// apply.
std::optional<std::string> value_of(std::string_view name, const Finding& finding, Lang lang) {
    const auto found = finding.args.find(std::string(name));
    if (found != finding.args.end()) return found->second;
    const auto number = [](std::uint64_t value) {
        return value == 0 ? std::string("-") : std::to_string(value);
    };
    const auto text = [&](const std::string& own, const char* ja, const char* en) {
        if (!own.empty()) return own;
        return std::string(lang == Lang::ja ? ja : en);
    };
    if (name == "file") return text(finding.where.file, "送信単位", "the bundle");
    if (name == "item") return text(finding.item, "項目", "an item");
    if (name == "line") return number(finding.where.line);
    if (name == "record") return number(finding.where.record);
    if (name == "column") return number(static_cast<std::uint64_t>(finding.where.column));
    return std::nullopt;
}

/// Fills {name} by the finding; a name that nothing is known of stays as it is.
std::string filled(std::string_view pattern, const Finding& finding, Lang lang) {
    std::string out;
    while (!pattern.empty()) {
        const std::size_t open = pattern.find('{');
        const std::size_t close = open == std::string_view::npos ? open : pattern.find('}', open);
        if (close == std::string_view::npos) break;
        out += pattern.substr(0, open);
        const std::string_view name = pattern.substr(open + 1, close - open - 1);
        if (const auto value = value_of(name, finding, lang))
            out += *value;
        else
            out += pattern.substr(open, close - open + 1);
        pattern.remove_prefix(close + 1);
    }
    return out += pattern;
}

const std::string& pick(const std::pair<std::string, std::string>& texts, Lang lang) {
    return lang == Lang::ja ? texts.first : texts.second;
}

/// A warning never rejects; no text of the catalogue says so, because a profile may choose another
/// severity.
std::string_view promise_of(Severity severity, Lang lang) {
    if (severity == Severity::error) return {};
    return lang == Lang::ja ? "この点は、このままでも受け付けます。"
                            : "This is accepted as it is. ";
}

std::string_view name_of(Severity severity) {
    return severity == Severity::error ? "error" : "warning";
}

std::string_view name_of(Verdict verdict) {
    return verdict == Verdict::accepted ? "accepted" : "rejected";
}

json::object to_json(const OfficeRef& end) {
    json::object out{{"office", end.office.view()}};
    if (end.service_type) out["service_type"] = end.service_type->view();
    return out;
}

json::object to_json(const FileSummary& file) {
    return {{"name", file.name},
            {"type", file.type},
            {"records", file.records},
            {"bytes", file.bytes},
            {"sha256", hex(file.digest.view())}};
}

json::array to_json(const std::vector<SignatureSummary>& signatures) {
    json::array out;
    for (const SignatureSummary& signature : signatures) {
        json::object object{{"file", signature.file}, {"level", signature.level}};
        if (signature.certificate) object["certificate"] = prefixed_hex(*signature.certificate);
        if (signature.signed_at) object["signed_at"] = rfc3339(*signature.signed_at);
        out.push_back(std::move(object));
    }
    return out;
}

json::array to_json(const Catalog& catalog, const std::vector<Finding>& findings, Lang lang) {
    json::array out;
    for (const Finding& finding : findings) out.push_back(to_json(catalog, finding, lang));
    return out;
}

} // namespace

FindingText text_of(const Catalog& catalog, const Finding& finding, Lang lang) {
    const RuleText& rule = catalog.rule(finding.rule);
    const auto variant = rule.variants.find(finding.variant);
    const auto hint = rule.variant_hints.find(finding.variant);
    const std::string& message = variant != rule.variants.end() ? pick(variant->second, lang)
                                 : lang == Lang::ja             ? rule.message_ja
                                                                : rule.message_en;
    const std::string& next_step = hint != rule.variant_hints.end() ? pick(hint->second, lang)
                                   : lang == Lang::ja               ? rule.hint_ja
                                                                    : rule.hint_en;
    return {filled(message, finding, lang),
            std::string(promise_of(finding.severity, lang)) + filled(next_step, finding, lang),
            finding.section.empty() ? rule.section : finding.section};
}

json::object to_json(const Catalog& catalog, const Finding& finding, Lang lang) {
    const FindingText text = text_of(catalog, finding, lang);
    json::object out{{"rule", finding.rule}, {"severity", name_of(finding.severity)}};
    const Where& where = finding.where;
    if (!where.file.empty()) out["file"] = where.file;
    if (where.record != 0) out["record"] = where.record;
    if (where.line != 0) out["line"] = where.line;
    if (where.column != 0) out["column"] = where.column;
    if (!finding.key.empty()) out["key"] = finding.key;
    if (!finding.item.empty()) out["item"] = finding.item;
    if (where.byte_offset) out["byte_offset"] = *where.byte_offset;
    out["message"] = text.message;
    out["hint"] = text.hint;
    out["section"] = text.section;
    return out;
}

json::object to_json(const Catalog& catalog, const BundleReport& report, Lang lang) {
    json::array files;
    for (const FileSummary& file : report.files) files.push_back(to_json(file));
    json::object out{
        {"kind", report.kind},
        {"edition", report.edition},
        {"profile", report.profile},
        {"from", to_json(report.from)},
        {"to", to_json(report.to)},
        {"serial", report.serial.view()},
        {"verdict", name_of(report.verdict)},
        {"counts", json::object{{"error", report.errors}, {"warning", report.warnings}}},
        {"files", std::move(files)},
        {"findings", to_json(catalog, report.findings, lang)},
        {"findings_dropped", report.findings_dropped}};
    if (!report.signatures.empty()) out["signatures"] = to_json(report.signatures);
    return out;
}

json::object to_json(const Catalog& catalog, const Report& report, Lang lang) {
    json::array bundles;
    for (const BundleReport& bundle : report.bundles)
        bundles.push_back(to_json(catalog, bundle, lang));
    return {{"catalog", prefixed_hex(report.catalog)},
            {"profile", report.profile},
            {"verdict", name_of(report.verdict)},
            {"bundles", std::move(bundles)},
            {"findings", to_json(catalog, report.findings, lang)}};
}

} // namespace cpg
