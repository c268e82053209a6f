#include "spec/model/service_codes.hpp"

#include <algorithm>
#include <tuple>

namespace cpg {
namespace {

constexpr std::pair<BillingUnit, std::string_view> unit_names[] = {
    {BillingUnit::per_time, "per_time"}, {BillingUnit::per_day, "per_day"},
    {BillingUnit::per_week, "per_week"}, {BillingUnit::per_month, "per_month"},
    {BillingUnit::prorated, "prorated"}, {BillingUnit::percent, "percent"},
};

bool is_valid_in(Month from, Month to, Month month) {
    return from <= month && (!to.has_value() || month <= to);
}

auto key_of(const ServiceCodeEntry& entry) {
    return std::tuple(std::string_view(entry.code), std::string_view(entry.insurer_no));
}

} // namespace

std::string_view name_of(BillingUnit unit) {
    for (const auto& [value, name] : unit_names)
        if (value == unit) return name;
    return {};
}

std::optional<BillingUnit> billing_unit_of(std::string_view name) {
    for (const auto& [value, known] : unit_names)
        if (known == name) return value;
    return std::nullopt;
}

ServiceCodeTable::ServiceCodeTable(std::vector<ServiceCodeEntry> entries)
    : entries_(std::move(entries)) {
    std::sort(entries_.begin(), entries_.end(), [](const auto& left, const auto& right) {
        return std::tuple(key_of(left), left.from) < std::tuple(key_of(right), right.from);
    });
    for (const ServiceCodeEntry& entry : entries_)
        types_.push_back({entry.code.substr(0, 2), entry.insurer_no, entry.from, entry.to});
    const auto key = [](const TypeSpan& span) {
        return std::tie(span.type, span.insurer_no, span.from, span.to);
    };
    std::sort(types_.begin(), types_.end(),
              [&](const auto& left, const auto& right) { return key(left) < key(right); });
    types_.erase(
        std::unique(types_.begin(), types_.end(),
                    [&](const auto& left, const auto& right) { return key(left) == key(right); }),
        types_.end());
}

ServiceCodeTable::Place ServiceCodeTable::first_of(std::string_view code,
                                                   std::string_view insurer_no) const {
    return std::lower_bound(
        entries_.begin(), entries_.end(), std::tuple(code, insurer_no),
        [](const ServiceCodeEntry& item, const auto& key) { return key_of(item) < key; });
}

bool ServiceCodeTable::is_at(Place place, std::string_view code,
                             std::string_view insurer_no) const {
    return place != entries_.end() && key_of(*place) == std::tuple(code, insurer_no);
}

const ServiceCodeEntry* ServiceCodeTable::find(std::string_view code, std::string_view insurer_no,
                                               Month month) const {
    for (Place entry = first_of(code, insurer_no); is_at(entry, code, insurer_no); ++entry)
        if (is_valid_in(entry->from, entry->to, month)) return &*entry;
    return nullptr;
}

bool ServiceCodeTable::knows(std::string_view code, std::string_view insurer_no) const {
    return is_at(first_of(code, insurer_no), code, insurer_no) ||
           is_at(first_of(code, {}), code, {});
}

const ServiceCodeEntry* ServiceCodeTable::lookup(std::string_view code, Month month,
                                                 std::string_view insurer_no) const {
    if (!insurer_no.empty())
        if (const ServiceCodeEntry* own = find(code, insurer_no, month)) return own;
    return find(code, {}, month);
}

bool ServiceCodeTable::has_type(std::string_view service_type, std::string_view insurer_no,
                                Month month) const {
    const auto wanted = std::tuple(service_type, insurer_no);
    const auto key = [](const TypeSpan& span) {
        return std::tuple(std::string_view(span.type), std::string_view(span.insurer_no));
    };
    auto span = std::lower_bound(
        types_.begin(), types_.end(), wanted,
        [&](const TypeSpan& item, const auto& other) { return key(item) < other; });
    for (; span != types_.end() && key(*span) == wanted; ++span)
        if (is_valid_in(span->from, span->to, month)) return true;
    return false;
}

bool ServiceCodeTable::covers(std::string_view service_type, Month month,
                              std::string_view insurer_no) const {
    return (!insurer_no.empty() && has_type(service_type, insurer_no, month)) ||
           has_type(service_type, {}, month);
}

} // namespace cpg
