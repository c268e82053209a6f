#include "spec/base/clock.hpp"

#include "spec/base/digits.hpp"

#include <cstdio>

namespace cpg {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class SystemClock final : public Clock {
  public:
    Time now() const override { return floor<milliseconds>(std::chrono::system_clock::now()); }
};

std::chrono::year_month_day date_of(int year, int month, int day) {
    return std::chrono::year(year) / month / day;
}

} // namespace

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

std::string rfc3339(Time time) {
    const auto day = floor<days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    char text[64];
    const int length = std::snprintf(
        text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return std::string(text, static_cast<std::size_t>(length));
}

std::optional<Time> parse_rfc3339(std::string_view text) {
    constexpr std::string_view form = "0000-00-00T00:00:00.000Z";
    if (text.size() != form.size()) return std::nullopt;
    for (std::size_t i = 0; i < form.size(); ++i)
        if (form[i] == '0' ? !is_digit(text[i]) : text[i] != form[i]) return std::nullopt;
    const auto date = date_of(number_of(text.substr(0, 4)), number_of(text.substr(5, 2)),
                              number_of(text.substr(8, 2)));
    const int hour = number_of(text.substr(11, 2));
    const int minute = number_of(text.substr(14, 2));
    const int second = number_of(text.substr(17, 2));
    if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    return Time(std::chrono::sys_days(date)) + hours(hour) + minutes(minute) + seconds(second) +
           milliseconds(number_of(text.substr(20, 3)));
}

std::string japan_day(Time time) {
    const std::chrono::year_month_day date(floor<days>(time + hours(9)));
    char text[48];
    const int length =
        std::snprintf(text, sizeof text, "%04d%02u%02u", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return std::string(text, static_cast<std::size_t>(length));
}

bool is_real_day(std::string_view yyyymmdd) {
    if (yyyymmdd.size() != 8 || !all_digits(yyyymmdd)) return false;
    const int year = number_of(yyyymmdd.substr(0, 4));
    if (year < 1800 || year > 2999) return false;
    return date_of(year, number_of(yyyymmdd.substr(4, 2)), number_of(yyyymmdd.substr(6, 2))).ok();
}

} // namespace cpg
