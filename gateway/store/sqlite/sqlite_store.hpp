// The embedded default: one SQLite file (WAL, synchronous=FULL, STRICT), one writer, a pool of
// readers.
#pragma once

#include "gateway/store/store.hpp"

#include <filesystem>

namespace cpg::store {

struct SqliteOptions {
    std::filesystem::path file;
    bool create = false; // make and migrate when it does not exist
    std::size_t readers = 4;
};

/// Opens, migrates forward when asked to create, refuses a newer schema. Recomputes the log's root
/// from its tiles and compares it with the newest checkpoint: StoreFailure when they differ. The
/// signer signs a checkpoint for every batch. Without one (administration of the directory) the log
/// is neither looked at nor written: commit() throws std::logic_error.
std::unique_ptr<Store> open_sqlite_store(const SqliteOptions& options,
                                         std::shared_ptr<const audit::Signer> signer);

/// Applies pending migrations; returns the schema version.
int migrate_sqlite(const std::filesystem::path& file);

} // namespace cpg::store
