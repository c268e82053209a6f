#include "gateway/audit/merkle.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <deque>
#include <stdexcept>

namespace cpg::audit {
namespace {

constexpr unsigned tile_height = 8;
constexpr unsigned max_level = 64; // binary levels of a tree of at most 2^64 - 1 leaves
constexpr std::size_t hash_size = 32;

/// Complete nodes of binary level `level` in a tree of `size` leaves.
std::uint64_t nodes_at(unsigned level, std::uint64_t size) {
    return level < max_level ? size >> level : 0;
}

Digest digest_at(BytesView hashes, std::size_t position) {
    Digest digest;
    std::memcpy(digest.bytes.data(), hashes.data() + position * hash_size, hash_size);
    return digest;
}

/// The root over a power of two of hashes.
Digest fold(std::vector<Digest> hashes) {
    while (hashes.size() > 1) {
        for (std::size_t i = 0; i < hashes.size() / 2; ++i)
            hashes[i] = node_hash(hashes[2 * i], hashes[2 * i + 1]);
        hashes.resize(hashes.size() / 2);
    }
    return hashes.front();
}

Bytes read_tile(const TileReader& tiles, TileId id, std::size_t least_hashes) {
    Bytes tile = tiles(id);
    const bool fits = tile.size() % hash_size == 0 && tile.size() <= tile_width * hash_size;
    if (!fits || tile.size() < least_hashes * hash_size)
        throw std::runtime_error("tile " + std::to_string(id.level) + "/" +
                                 std::to_string(id.index) + " is missing or too short");
    return tile;
}

/// Complete nodes of a tree of `size` leaves, out of tiles; keeps what it read.
class TileNodes {
  public:
    TileNodes(std::uint64_t size, const TileReader& tiles) : size_(size), tiles_(tiles) {}

    Digest operator()(unsigned level, std::uint64_t index) {
        const unsigned depth = level % tile_height; // binary levels above the tile's own row
        const std::uint64_t first = index << depth; // in the tile's row
        const BytesView tile = tile_of({level / tile_height, first / tile_width});
        std::vector<Digest> hashes(std::size_t{1} << depth);
        for (std::size_t i = 0; i < hashes.size(); ++i)
            hashes[i] = digest_at(tile, first % tile_width + i);
        return fold(std::move(hashes));
    }

  private:
    BytesView tile_of(TileId id) {
        const auto known = read_.find(id);
        if (known != read_.end()) return known->second;
        const std::uint64_t row = nodes_at(id.level * tile_height, size_);
        const auto width = std::min<std::uint64_t>(tile_width, row - id.index * tile_width);
        return read_.emplace(id, read_tile(tiles_, id, static_cast<std::size_t>(width)))
            .first->second;
    }

    std::uint64_t size_;
    const TileReader& tiles_;
    std::map<TileId, Bytes> read_;
};

/// The ragged right edge of a tree: for each binary level, the hash of the leaves that its complete
/// nodes leave over, when there are some.
struct Tails {
    std::array<Digest, max_level + 1> hash{};
    std::array<bool, max_level + 1> present{};
};

template<class Nodes> Tails tails_of(std::uint64_t size, Nodes&& nodes) {
    Tails tails;
    for (unsigned level = 0; level < max_level && nodes_at(level, size) > 0; ++level) {
        tails.hash[level + 1] = tails.hash[level];
        tails.present[level + 1] = tails.present[level];
        const std::uint64_t count = nodes_at(level, size);
        if (count % 2 == 0) continue; // every node of this level has its parent
        const Digest last = nodes(level, count - 1);
        tails.hash[level + 1] = tails.present[level] ? node_hash(last, tails.hash[level]) : last;
        tails.present[level + 1] = true;
    }
    return tails;
}

/// A tree's root is what is left over above its highest complete node.
Digest root_from(const Tails& tails, std::uint64_t size) {
    return size == 0 ? empty_root() : tails.hash[static_cast<unsigned>(std::bit_width(size))];
}

/// Siblings from the node at `level` up to the root's child.
template<class Nodes>
void add_siblings(std::vector<Digest>& path, unsigned level, std::uint64_t index,
                  std::uint64_t size, const Tails& tails, Nodes&& nodes) {
    for (; level < max_level && (size - 1) >> level != 0; ++level, index >>= 1) {
        const std::uint64_t sibling = index ^ 1;
        const std::uint64_t count = nodes_at(level, size);
        if (sibling < count)
            path.push_back(nodes(level, sibling));
        else if (sibling == count && tails.present[level])
            path.push_back(tails.hash[level]);
    }
}

/// Where the verification of a proof is: a node and the last node of its level (RFC 9162's fn, sn).
struct Climb {
    std::uint64_t node = 0;
    std::uint64_t last = 0;

