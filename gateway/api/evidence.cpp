// The log for outsiders: C2SP tlog-tiles. No personal data inside.
#include "gateway/api/api.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>

namespace cpg::api {

namespace {

struct TilePath {
    bool entries = false;
    audit::TileId id;
    std::size_t width = audit::tile_width; // less for a partial tile
};

// Exactly three digits, as tlog-tiles writes each group of an index.
std::optional<std::uint64_t> three_digits(std::string_view text) {
    if (text.size() != 3) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

std::string_view next_segment(std::string_view& path) {
    const auto slash = path.find('/');
    const auto segment = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    return segment;
}

// "<L>/<N>[.p/<W>]" or "entries/<N>[.p/<W>]"; N as x001/x234/067.
std::optional<TilePath> parse_tile_path(std::string_view path) {
    TilePath tile;
    const auto level = next_segment(path);
    if (level == "entries") {
        tile.entries = true;
    } else {
        const auto [end, failed] =
            std::from_chars(level.data(), level.data() + level.size(), tile.id.level);
        if (failed != std::errc() || end != level.data() + level.size() || tile.id.level > 7)
            return std::nullopt;
    }
    for (int groups = 0; groups < 6; ++groups) {
        auto segment = next_segment(path);
        const bool more = segment.starts_with('x');
        const bool partial = segment.ends_with(".p");
        if (more) segment.remove_prefix(1);
        if (partial) segment.remove_suffix(2);
        const auto digits = three_digits(segment);
        if (!digits || (more && partial)) return std::nullopt;
        tile.id.index = tile.id.index * 1000 + *digits;
        if (more) continue;
        if (!partial) return path.empty() ? std::optional(tile) : std::nullopt;
        const auto [end, failed] =
            std::from_chars(path.data(), path.data() + path.size(), tile.width);
        const bool good = failed == std::errc() && end == path.data() + path.size();
        return good && tile.width > 0 && tile.width < audit::tile_width ? std::optional(tile)
                                                                        : std::nullopt;
    }
    return std::nullopt;
}

// tlog-tiles: each entry is a big-endian uint16 length and its bytes.
std::string entry_bundle(const std::vector<std::string>& leaves) {
    std::string bundle;
    for (const auto& leaf : leaves) {
        bundle.push_back(static_cast<char>(leaf.size() >> 8));
        bundle.push_back(static_cast<char>(leaf.size() & 0xff));
        bundle += leaf;
    }
    return bundle;
}

http::Response tile_response(std::string bytes) {
    return http::text_response(200, std::move(bytes), "application/octet-stream");
}

} // namespace

void Api::get_checkpoint(RequestPtr request, const identity::Identity&, http::Responder respond) {
    auto checkpoint = services_.exchange.services().store.checkpoint();
    if (checkpoint.empty())
        return respond(http::problem(Error{Errc::not_found, "the log is empty"}, *request));
    respond(http::text_response(200, std::move(checkpoint)));
}

void Api::get_tile(RequestPtr request, const identity::Identity&, http::Responder respond) {
    const Error unknown{Errc::not_found, "no such tile"};
    const auto path = parse_tile_path(request->path_args.front());
    if (!path) return respond(http::problem(unknown, *request));
    auto& store = services_.exchange.services().store;
    if (path->entries) {
        const auto first = path->id.index * audit::tile_width;
        const auto leaves = first < store.tree_size() ? store.leaves(first, path->width)
                                                      : std::vector<std::string>{};
        if (leaves.size() < path->width) return respond(http::problem(unknown, *request));
        return respond(tile_response(entry_bundle(leaves)));
    }
    auto tile = store.tile(path->id);
    constexpr std::size_t hash_size = 32;
    if (!tile || tile->size() < path->width * hash_size)
        return respond(http::problem(unknown, *request));
    tile->resize(path->width * hash_size);
    respond(tile_response(std::move(*tile)));
}

void Api::get_policy(RequestPtr, const identity::Identity&, http::Responder respond) {
    boost::json::array keys;
    for (const auto& key : services_.log_keys) keys.push_back(boost::json::string(key));
    const boost::json::object policy{{"origin", services_.log_origin}, {"vkeys", std::move(keys)}};
    respond(http::json_response(200, boost::json::serialize(policy)));
}

} // namespace cpg::api
