#include "gateway/app/admin_leaf.hpp"

#include <unistd.h>

namespace cpg::app {

std::string admin_leaf(std::string_view action, const Details& details) {
    audit::Entry entry;
    entry.type = audit::EntryType::admin;
    entry.time = system_clock().now();
    entry.details = {{"action", std::string(action)}, {"uid", std::to_string(::getuid())}};
    entry.details.insert(entry.details.end(), details.begin(), details.end());
    return audit::format_entry(entry);
}

} // namespace cpg::app
