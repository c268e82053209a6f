#include "spec/check/collector.hpp"

#include "spec/records/cp932.hpp"

#include <algorithm>
#include <tuple>

namespace cpg::checking {
namespace {

std::size_t count_index(Severity severity) {
    return severity == Severity::error ? 1 : 0;
}

/// 第6表（サービス利用票） is known as 第6表; the other names are short as they are.
std::string_view short_name(const FileType& type) {
    const std::string_view name = type.name;
    if (!name.starts_with("第")) return name;
    return name.substr(0, name.find("（"));
}

} // namespace

std::string section_of(const FileType& type, const Field& field) {
    std::string section = "別紙 ";
    section += short_name(type);
    section += " No.";
    section += std::to_string(field.no);
    return section;
}

Collector::Collector(const Catalog& catalog, const Bundle& bundle, const CheckOptions& options)
    : bundle_(bundle), options_(options) {
    for (std::size_t i = 0; i < rule_count; ++i) {
        const RuleText& text = catalog.rule(rule_ids[i]);
        severities_[i] = chosen_severity(text, options.severities);
        mild_[i] = text.severity == Severity::error ? std::min(severities_[i], Severity::warning)
                                                    : severities_[i];
    }
}

Finding* Collector::raise(Rule rule, const Site& site, std::string_view variant) {
    return add(rule, severities_[index_of(rule)], site, variant);
}

Finding* Collector::raise_mild(Rule rule, const Site& site, std::string_view variant) {
    return add(rule, mild_[index_of(rule)], site, variant);
}

Finding* Collector::add(Rule rule, Severity severity, const Site& site, std::string_view variant) {
    if (severity == Severity::off) return nullptr;
    const std::uint64_t ordinal = counts_[index_of(rule)][count_index(severity)]++;
    if (ordinal >= options_.max_findings) return nullptr;
    const std::size_t file_order = site.file == Site::whole_bundle ? 0 : site.file + 1;
    kept_.push_back({described(rule, severity, site, variant), file_order, ordinal});
    return &kept_.back().finding;
}

Finding Collector::described(Rule rule, Severity severity, const Site& site,
                             std::string_view variant) const {
    Finding finding;
    finding.rule = id_of(rule);
    finding.severity = severity;
    finding.variant = variant;
    if (site.file != Site::whole_bundle) finding.where.file = bundle_.files[site.file].input.name;
    finding.where.record = site.record;
    finding.where.line = site.line;
    finding.where.byte_offset = site.byte_offset;
    if (site.field) {
        finding.where.column = site.field->no;
        finding.key = site.field->key;
        finding.item = site.field->name;
        if (site.type) finding.section = section_of(*site.type, *site.field);
    }
    if (options_.keep_values) finding.value = to_utf8(site.value);
    return finding;
}

void Collector::move_into(BundleReport& report) {
    for (const auto& [warnings, errors] : counts_) {
        report.warnings += warnings;
        report.errors += errors;
    }
    report.verdict = report.errors == 0 ? Verdict::accepted : Verdict::rejected;

    const auto importance = [](const Kept& kept) {
        return std::tuple(kept.finding.severity == Severity::error ? 0 : 1, kept.ordinal);
    };
    if (kept_.size() > options_.max_findings) {
        std::stable_sort(kept_.begin(), kept_.end(), [&](const Kept& left, const Kept& right) {
            return importance(left) < importance(right);
        });
        kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(options_.max_findings),
                    kept_.end());
    }
    const auto place = [](const Kept& kept) {
        const Where& where = kept.finding.where;
        return std::tuple(kept.file_order, where.record, where.column,
                          std::string_view(kept.finding.rule), where.byte_offset.value_or(0),
                          std::string_view(kept.finding.variant));
    };
    std::stable_sort(kept_.begin(), kept_.end(), [&](const Kept& left, const Kept& right) {
        return place(left) < place(right);
    });
    for (Kept& kept : kept_) report.findings.push_back(std::move(kept.finding));
    report.findings_dropped = report.errors + report.warnings - report.findings.size();
    kept_.clear();
}

} // namespace cpg::checking
