#include "spec/render/form_words.hpp"

#include "spec/base/clock.hpp"
#include "spec/base/digits.hpp"

#include <algorithm>
#include <chrono>

namespace cpg::forms {

namespace {

struct Era {
    int first_day; // YYYYMMDD
    std::string_view name;
};
constexpr Era eras[] = {
    {20190501, "令和"}, {19890108, "平成"}, {19261225, "昭和"},
    {19120730, "大正"}, {18680125, "明治"},
};

std::string era_year(int year, int day) {
    const auto era = std::find_if(std::begin(eras), std::end(eras),
                                  [&](const Era& item) { return day >= item.first_day; });
    if (era == std::end(eras)) return std::to_string(year) + "年";
    const int count = year - era->first_day / 10000 + 1;
    return std::string(era->name) + (count == 1 ? "元" : std::to_string(count)) + "年";
}

std::string western(int year) {
    return "（" + std::to_string(year) + "年）";
}

bool is_all(std::string_view text, char c) {
    return std::all_of(text.begin(), text.end(), [&](char one) { return one == c; });
}

/// A month is named by the era of its last day: 令和元年5月.
std::string era_month(Month month) {
    const int last_day = (month.year() * 100 + month.month()) * 100 + month.days();
    return era_year(month.year(), last_day) + std::to_string(month.month()) + "月";
}

} // namespace

std::string japanese_date(std::string_view yyyymmdd) {
    if (is_all(yyyymmdd, '0')) return {};
    if (yyyymmdd.size() != 8 || !all_digits(yyyymmdd) || !is_real_day(yyyymmdd))
        return std::string(yyyymmdd);
    const int year = number_of(yyyymmdd.substr(0, 4));
    return era_year(year, number_of(yyyymmdd)) + std::to_string(number_of(yyyymmdd.substr(4, 2))) +
           "月" + std::to_string(number_of(yyyymmdd.substr(6, 2))) + "日" + western(year);
}

std::string japanese_month(std::string_view yyyymm) {
    if (is_all(yyyymm, '0')) return {};
    const auto month = Month::parse(yyyymm);
    return month ? era_month(*month) + western(month->year()) : std::string(yyyymm);
}

std::string japanese_month_heading(std::string_view yyyymm) {
    const auto month = Month::parse(yyyymm);
    return (month ? era_month(*month) : std::string(yyyymm)) + "分";
}

int minutes_of(std::string_view hhmm) {
    if (hhmm.size() != 4 || !all_digits(hhmm)) return -1;
    const int hours = number_of(hhmm.substr(0, 2));
    const int minutes = number_of(hhmm.substr(2, 2));
    const bool real = minutes < 60 && (hours < 24 || (hours == 24 && minutes == 0));
    return real ? hours * 60 + minutes : -1;
}

std::string clock_time(std::string_view hhmm) {
    if (hhmm == "9999") return {};
    const int minutes = minutes_of(hhmm);
    if (minutes < 0) return std::string(hhmm);
    return std::to_string(minutes / 60) + ":" + std::string(hhmm.substr(2));
}

std::string grouped(std::string_view integer) {
    const bool negative = integer.starts_with('-');
    std::string_view digits = negative ? integer.substr(1) : integer;
    if (digits.empty() || !all_digits(digits)) return std::string(integer);
    while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
    std::string out = negative ? "-" : "";
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i != 0 && (digits.size() - i) % 3 == 0) out += ',';
        out += digits[i];
    }
    return out;
}

int amount_of(std::string_view integer) {
    const bool negative = integer.starts_with('-');
    const std::string_view digits = negative ? integer.substr(1) : integer;
    if (digits.empty() || digits.size() > 9 || !all_digits(digits)) return 0;
    return negative ? -number_of(digits) : number_of(digits);
}

int weekday_of(Month month, int day) {
    using namespace std::chrono;
    const year_month_day date(year(month.year()),
                              std::chrono::month(static_cast<unsigned>(month.month())),
                              std::chrono::day(static_cast<unsigned>(day)));
    return static_cast<int>(weekday(sys_days(date)).iso_encoding()) - 1;
}

std::string meaning_of(const Field& field, const std::string& code) {
    const std::string* const meaning = field.codes ? field.codes->meaning(code) : nullptr;
    return meaning ? *meaning : code;
}

std::string service_name(const Edition& edition, std::string_view service_code) {
    const ServiceTypeInfo* const info = edition.service_type(service_code.substr(0, 2));
    return info ? info->name : std::string();
}

} // namespace cpg::forms
