#include "gateway/audit/merkle.hpp"

#include "tests/audit/vectors.hpp"

#include <boost/test/unit_test.hpp>
#include <random>

using namespace cpg;
using namespace cpg::audit;

namespace {

/// RFC 6962 2.1 as it is written: O(n) a call.
Digest naive_root(const std::vector<Digest>& leaves, std::size_t begin, std::size_t end) {
    if (begin == end) return empty_root();
    if (end - begin == 1) return leaves[begin];
    std::size_t half = 1;
    while (half * 2 < end - begin) half *= 2;
    return node_hash(naive_root(leaves, begin, begin + half),
                     naive_root(leaves, begin + half, end));
}

std::vector<Digest> naive_path(const std::vector<Digest>& leaves, std::size_t index,
                               std::size_t begin, std::size_t end) {
    if (end - begin <= 1) return {};
    std::size_t half = 1;
    while (half * 2 < end - begin) half *= 2;
    const std::size_t middle = begin + half;
    const bool left = index < middle;
    auto path =
        left ? naive_path(leaves, index, begin, middle) : naive_path(leaves, index, middle, end);
    path.push_back(left ? naive_root(leaves, middle, end) : naive_root(leaves, begin, middle));
    return path;
}

/// RFC 6962 2.1.2: SUBPROOF(m, D[begin:end], whole).
std::vector<Digest> naive_consistency(const std::vector<Digest>& leaves, std::size_t old_size,
                                      std::size_t begin, std::size_t end, bool whole) {
    if (old_size == end - begin) {
        if (whole) return {};
        return {naive_root(leaves, begin, end)};
    }
    std::size_t half = 1;
    while (half * 2 < end - begin) half *= 2;
    const std::size_t middle = begin + half;
    const bool left = old_size <= half;
    auto path = left ? naive_consistency(leaves, old_size, begin, middle, whole)
                     : naive_consistency(leaves, old_size - half, middle, end, false);
    path.push_back(left ? naive_root(leaves, middle, end) : naive_root(leaves, begin, middle));
    return path;
}

std::vector<Digest> numbered_leaves(std::size_t count) {
    std::vector<Digest> leaves;
    for (std::size_t i = 0; i < count; ++i)
        leaves.push_back(leaf_hash("leaf " + std::to_string(i)));
    return leaves;
}

/// What a database would keep; counts the reads.
struct TileStore {
    std::map<TileId, Bytes> tiles;
    int reads = 0;

    TileReader reader() {
        return [this](TileId id) {
            ++reads;
            const auto found = tiles.find(id);
            return found == tiles.end() ? Bytes() : found->second;
        };
    }
    void keep(const std::map<TileId, Bytes>& dirty) {
        for (const auto& [id, bytes] : dirty) tiles[id] = bytes;
    }
};

/// The reader of a synthetic tree whose leaf i is numbered_leaves()[i].
TileStore stored_tree(const std::vector<Digest>& leaves) {
    TileStore store;
    Tree tree(0, store.reader());
    for (const Digest& leaf : leaves) tree.append(leaf);
    store.keep(tree.take_dirty_tiles());
    return store;
}

const std::vector<std::string> published_leaves = {"",
                                                   "00",
                                                   "10",
                                                   "2021",
                                                   "3031",
                                                   "40414243",
                                                   "5051525354555657",
                                                   "606162636465666768696a6b6c6d6e6f"};
const std::vector<std::string> published_roots = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

std::vector<Digest> published_leaf_hashes() {
    std::vector<Digest> hashes;
    for (const auto& leaf : published_leaves) hashes.push_back(leaf_hash(from_hex(leaf).value()));
    return hashes;
}

std::vector<Digest> single_byte_leaves() {
    std::vector<Digest> leaves;
    for (int i = 0; i < 256; ++i) leaves.push_back(leaf_hash(Bytes(1, static_cast<char>(i))));
    return leaves;
}

} // namespace

BOOST_AUTO_TEST_SUITE(merkle)

