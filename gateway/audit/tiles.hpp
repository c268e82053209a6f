// The texts of C2SP tlog-tiles: paths of tiles and bundles of entries. Pure, any thread.
#pragma once

#include "gateway/audit/merkle.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace cpg::audit {

/// A tile, or the bundle of entries of a tile of level 0, of `width` hashes or entries (1 to 256;
/// fewer than 256 = a partial tile).
struct TilePath {
    bool entries = false;
    TileId id;
    std::size_t width = tile_width;
    /// "0/x001/234", "0/000.p/5", "entries/000".
    std::string text() const;
    /// Strict; nullopt for anything text() would not give.
    static std::optional<TilePath> parse(std::string_view text);
};

/// Each entry is its length, two bytes in big endian, and its bytes. An entry has at most 65,535.
std::string entry_bundle(const std::vector<std::string>& entries);
/// nullopt when it does not end where its last entry ends.
std::optional<std::vector<std::string>> read_entry_bundle(std::string_view bundle);

} // namespace cpg::audit
