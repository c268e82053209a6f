// multipart/form-data (RFC 7578) of a whole body, bounded. Pure; fuzzed.
#pragma once

#include "spec/base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cpg::http {

struct Part {
    std::string name;         // of the form field
    std::string file_name;    // UTF-8 as sent (filename* preferred); empty when absent. No path is
                              // ever stripped here
    std::string content_type; // lower case, without parameters
    std::string_view body;    // into the request's body
};

struct MultipartLimits {
    std::size_t max_parts = 2000;
    std::size_t max_header_bytes = 4096; // a part
};

/// content_type: the request's header (boundary in it). malformed: no boundary, no closing
/// delimiter, broken header; too_large: a limit.
Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view body,
                                          const MultipartLimits& limits = {});

} // namespace cpg::http
