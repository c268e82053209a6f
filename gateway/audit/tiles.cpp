#include "gateway/audit/tiles.hpp"

#include "gateway/audit/lines.hpp"

namespace cpg::audit {
namespace {

constexpr std::uint64_t max_level = 7;           // a tree of 2^64 leaves has no more
constexpr std::uint64_t max_index = 1ull << 56u; // and no more tiles of level 0
constexpr std::string_view partial_mark = ".p/";

/// Groups of three digits, all but the last with an x before.
std::string index_text(std::uint64_t index) {
    std::string text;
    for (bool last = true; last || index > 0; index /= 1000, last = false) {
        std::string group = std::to_string(1000 + index % 1000);
        group.front() = 'x';
        text = last ? group.substr(1) : group + "/" + text;
    }
    return text;
}

std::optional<std::uint64_t> read_index(std::string_view text) {
    std::uint64_t index = 0;
    while (true) {
        const std::size_t slash = text.find('/');
        std::string_view group = text.substr(0, slash);
        const bool more = slash != std::string_view::npos;
        if (more != group.starts_with('x')) return std::nullopt;
        if (more) group.remove_prefix(1);
        if (group.size() != 3 || !all_digits(group)) return std::nullopt;
        for (const char c : group) index = index * 10 + static_cast<std::uint64_t>(c - '0');
        if (index > max_index) return std::nullopt;
        if (!more) return index;
        text.remove_prefix(slash + 1);
    }
}

} // namespace

std::string TilePath::text() const {
    std::string text =
        (entries ? "entries" : std::to_string(id.level)) + "/" + index_text(id.index);
    if (width < tile_width) text.append(partial_mark).append(std::to_string(width));
    return text;
}

std::optional<TilePath> TilePath::parse(std::string_view text) {
    TilePath path;
    const std::size_t slash = text.find('/');
    const std::string_view level = text.substr(0, slash);
    if (slash == std::string_view::npos) return std::nullopt;
    std::string_view rest = text.substr(slash + 1);
    path.entries = level == "entries";
    if (!path.entries) {
        const auto number = parse_decimal(level);
        if (!number || *number > max_level) return std::nullopt;
        path.id.level = static_cast<unsigned>(*number);
    }
    if (const std::size_t mark = rest.rfind(partial_mark); mark != std::string_view::npos) {
        const auto width = parse_decimal(rest.substr(mark + partial_mark.size()));
        if (!width || *width == 0 || *width >= tile_width) return std::nullopt;
        path.width = static_cast<std::size_t>(*width);
        rest = rest.substr(0, mark);
    }
    const auto index = read_index(rest);
    if (!index) return std::nullopt;
    path.id.index = *index;
    if (path.text() != text) return std::nullopt; // a group of zeros too many
    return path;
}

std::string entry_bundle(const std::vector<std::string>& entries) {
    std::string bundle;
    for (const std::string& entry : entries) {
        bundle.push_back(static_cast<char>(entry.size() >> 8));
        bundle.push_back(static_cast<char>(entry.size() & 0xff));
        bundle += entry;
    }
    return bundle;
}

std::optional<std::vector<std::string>> read_entry_bundle(std::string_view bundle) {
    std::vector<std::string> entries;
    while (!bundle.empty()) {
        if (bundle.size() < 2 || entries.size() == tile_width) return std::nullopt;
        const std::size_t size = static_cast<std::size_t>(static_cast<unsigned char>(bundle[0]))
                                     << 8u |
                                 static_cast<unsigned char>(bundle[1]);
        if (bundle.size() < 2 + size) return std::nullopt;
        entries.emplace_back(bundle.substr(2, size));
        bundle.remove_prefix(2 + size);
    }
    return entries;
}

} // namespace cpg::audit
