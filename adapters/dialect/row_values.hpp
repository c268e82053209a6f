// What reading and writing a row share: its items and variables by reference, the columns of days,
// what a fill gives. Pure, any thread.
#pragma once

#include "adapters/dialect/dialect.hpp"

#include <map>
#include <optional>

namespace cpg::adapters {

constexpr std::string_view day_key = "service_date", count_key = "count"; // 第6表 No.10, No.14
constexpr int days_of_longest_month = 31;

/// Items and variables of one row by reference: "service_date", "@month".
using Values = std::map<std::string, std::string, std::less<>>;

inline bool is_variable(std::string_view reference) {
    return reference.starts_with('@');
}

/// Empty for what is not there.
std::string value_of(const Values& values, std::string_view reference);

/// The header of a day's column: {d} 1 … 31, {dd} 01 … 31.
std::string day_header(std::string header, int day);

struct Filled {
    const Fill* fill = nullptr;
    std::string value; // never empty
};
/// What the dialect's first fill with something to give puts into an item.
std::optional<Filled> filled(const Dialect& dialect, const FileType& type, std::string_view key,
                             const Values& values);

} // namespace cpg::adapters
