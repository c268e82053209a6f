// サービスコード of the official tables and of the 総合事業 tables of cities: what a code is billed
// by, month by month. The real tables are the operator's; only a small invented one ships. An
// immutable value, any thread; spec/tables loads it.
//
//     if (const auto* entry = table.lookup("111111", Month::of(2026, 12))) … entry->unit …
#pragma once

#include "spec/base/ids.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
    /// A 加算 or 減算: it goes with a base service, and carries its time (第6表 No.12).
    bool addition = false;
    /// A reduction for 共生型サービス, which stands on the first day of the month (第6表 No.8).
    bool kyosei = false;
};

class ServiceCodeTable {
  public:
    ServiceCodeTable() = default;
    /// Precondition: no two entries of one code and insurer share a month (the loader sees to it).
    explicit ServiceCodeTable(std::vector<ServiceCodeEntry> entries);

    /// The city's own entry, else that of the whole country; null when there is none in that month.
    const ServiceCodeEntry* lookup(std::string_view code, Month month,
                                   std::string_view insurer_no = {}) const;
    /// Whether the code is one of the city or of the whole country in any month.
    bool knows(std::string_view code, std::string_view insurer_no = {}) const;
    /// Whether the tables have any code of this type for that month and insurer. Only then is a
    /// code that is not found a wrong one: a table that was not loaded proves nothing.
    bool covers(std::string_view service_type, Month month, std::string_view insurer_no = {}) const;

    std::size_t size() const { return entries_.size(); }
    const std::vector<ServiceCodeEntry>& entries() const {
        return entries_;
    } // by code, insurer, month

  private:
    using Place = std::vector<ServiceCodeEntry>::const_iterator;
    Place first_of(std::string_view code, std::string_view insurer_no) const;
    bool is_at(Place place, std::string_view code, std::string_view insurer_no) const;
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
using ServiceCodeTablePtr = std::shared_ptr<const ServiceCodeTable>;

} // namespace cpg
