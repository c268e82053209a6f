#include "adapters/dialect/values.hpp"

#include "adapters/dialect/wareki.hpp"
#include "spec/base/digits.hpp"
#include "spec/records/utf8.hpp"

#include <algorithm>
#include <array>

namespace cpg::adapters {
namespace {

constexpr std::string_view no_time = "9999"; // 第6表 No.12
constexpr std::size_t most_digits = 9;       // of a number: an int holds it

std::optional<int> small_number(std::string_view digits, std::size_t least, std::size_t most) {
    if (digits.size() < least || digits.size() > most || !all_digits(digits)) return std::nullopt;
    return number_of(digits);
}

std::string padded(int value, std::size_t width) {
    std::string text = std::to_string(value);
    if (text.size() < width) text.insert(0, width - text.size(), '0');
    return text;
}

/// Takes the text apart step by step; any step that does not fit spoils it.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    int number(std::size_t least, std::size_t most) {
        std::size_t length = 0;
        while (length < rest_.size() && length < most && is_digit(rest_[length])) ++length;
        if (length < least) good_ = false;
        const int value = length == 0 ? 0 : number_of(rest_.substr(0, length));
        rest_.remove_prefix(length);
        return value;
    }
    /// A year of an era: digits, or 元.
    int era_year() {
        if (skip_if("元")) return 1;
        return number(1, 2);
    }
    std::string_view era(bool kanji) {
        const std::size_t length = kanji ? std::string_view("令和").size() : 1;
        if (rest_.size() < length) good_ = false;
        const std::string_view name = rest_.substr(0, std::min(length, rest_.size()));
        rest_.remove_prefix(name.size());
        return name;
    }
    void skip(std::string_view sign) {
        if (!skip_if(sign)) good_ = false;
    }
    bool skip_if(std::string_view sign) {
        if (!rest_.starts_with(sign)) return false;
        rest_.remove_prefix(sign.size());
        return true;
    }
    bool done() const { return good_ && rest_.empty(); }

  private:
    std::string_view rest_;
    bool good_ = true;
};

std::optional<Date> western(std::string_view era, int year, int month, int day) {
    const auto found = western_year(era, year);
    if (!found) return std::nullopt;
    return Date{*found, month, day};
}

/// A date, or with `with_day` false a month, in one form. Not yet checked against the calendar.
std::optional<Date> read_date_as(Form form, std::string_view text, bool with_day) {
    Scanner scan(text);
    int year = 0, month = 0, day = 0;
    std::string_view era;
    switch (form) {
    case Form::plain:
        year = scan.number(4, 4);
        month = scan.number(2, 2);
        if (with_day) day = scan.number(2, 2);
        break;
    case Form::slashes:
    case Form::slashes_2:
    case Form::hyphens: {
        const std::string_view sign = form == Form::hyphens ? "-" : "/";
        const std::size_t least = form == Form::slashes ? 1 : 2;
        year = scan.number(4, 4);
        scan.skip(sign);
        month = scan.number(least, 2);
        if (with_day) {
            scan.skip(sign);
            day = scan.number(least, 2);
        }
        break;
    }
    case Form::kanji:
    case Form::wareki: {
        if (form == Form::wareki) {
            era = scan.era(true);
            year = scan.era_year();
        } else {
            year = scan.number(4, 4);
        }
        scan.skip("年");
        month = scan.number(1, 2);
        scan.skip("月");
        if (with_day) {
            day = scan.number(1, 2);
            scan.skip("日");
        }
        break;
    }
    case Form::wareki_short:
    case Form::wareki_fixed: {
        const bool fixed = form == Form::wareki_fixed;
        era = scan.era(false);
        year = fixed ? scan.number(2, 2) : scan.era_year();
        if (!fixed) scan.skip(".");
        month = scan.number(fixed ? 2 : 1, 2);
        if (with_day) {
            if (!fixed) scan.skip(".");
            day = scan.number(fixed ? 2 : 1, 2);
        }
        break;
    }
    default:
        return std::nullopt;
    }
    if (!scan.done() || (with_day && day == 0)) return std::nullopt;
    return era.empty() ? Date{year, month, day} : western(era, year, month, day);
}

