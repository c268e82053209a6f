// ASCII digits, free of locales. Pure, any thread.
#pragma once

#include <algorithm>
#include <string_view>

namespace cpg {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

constexpr bool all_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), is_digit);
}

/// The value of at most 9 digits. Precondition: all_digits(digits).
constexpr int number_of(std::string_view digits) {
    int value = 0;
    for (const char c : digits) value = value * 10 + (c - '0');
    return value;
}

} // namespace cpg
