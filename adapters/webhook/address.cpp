#include "adapters/webhook/address.hpp"

#include <algorithm>
#include <cstdint>

namespace cpg::webhook {
namespace {

struct Block {
    std::uint8_t bytes[16];
    int length; // of the prefix, bits
};

/// What of IPv4 is not the public internet (RFC 6890 and its registry).
constexpr Block closed4[] = {
    {{0}, 8},             // this network
    {{10}, 8},            // private
    {{100, 64}, 10},      // shared, behind a carrier's NAT
    {{127}, 8},           // loopback
    {{169, 254}, 16},     // link-local, and where clouds keep their metadata
    {{172, 16}, 12},      // private
    {{192, 0, 0}, 24},    // protocol assignments
    {{192, 0, 2}, 24},    // documentation
    {{192, 88, 99}, 24},  // 6to4 relays, deprecated
    {{192, 168}, 16},     // private
    {{198, 18}, 15},      // benchmarks
    {{198, 51, 100}, 24}, // documentation
    {{203, 0, 113}, 24},  // documentation
    {{224}, 4},           // multicast
    {{240}, 4},           // reserved, broadcast
};

constexpr Block open6 = {{0x20}, 3}; // global unicast: nothing else is public
constexpr Block closed6[] = {
    {{0x20, 0x01, 0x00}, 23},       // protocol assignments, Teredo
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, // documentation
    {{0x3f, 0xff, 0x00}, 20},       // documentation
};
constexpr Block six_to_four = {{0x20, 0x02}, 16};             // an IPv4 address in bytes 2 to 5
constexpr Block nat64 = {{0x00, 0x64, 0xff, 0x9b, 0, 0}, 96}; // in bytes 12 to 15

bool lies_in(BytesView address, const Block& block) {
    for (int bit = 0; bit < block.length; ++bit) {
        const auto at = static_cast<std::size_t>(bit / 8);
        const int difference = static_cast<std::uint8_t>(address[at]) ^ block.bytes[at];
        if ((difference >> (7 - bit % 8) & 1) != 0) return false;
    }
    return true;
}

template<std::size_t N> bool lies_in_any(BytesView address, const Block (&blocks)[N]) {
    return std::any_of(std::begin(blocks), std::end(blocks),
                       [&](const Block& block) { return lies_in(address, block); });
}

} // namespace

bool is_public_address(BytesView bytes) {
    if (bytes.size() == 4) return !lies_in_any(bytes, closed4);
    if (bytes.size() != 16) return false;
    if (lies_in(bytes, nat64)) return is_public_address(bytes.substr(12));
    if (lies_in(bytes, six_to_four)) return is_public_address(bytes.substr(2, 4));
    return lies_in(bytes, open6) && !lies_in_any(bytes, closed6);
}

} // namespace cpg::webhook
