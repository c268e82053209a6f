// What an operator does to the data folder: keep it to one gateway, back it up, restore it, renew
// the master key. Each is interrupted without harm and may be run again. One thread.
#pragma once

#include "gateway/app/config.hpp"
#include "gateway/store/seal.hpp"

namespace cpg::app {

/// Holds the data folder while it lives: many may share it (`serve`, retention), one may have it
/// alone (rekey, restore). A lock of the kernel on `<data>/lock`: it ends with the process.
class FolderLock {
  public:
    enum class Kind { shared, alone };
    /// configuration: somebody else has it (for `shared`: has it alone).
    static Result<FolderLock> take(const Config& config, Kind kind);
    FolderLock(FolderLock&& other) noexcept;
    FolderLock& operator=(FolderLock&&) = delete;
    ~FolderLock();

  private:
    explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

/// The master key from where the settings say: a file, a credential of systemd
/// ($CREDENTIALS_DIRECTORY), or a file that a token's key opens.
Result<store::MasterKey> read_master_key(const Config& config);

struct BackupSummary {
    std::uint64_t tree_size = 0, bytes = 0;
    std::string checkpoint; // the newest signed note in the copy
};
using PageProgress = std::function<void(std::uint64_t, std::uint64_t)>; // done, of

/// Writes `folder`/gateway.db and `folder`/backup.json beside a running gateway, and checks the
/// copy's log. The keys are not in it. configuration: the folder holds a backup already.
Result<BackupSummary> back_up(const Config& config, const std::filesystem::path& folder,
                              const PageProgress& progress);

/// Puts a backup into an empty data folder that has its keys. configuration: there is a database,
/// the keys are missing or of another log; tampered: the copy is not what backup.json says, or its
/// log does not fit together.
Result<BackupSummary> restore(const Config& config, const std::filesystem::path& folder);

/// Writes a new master key to `fresh` (or takes up the one an interrupted run left there) and wraps
/// every office's key by it. The number of offices. The caller puts the file in its place.
/// configuration: the gateway runs, or a key opens under neither.
Result<std::uint64_t> renew_master_key(const Config& config, const std::filesystem::path& fresh);

} // namespace cpg::app
