#include "adapters/dialect/wareki.hpp"

#include <array>

namespace cpg::adapters {
namespace {

constexpr std::array<Era, 5> eras{{{"令和", 'R', {2019, 5, 1}},
                                   {"平成", 'H', {1989, 1, 8}},
                                   {"昭和", 'S', {1926, 12, 25}},
                                   {"大正", 'T', {1912, 7, 30}},
                                   {"明治", 'M', {1868, 1, 25}}}};
constexpr int last_year = 2999;

int days_in(int year, int month) {
    constexpr std::array<int, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[static_cast<std::size_t>(month - 1)];
}

} // namespace

bool is_real(const Date& date) {
    if (date.year < eras.back().first.year || date.year > last_year) return false;
    if (date.month < 1 || date.month > 12) return false;
    return date.day >= 0 && date.day <= days_in(date.year, date.month);
}

std::optional<int> western_year(std::string_view kanji_or_letter, int year) {
    if (year < 1) return std::nullopt;
    for (const Era& era : eras) {
        const char capital = kanji_or_letter.size() == 1 && kanji_or_letter[0] >= 'a'
                                 ? static_cast<char>(kanji_or_letter[0] - 'a' + 'A')
                                 : (kanji_or_letter.size() == 1 ? kanji_or_letter[0] : '\0');
        if (kanji_or_letter == era.kanji || capital == era.letter) return era.first.year + year - 1;
    }
    return std::nullopt;
}

const Era& era_of(const Date& date) {
    const Date last{date.year, date.month,
                    date.day == 0 ? days_in(date.year, date.month) : date.day};
    for (const Era& era : eras)
        if (last >= era.first) return era;
    return eras.back();
}

int year_in(const Era& era, const Date& date) {
    return date.year - era.first.year + 1;
}

} // namespace cpg::adapters
