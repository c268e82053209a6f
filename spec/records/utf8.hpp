// Strict UTF-8, one character at a time (RFC 3629: no overlong form, no surrogate, at most
// U+10FFFF). Pure, any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace cpg {

struct Utf8Character {
    char32_t code_point = 0;
    std::size_t length = 0; // bytes; 0 = not UTF-8 at this place
};

/// The character at `offset`. Precondition: offset < text.size().
Utf8Character utf8_character_at(std::string_view text, std::size_t offset);
bool is_utf8(std::string_view text);

} // namespace cpg