std::optional<int> day_number(Form form, std::string_view text) {
    if (form == Form::day_kanji) {
        if (!text.ends_with("日")) return std::nullopt;
        text.remove_suffix(std::string_view("日").size());
    }
    return small_number(text, 1, 2);
}

bool is_day(Form form) {
    return form == Form::day || form == Form::day_kanji;
}

/// What the standard writes where a date or month does not apply.
bool is_zero_date(std::string_view text, bool with_day) {
    return text == (with_day ? "00000000" : "000000");
}

std::optional<std::string> read_date(Form form, std::string_view text, bool with_day, Month month) {
    if (form == Form::plain && is_zero_date(text, with_day)) return std::string(text);
    std::optional<Date> date;
    if (is_day(form)) {
        const auto day = day_number(form, text);
        if (day && *day > 0 && month.has_value()) date = Date{month.year(), month.month(), *day};
    } else {
        date = read_date_as(form, text, with_day);
    }
    if (!date || !is_real(*date)) return std::nullopt;
    return padded(date->year, 4) + padded(date->month, 2) + (with_day ? padded(date->day, 2) : "");
}

std::optional<std::string> write_date(Form form, std::string_view text, bool with_day,
                                      Month month) {
    const auto date = read_date_as(Form::plain, text, with_day);
    if (form == Form::plain && (is_zero_date(text, with_day) || (date && is_real(*date))))
        return std::string(text);
    if (!date || !is_real(*date)) return std::nullopt;
    const Era& era = era_of(*date);
    const int era_year = year_in(era, *date);
    const auto joined = [&](const std::string& year, std::string_view sign, std::size_t width) {
        std::string out = year + std::string(sign) + padded(date->month, width);
        if (with_day) out += std::string(sign) + padded(date->day, width);
        return out;
    };
    const auto in_kanji = [&](const std::string& year) {
        return year + "年" + std::to_string(date->month) + "月" +
               (with_day ? std::to_string(date->day) + "日" : "");
    };
    switch (form) {
    case Form::slashes:
        return joined(padded(date->year, 4), "/", 1);
    case Form::slashes_2:
        return joined(padded(date->year, 4), "/", 2);
    case Form::hyphens:
        return joined(padded(date->year, 4), "-", 2);
    case Form::kanji:
        return in_kanji(padded(date->year, 4));
    case Form::wareki:
        return in_kanji(std::string(era.kanji) +
                        (era_year == 1 ? std::string("元") : std::to_string(era_year)));
    case Form::wareki_short:
        return joined(era.letter + std::to_string(era_year), ".", 1);
    case Form::wareki_fixed:
        return joined(era.letter + padded(era_year, 2), "", 2);
    case Form::day:
    case Form::day_kanji:
        if (Month::of(date->year, date->month) != month) return std::nullopt;
        return std::to_string(date->day) + (form == Form::day_kanji ? "日" : "");
    default:
        return std::nullopt;
    }
}

/// HHMM from 0000 to 2400 (third item: 2400 as an end is R-TIME-02's to judge).
std::optional<std::string> clock_text(int hours, int minutes) {
    if (hours > 24 || minutes > 59 || (hours == 24 && minutes != 0)) return std::nullopt;
    return padded(hours, 2) + padded(minutes, 2);
}

std::optional<std::string> read_time(Form form, std::string_view text) {
    if (form == Form::plain && text == no_time) return std::string(no_time);
    Scanner scan(text);
    int hours = 0, minutes = 0;
    switch (form) {
    case Form::plain:
        hours = scan.number(2, 2);
        minutes = scan.number(2, 2);
        break;
    case Form::clock:
    case Form::clock_2:
    case Form::clock_s:
        hours = scan.number(form == Form::clock ? 1 : 2, 2);
        scan.skip(":");
        minutes = scan.number(2, 2);
        if (form == Form::clock_s) {
            scan.skip(":");
            if (scan.number(2, 2) != 0) return std::nullopt;
        }
        break;
    case Form::minutes: {
        const auto all = small_number(text, 1, 4);
        if (!all || *all > 24 * 60) return std::nullopt;
        return clock_text(*all / 60, *all % 60);
    }
    default:
        return std::nullopt;
    }
    if (!scan.done()) return std::nullopt;
    return clock_text(hours, minutes);
}

