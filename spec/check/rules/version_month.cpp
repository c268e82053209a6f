// CSVバージョン and 対象年月 (別紙 No.1, CSVバージョン履歴, ファイル作成単位; standard 5.1.1.3).
#include "spec/check/rules/rules.hpp"

#include <algorithm>

namespace cpg::checking {
namespace {

constexpr std::string_view no_month = "000000";

/// "UPPLAN, UPJSK, UPSIKYU, DLTPLAN, DLTJSK: one month per file"; 補足 is judged by R-REL-04.
bool is_monthly(const FileType& type) {
    return type.has_month() && type.keys_by_bundle.empty();
}

/// The edition in force for a service month: the newest that applies, else the oldest.
const Edition& edition_of(const Catalog& catalog, Month month) {
    for (const auto& edition : catalog.editions)
        if (edition->applies_from <= month) return *edition;
    return *catalog.editions.back();
}

void raise_month(RecordContext& context, Rule rule, const std::string& expected, BytesView found) {
    Finding* const finding = context.findings.raise(rule, context.at(context.columns.target_month));
    if (!finding) return;
    finding->args["expected"] = expected;
    finding->args["found"] = std::string(found);
}

} // namespace

// 別紙 No.1: 1ファイル内のCSVバージョンは同一
void one_version_per_file(RecordContext& context) {
    FileFacts& facts = context.facts;
    const BytesView version = context.text(context.columns.version);
    if (facts.first_version.empty()) facts.first_version = version;
    if (version.empty() || same(version, facts.first_version)) return;
    if (!first_time(facts.told_versions, version)) return;
    if (Finding* finding =
            context.findings.raise(Rule::ver_02, context.at(context.columns.version))) {
        finding->args["expected"] = facts.first_version;
        finding->args["found"] = std::string(version);
    }
}

// R-MON-01 別紙 ファイル作成単位, 5.1.1.3: 1ファイルは1か月分
// R-MON-02 ファイル名の対象年月と項目の対象年月は一致する
// R-MON-03 サービス利用日は対象年月に含まれる
void month_of_record(RecordContext& context) {
    const Columns& columns = context.columns;
    FileFacts& facts = context.facts;
    const BytesView month = context.text(columns.target_month);
    if (month.empty() || same(month, no_month) || !facts.type->has_month()) return;
    if (facts.first_month.empty()) facts.first_month = month;

    const bool other_than_first = !same(month, facts.first_month) && is_monthly(*facts.type);
    const bool other_than_name = !facts.name_month.empty() && !same(month, facts.name_month);
    if ((other_than_first || other_than_name) && first_time(facts.told_months, month)) {
        if (other_than_first) raise_month(context, Rule::mon_01, facts.first_month, month);
        if (other_than_name) raise_month(context, Rule::mon_02, facts.name_month, month);
    }

    const BytesView day = context.text(columns.service_date);
    if (day.empty() || same(day.substr(0, month.size()), month)) return;
    if (!facts.name_month.empty() && day.starts_with(facts.name_month))
        return; // the month of the record is what is wrong, and told
    if (Finding* finding = context.findings.raise(Rule::mon_03, context.at(columns.service_date)))
        finding->args["expected"] = std::string(month);
}

// 1つの送信単位のCSVバージョンは同一で、ファイル名の版と一致する (derived from 別紙 No.1)
void version_fits_the_bundle(BundleFacts& bundle, Collector& findings) {
    const Edition& edition = bundle.envelope.edition;
    const auto fits = [&](const FileFacts& facts) { return facts.version == edition.csv_version; };
    const bool some_fit = std::any_of(bundle.files.begin(), bundle.files.end(), fits);
    for (const FileFacts& facts : bundle.files) {
        if (facts.version.empty() || fits(facts)) continue;
        Finding* const finding = findings.raise(Rule::ver_03, facts.at(1, 0, "csv_version"),
                                                some_fit ? "bundle" : "edition");
        if (!finding) continue;
        finding->args["expected"] = edition.csv_version;
        finding->args["found"] = facts.version;
        finding->args["edition"] = edition.id;
    }
}

// 別紙 No.1, 履歴: サービス提供月の版で作る (送信日の版ではない)
void version_fits_the_month(BundleFacts& bundle, Collector& findings) {
    for (const FileFacts& facts : bundle.files) {
        const std::optional<Month> month = facts.file->name.month;
        if (facts.version.empty() || !month) continue;
        const std::string& expected = edition_of(bundle.envelope.catalog, *month).csv_version;
        if (facts.version == expected) continue;
        if (Finding* finding = findings.raise(Rule::ver_04, facts.site())) {
            finding->args["expected"] = expected;
            finding->args["found"] = facts.version;
            finding->args["month"] = month->str();
        }
        return; // one slip for the bundle: its other files have the same month
    }
}

} // namespace cpg::checking
