// The log as rows: shards (one a calendar year), leaves, tiles, checkpoints. Leaves and checkpoints
// are numbered over all shards ("position"); tiles and what is signed count within a shard. On one
// connection, by one thread at a time.
#pragma once

#include "gateway/store/sqlite/database.hpp"

#include <string>

namespace cpg::store::sqlite {

/// A year's log: its leaves stand at the positions first … end - 1.
struct Shard {
    std::int64_t number = 0;
    int year = 0;
    std::string origin;
    std::uint64_t first = 0, end = 0;
    bool closed = false; // a later one has begun
    std::uint64_t size() const { return end - first; }
};

/// Oldest first. Throws StoreBroken when they do not follow on each other.
std::vector<Shard> shards_of(Database& database);
std::optional<Shard> shard_of_year(Database& database, int year);
/// The shard that holds a leaf's position, or would hold it next.
Shard shard_at(Database& database, std::uint64_t position);
/// The first shard of a new database; nothing when there is one.
void begin_first_shard(Database& database, const std::string& origin);

/// Tiles of a shard; throws StoreBroken for one that is not there.
audit::TileReader tile_reader(Database& database, std::int64_t shard);

/// Leaves of each shard whose text is read again when a database is opened: about a tenth of a
/// second. Whole logs are the work of `cpgw audit fsck`.
constexpr std::uint64_t leaves_verified_at_open = 65'536;

/// Throws StoreBroken unless, for each shard, the newest checkpoint is signed by this key, leaves
/// and tiles are as many as it says, the newest leaves are those of the tiles, and the tiles give
/// its root; and each shard but the last ends with a shard-close leaf.
void verify_log(Database& database, const audit::Signer& signer);

/// The growing tree with the rows it is kept in. resume(), append()…, finish(), proof()… within one
/// transaction, and committed() after it. The first leaf of a new year closes the old shard.
class LogWriter {
  public:
    LogWriter(Database& database, std::shared_ptr<const audit::Signer> signer, const Clock& clock);
    bool has_signer() const { return signer_ != nullptr; }
    /// Follows what another process added, and forgets what a transaction that was rolled back had
    /// added.
    void resume();
    std::uint64_t append(std::string_view leaf); // its position
    /// Writes the changed tiles and, when a leaf was appended, a signed checkpoint.
    void finish();
    audit::Proof proof(std::uint64_t position) const; // in the tree as finish() left it
    void committed() { is_committed_ = true; }

  private:
    void begin_year_when_due();
    void begin_shard(int year, Time now);
    std::uint64_t put(std::string_view leaf);

    Database& database_;
    std::shared_ptr<const audit::Signer> signer_;       // of the first shard, or none
    std::shared_ptr<const audit::Signer> shard_signer_; // the same key under the shard's name
    const Clock& clock_;
    Shard shard_;
    audit::Tree tree_;          // of shard_
    bool is_committed_ = false; // whether shard_ and tree_ are what the database holds
    bool has_begun_ = false;    // whether this transaction appended a leaf
    std::uint64_t signed_at_ = 0;
    std::string checkpoint_;
};

} // namespace cpg::store::sqlite