    bool at_root() const { return last == 0; }
    bool sibling_is_left() const { return node % 2 == 1 || node == last; }
    void up() {
        node >>= 1;
        last >>= 1;
    }
    /// Past the levels at which the last node has no sibling.
    void skip_lonely_levels() {
        while (node % 2 == 0 && node != 0) up();
    }
};

} // namespace

Digest leaf_hash(BytesView leaf) {
    std::array<char, 4097> buffer; // a leaf of the log has at most 4 KiB: one call of the library
    if (leaf.size() >= buffer.size())
        return Sha256().update(BytesView("\0", 1)).update(leaf).finish();
    buffer[0] = 0;
    std::copy(leaf.begin(), leaf.end(), buffer.begin() + 1);
    return sha256({buffer.data(), leaf.size() + 1});
}

Digest node_hash(const Digest& left, const Digest& right) {
    std::array<char, 1 + 2 * hash_size> buffer;
    buffer[0] = 1;
    std::memcpy(buffer.data() + 1, left.bytes.data(), hash_size);
    std::memcpy(buffer.data() + 1 + hash_size, right.bytes.data(), hash_size);
    return sha256({buffer.data(), buffer.size()});
}

Digest empty_root() {
    return sha256({});
}

bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf_hash,
                      const std::vector<Digest>& proof, const Digest& root) {
    if (index >= size) return false;
    Climb climb{index, size - 1};
    Digest hash = leaf_hash;
    for (const Digest& sibling : proof) {
        if (climb.at_root()) return false; // longer than the tree is high
        if (climb.sibling_is_left()) {
            hash = node_hash(sibling, hash);
            climb.skip_lonely_levels();
        } else {
            hash = node_hash(hash, sibling);
        }
        climb.up();
    }
    return climb.at_root() && hash == root;
}

bool verify_consistency(std::uint64_t old_size, std::uint64_t new_size,
                        const std::vector<Digest>& proof, const Digest& old_root,
                        const Digest& new_root) {
    if (old_size > new_size) return false;
    if (old_size == new_size)
        return proof.empty() && old_root == new_root && (old_size != 0 || old_root == empty_root());
    if (old_size == 0) return proof.empty() && old_root == empty_root();

    auto next = proof.begin();
    Digest start = old_root; // a whole old tree is a node of the new one and not repeated
    if (!std::has_single_bit(old_size)) {
        if (proof.empty()) return false;
        start = *next++;
    }
    Climb climb{old_size - 1, new_size - 1};
    while (climb.node % 2 == 1) climb.up();
    Digest old_hash = start, new_hash = start;
    for (; next != proof.end(); ++next) {
        if (climb.at_root()) return false;
        if (climb.sibling_is_left()) {
            old_hash = node_hash(*next, old_hash);
            new_hash = node_hash(*next, new_hash);
            climb.skip_lonely_levels();
        } else {
            new_hash = node_hash(new_hash, *next);
        }
        climb.up();
    }
    return climb.at_root() && old_hash == old_root && new_hash == new_root;
}

Digest root_of(std::uint64_t size, const TileReader& tiles) {
    return root_from(tails_of(size, TileNodes(size, tiles)), size);
}

std::vector<Digest> inclusion_proof(std::uint64_t index, std::uint64_t size,
                                    const TileReader& tiles) {
    if (index >= size) throw std::out_of_range("inclusion_proof: no such leaf");
    TileNodes nodes(size, tiles);
    std::vector<Digest> path;
    add_siblings(path, 0, index, size, tails_of(size, nodes), nodes);
    return path;
}

std::vector<Digest> consistency_proof(std::uint64_t old_size, std::uint64_t new_size,
                                      const TileReader& tiles) {
    if (old_size > new_size) throw std::out_of_range("consistency_proof: the old tree is larger");
    if (old_size == 0 || old_size == new_size) return {};
    TileNodes nodes(new_size, tiles);
    // The largest node that ends where the old tree ends, and the way from there to the root.
    const auto level = static_cast<unsigned>(std::countr_zero(old_size));
    const std::uint64_t index = (old_size >> level) - 1;
    std::vector<Digest> path;
    if (!std::has_single_bit(old_size)) path.push_back(nodes(level, index));
    add_siblings(path, level, index, new_size, tails_of(new_size, nodes), nodes);
    return path;
}

/// The newest complete nodes of every binary level, and the ragged edge once it was asked for.
class Tree::Edge {
  public:
    Edge(std::uint64_t size, TileReader tiles) : tiles_(std::move(tiles)) { load(size); }

    std::uint64_t size() const { return size_; }

    void load(std::uint64_t size) {
        size_ = size;
        tails_known_ = false;
        rows_ = {};
        taken_ = {};
        for (unsigned level = 0; level < max_level && nodes_at(level, size) > 0; ++level) {
            if (level % tile_height == 0)
                load_row(level);
            else
                derive_row(level);
        }
    }

    std::uint64_t append(const Digest& leaf) {
        tails_known_ = false;
        rows_[0].nodes.push_back(leaf);
        // A level whose count became even completes a node above.
        for (unsigned level = 0; level + 1 < max_level && rows_[level].end() % 2 == 0; ++level) {
            const auto& nodes = rows_[level].nodes;
            const Digest parent = node_hash(nodes[nodes.size() - 2], nodes[nodes.size() - 1]);
            rows_[level + 1].nodes.push_back(parent);
        }
        return size_++;
    }

