// RFC 6962 SHA-256 Merkle tree: hashing, proofs, verification, and the growing right edge kept as
// C2SP tlog-tiles. Pure; one Tree belongs to one thread (the store's writer).
#pragma once

#include "spec/base/digest.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace cpg::audit {

Digest leaf_hash(BytesView leaf);                          // SHA-256(0x00 || leaf)
Digest node_hash(const Digest& left, const Digest& right); // SHA-256(0x01 || left || right)
Digest empty_root();                                       // SHA-256("")

/// RFC 9162 2.1.3.2 / 2.1.4.2. False on any mismatch, index >= size, or a proof of the wrong
/// length. The empty tree is a prefix of every tree (empty proof, its root is empty_root()).
bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf_hash,
                      const std::vector<Digest>& proof, const Digest& root);
bool verify_consistency(std::uint64_t old_size, std::uint64_t new_size,
                        const std::vector<Digest>& proof, const Digest& old_root,
                        const Digest& new_root);

/// A tile of height 8: level 0 holds leaf hashes, level n+1 the roots of full tiles of level n
/// (C2SP tlog-tiles).
struct TileId {
    unsigned level = 0;
    std::uint64_t index = 0;
    auto operator<=>(const TileId&) const = default;
};
constexpr std::size_t tile_width = 256;

/// Hashes of a stored tile, 32 bytes each, left to right; at least as many as the tree size asks
/// for. Throws when missing.
using TileReader = std::function<Bytes(TileId)>;

/// Root, inclusion and consistency proofs of a tree of `size` leaves out of its tiles. Each tile is
/// read at most once a call. Throws std::out_of_range when index >= size or old_size > new_size.
Digest root_of(std::uint64_t size, const TileReader& tiles);
std::vector<Digest> inclusion_proof(std::uint64_t index, std::uint64_t size,
                                    const TileReader& tiles);
std::vector<Digest> consistency_proof(std::uint64_t old_size, std::uint64_t new_size,
                                      const TileReader& tiles);

/// The growing tree. Keeps the nodes over the newest leaves (recent_leaves and more), so that
/// appending a leaf, the root, and the inclusion proof of such a leaf cost O(log n) hashes and no
/// read; older tiles come through the reader.
class Tree {
  public:
    static constexpr std::uint64_t recent_leaves = 512;

    /// Resumes a tree of `size` leaves from stored tiles.
    Tree(std::uint64_t size, TileReader tiles);
    ~Tree();
    Tree(Tree&&) noexcept;
    Tree& operator=(Tree&&) noexcept;

    std::uint64_t size() const;
    std::uint64_t append(const Digest& leaf_hash); // the leaf's index
    Digest root() const;
    /// In the tree of the present size. Throws std::out_of_range when index >= size().
    std::vector<Digest> inclusion(std::uint64_t index) const;
    /// Tiles that changed since the last call, the partial right-edge tiles among them; to be
    /// written in one transaction.
    std::map<TileId, Bytes> take_dirty_tiles();
    /// Forgets everything appended since `size` (the transaction was rolled back): reloads from the
    /// reader.
    void reset(std::uint64_t size);

  private:
    class Edge;
    std::unique_ptr<Edge> edge_;
};

} // namespace cpg::audit
