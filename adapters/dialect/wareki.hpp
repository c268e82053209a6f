// 和暦: the years of the Japanese eras, at the edge only. Pure, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cpg::adapters {

struct Date {
    int year = 0, month = 0, day = 0; // western; day 0 = a month
    auto operator<=>(const Date&) const = default;
};

/// Whether it is a day (or, with day 0, a month) of the calendar, 1868-2999.
bool is_real(const Date& date);

struct Era {
    std::string_view kanji; // 令和
    char letter = 0;        // R
    Date first;             // its first day
};

/// The western year of an era's year; years past the era's end are counted on (平成35年 is 2023),
/// as software that prints future dates does. nullopt: unknown era, year 0.
std::optional<int> western_year(std::string_view kanji_or_letter, int year);
/// The era of a day; of a month: the one its last day lies in.
const Era& era_of(const Date& date);
int year_in(const Era& era, const Date& date);

} // namespace cpg::adapters