std::optional<std::string> write_time(Form form, std::string_view text) {
    if (text == no_time) {
        if (form == Form::plain) return std::string(text);
        return std::nullopt;
    }
    const auto plain = read_time(Form::plain, text);
    if (!plain) return std::nullopt;
    const int hours = number_of(plain->substr(0, 2)), minutes = number_of(plain->substr(2));
    switch (form) {
    case Form::plain:
        return plain;
    case Form::clock:
        return std::to_string(hours) + ":" + padded(minutes, 2);
    case Form::clock_2:
        return padded(hours, 2) + ":" + padded(minutes, 2);
    case Form::clock_s:
        return padded(hours, 2) + ":" + padded(minutes, 2) + ":00";
    case Form::minutes:
        return std::to_string(hours * 60 + minutes);
    default:
        return std::nullopt;
    }
}

struct Number {
    bool negative = false;
    std::string digits, fraction; // without leading zeros ("0" stays); fraction may be empty
};

std::optional<Number> number_parts(std::string_view text, bool commas, bool decimal) {
    Number number;
    if (!text.empty() && text[0] == '-') {
        number.negative = true;
        text.remove_prefix(1);
    }
    if (const std::size_t point = text.find('.'); point != std::string_view::npos) {
        number.fraction = text.substr(point + 1);
        text = text.substr(0, point);
        if (!decimal || number.fraction.empty() || !all_digits(number.fraction))
            return std::nullopt;
    }
    std::string digits;
    std::size_t group = 0; // digits since the last comma
    bool grouped = false;
    for (const char c : text) {
        if (c == ',') {
            if (!commas || digits.empty() || (grouped ? group != 3 : group > 3))
                return std::nullopt;
            grouped = true;
            group = 0;
        } else if (is_digit(c)) {
            digits += c;
            ++group;
        } else {
            return std::nullopt;
        }
    }
    if (digits.empty() || (grouped && group != 3)) return std::nullopt;
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
    if (digits.size() > most_digits) return std::nullopt;
    number.digits = std::move(digits);
    return number;
}

std::string plain_number(const Number& number) {
    return (number.negative ? "-" : "") + number.digits +
           (number.fraction.empty() ? "" : "." + number.fraction);
}

std::optional<std::string> write_number(const Column& column, std::string_view text) {
    const auto number = number_parts(text, false, column.type == ValueType::decimal);
    if (!number) return std::nullopt;
    Number out = *number;
    if (column.forms.front() == Form::commas) {
        for (std::size_t at = out.digits.size(); at > 3;) out.digits.insert(at -= 3, ",");
    } else if (column.forms.front() == Form::zero_padded && out.digits.size() < column.pad) {
        out.digits.insert(0, column.pad - out.digits.size(), '0');
    }
    return plain_number(out);
}

bool is_identifier(ValueType type) {
    return type != ValueType::text;
}

std::optional<std::string> read_as(const Column& column, Form form, std::string_view text,
                                   Month month) {
    switch (column.type) {
    case ValueType::text:
    case ValueType::code:
        return std::string(text);
    case ValueType::digits: {
        std::string digits(text);
        if (digits.size() < column.pad) digits.insert(0, column.pad - digits.size(), '0');
        return digits;
    }
    case ValueType::integer:
    case ValueType::decimal: {
        const auto number =
            number_parts(text, form == Form::commas, column.type == ValueType::decimal);
        if (!number) return std::nullopt;
        return plain_number(*number);
    }
    case ValueType::date:
        return read_date(form, text, true, month);
    case ValueType::month:
        return read_date(form, text, false, month);
    case ValueType::time:
        return read_time(form, text);
    case ValueType::flags31:
        if (text.size() != 31 || text.find_first_not_of("01") != std::string_view::npos)
            return std::nullopt;
        return std::string(text);
    }
    return std::nullopt;
}

std::optional<ReadValue> read_code(const CodeTable& table, std::string_view cell) {
    const std::string word = half_width(cell);
    for (const auto& [code, words] : table.codes)
        for (std::size_t i = 0; i < words.size(); ++i)
            if (words[i] == cell || half_width(words[i]) == word)
                return ReadValue{code, i != 0 || words[i] != cell};
    return std::nullopt;
}

} // namespace

