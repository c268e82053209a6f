#include "spec/base/bytes.hpp"

#include <algorithm>

namespace cpg {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view digest_prefix = "sha256:";

using ValueTable = std::array<std::int8_t, 256>; // character -> value, -1 for any other

constexpr ValueTable make_values(std::string_view digits) {
    ValueTable values{};
    for (auto& value : values) value = -1;
    for (std::size_t i = 0; i < digits.size(); ++i)
        values[static_cast<unsigned char>(digits[i])] = static_cast<std::int8_t>(i);
    return values;
}

constexpr ValueTable make_hex_values() {
    ValueTable values = make_values(hex_digits);
    for (char c = 'A'; c <= 'F'; ++c)
        values[static_cast<unsigned char>(c)] = static_cast<std::int8_t>(c - 'A' + 10);
    return values;
}

constexpr ValueTable hex_values = make_hex_values();
constexpr ValueTable base64_values = make_values(base64_digits);

int value_of(const ValueTable& values, char c) {
    return values[static_cast<unsigned char>(c)];
}

std::uint32_t byte_at(BytesView bytes, std::size_t i) {
    return static_cast<unsigned char>(bytes[i]);
}

Error not_base64() {
    return {Errc::malformed, "not base64"};
}

} // namespace

std::string hex(BytesView bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        out += hex_digits[byte_at(bytes, i) >> 4];
        out += hex_digits[byte_at(bytes, i) & 15];
    }
    return out;
}

Result<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return Error{Errc::malformed, "hex of odd length"};
    Bytes out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = value_of(hex_values, text[i]);
        const int low = value_of(hex_values, text[i + 1]);
        if (high < 0 || low < 0) return Error{Errc::malformed, "not hex"};
        out += static_cast<char>(high * 16 + low);
    }
    return out;
}

std::string base64(BytesView bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = byte_at(bytes, i) << 16;
        if (count > 1) group |= byte_at(bytes, i + 1) << 8;
        if (count > 2) group |= byte_at(bytes, i + 2);
        out += base64_digits[group >> 18];
        out += base64_digits[group >> 12 & 63];
        out += count > 1 ? base64_digits[group >> 6 & 63] : '=';
        out += count > 2 ? base64_digits[group & 63] : '=';
    }
    return out;
}

Result<Bytes> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return not_base64();
    Bytes out;
    out.reserve(text.size() / 4 * 3);
    for (std::size_t i = 0; i < text.size(); i += 4) {
        std::size_t count = 4; // characters of this group that are not padding
        if (i + 4 == text.size() && text[i + 3] == '=') count = text[i + 2] == '=' ? 2 : 3;
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 4; ++j) {
            const int value = j < count ? value_of(base64_values, text[i + j]) : 0;
            if (value < 0) return not_base64();
            group = group << 6 | static_cast<std::uint32_t>(value);
        }
        const std::uint32_t unused = count == 2 ? 0xFFFF : count == 3 ? 0xFF : 0;
        if ((group & unused) != 0) return not_base64(); // bits that padding cuts off must be zero
        for (std::size_t j = 0; j + 1 < count; ++j)
            out += static_cast<char>(group >> (16 - 8 * j) & 0xFF);
    }
    return out;
}

std::string prefixed_hex(const Digest& digest) {
    return std::string(digest_prefix) + hex(digest.view());
}

Result<Digest> parse_digest(std::string_view text) {
    if (text.substr(0, digest_prefix.size()) == digest_prefix)
        text.remove_prefix(digest_prefix.size());
    Digest digest;
    if (text.size() != digest.bytes.size() * 2)
        return Error{Errc::malformed, "a SHA-256 digest has 64 hex digits"};
    const Result<Bytes> bytes = from_hex(text);
    if (!bytes) return bytes.error();
    std::copy(bytes->begin(), bytes->end(), digest.bytes.begin());
    return digest;
}

} // namespace cpg
