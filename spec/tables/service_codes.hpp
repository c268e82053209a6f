// サービスコード of the official tables and of the 総合事業 tables of cities: what a code is billed
// by, month by month. The real tables are the operator's; only a small invented one ships. An
// immutable value, any thread.
//
//     const auto outcome = load_service_codes(service_code_sources("/etc/cpgw/tables"));
//     if (const auto* entry = outcome.table->lookup("111111", Month::of(2026, 12))) … entry->unit …
#pragma once

#include "spec/load/load.hpp"

namespace cpg {

/// What the units of a code stand for.
enum class BillingUnit {
    per_time,  // 1回につき
    per_day,   // 1日につき
    per_week,  // 1週間につき
    per_month, // 1月につき
    prorated,  // 日割り: a monthly service, billed by the day
    percent,   // a share of other units: 処遇改善加算
};
std::string_view name_of(BillingUnit unit); // as in YAML: "per_time"
std::optional<BillingUnit> billing_unit_of(std::string_view name);

struct ServiceCodeEntry {
    std::string code;       // サービスコード: 種類 2 + 項目 4
    std::string insurer_no; // 保険者番号 of a city's table; empty = the whole country
    std::string name;
    Month from, to; // the service months it is for; no `to` = open
    BillingUnit unit{};
    int units = 0; // negative for 減算; of a percent code: tenths of a percent
};

class ServiceCodeTable {
  public:
    ServiceCodeTable() = default;
    /// Precondition: no two entries of one code and insurer share a month (the loader sees to it).
    explicit ServiceCodeTable(std::vector<ServiceCodeEntry> entries);

    /// The city's own entry, else that of the whole country; null when there is none in that month.
    const ServiceCodeEntry* lookup(std::string_view code, Month month,
                                   std::string_view insurer_no = {}) const;
    /// Whether the tables have any code of this type for that month and insurer. Only then is a
    /// code that is not found a wrong one: a table that was not loaded proves nothing.
    bool covers(std::string_view service_type, Month month, std::string_view insurer_no = {}) const;

    std::size_t size() const { return entries_.size(); }
    const std::vector<ServiceCodeEntry>& entries() const {
        return entries_;
    } // by code, insurer, month

  private:
    const ServiceCodeEntry* find(std::string_view code, std::string_view insurer_no,
                                 Month month) const;
    bool has_type(std::string_view service_type, std::string_view insurer_no, Month month) const;

    struct TypeSpan {
        std::string type, insurer_no;
        Month from, to;
    };
    std::vector<ServiceCodeEntry> entries_;
    std::vector<TypeSpan> types_; // distinct
};

struct ServiceCodeOutcome {
    std::shared_ptr<const ServiceCodeTable> table; // null when there are problems
    std::vector<LoadProblem> problems;
};

/// Strict: an unknown key, a wrong number of columns, a value that is not of its form, months that
/// overlap are problems with file and line, and nothing is loaded. By the file's extension:
///   .yaml  the form of spec/tables/sample.yaml
///   .csv   a city's 総合事業単位数表: MS932, 19 columns, with or without its header row, quoted or
///   not
ServiceCodeOutcome load_service_codes(const std::vector<SourceFile>& sources);

/// A file, or the .yaml and .csv files of a folder in the order of their names. Throws
/// std::runtime_error on I/O.
std::vector<SourceFile> service_code_sources(const std::filesystem::path& path);

} // namespace cpg
