// Reading the line-based texts of this room: each line ends with a line feed. Pure, any thread.
#pragma once

#include "spec/base/digits.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cpg::audit {

/// Takes lines off the front of a text.
class Lines {
  public:
    explicit Lines(std::string_view text) : rest_(text) {}
    bool done() const { return rest_.empty(); }
    std::string_view rest() const { return rest_; }
    /// The next line without its line feed; nullopt at the end or when the line feed is missing.
    std::optional<std::string_view> next() {
        const std::size_t end = rest_.find('\n');
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return line;
    }

  private:
    std::string_view rest_;
};

/// What follows the prefix; nullopt when the text does not start with it.
inline std::optional<std::string_view> after(std::string_view prefix, std::string_view text) {
    if (text.substr(0, prefix.size()) != prefix) return std::nullopt;
    return text.substr(prefix.size());
}

/// ASCII decimal without sign or leading zeros.
inline std::optional<std::uint64_t> parse_decimal(std::string_view text) {
    if (text.empty() || !all_digits(text) || (text.size() > 1 && text[0] == '0'))
        return std::nullopt;
    std::uint64_t value = 0;
    const auto end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end) return std::nullopt;
    return value;
}

/// The words of a line, separated by single spaces; an empty word when there are two in a row.
inline std::vector<std::string_view> split_words(std::string_view line) {
    std::vector<std::string_view> words;
    for (std::size_t begin = 0;;) {
        const std::size_t end = line.find(' ', begin);
        words.push_back(line.substr(begin, end - begin));
        if (end == std::string_view::npos) return words;
        begin = end + 1;
    }
}

} // namespace cpg::audit
