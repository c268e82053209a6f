#include "spec/check/collector.hpp"

#include "spec/records/cp932.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace cpg::checking {
namespace {

std::size_t count_index(Severity severity) {
    return severity == Severity::error ? 1 : 0;
}

std::size_t file_order_of(const Site& site) {
    return site.file == Site::whole_bundle ? 0 : site.file + 1;
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
    Counted& counted = counted_[index_of(rule)][count_index(severity)];
    ++counted.count;
    ++raised_;
    const auto before = [this](std::uint32_t left, std::uint32_t right) {
        return is_before(left, right);
    };
    if (counted.first.size() < options_.max_findings) {
        counted.first.push_back(static_cast<std::uint32_t>(kept_.size()));
        kept_.emplace_back();
    } else {
        if (counted.first.empty() || is_behind(site, variant, kept_[counted.first.front()]))
            return nullptr;
        std::pop_heap(counted.first.begin(), counted.first.end(), before);
    }
    Kept& kept = kept_[counted.first.back()];
    kept = {.finding = described(rule, severity, site, variant),
            .file_order = file_order_of(site),
            .sequence = raised_};
    std::push_heap(counted.first.begin(), counted.first.end(), before);
    return &kept.finding;
}

bool Collector::is_behind(const Site& site, std::string_view variant, const Kept& last) {
    const Where& where = last.finding.where;
    const int column = site.field ? site.field->no : 0;
    return std::tuple(file_order_of(site), site.record, column, site.byte_offset.value_or(0),
                      variant) >= std::tuple(last.file_order, where.record, where.column,
                                             where.byte_offset.value_or(0),
                                             std::string_view(last.finding.variant));
}

bool Collector::is_before(std::uint32_t left, std::uint32_t right) const {
    const auto place = [this](std::uint32_t index) {
        const Kept& kept = kept_[index];
        const Where& where = kept.finding.where;
        return std::tuple(kept.file_order, where.record, where.column,
                          std::string_view(kept.finding.rule), where.byte_offset.value_or(0),
                          std::string_view(kept.finding.variant), kept.sequence);
    };
    return place(left) < place(right);
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

/// The turn of each finding among those of its rule and severity.
void Collector::number_findings() {
    const auto before = [this](std::uint32_t left, std::uint32_t right) {
        return is_before(left, right);
    };
    for (auto& of_rule : counted_)
        for (Counted& counted : of_rule) {
            std::sort(counted.first.begin(), counted.first.end(), before);
            for (std::size_t turn = 0; turn < counted.first.size(); ++turn)
                kept_[counted.first[turn]].ordinal = turn;
        }
}

bool Collector::has_errors() const {
    return std::any_of(counted_.begin(), counted_.end(),
                       [](const auto& of_rule) { return of_rule[1].count > 0; });
}

void Collector::move_into(BundleReport& report) {
    for (const auto& [warnings, errors] : counted_) {
        report.warnings += warnings.count;
        report.errors += errors.count;
    }
    report.verdict = report.errors == 0 ? Verdict::accepted : Verdict::rejected;

    std::vector<std::uint32_t> chosen(kept_.size());
    std::iota(chosen.begin(), chosen.end(), 0u);
    const auto before = [this](std::uint32_t left, std::uint32_t right) {
        return is_before(left, right);
    };
    std::sort(chosen.begin(), chosen.end(), before);
    if (chosen.size() > options_.max_findings) {
        number_findings();
        const auto importance = [this](std::uint32_t index) {
            const Kept& kept = kept_[index];
            return std::tuple(kept.finding.severity == Severity::error ? 0 : 1, kept.ordinal);
        };
        std::stable_sort(chosen.begin(), chosen.end(), [&](auto left, auto right) {
            return importance(left) < importance(right);
        });
        chosen.resize(options_.max_findings);
        std::sort(chosen.begin(), chosen.end(), before);
    }
    for (const std::uint32_t index : chosen)
        report.findings.push_back(std::move(kept_[index].finding));
    report.findings_dropped = report.errors + report.warnings - report.findings.size();
    kept_.clear();
}

} // namespace cpg::checking
