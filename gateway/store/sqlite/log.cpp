#include "gateway/store/sqlite/log.hpp"

#include "gateway/store/sqlite/sql.hpp"
#include "gateway/store/sqlite/values.hpp"

#include <algorithm>

namespace cpg::store::sqlite {
namespace {

constexpr std::size_t max_leaf_bytes = 4096; // interfaces: Evidence
constexpr std::size_t hash_size = 32;
constexpr unsigned tile_height = 8;

std::uint64_t tree_size_of(Database& database) {
    return static_cast<std::uint64_t>(database.integer(sql::tree_size));
}

void require(bool holds, const char* otherwise) {
    if (!holds) throw StoreBroken(std::string("the log does not fit together: ") + otherwise);
}

audit::Checkpoint newest_checkpoint(Database& database, const audit::VerifierKey& key) {
    Query row = database.query(sql::newest_checkpoint, {});
    require(row.next(), "there is no checkpoint");
    const auto note = audit::open_note(row.text(0), {key});
    require(note.has_value(), "the newest checkpoint is not signed by this gateway's key");
    auto checkpoint = audit::Checkpoint::parse(note->text);
    require(checkpoint.has_value(), "the newest checkpoint cannot be read");
    require(checkpoint->origin == key.name, "the newest checkpoint is of another log");
    return *std::move(checkpoint);
}

/// Hashes that tile `index` of a level has in a tree of `size` leaves.
std::size_t hashes_in(unsigned level, std::uint64_t index, std::uint64_t size) {
    const std::uint64_t nodes = size >> (tile_height * level);
    return static_cast<std::size_t>(
        std::min<std::uint64_t>(audit::tile_width, nodes - index * audit::tile_width));
}

Bytes hashes_of_leaves(Database& database, std::uint64_t first) {
    Bytes hashes;
    Query row = database.query(sql::leaves, {first, audit::tile_width});
    while (row.next()) hashes += audit::leaf_hash(row.text(0)).view();
    return hashes;
}

Digest root_of_full_tile(const Bytes& hashes) {
    std::vector<Digest> nodes;
    for (std::size_t at = 0; at < hashes.size(); at += hash_size)
        nodes.push_back(digest_of(BytesView(hashes).substr(at, hash_size)));
    for (; nodes.size() > 1; nodes.resize(nodes.size() / 2))
        for (std::size_t i = 0; i < nodes.size() / 2; ++i)
            nodes[i] = audit::node_hash(nodes[2 * i], nodes[2 * i + 1]);
    return nodes.front();
}

void verify_newest_leaves(Database& database, std::uint64_t size, const audit::TileReader& tiles) {
    const std::uint64_t unread = size - std::min(size, leaves_verified_at_open);
    for (std::uint64_t index = unread / audit::tile_width; index * audit::tile_width < size;
         ++index)
        require(hashes_of_leaves(database, index * audit::tile_width) == tiles({0, index}),
                "a leaf is not the one of its tile");
}

/// Each full tile of a level below has its root in a tile of this level.
void verify_newest_tiles(unsigned level, std::uint64_t size, const audit::TileReader& tiles) {
    const std::uint64_t nodes = size >> (tile_height * level);
    const std::uint64_t verified = leaves_verified_at_open >> tile_height; // on each level
    const std::uint64_t first =
        (nodes - std::min(nodes, verified)) / audit::tile_width * audit::tile_width;
    for (std::uint64_t index = first / audit::tile_width; index * audit::tile_width < nodes;
         ++index) {
        const Bytes hashes = tiles({level, index});
        const std::size_t count = hashes_in(level, index, size);
        require(hashes.size() == count * hash_size, "a tile has too many or too few hashes");
        for (std::size_t i = 0; i < count; ++i) {
            const Bytes below = tiles({level - 1, index * audit::tile_width + i});
            require(below.size() == audit::tile_width * hash_size, "a full tile lacks hashes");
            require(root_of_full_tile(below).view() ==
                        BytesView(hashes).substr(i * hash_size, hash_size),
                    "a tile is not the one of the level above");
        }
    }
}

} // namespace

audit::TileReader tile_reader(Database& database) {
    return [&database](audit::TileId id) {
        Query row = database.query(sql::tile, {id.level, id.index});
        if (!row.next()) throw StoreBroken("the log does not fit together: a tile is missing");
        return row.blob(0);
    };
}

void verify_log(Database& database, const audit::VerifierKey& key) {
    const Transaction snapshot(database, Transaction::Kind::read);
    const std::uint64_t size = tree_size_of(database);
    {
        Query leaves = database.query(sql::leaf_range, {});
        require(leaves.next() && leaves.count(0) == 0 && leaves.count(1) == size,
                "there are more or fewer leaves than the newest checkpoint says");
    }
    if (size == 0) return;
    const audit::Checkpoint checkpoint = newest_checkpoint(database, key);
    require(checkpoint.size == size, "the newest checkpoint is not where its size says");
    const audit::TileReader tiles = tile_reader(database);
    verify_newest_leaves(database, size, tiles);
    for (unsigned level = 1; size >> (tile_height * level) > 0; ++level)
        verify_newest_tiles(level, size, tiles);
    require(audit::root_of(size, tiles) == checkpoint.root,
            "the tiles do not give the root of the newest checkpoint");
}

// -- LogWriter --

LogWriter::LogWriter(Database& database, std::shared_ptr<const audit::Signer> signer)
    : database_(database), signer_(std::move(signer)), tree_(0, tile_reader(database)) {}

void LogWriter::resume() {
    const std::uint64_t size = tree_size_of(database_);
    if (!is_committed_ || size != tree_.size()) {
        tree_.reset(size);
        if (size > 0)
            require(newest_checkpoint(database_, signer_->verifier()).root == tree_.root(),
                    "the tiles do not give the root of the newest checkpoint");
    }
    is_committed_ = false;
    resumed_at_ = size;
    checkpoint_.clear();
}

std::uint64_t LogWriter::append(std::string_view leaf) {
    if (leaf.empty() || leaf.size() > max_leaf_bytes)
        throw std::length_error("a leaf has 1 to 4096 bytes");
    const std::uint64_t index = tree_.append(audit::leaf_hash(leaf));
    database_.run(sql::insert_leaf, {index, leaf});
    return index;
}

void LogWriter::finish() {
    if (tree_.size() == resumed_at_) return;
    for (const auto& [id, hashes] : tree_.take_dirty_tiles())
        database_.run(sql::put_tile, {id.level, id.index, Blob{hashes}});
    const audit::Checkpoint body{signer_->verifier().name, tree_.size(), tree_.root(), {}};
    checkpoint_ = audit::sign_note(body.body(), {signer_.get()});
    database_.run(sql::insert_checkpoint, {tree_.size(), checkpoint_});
}

audit::Proof LogWriter::proof(std::uint64_t leaf) const {
    return {leaf, tree_.size(), tree_.inclusion(leaf), checkpoint_};
}

} // namespace cpg::store::sqlite
