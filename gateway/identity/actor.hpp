// What a leaf of the log says of who acted beside the certificate. Pure, any thread.
#pragma once

#include "gateway/audit/entry.hpp"
#include "gateway/identity/directory.hpp"

namespace cpg::identity {

/// Adds the detail "person" or "token" with its opaque id; nothing for a certificate alone.
void name_actor(audit::Entry& entry, const Identity& identity);

} // namespace cpg::identity
