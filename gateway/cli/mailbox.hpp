// What inbox and outbox have in common.
#pragma once

#include "gateway/cli/commands.hpp"
#include "gateway/cli/remote.hpp"
#include "gateway/cli/text.hpp"

namespace cpg::cli {

/// "&month=202612", or "".
std::string month_query(const Arguments& given);
/// Loads the whole list, then prints it: a table, or {"bundles":[…]}.
void print_mailbox(Connection& connection, const std::string& target, Reader reader);

} // namespace cpg::cli
