// The regular expressions of dialects, over whole short texts in UTF-8, character by character
// (a class may hold 「：」). Perl's syntax with named groups. Any thread. Boost.Regex is seen by
// text_pattern.cpp only.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace cpg::adapters {

using Variables = std::map<std::string, std::string, std::less<>>; // group's name -> its text

bool is_text_pattern(const std::string& pattern);

/// The groups that took part when the pattern matches the whole text. Nothing when it does not, is
/// no pattern, or takes too many steps.
std::optional<Variables> match_text(const std::string& pattern, const std::string& text);

} // namespace cpg::adapters