    Digest root() { return root_from(tails(), size_); }

    std::vector<Digest> inclusion(std::uint64_t index) {
        if (index >= size_) throw std::out_of_range("Tree::inclusion: no such leaf");
        TileNodes older(size_, tiles_);
        std::vector<Digest> path;
        add_siblings(path, 0, index, size_, tails(),
                     [&](unsigned level, std::uint64_t node) -> Digest {
                         const Row& row = rows_[level];
                         return node >= row.first ? row.at(node) : older(level, node);
                     });
        return path;
    }

    std::map<TileId, Bytes> take_dirty() {
        std::map<TileId, Bytes> dirty;
        for (unsigned level = 0; level < max_level; level += tile_height) {
            std::uint64_t& taken = taken_[level / tile_height];
            const std::uint64_t end = rows_[level].end();
            if (taken == end) continue;
            for (std::uint64_t tile = taken / tile_width; tile * tile_width < end; ++tile)
                dirty.emplace(TileId{level / tile_height, tile}, tile_bytes(level, tile));
            taken = end;
        }
        trim();
        return dirty;
    }

  private:
    struct Row {
        std::uint64_t first = 0; // index of the oldest node kept
        std::deque<Digest> nodes;
        std::uint64_t end() const { return first + nodes.size(); }
        const Digest& at(std::uint64_t index) const {
            return nodes[static_cast<std::size_t>(index - first)];
        }
    };

    /// The oldest node to keep at a level: room for the proofs of the newest leaves, and at a
    /// tile's row from a tile's beginning, so that a changed tile can be written whole.
    static std::uint64_t first_kept(unsigned level, std::uint64_t size) {
        const unsigned row = level - level % tile_height;
        const std::uint64_t oldest_leaf = size - std::min(size, recent_leaves);
        const std::uint64_t first = oldest_leaf >> row;
        return first / tile_width * tile_width >> (level - row);
    }

    void load_row(unsigned level) {
        Row& row = rows_[level];
        const std::uint64_t end = nodes_at(level, size_);
        row.first = first_kept(level, size_);
        taken_[level / tile_height] = end;
        for (std::uint64_t next = row.first; next < end; next += tile_width) {
            const auto width =
                static_cast<std::size_t>(std::min<std::uint64_t>(tile_width, end - next));
            const Bytes tile = read_tile(tiles_, {level / tile_height, next / tile_width}, width);
            for (std::size_t i = 0; i < width; ++i) row.nodes.push_back(digest_at(tile, i));
        }
    }

    void derive_row(unsigned level) {
        const Row& below = rows_[level - 1];
        Row& row = rows_[level];
        row.first = first_kept(level, size_);
        for (std::uint64_t i = row.first; i < nodes_at(level, size_); ++i)
            row.nodes.push_back(node_hash(below.at(2 * i), below.at(2 * i + 1)));
    }

    Bytes tile_bytes(unsigned level, std::uint64_t tile) const {
        const Row& row = rows_[level];
        Bytes bytes;
        const std::uint64_t end = std::min(row.end(), (tile + 1) * tile_width);
        for (std::uint64_t i = tile * tile_width; i < end; ++i) bytes += row.at(i).view();
        return bytes;
    }

    void trim() {
        for (unsigned level = 0; level < max_level && !rows_[level].nodes.empty(); ++level) {
            Row& row = rows_[level];
            const std::uint64_t keep = first_kept(level, size_);
            if (keep <= row.first) continue;
            row.nodes.erase(row.nodes.begin(),
                            row.nodes.begin() + static_cast<std::ptrdiff_t>(keep - row.first));
            row.first = keep;
        }
    }

    const Tails& tails() {
        if (!tails_known_) {
            tails_ = tails_of(size_, [&](unsigned level, std::uint64_t node) -> const Digest& {
                return rows_[level].at(node);
            });
            tails_known_ = true;
        }
        return tails_;
    }

    std::uint64_t size_ = 0;
    TileReader tiles_;
    std::array<Row, max_level> rows_;
    std::array<std::uint64_t, max_level / tile_height> taken_{}; // nodes of a tile's row written
    Tails tails_;
    bool tails_known_ = false;
};

Tree::Tree(std::uint64_t size, TileReader tiles)
    : edge_(std::make_unique<Edge>(size, std::move(tiles))) {}
Tree::~Tree() = default;
Tree::Tree(Tree&&) noexcept = default;
Tree& Tree::operator=(Tree&&) noexcept = default;

std::uint64_t Tree::size() const {
    return edge_->size();
}

std::uint64_t Tree::append(const Digest& leaf_hash) {
    return edge_->append(leaf_hash);
}

Digest Tree::root() const {
    return edge_->root();
}

std::vector<Digest> Tree::inclusion(std::uint64_t index) const {
    return edge_->inclusion(index);
}

std::map<TileId, Bytes> Tree::take_dirty_tiles() {
    return edge_->take_dirty();
}

void Tree::reset(std::uint64_t size) {
    edge_->load(size);
}

} // namespace cpg::audit
