// Signatures of messages by Standard Webhooks (standardwebhooks.com, symmetric): HMAC-SHA256 over
// "<id>.<timestamp>.<body>". Pure, any thread.
//
//     const auto key = parse_secret("whsec_…");
//     headers["webhook-signature"] = sign(*key, id, timestamp, body);
#pragma once

#include "spec/base/bytes.hpp"

#include <chrono>

namespace cpg::webhook {

using Seconds = std::chrono::sys_seconds;

/// The key in "whsec_" and the base64 of 24 to 64 bytes (the standard's bounds). malformed.
Result<Bytes> parse_secret(std::string_view text);

/// "v1,<base64>": one entry of the header webhook-signature, which may hold several, divided by
/// blanks. `id` is without a full stop.
std::string sign(BytesView key, std::string_view id, Seconds timestamp, BytesView body);

} // namespace cpg::webhook
