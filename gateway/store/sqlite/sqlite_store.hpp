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
    const Clock* clock = &system_clock(); // says when a year begins; outlives the store
    int copy_back_after_pages = 1024;     // 4 MiB of write-ahead log (README); tests want less
};

/// Opens, migrates forward when asked to create, refuses a newer schema. Recomputes the root of
/// each year's log from its tiles and compares it with the newest checkpoint: StoreFailure when
/// they differ. The signer, named as the first year's log, signs a checkpoint for every batch, in
/// later years under their logs' names; a log whose name has no year is never closed. Without a
/// signer (reading the directory) the log is neither looked at nor written: commit() throws
/// std::logic_error.
std::unique_ptr<Store> open_sqlite_store(const SqliteOptions& options,
                                         std::shared_ptr<const audit::Signer> signer);

/// Applies pending migrations; the schema versions before and after.
struct Migrated {
    int before = 0, after = 0;
};
Migrated migrate_sqlite(const std::filesystem::path& file);

} // namespace cpg::store