BOOST_AUTO_TEST_CASE(roots_are_the_published_ones_of_rfc_6962) {
    const auto leaves = published_leaf_hashes();
    TileStore store;
    Tree tree(0, store.reader());
    for (std::size_t size = 0; size <= leaves.size(); ++size) {
        BOOST_TEST(hex(tree.root().view()) == published_roots[size]);
        if (size < leaves.size()) tree.append(leaves[size]);
    }
    store.keep(tree.take_dirty_tiles());
    for (std::size_t size = 0; size <= leaves.size(); ++size)
        BOOST_TEST(hex(root_of(size, store.reader()).view()) == published_roots[size]);
}

BOOST_AUTO_TEST_CASE(hashes_are_those_of_the_reference_hasher) {
    BOOST_TEST(hex(leaf_hash("L123456").view()) ==
               "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
    BOOST_TEST(hex(Sha256().update("\x01N123N456").finish().view()) ==
               "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb");
    const Bytes long_leaf(5000, 'x'); // over the size of a leaf of ours
    BOOST_TEST((leaf_hash(long_leaf) == sha256(Bytes(1, '\0') + long_leaf)));
    BOOST_TEST((leaf_hash(Bytes(4096, 'x')) == sha256(Bytes(1, '\0') + Bytes(4096, 'x'))));
}

BOOST_AUTO_TEST_CASE(constants_of_the_vector_folder) {
    const auto vectors = read_vectors("rfc6962/rfc6962-constants.json");
    if (!vectors) return;
    const auto& object = vectors->as_object();
    const auto& roots = object.at("root_by_size_hex").as_array();
    BOOST_REQUIRE(roots.size() == published_roots.size());
    for (std::size_t i = 0; i < roots.size(); ++i)
        BOOST_TEST(text_at(roots[i]) == published_roots[i]);
    auto row = published_leaf_hashes();
    for (const auto& level : object.at("complete_subtree_hashes_by_level_hex").as_array()) {
        BOOST_REQUIRE(level.as_array().size() == row.size());
        for (std::size_t i = 0; i < row.size(); ++i)
            BOOST_TEST(text_at(level.as_array()[i]) == hex(row[i].view()));
        std::vector<Digest> parents;
        for (std::size_t i = 0; i + 1 < row.size(); i += 2)
            parents.push_back(node_hash(row[i], row[i + 1]));
        row = parents;
    }
    for (const auto& value : object.at("hasher").as_array()) {
        const auto& item = value.as_object();
        const std::string op = text_at(item.at("op"));
        Digest digest = empty_root();
        if (op == "leaf")
            digest =
                leaf_hash(item.contains("in_hex") ? from_hex(text_at(item.at("in_hex"))).value()
                                                  : text_at(item.at("in_ascii")));
        if (op == "node") // its inputs are shorter than a hash
            digest =
                sha256("\x01" + text_at(item.at("left_ascii")) + text_at(item.at("right_ascii")));
        BOOST_TEST(hex(digest.view()) == text_at(item.at("want")));
    }
}

BOOST_AUTO_TEST_CASE(accumulators_of_the_vector_folder) {
    const auto vectors = read_vectors("rfc6962/accumulators.json");
    if (!vectors) return;
    const auto& object = vectors->as_object();
    const auto& computed = object.at("computed_here").as_object();
    const auto leaves = single_byte_leaves();
    TileStore store = stored_tree(leaves);
    std::map<std::size_t, Digest> root;
    for (std::size_t size = 0; size <= 256; ++size) root[size] = root_of(size, store.reader());

    const auto line_of = [](std::initializer_list<std::size_t> numbers,
                            const std::vector<Digest>& hashes) {
        std::string line;
        for (const std::size_t number : numbers)
            line += (line.empty() ? "" : " ") + std::to_string(number);
        for (const Digest& hash : hashes) line += " " + hex(hash.view());
        return line + "\n";
    };
    Tree tree(0, store.reader());
    Sha256 roots, inclusion, consistency;
    for (std::size_t size = 0; size <= 256; ++size) {
        if (size > 0) tree.append(leaves[size - 1]);
        roots.update(line_of({size}, {root[size]}));
        for (std::size_t i = 0; i < size; ++i) {
            const auto proof = tree.inclusion(i);
            BOOST_REQUIRE(verify_inclusion(i, size, leaves[i], proof, root[size]));
            inclusion.update(line_of({i, size}, proof));
        }
        for (std::size_t old_size = 1; old_size <= size; ++old_size) {
            const auto proof = consistency_proof(old_size, size, store.reader());
            BOOST_REQUIRE(verify_consistency(old_size, size, proof, root[old_size], root[size]));
            consistency.update(line_of({old_size, size}, proof));
        }
    }
    BOOST_TEST(hex(roots.finish().view()) == text_at(computed.at("roots '<n> <root>' n=0..256")));
    BOOST_TEST(hex(inclusion.finish().view()) ==
               text_at(computed.at("inclusion '<i> <n> <proof...>' n=0..256, i=0..n-1")));
    BOOST_TEST(hex(consistency.finish().view()) ==
               text_at(computed.at("consistency '<m> <n> <proof...>' n=0..256, m=1..n")));
}

BOOST_AUTO_TEST_CASE(accumulators_of_subtrees_of_the_vector_folder) {
    const auto vectors = read_vectors("rfc6962/accumulators.json");
    if (!vectors) return;
    const auto& published = vectors->as_object().at("published").as_object();
    const auto leaves = single_byte_leaves();
    const auto names = [](std::size_t begin, std::size_t end) {
        return "[" + std::to_string(begin) + ", " + std::to_string(end) + ")";
    };
    const auto add = [](Sha256& sum, std::string line, const std::vector<Digest>& hashes) {
        for (const Digest& hash : hashes) line += " " + hex(hash.view());
        sum.update(line + "\n");
    };
    Sha256 hashes, inclusion;
    for (std::size_t end = 0; end <= 130; ++end)
        for (std::size_t begin = 0; begin <= end; ++begin) {
            if (begin != end && begin % std::bit_ceil(end - begin) != 0) continue;
            const std::vector<Digest> part(leaves.begin() + static_cast<std::ptrdiff_t>(begin),
                                           leaves.begin() + static_cast<std::ptrdiff_t>(end));
            TileStore store = stored_tree(part); // a subtree is a tree over its own leaves
            add(hashes, names(begin, end), {root_of(part.size(), store.reader())});
            for (std::size_t i = 0; i < part.size(); ++i)
                add(inclusion, std::to_string(begin + i) + " " + names(begin, end),
                    inclusion_proof(i, part.size(), store.reader()));
        }
    BOOST_TEST(hex(hashes.finish().view()) == text_at(published.at("subtree_hash '[s, e) <mth>'")));
    BOOST_TEST(hex(inclusion.finish().view()) ==
               text_at(published.at("subtree_inclusion '<i> [s, e) <proof...>'")));
}

BOOST_AUTO_TEST_CASE(growing_tree_equals_the_naive_tree) {
    const auto leaves = numbered_leaves(300);
    TileStore store;
    Tree tree(0, store.reader());
    for (std::size_t size = 0; size <= leaves.size(); ++size) {
        BOOST_REQUIRE((tree.root() == naive_root(leaves, 0, size)));
        for (std::size_t i = size % 7; i < size; i += 7)
            BOOST_REQUIRE((tree.inclusion(i) == naive_path(leaves, i, 0, size)));
        if (size < leaves.size()) BOOST_REQUIRE(tree.append(leaves[size]) == size);
        if (size % 5 == 0) store.keep(tree.take_dirty_tiles());
    }
    BOOST_TEST(store.reads == 0);
}

BOOST_AUTO_TEST_CASE(roots_and_proofs_hold_over_sizes_0_to_3000) {
    const auto leaves = numbered_leaves(3000);
    TileStore store;
    Tree tree(0, store.reader());
    std::vector<Digest> roots = {tree.root()};
    for (const Digest& leaf : leaves) {
        const std::uint64_t index = tree.append(leaf);
        const std::uint64_t size = index + 1;
        store.keep(tree.take_dirty_tiles());
        roots.push_back(tree.root());
        for (const std::uint64_t i :
             {index, index / 2, index - std::min<std::uint64_t>(index, 511)})
            BOOST_REQUIRE(verify_inclusion(i, size, leaves[i], tree.inclusion(i), tree.root()));
    }
    for (std::uint64_t size = 0; size <= 3000; size += 3)
        BOOST_REQUIRE((root_of(size, store.reader()) == roots[size]));
    for (std::uint64_t size = 1; size <= 3000; size += 41) {
        for (std::uint64_t old_size = size % 29; old_size <= size; old_size += 29)
            BOOST_REQUIRE(verify_consistency(old_size, size,
                                             consistency_proof(old_size, size, store.reader()),
                                             roots[old_size], roots[size]));
        for (std::uint64_t i = size % 31; i < size; i += 31)
            BOOST_REQUIRE(verify_inclusion(i, size, leaves[i],
                                           inclusion_proof(i, size, store.reader()), roots[size]));
    }
    for (const std::size_t size : {1u, 2u, 255u, 256u, 257u, 511u, 512u, 513u, 2999u, 3000u})
        BOOST_TEST((roots[size] == naive_root(leaves, 0, size)));
}

BOOST_AUTO_TEST_CASE(newest_512_leaves_are_proven_without_a_read) {
    auto leaves = numbered_leaves(2700);
    TileStore store = stored_tree({leaves.begin(), leaves.begin() + 2000});
    Tree tree(2000, store.reader());
    store.reads = 0;
    for (std::size_t i = 2000; i < leaves.size(); ++i) {
        tree.append(leaves[i]);
        store.keep(tree.take_dirty_tiles());
        const Digest root = tree.root();
        for (const std::uint64_t back : {std::uint64_t{1}, 1 + i % 500, Tree::recent_leaves}) {
            const std::uint64_t index = tree.size() - back;
            BOOST_REQUIRE(
                verify_inclusion(index, tree.size(), leaves[index], tree.inclusion(index), root));
        }
    }
    BOOST_TEST(store.reads == 0);
    BOOST_TEST((tree.inclusion(3) == inclusion_proof(3, 2700, store.reader())));
    BOOST_TEST(store.reads > 0); // an old leaf comes from its tile
}

BOOST_AUTO_TEST_CASE(resumes_from_tiles_at_any_size) {
    const auto leaves = numbered_leaves(1400);
    TileStore store;
    Tree grown(0, store.reader());
    for (std::uint64_t size = 0; size < leaves.size(); ++size) {
        Tree resumed(size, store.reader());
        BOOST_REQUIRE((resumed.root() == grown.root()));
        BOOST_REQUIRE(resumed.take_dirty_tiles().empty());
        resumed.append(leaves[size]);
        grown.append(leaves[size]);
        BOOST_REQUIRE((resumed.root() == grown.root()));
        BOOST_REQUIRE((resumed.inclusion(size) == grown.inclusion(size)));
        const auto dirty = grown.take_dirty_tiles();
        BOOST_REQUIRE((resumed.take_dirty_tiles() == dirty));
        store.keep(dirty);
    }
}

BOOST_AUTO_TEST_CASE(dirty_tiles_are_the_changed_ones_only) {
    TileStore store;
    Tree tree(0, store.reader());
    const auto leaves = numbered_leaves(600);
    for (std::size_t i = 0; i < 255; ++i) tree.append(leaves[i]);
    auto dirty = tree.take_dirty_tiles();
    BOOST_REQUIRE(dirty.size() == 1u);
    BOOST_TEST((dirty.at({0, 0}).size() == 255u * 32));
    BOOST_TEST(tree.take_dirty_tiles().empty());

    tree.append(leaves[255]); // the tile is full: its root is the first hash of the level above
    dirty = tree.take_dirty_tiles();
    BOOST_REQUIRE(dirty.size() == 2u);
    BOOST_TEST((dirty.at({0, 0}).size() == 256u * 32));
    BOOST_TEST((dirty.at({1, 0}) == tree.root().view()));

    for (std::size_t i = 256; i < 600; ++i) tree.append(leaves[i]);
    dirty = tree.take_dirty_tiles();
    BOOST_REQUIRE(dirty.size() == 3u);
    BOOST_TEST((dirty.at({0, 1}).size() == 256u * 32));
    BOOST_TEST((dirty.at({0, 2}).size() == 88u * 32));
    BOOST_TEST((dirty.at({1, 0}).size() == 2u * 32));
    BOOST_TEST((dirty.at({0, 2}).substr(0, 32) == leaves[512].view()));
}

BOOST_AUTO_TEST_CASE(reset_forgets_what_was_rolled_back) {
    const auto leaves = numbered_leaves(1300);
    TileStore store;
    Tree tree(0, store.reader());
    std::mt19937 random(20261122);
    std::size_t kept = 0;
    while (kept + 60 < leaves.size()) {
        const std::size_t batch = 1 + random() % 60;
        const bool rolled_back = random() % 3 == 0;
        for (std::size_t i = 0; i < batch; ++i)
            tree.append(rolled_back ? leaf_hash("lost") : leaves[kept + i]);
        const auto dirty = tree.take_dirty_tiles();
        if (rolled_back) {
            tree.reset(kept);
        } else {
            store.keep(dirty);
            kept += batch;
        }
        BOOST_REQUIRE(tree.size() == kept);
        BOOST_REQUIRE((tree.root() == naive_root(leaves, 0, kept)));
    }
}

BOOST_AUTO_TEST_CASE(holds_across_65536_leaves) {
    // Every leaf is the same, so that a level's complete nodes are all equal: tiles of any size
    // cost nothing.
    std::vector<Digest> node_at(17, leaf_hash("same"));
    for (std::size_t level = 1; level < node_at.size(); ++level)
        node_at[level] = node_hash(node_at[level - 1], node_at[level - 1]);
    std::map<TileId, Bytes> written;
    const TileReader reader = [&](TileId id) {
        const auto found = written.find(id);
        if (found != written.end()) return found->second;
        Bytes tile;
        for (std::size_t i = 0; i < tile_width; ++i) tile += node_at[id.level * 8].view();
        return tile;
    };
    const std::uint64_t start = 65'536 - 700;
    Tree tree(start, reader);
    std::map<std::uint64_t, Digest> roots = {{start, tree.root()}};
    for (std::uint64_t size = start + 1; size <= 65'536 + 700; ++size) {
        const std::uint64_t index = tree.append(node_at[0]);
        for (const auto& [id, bytes] : tree.take_dirty_tiles()) written[id] = bytes;
        roots[size] = tree.root();
        BOOST_REQUIRE(
            verify_inclusion(index, size, node_at[0], tree.inclusion(index), roots[size]));
        if (size % 97 != 0 && size != 65'536) continue;
        BOOST_REQUIRE((root_of(size, reader) == roots[size]));
        BOOST_REQUIRE(verify_inclusion(5, size, node_at[0], tree.inclusion(5), roots[size]));
        BOOST_REQUIRE(verify_consistency(start, size, consistency_proof(start, size, reader),
                                         roots[start], roots[size]));
        BOOST_REQUIRE((Tree(size, reader).root() == roots[size]));
    }
    BOOST_TEST((roots[65'536] == node_at[16]));
    BOOST_TEST((written.at({2, 0}) == node_at[16].view()));
}

BOOST_AUTO_TEST_CASE(a_changed_proof_does_not_verify) {
    const auto leaves = numbered_leaves(100);
    TileStore store = stored_tree(leaves);
    for (const std::uint64_t size : {1u, 2u, 3u, 7u, 8u, 9u, 63u, 64u, 65u, 100u}) {
        const Digest root = root_of(size, store.reader());
        for (std::uint64_t i = 0; i < size; ++i) {
            const auto proof = inclusion_proof(i, size, store.reader());
            BOOST_REQUIRE(verify_inclusion(i, size, leaves[i], proof, root));
            auto longer = proof;
            longer.push_back(root);
            BOOST_TEST(!verify_inclusion(i, size, leaves[i], longer, root));
            BOOST_TEST(!verify_inclusion(i, size, leaf_hash("other"), proof, root));
            BOOST_TEST(!verify_inclusion(size, size, leaves[i], proof, root));
            BOOST_TEST(!verify_inclusion(i, size, leaves[i], proof, empty_root()));
            for (std::uint64_t other = 0; other < size; ++other)
                if (other != i) BOOST_TEST(!verify_inclusion(other, size, leaves[i], proof, root));
            for (std::size_t place = 0; place < proof.size(); ++place) {
                auto changed = proof;
                changed[place].bytes[31] ^= 1;
                BOOST_TEST(!verify_inclusion(i, size, leaves[i], changed, root));
                changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(place));
                BOOST_TEST(!verify_inclusion(i, size, leaves[i], changed, root));
            }
        }
        for (std::uint64_t old_size = 0; old_size <= size; ++old_size) {
            const Digest old_root = root_of(old_size, store.reader());
            const auto proof = consistency_proof(old_size, size, store.reader());
            BOOST_REQUIRE(verify_consistency(old_size, size, proof, old_root, root));
            auto longer = proof;
            longer.push_back(root);
            BOOST_TEST(!verify_consistency(old_size, size, longer, old_root, root));
            BOOST_TEST(!verify_consistency(old_size, size, proof, leaf_hash("other"), root));
            if (old_size > 0 || size == 0)
                BOOST_TEST(!verify_consistency(old_size, size, proof, old_root, empty_root()));
            for (std::size_t place = 0; place < proof.size(); ++place) {
                auto changed = proof;
                changed[place].bytes[0] ^= 128;
                BOOST_TEST(!verify_consistency(old_size, size, changed, old_root, root));
                changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(place));
                BOOST_TEST(!verify_consistency(old_size, size, changed, old_root, root));
            }
        }
        BOOST_TEST(!verify_consistency(size + 1, size, {}, root, root));
    }
}

BOOST_AUTO_TEST_CASE(tile_proofs_equal_the_naive_ones) {
    const auto leaves = numbered_leaves(520);
    TileStore store = stored_tree(leaves);
    for (std::size_t size = 1; size <= leaves.size(); size += 37) {
        for (std::size_t i = 0; i < size; i += 11)
            BOOST_REQUIRE(
                (inclusion_proof(i, size, store.reader()) == naive_path(leaves, i, 0, size)));
        for (std::size_t old_size = 1; old_size <= size; old_size += 11)
            BOOST_REQUIRE((consistency_proof(old_size, size, store.reader()) ==
                           naive_consistency(leaves, old_size, 0, size, true)));
    }
}

BOOST_AUTO_TEST_CASE(a_missing_or_short_tile_throws) {
    const auto leaves = numbered_leaves(300);
    TileStore store = stored_tree(leaves);
    BOOST_CHECK_THROW(inclusion_proof(300, 300, store.reader()), std::out_of_range);
    BOOST_CHECK_THROW(consistency_proof(301, 300, store.reader()), std::out_of_range);
    BOOST_CHECK_THROW(Tree(300, store.reader()).inclusion(300), std::out_of_range);
    store.tiles.at({0, 1}).resize(43 * 32);
    BOOST_CHECK_THROW(root_of(300, store.reader()), std::runtime_error);
    BOOST_CHECK_THROW(Tree(300, store.reader()), std::runtime_error);
    store.tiles.at({0, 1}).resize(44 * 32 - 1);
    BOOST_CHECK_THROW(root_of(300, store.reader()), std::runtime_error);
    store.tiles.erase({0, 0});
    BOOST_CHECK_THROW(inclusion_proof(3, 256, store.reader()), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
