// SHA-256, HMAC and random bytes over OpenSSL. Throws std::runtime_error when the library fails.
// Any thread.
#pragma once

#include "spec/base/bytes.hpp"

#include <memory>

namespace cpg {

Digest sha256(BytesView data);
Digest hmac_sha256(BytesView key, BytesView data);
/// RFC 5869 with SHA-256; length at most 255 * 32.
Bytes hkdf_sha256(BytesView key, BytesView salt, BytesView info, std::size_t length);
/// From the kernel's generator.
Bytes random_bytes(std::size_t count);
/// Compares without a data-dependent time.
bool equal_constant_time(BytesView left, BytesView right);

/// SHA-256 over parts.
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;
    Sha256& update(BytesView part);
    Digest finish(); // once

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace cpg
