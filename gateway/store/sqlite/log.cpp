#include "gateway/store/sqlite/log.hpp"

#include "gateway/store/sqlite/sql.hpp"
#include "gateway/store/sqlite/values.hpp"

#include <algorithm>

namespace cpg::store::sqlite {
namespace {

constexpr std::size_t max_leaf_bytes = 4096; // interfaces: Evidence
constexpr std::size_t hash_size = 32;
constexpr unsigned tile_height = 8;

std::uint64_t leaves_in_all(Database& database) {
    return static_cast<std::uint64_t>(database.integer(sql::tree_size));
}

void require(bool holds, const char* otherwise) {
    if (!holds) throw StoreBroken(std::string("the log does not fit together: ") + otherwise);
}

audit::Checkpoint newest_checkpoint(Database& database, const Shard& shard,
                                    const audit::VerifierKey& key) {
    Query row = database.query(sql::newest_checkpoint, {shard.first, shard.end});
    require(row.next(), "there is no checkpoint");
    const auto note = audit::open_note(row.text(0), {key});
    require(note.has_value(), "the newest checkpoint is not signed by this gateway's key");
    auto checkpoint = audit::Checkpoint::parse(note->text);
    require(checkpoint.has_value(), "the newest checkpoint cannot be read");
    require(checkpoint->origin == key.name, "the newest checkpoint is of another log");
    return *std::move(checkpoint);
}

std::shared_ptr<const audit::Signer> signer_of(const Shard& shard,
                                               std::shared_ptr<const audit::Signer> signer) {
    return signer->verifier().name == shard.origin ? signer : signer->named(shard.origin);
}

/// Hashes that tile `index` of a level has in a tree of `size` leaves.
std::size_t hashes_in(unsigned level, std::uint64_t index, std::uint64_t size) {
    const std::uint64_t nodes = size >> (tile_height * level);
    return static_cast<std::size_t>(
        std::min<std::uint64_t>(audit::tile_width, nodes - index * audit::tile_width));
}

Bytes hashes_of_leaves(Database& database, std::uint64_t position, std::size_t count) {
    Bytes hashes;
    Query row = database.query(sql::leaves, {position, count});
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

void verify_newest_leaves(Database& database, const Shard& shard, const audit::TileReader& tiles) {
    const std::uint64_t unread = shard.size() - std::min(shard.size(), leaves_verified_at_open);
    for (std::uint64_t index = unread / audit::tile_width; index * audit::tile_width < shard.size();
         ++index)
        require(hashes_of_leaves(database, shard.first + index * audit::tile_width,
                                 hashes_in(0, index, shard.size())) == tiles({0, index}),
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

void verify_shard(Database& database, const Shard& shard, const audit::VerifierKey& key) {
    if (shard.size() == 0) return;
    const audit::Checkpoint checkpoint = newest_checkpoint(database, shard, key);
    require(checkpoint.size == shard.size(), "the newest checkpoint is not where its size says");
    const audit::TileReader tiles = tile_reader(database, shard.number);
    verify_newest_leaves(database, shard, tiles);
    for (unsigned level = 1; shard.size() >> (tile_height * level) > 0; ++level)
        verify_newest_tiles(level, shard.size(), tiles);
    require(audit::root_of(shard.size(), tiles) == checkpoint.root,
            "the tiles do not give the root of the newest checkpoint");
}

// -- the leaves at the turn of the year --

std::string close_leaf(Time now, const std::string& next_origin) {
    audit::Entry entry;
    entry.type = audit::EntryType::shard_close;
    entry.time = now;
    entry.details = {{std::string(audit::next_log_detail), next_origin}};
    return audit::format_entry(entry);
}

std::string first_leaf(Time now, const audit::Checkpoint& last) {
    audit::Entry entry;
    entry.type = audit::EntryType::start;
    entry.time = now;
    entry.details = audit::details_of_previous_log(last);
    return audit::format_entry(entry);
}

std::string leaf_at(Database& database, std::uint64_t position) {
    Query row = database.query(sql::leaves, {position, 1});
    require(row.next(), "a leaf is missing");
    return row.text(0);
}

/// The last leaf of a closed log names the next one, whose first leaf names the closed one's end.
void verify_turn(Database& database, const Shard& closed, const Shard& next,
                 const audit::VerifierKey& key) {
    const auto last = audit::parse_entry(leaf_at(database, closed.end - 1));
    require(last && last->type == audit::EntryType::shard_close &&
                audit::detail_of(*last, audit::next_log_detail) == next.origin,
            "a closed log does not end with the leaf that closes it");
    const auto first = audit::parse_entry(leaf_at(database, next.first));
    const auto previous = first ? audit::previous_log_of(*first) : std::nullopt;
    require(previous && *previous == newest_checkpoint(database, closed, key).body(),
            "the first leaf of a year's log does not name the end of the log before");
}

} // namespace

// -- shards --

std::vector<Shard> shards_of(Database& database) {
    std::vector<Shard> shards;
    {
        Query row = database.query(sql::shards, {});
        while (row.next())
            shards.push_back({row.integer(0), static_cast<int>(row.integer(1)), row.text(2),
                              row.count(3), 0, false});
    }
    const std::uint64_t leaves = leaves_in_all(database);
    for (std::size_t i = 0; i < shards.size(); ++i) {
        Shard& shard = shards[i];
        shard.closed = i + 1 < shards.size();
        shard.end = shard.closed ? shards[i + 1].first : leaves;
        const bool follows = i == 0 ? shard.first == 0 : shard.year > shards[i - 1].year;
        require(follows && (shard.closed ? shard.first < shard.end : shard.first <= shard.end),
                "the years of the log do not follow on each other");
    }
    return shards;
}

std::optional<Shard> shard_of_year(Database& database, int year) {
    for (Shard& shard : shards_of(database))
        if (shard.year == year) return std::move(shard);
    return std::nullopt;
}

Shard shard_at(Database& database, std::uint64_t position) {
    std::vector<Shard> shards = shards_of(database);
    require(!shards.empty(), "there is no log");
    while (shards.size() > 1 && shards.back().first > position) shards.pop_back();
    return std::move(shards.back());
}

void begin_first_shard(Database& database, const std::string& origin) {
    const auto year = audit::year_of_origin(origin);
    database.run(sql::insert_shard, {1, year.value_or(0), origin, 0});
}

audit::TileReader tile_reader(Database& database, std::int64_t shard) {
    return [&database, shard](audit::TileId id) {
        Query row = database.query(sql::tile, {shard, id.level, id.index});
        if (!row.next()) throw StoreBroken("the log does not fit together: a tile is missing");
        return row.blob(0);
    };
}

void verify_log(Database& database, const audit::Signer& signer) {
    const Transaction snapshot(database, Transaction::Kind::read);
    {
        Query leaves = database.query(sql::leaf_range, {});
        require(leaves.next() && leaves.count(0) == 0 && leaves.count(1) == leaves_in_all(database),
                "there are more or fewer leaves than the newest checkpoint says");
    }
    const std::vector<Shard> shards = shards_of(database);
    const auto key_of = [&](const Shard& shard) {
        const std::string& name = signer.verifier().name;
        const bool first = &shard == &shards.front();
        const bool named = first ? shard.origin == name
                                 : audit::year_of_origin(name) &&
                                       shard.origin == audit::origin_in_year(name, shard.year);
        require(named, "a year's log has another name");
        return first ? signer.verifier() : signer.named(shard.origin)->verifier();
    };
    require(!shards.empty(), "there is no log");
    for (std::size_t i = 0; i < shards.size(); ++i) {
        const audit::VerifierKey key = key_of(shards[i]);
        verify_shard(database, shards[i], key);
        if (shards[i].closed) verify_turn(database, shards[i], shards[i + 1], key);
    }
}

// -- LogWriter --

LogWriter::LogWriter(Database& database, std::shared_ptr<const audit::Signer> signer,
                     const Clock& clock)
    : database_(database), signer_(std::move(signer)), clock_(clock),
      tree_(0, [this](audit::TileId id) { return tile_reader(database_, shard_.number)(id); }) {}

void LogWriter::resume() {
    Shard newest = shard_at(database_, leaves_in_all(database_));
    if (!is_committed_ || newest.number != shard_.number || newest.size() != tree_.size()) {
        shard_ = std::move(newest);
        shard_signer_ = signer_of(shard_, signer_);
        tree_.reset(shard_.size());
        if (shard_.size() > 0)
            require(newest_checkpoint(database_, shard_, shard_signer_->verifier()).root ==
                        tree_.root(),
                    "the tiles do not give the root of the newest checkpoint");
    }
    is_committed_ = false;
    has_begun_ = false;
    signed_at_ = tree_.size();
    checkpoint_.clear();
}

std::uint64_t LogWriter::append(std::string_view leaf) {
    if (!has_begun_) begin_year_when_due();
    has_begun_ = true;
    return put(leaf);
}

std::uint64_t LogWriter::put(std::string_view leaf) {
    if (leaf.empty() || leaf.size() > max_leaf_bytes)
        throw std::length_error("a leaf has 1 to 4096 bytes");
    const std::uint64_t position = shard_.first + tree_.append(audit::leaf_hash(leaf));
    database_.run(sql::insert_leaf, {position, leaf});
    return position;
}

/// A clock that went back does not reopen a year.
void LogWriter::begin_year_when_due() {
    const Time now = clock_.now();
    const int year = audit::log_year(now);
    if (audit::year_of_origin(shard_.origin) && year > shard_.year) begin_shard(year, now);
}

void LogWriter::begin_shard(int year, Time now) {
    const std::string origin = audit::origin_in_year(shard_.origin, year);
    put(close_leaf(now, origin));
    finish();
    const audit::Checkpoint last{shard_.origin, tree_.size(), tree_.root(), {}};
    const std::uint64_t first = shard_.first + tree_.size();
    shard_ = {shard_.number + 1, year, origin, first, first, false};
    database_.run(sql::insert_shard, {shard_.number, year, origin, first});
    shard_signer_ = signer_of(shard_, signer_);
    tree_.reset(0);
    signed_at_ = 0;
    put(first_leaf(now, last));
}

void LogWriter::finish() {
    if (tree_.size() == signed_at_) return;
    for (const auto& [id, hashes] : tree_.take_dirty_tiles())
        database_.run(sql::put_tile, {shard_.number, id.level, id.index, Blob{hashes}});
    const audit::Checkpoint body{shard_.origin, tree_.size(), tree_.root(), {}};
    checkpoint_ = audit::sign_note(body.body(), {shard_signer_.get()});
    database_.run(sql::insert_checkpoint, {shard_.first + tree_.size(), checkpoint_});
    signed_at_ = tree_.size();
}

audit::Proof LogWriter::proof(std::uint64_t position) const {
    const std::uint64_t index = position - shard_.first;
    return {index, tree_.size(), tree_.inclusion(index), checkpoint_};
}

} // namespace cpg::store::sqlite
