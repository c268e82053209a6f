// The receiver's side of a webhook: is this message from who knows the secret, and is it fresh? For
// a vendor's server; it needs nothing of the gateway. Pure, any thread.
//
//     const auto good = verify({header("webhook-id"), header("webhook-timestamp"),
//                               header("webhook-signature"), body}, {"whsec_…"}, now);
//     if (!good) return 400;
//
// A message may come twice with the same webhook-id: whoever has seen it answers 200 and is done.
#pragma once

#include "adapters/webhook/signature.hpp"

#include <vector>

namespace cpg::webhook {

struct Received {
    std::string_view id, timestamp, signature; // headers as they came
    BytesView body;                            // bytes as they came: not parsed, not written anew
};

/// How far the sender's clock may be from ours, both ways: beyond it a message is an old one that
/// somebody plays back.
constexpr std::chrono::seconds tolerance{300};

/// malformed: a header is missing or not readable, or a secret is none. not_acceptable: too old, or
/// from the future. tampered: no signature is by any of the secrets (several while one is
/// replaced). Compares in constant time.
Result<void> verify(const Received& message, const std::vector<std::string>& secrets, Seconds now);

} // namespace cpg::webhook
