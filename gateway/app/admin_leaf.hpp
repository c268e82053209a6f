// The leaf that an administrator's command leaves in the log: what was done, when, by which user of
// this machine. Any thread.
#pragma once

#include "gateway/audit/entry.hpp"

namespace cpg::app {

using Details = std::vector<std::pair<std::string, std::string>>;

/// An `admin` leaf with the details `action`, `uid` and those given; values are printable ASCII
/// without personal data.
std::string admin_leaf(std::string_view action, const Details& details = {});

} // namespace cpg::app
