#include "spec/base/conversion.hpp"

#include "spec/base/digits.hpp"

namespace cpg {
namespace {

constexpr std::size_t max_dialect = 40;
constexpr std::size_t max_number_digits = 9;

/// The words between the values, which tell the two forms apart.
struct Form {
    std::string_view fills, lookups, report;
};
constexpr Form header_form{"; fills=", "; lookups=", "; report="};
constexpr Form line_form{" fills ", " lookups ", " report "};

bool is_dialect(std::string_view text) {
    const auto is_small = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); };
    return !text.empty() && text.size() <= max_dialect && is_small(text[0]) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return is_small(c) || c == '-'; });
}

std::string write(const Conversion& conversion, const Form& form) {
    std::string text = conversion.dialect + "@" + std::to_string(conversion.version);
    text.append(form.fills).append(std::to_string(conversion.fills));
    text.append(form.lookups).append(std::to_string(conversion.lookups));
    return text.append(form.report).append(prefixed_hex(conversion.report));
}

/// Takes the text before the next `mark` off, and the mark; all of it when there is none.
std::string_view take_until(std::string_view& rest, std::string_view mark) {
    const std::size_t end = rest.find(mark);
    const std::string_view taken = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + mark.size());
    return taken;
}

/// Loose: parse() compares the outcome with what would have been written.
std::uint32_t loose_number(std::string_view digits) {
    if (digits.size() > max_number_digits || !all_digits(digits)) return 0;
    return static_cast<std::uint32_t>(number_of(digits));
}

std::optional<Conversion> parse(std::string_view text, const Form& form) {
    std::string_view rest = text;
    Conversion conversion;
    conversion.dialect = std::string(take_until(rest, "@"));
    conversion.version = loose_number(take_until(rest, form.fills));
    conversion.fills = loose_number(take_until(rest, form.lookups));
    conversion.lookups = loose_number(take_until(rest, form.report));
    const auto report = parse_digest(rest);
    if (!report) return std::nullopt;
    conversion.report = *report;
    if (!is_well_formed(conversion) || write(conversion, form) != text) return std::nullopt;
    return conversion;
}

} // namespace

bool is_well_formed(const Conversion& conversion) {
    return is_dialect(conversion.dialect) && conversion.version <= max_conversion_number &&
           conversion.fills <= max_conversion_number && conversion.lookups <= max_conversion_number;
}

std::string to_header(const Conversion& conversion) {
    return write(conversion, header_form);
}

Result<Conversion> parse_conversion_header(std::string_view value) {
    auto conversion = parse(value, header_form);
    if (!conversion)
        return Error{Errc::malformed, "Cpgw-Conversion is <dialect>@<version>; fills=<n>; "
                                      "lookups=<n>; report=sha256:<64 hex digits>"};
    return *std::move(conversion);
}

std::string to_leaf_line(const Conversion& conversion) {
    return write(conversion, line_form);
}

std::optional<Conversion> parse_conversion_line(std::string_view value) {
    return parse(value, line_form);
}

} // namespace cpg
