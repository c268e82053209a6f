// RFC 3161 time stamps over checkpoints: the request, and the answer's verification. What is
// stamped is SHA-256 over a checkpoint's text (origin, size, root: the note without signatures), so
// that cosignatures added later change nothing. Pure but for reading the authority's certificate
// file; any thread.
#pragma once

#include "spec/base/bytes.hpp"
#include "spec/base/clock.hpp"
#include "spec/base/digest.hpp"

#include <filesystem>

namespace cpg::audit {

/// An answer has a certificate or two; bounds what is parsed.
constexpr std::size_t max_timestamp_bytes = 256 * 1024;

struct TimestampRequest {
    Bytes der;   // TimeStampReq: version 1, SHA-256 imprint, nonce, certReq
    Bytes nonce; // 16 random bytes, big endian, the first bit 0
};
TimestampRequest make_timestamp_request(const Digest& imprint);

struct Timestamp {
    Time time{};           // genTime
    std::string serial;    // upper-case hex
    std::string authority; // subject of who signed, RFC 2253
};
/// Verifies a TimeStampResp against the authority's certificates (PEM; roots and intermediates):
/// granted, of this imprint, of this nonce (empty: not compared, for a stamp that was kept), signed
/// by a certificate for time stamping (critical extended key usage) that leads to one of `ca` as of
/// the stamp's own time. malformed: no such answer, tampered: it does not verify, unknown_key: its
/// signer does not lead to `ca`, configuration: `ca` cannot be read.
Result<Timestamp> verify_timestamp(BytesView response, const Digest& imprint, BytesView nonce,
                                   const std::filesystem::path& ca);

} // namespace cpg::audit
