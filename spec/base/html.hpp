// Text inside HTML. Pure, any thread.
#pragma once

#include <string>
#include <string_view>

namespace cpg {

/// For element content and quoted attributes: & < > " ' as references, all else as it is.
std::string html_escaped(std::string_view text);

} // namespace cpg
