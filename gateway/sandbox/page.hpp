// The status page of a sandbox: where everything is, what the robots did, the last requests. Static
// HTML without script; Japanese or English. Any thread.
#pragma once

#include <string>

namespace cpg::sandbox {

class Sandbox;

std::string status_page(const Sandbox& sandbox, bool english);

} // namespace cpg::sandbox
