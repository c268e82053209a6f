// One cell of a dialect <-> the text of an item as the standard writes it. Strict: a text that fits
// no form of its column is not read. Pure, any thread.
#pragma once

#include "adapters/dialect/dialect.hpp"

namespace cpg::adapters {

struct ReadValue {
    std::string text;        // as the standard writes it
    bool normalised = false; // the cell was written otherwise than the column's first form
};

/// `month`: of the days that only say their number; none = such a day cannot be read. An empty
/// cell is what the column's `empty` says, else an empty text. nullopt: fits no form, or
/// is no word of the column's codes.
std::optional<ReadValue> read_value(const Column& column, std::string_view cell, Month month);
/// nullopt: the value has no place in the column's first form (a code without a word, a day of
/// another month, a text that is no date).
std::optional<std::string> write_value(const Column& column, std::string_view text, Month month);

/// Blanks of either width, tabs and line ends at both ends.
std::string_view trimmed(std::string_view utf8);
/// Full-width digits, letters and signs as half-width ones; others as they are.
std::string half_width(std::string_view utf8);
/// For comparing names: half_width, and no blanks at all.
std::string folded(std::string_view utf8);

/// "月" … "日" of a date YYYYMMDD; empty when it is none.
std::string_view weekday_of(std::string_view yyyymmdd);
/// Minutes from start to end, past midnight when the end is earlier; nullopt for 9999 or no time.
std::optional<int> minutes_between(std::string_view start, std::string_view end);

} // namespace cpg::adapters
