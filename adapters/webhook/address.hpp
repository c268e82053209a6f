// Which addresses a webhook may go to: whoever may choose its URL must not reach through us what
// only we can reach (SSRF). Asked of the very address that is connected to, after the name is
// resolved. Pure, any thread.
#pragma once

#include "spec/base/bytes.hpp"

namespace cpg::webhook {

/// Of 4 or 16 bytes in network order: whether it is one of the public internet (IANA
/// special-purpose registries: not private, loopback, link-local, shared, documentation, multicast,
/// reserved). An IPv6 address that stands for an IPv4 one (6to4, NAT64) is as public as that. False
/// for any other number of bytes.
bool is_public_address(BytesView bytes);

} // namespace cpg::webhook
