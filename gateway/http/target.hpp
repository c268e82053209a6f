// The request target, decoded: path and query. Pure, any thread.
#pragma once

#include "spec/base/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cpg::http {

struct Target {
    std::string path; // starts with "/", valid UTF-8, no control character, no "." or ".." segment
    std::vector<std::pair<std::string, std::string>> query; // at most 64, "+" is a blank
};

/// Origin form ("/a?b=c") or absolute form ("https://host/a"). malformed: broken percent form, a
/// control character, not UTF-8, a dot segment, too many parameters.
Result<Target> parse_target(std::string_view target);

/// %XX decoded; malformed when a "%" is not followed by two hex digits.
Result<std::string> percent_decoded(std::string_view text);

bool is_utf8(std::string_view text);

} // namespace cpg::http
