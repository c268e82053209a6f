// Equality of short texts without a call: coded items have up to 16 bytes, and are compared some 20
// times a record.
#pragma once

#include "spec/base/bytes.hpp"

#include <cstdint>
#include <cstring>

namespace cpg::checking {

template<class Word> Word load_word(const char* at) {
    Word word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

/// left == right.
[[gnu::always_inline]] inline bool same(BytesView left, BytesView right) {
    const std::size_t size = left.size();
    if (size != right.size()) return false;
    const char* const a = left.data();
    const char* const b = right.data();
    // The words at both ends overlap in the middle, so that two of them cover every size up to
    // their sum.
    const auto ends_are_same = [&]<class Word>(Word) {
        const std::size_t last = size - sizeof(Word);
        return ((load_word<Word>(a) ^ load_word<Word>(b)) |
                (load_word<Word>(a + last) ^ load_word<Word>(b + last))) == 0;
    };
    if (size > 2 * sizeof(std::uint64_t)) return left == right;
    if (size >= sizeof(std::uint64_t)) return ends_are_same(std::uint64_t{});
    if (size >= sizeof(std::uint32_t)) return ends_are_same(std::uint32_t{});
    return size == 0 || (a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1]);
}

} // namespace cpg::checking
