// Copies of a database that is in use.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace cpg::store {

/// A whole and consistent copy of the database, write-ahead log included, while others go on
/// writing. `copy` must not exist; it gets mode 0600 and is synced. `progress` (may be empty) is
/// told pages done and pages in all. Throws StoreFailure and its kinds; leaves no half copy.
void backup_sqlite(const std::filesystem::path& database, const std::filesystem::path& copy,
                   const std::function<void(std::uint64_t, std::uint64_t)>& progress);

} // namespace cpg::store
