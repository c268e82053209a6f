// The log as rows: leaves, tiles, checkpoints. On one connection, by one thread at a time.
#pragma once

#include "gateway/store/sqlite/database.hpp"

#include <string>

namespace cpg::store::sqlite {

/// Tiles of the database; throws StoreBroken for one that is not there.
audit::TileReader tile_reader(Database& database);

/// Leaves whose text is read again when a database is opened: about a tenth of a second. Whole logs
/// are the work of `cpgw audit fsck`.
constexpr std::uint64_t leaves_verified_at_open = 65'536;

/// Throws StoreBroken unless the newest checkpoint is signed by this key, leaves and tiles are as
/// many as it says, the newest leaves are those of the tiles, and the tiles give its root.
void verify_log(Database& database, const audit::VerifierKey& key);

/// The growing tree with the rows it is kept in. resume(), append()…, finish(), proof()… within one
/// transaction, and committed() after it.
class LogWriter {
  public:
    LogWriter(Database& database, std::shared_ptr<const audit::Signer> signer);
    bool has_signer() const { return signer_ != nullptr; }
    /// Follows what another process added, and forgets what a transaction that was rolled back had
    /// added.
    void resume();
    std::uint64_t append(std::string_view leaf); // its index
    /// Writes the changed tiles and, when a leaf was appended, a signed checkpoint.
    void finish();
    audit::Proof proof(std::uint64_t leaf) const; // in the tree as finish() left it
    void committed() { is_committed_ = true; }

  private:
    Database& database_;
    std::shared_ptr<const audit::Signer> signer_;
    audit::Tree tree_;
    bool is_committed_ = false; // whether tree_ is what the database holds
    std::uint64_t resumed_at_ = 0;
    std::string checkpoint_;
};

} // namespace cpg::store::sqlite