std::optional<ReadValue> read_value(const Column& column, std::string_view cell, Month month) {
    if (cell.empty()) return ReadValue{column.empty, false};
    if (column.codes) return read_code(*column.codes, cell);
    if (column.type == ValueType::time)
        for (std::size_t i = 0; i < column.untimed.size(); ++i)
            if (cell == column.untimed[i]) return ReadValue{std::string(no_time), i != 0};
    const std::string half = is_identifier(column.type) ? half_width(cell) : std::string(cell);
    for (const Form form : column.forms) {
        auto text = read_as(column, form, half, month);
        if (!text) continue;
        const auto written = write_value(column, *text, month);
        return ReadValue{std::move(*text), !written || *written != cell};
    }
    return std::nullopt;
}

std::optional<std::string> write_value(const Column& column, std::string_view text, Month month) {
    if (column.codes) {
        for (const auto& [code, words] : column.codes->codes)
            if (code == text) return words.front();
        if (text == column.empty) return std::string();
        return std::nullopt;
    }
    if (column.type == ValueType::time && text == no_time && !column.untimed.empty())
        return column.untimed.front();
    if (text.empty() || text == column.empty) return std::string();
    switch (column.type) {
    case ValueType::text:
    case ValueType::code:
    case ValueType::digits:
        return std::string(text);
    case ValueType::integer:
    case ValueType::decimal:
        return write_number(column, text);
    case ValueType::date:
        return write_date(column.forms.front(), text, true, month);
    case ValueType::month:
        return write_date(column.forms.front(), text, false, month);
    case ValueType::time:
        return write_time(column.forms.front(), text);
    case ValueType::flags31:
        return read_as(column, Form::plain, text, month);
    }
    return std::nullopt;
}

std::string_view trimmed(std::string_view utf8) {
    constexpr std::array<std::string_view, 5> blanks{" ", "\t", "\r", "\n", "\u3000"};
    const auto blank_at = [&](auto fits) -> std::size_t {
        for (const std::string_view blank : blanks)
            if (fits(blank)) return blank.size();
        return 0;
    };
    while (const std::size_t length = blank_at([&](auto b) { return utf8.starts_with(b); }))
        utf8.remove_prefix(length);
    while (const std::size_t length = blank_at([&](auto b) { return utf8.ends_with(b); }))
        utf8.remove_suffix(length);
    return utf8;
}

std::string half_width(std::string_view utf8) {
    constexpr char32_t first = 0xFF01, last = 0xFF5E, to_ascii = 0xFEE0, wide_blank = 0x3000;
    std::string out;
    for (std::size_t i = 0; i < utf8.size();) {
        const Utf8Character character = utf8_character_at(utf8, i);
        const std::size_t length = std::max<std::size_t>(character.length, 1);
        const char32_t point = character.length == 0 ? 0 : character.code_point;
        if (point >= first && point <= last)
            out += static_cast<char>(point - to_ascii);
        else if (point == wide_blank)
            out += ' ';
        else
            out += utf8.substr(i, length);
        i += length;
    }
    return out;
}

std::string folded(std::string_view utf8) {
    std::string out = half_width(utf8);
    std::erase_if(out, [](char c) { return c == ' ' || c == '\t'; });
    return out;
}

std::string_view weekday_of(std::string_view yyyymmdd) {
    const auto date = read_date_as(Form::plain, yyyymmdd, true);
    if (!date || !is_real(*date)) return {};
    constexpr std::array<std::string_view, 7> days{"日", "月", "火", "水", "木", "金", "土"};
    // Sakamoto's congruence: the Gregorian calendar's weekday, Sunday 0.
    constexpr std::array<int, 12> shift{0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
    const int year = date->month < 3 ? date->year - 1 : date->year;
    const int number = (year + year / 4 - year / 100 + year / 400 +
                        shift[static_cast<std::size_t>(date->month - 1)] + date->day) %
                       7;
    return days[static_cast<std::size_t>(number)];
}

std::optional<int> minutes_between(std::string_view start, std::string_view end) {
    const auto minutes_of = [](std::string_view text) -> std::optional<int> {
        if (text == no_time || !read_time(Form::plain, text)) return std::nullopt;
        return number_of(text.substr(0, 2)) * 60 + number_of(text.substr(2));
    };
    const auto from = minutes_of(start), to = minutes_of(end);
    if (!from || !to) return std::nullopt;
    return *to >= *from ? *to - *from : *to + 24 * 60 - *from;
}

} // namespace cpg::adapters
