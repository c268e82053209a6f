#include "adapters/hotfolder/names.hpp"

#include "spec/records/cp932.hpp"
#include "spec/records/utf8.hpp"

#include <algorithm>
#include <array>

namespace cpg::hotfolder {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

bool is_forbidden(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f ||
           std::string_view("<>:\"/\\|?*").find(c) != std::string_view::npos;
}

/// CON, NUL.txt, com1 .log: a device whatever follows the first dot.
bool is_device(std::string_view name) {
    std::string stem = lower(name.substr(0, name.find('.')));
    while (stem.ends_with(' ')) stem.pop_back();
    constexpr std::array<std::string_view, 6> whole{"con", "prn",    "aux",
                                                    "nul", "conin$", "conout$"};
    if (std::find(whole.begin(), whole.end(), stem) != whole.end()) return true;
    if (!stem.starts_with("com") && !stem.starts_with("lpt")) return false;
    const std::string_view rest = std::string_view(stem).substr(3);
    return (rest.size() == 1 && rest[0] >= '0' && rest[0] <= '9') || rest == "¹" || rest == "²" ||
           rest == "³";
}

/// The longest start with at most `units` UTF-16 units that ends between characters.
std::string_view start_of(std::string_view utf8, std::size_t units) {
    std::size_t at = 0;
    while (at < utf8.size()) {
        const auto character = utf8_character_at(utf8, at);
        const std::size_t size = character.code_point > 0xffff ? 2 : 1;
        if (character.length == 0 || size > units) break;
        units -= size;
        at += character.length;
    }
    return utf8.substr(0, at);
}

std::string writable(std::string_view utf8) {
    std::string out;
    for (std::size_t at = 0; at < utf8.size();) {
        const std::size_t length = std::max<std::size_t>(utf8_character_at(utf8, at).length, 1);
        const std::string_view character = utf8.substr(at, length);
        at += length;
        const Encoded encoded = to_ms932(character, Fold::yes);
        if ((length == 1 && is_forbidden(character[0])) || !encoded.bytes || !is_utf8(character)) {
            out += '_';
            continue;
        }
        const std::string folded = to_utf8(*encoded.bytes);
        out += folded == "\\" ? "_" : folded; // ¥
    }
    return out;
}

std::string shortened(const std::string& name) {
    if (utf16_length(name) <= max_name) return name;
    const auto dot = name.rfind('.');
    const bool has_extension = dot != std::string::npos && dot > 0 && name.size() - dot <= 10;
    const std::string extension = has_extension ? name.substr(dot) : "";
    const std::string stem = name.substr(0, name.size() - extension.size());
    return std::string(start_of(stem, max_name - utf16_length(extension))) + extension;
}

} // namespace

bool is_passed_over(std::string_view name) {
    const std::string small = lower(name);
    if (small.empty() || small.starts_with('.') || small.starts_with("~$") || small.ends_with('~'))
        return true;
    for (const std::string_view end : {".tmp", ".part", ".partial", ".crdownload", ".swp"})
        if (small.ends_with(end)) return true;
    return small == "thumbs.db" || small == "desktop.ini";
}

std::size_t utf16_length(std::string_view utf8) {
    if (!is_utf8(utf8)) return utf8.size();
    std::size_t units = 0;
    for (std::size_t at = 0; at < utf8.size();) {
        const auto character = utf8_character_at(utf8, at);
        units += character.code_point > 0xffff ? 2 : 1;
        at += character.length;
    }
    return units;
}

bool is_windows_name(std::string_view utf8) {
    return !utf8.empty() && utf8 != "." && utf8 != ".." && is_utf8(utf8) &&
           std::none_of(utf8.begin(), utf8.end(), is_forbidden) && !utf8.ends_with('.') &&
           !utf8.ends_with(' ') && !is_device(utf8) && to_ms932(utf8).bytes &&
           utf16_length(utf8) <= max_name;
}

std::string windows_name(std::string_view utf8) {
    if (is_windows_name(utf8)) return std::string(utf8);
    std::string name = shortened(writable(utf8));
    while (name.ends_with('.') || name.ends_with(' ')) name.pop_back();
    if (name.empty()) name = "_";
    if (is_device(name)) name = shortened("_" + name);
    return name;
}

} // namespace cpg::hotfolder
