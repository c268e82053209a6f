#include "spec/kit/fill.hpp"

#include "spec/base/digits.hpp"
#include "spec/sample/person.hpp"

#include <algorithm>

namespace cpg::kit {

namespace {

constexpr int most_months_away = 120; // ten years: a first plan, not a birth date
constexpr int bitmap_days = 31;

Error unknown(std::string_view placeholder) {
    return {Errc::malformed, "'{" + std::string(placeholder) + "}' is no placeholder"};
}

/// "M", "M-12", "M+1".
std::optional<Month> month_of(std::string_view text, const Month& month) {
    if (!text.starts_with('M')) return std::nullopt;
    if (text.size() == 1) return month;
    const std::string_view digits = text.substr(2);
    if ((text[1] != '+' && text[1] != '-') || digits.empty() || digits.size() > 3 ||
        !all_digits(digits) || number_of(digits) > most_months_away)
        return std::nullopt;
    return sampling::months_after(month, text[1] == '-' ? -number_of(digits) : number_of(digits));
}

std::optional<int> day_of(std::string_view text, const Month& month, int record_day) {
    int day = 0;
    if (text == "last") day = month.days();
    if (text == "day") day = record_day;
    if (text.size() == 2 && all_digits(text)) day = number_of(text);
    return day >= 1 && day <= month.days() ? std::optional(day) : std::nullopt;
}

/// "16-31": a month's missing days are left out.
std::optional<std::string> bits_of(std::string_view text, const Month& month) {
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const std::string_view first = text.substr(0, dash), last = text.substr(dash + 1);
    for (const std::string_view part : {first, last})
        if (part.empty() || part.size() > 2 || !all_digits(part)) return std::nullopt;
    const int from = number_of(first), to = std::min(number_of(last), month.days());
    if (from < 1 || from > to || number_of(last) > bitmap_days) return std::nullopt;
    std::string bits(bitmap_days, '0');
    for (int day = from; day <= to; ++day) bits[static_cast<std::size_t>(day - 1)] = '1';
    return bits;
}

std::optional<std::string> office_of(std::string_view text, std::string_view name,
                                     const OfficeRef& office) {
    if (text == name) return office.office.str();
    if (text != std::string(name) + ".type" || !office.service_type) return std::nullopt;
    return office.service_type->str();
}

std::optional<std::string> image_of(std::string_view branch, const Filling& filling) {
    const FileType* const type = filling.edition->file("UPKIHON_IMAGE");
    if (!type || !filling.serial || branch.size() != 4 || !all_digits(branch)) return std::nullopt;
    return make_file_name(*type, filling.from, filling.to, *filling.serial, std::nullopt, branch);
}

std::optional<std::string> month_text(std::string_view text, const Filling& filling) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    const auto month = month_of(text.substr(0, dot), filling.month);
    if (!month) return std::nullopt;
    if (dot == text.size()) return month->str();
    const std::string_view part = text.substr(dot + 1);
    if (part == "text")
        return std::to_string(month->year()) + "年" + std::to_string(month->month()) + "月";
    const auto day = day_of(part, *month, filling.day);
    return day ? std::optional(sampling::yyyymmdd(*month, *day)) : std::nullopt;
}

std::optional<std::string> value_of(std::string_view placeholder, const Filling& filling) {
    constexpr std::string_view bits = "bits ", image = "image ";
    if (placeholder.starts_with(bits))
        return bits_of(placeholder.substr(bits.size()), filling.month);
    if (placeholder.starts_with(image)) return image_of(placeholder.substr(image.size()), filling);
    if (placeholder.starts_with("from")) return office_of(placeholder, "from", filling.from);
    if (placeholder.starts_with("to")) return office_of(placeholder, "to", filling.to);
    return month_text(placeholder, filling);
}

} // namespace

Result<std::string> fill(std::string_view text, const Filling& filling) {
    std::string out;
    while (!text.empty()) {
        const std::size_t open = std::min(text.find('{'), text.size());
        out += text.substr(0, open);
        text.remove_prefix(open);
        if (text.empty()) break;
        const std::size_t close = text.find('}');
        if (close == std::string_view::npos) return unknown(text.substr(1));
        const std::string_view placeholder = text.substr(1, close - 1);
        const auto value = value_of(placeholder, filling);
        if (!value) return unknown(placeholder);
        out += *value;
        text.remove_prefix(close + 1);
    }
    return out;
}

} // namespace cpg::kit
