// A disk that fails where it is told. The program that links disk.cpp has its own write, pwrite,
// fsync, fdatasync, ftruncate, rename, unlink and open: they stand before the C library's, for
// SQLite's calls as well as for our own. Every such call on a file of the watched folder is a
// boundary, counted from 1; `-shm` is memory in a file's shape, only its growth is seen here.
// Nothing in that folder is synced for real: the kernel's pages outlive a killed process. One
// thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>

namespace fault {

enum class Fault {
    none,       // counts only
    cut_before, // the process is killed before the call
    cut_torn,   // half of a write's bytes (all of any other call) are done, then it is killed
    power_loss, // before the call; of the writes that no sync followed some survive, by lot
    io_error,   // half of a write's bytes are done, the call fails with EIO; later ones work
    no_space,   // the same with ENOSPC
};

/// Watches a folder from now on; the fault strikes at boundary `at` (0: never).
void watch(const std::filesystem::path& folder, Fault fault = Fault::none, std::uint64_t at = 0);

struct Seen {
    std::uint64_t writes = 0, syncs = 0, truncations = 0, names = 0; // names: made, renamed, gone
    std::uint64_t boundaries() const { return writes + syncs + truncations + names; }
    bool fired = false;
};
/// Since watch().
const Seen& seen();

} // namespace fault
