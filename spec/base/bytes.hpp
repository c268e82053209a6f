// Bytes and their text forms. Pure functions, any thread.
#pragma once

#include "spec/base/result.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cpg {

/// Raw bytes as received; std::string because every library here takes one.
using Bytes = std::string;
using BytesView = std::string_view;

/// A SHA-256 value.
struct Digest {
    std::array<std::uint8_t, 32> bytes{};
    auto operator<=>(const Digest&) const = default;
    BytesView view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

std::string hex(BytesView bytes); // lower case
Result<Bytes>
from_hex(std::string_view text);     // either case; odd length or other characters: malformed
std::string base64(BytesView bytes); // standard alphabet, padded
Result<Bytes> from_base64(std::string_view text); // strict: padded, canonical, no blanks

/// "sha256:" followed by 64 lower-case hex digits.
std::string prefixed_hex(const Digest& digest);
/// 64 hex digits, with or without the "sha256:" prefix.
Result<Digest> parse_digest(std::string_view text);

} // namespace cpg
