#include "spec/records/utf8.hpp"

namespace cpg {

namespace {

struct Lead {
    std::size_t length;
    char32_t bits;
    char32_t least; // the smallest code point that needs this length
};

Lead lead_of(unsigned char byte) {
    if (byte < 0x80) return {1, byte, 0};
    if (byte >= 0xC2 && byte <= 0xDF) return {2, byte & 0x1Fu, 0x80};
    if (byte >= 0xE0 && byte <= 0xEF) return {3, byte & 0x0Fu, 0x800};
    if (byte >= 0xF0 && byte <= 0xF4) return {4, byte & 0x07u, 0x10000};
    return {0, 0, 0};
}

bool is_scalar_value(char32_t code_point) {
    return code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF);
}

} // namespace

Utf8Character utf8_character_at(std::string_view text, std::size_t offset) {
    const Lead lead = lead_of(static_cast<unsigned char>(text[offset]));
    if (lead.length == 0 || text.size() - offset < lead.length) return {};
    char32_t code_point = lead.bits;
    for (std::size_t i = 1; i < lead.length; ++i) {
        const auto byte = static_cast<unsigned char>(text[offset + i]);
        if ((byte & 0xC0) != 0x80) return {};
        code_point = (code_point << 6) | (byte & 0x3Fu);
    }
    if (code_point < lead.least || !is_scalar_value(code_point)) return {};
    return {code_point, lead.length};
}

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = utf8_character_at(text, i).length;
        if (length == 0) return false;
        i += length;
    }
    return true;
}

} // namespace cpg
