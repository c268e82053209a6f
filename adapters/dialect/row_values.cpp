#include "adapters/dialect/row_values.hpp"

namespace cpg::adapters {
namespace {

std::string replaced(std::string text, std::string_view place, const std::string& by) {
    if (const std::size_t at = text.find(place); at != std::string::npos)
        text.replace(at, place.size(), by);
    return text;
}

std::string given_by(const Fill& fill, const Values& values) {
    if (fill.value.starts_with('=')) return value_of(values, fill.value.substr(1));
    return is_variable(fill.value) ? value_of(values, fill.value) : fill.value;
}

} // namespace

std::string value_of(const Values& values, std::string_view reference) {
    const auto found = values.find(reference);
    return found == values.end() ? std::string() : found->second;
}

std::string day_header(std::string header, int day) {
    const std::string two = (day < 10 ? "0" : "") + std::to_string(day);
    return replaced(replaced(std::move(header), "{dd}", two), "{d}", std::to_string(day));
}

std::optional<Filled> filled(const Dialect& dialect, const FileType& type, std::string_view key,
                             const Values& values) {
    for (const Fill& fill : dialect.fills) {
        if (fill.key != key || (fill.type != "*" && fill.type != type.id)) continue;
        if (std::string value = given_by(fill, values); !value.empty())
            return Filled{&fill, std::move(value)};
    }
    return std::nullopt;
}

} // namespace cpg::adapters
