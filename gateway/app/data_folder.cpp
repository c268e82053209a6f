#include "gateway/app/data_folder.hpp"

#include "gateway/app/application.hpp"
#include "gateway/store/sqlite/backup.hpp"
#include "gateway/store/sqlite/sqlite_store.hpp"
#include "spec/base/digest.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace cpg::app {
namespace {

constexpr const char* copy_name = "gateway.db";
constexpr const char* manifest_name = "backup.json";
constexpr std::size_t max_manifest = 64 * 1024;
constexpr std::size_t chunk = 1u << 20;

Error configuration(std::string detail) {
    return {Errc::configuration, std::move(detail)};
}

/// Gives a file of any size to `take`, piece by piece; throws std::runtime_error when it cannot be
/// read.
template<class Take> void read_file(const std::filesystem::path& file, Take take) {
    std::ifstream in(file, std::ios::binary);
    std::string buffer(chunk, '\0');
    while (in) {
        in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
        take(BytesView(buffer).substr(0, static_cast<std::size_t>(in.gcount())));
    }
    if (!in.eof()) throw std::runtime_error(file.string() + ": cannot be read");
}

Digest digest_of_file(const std::filesystem::path& file) {
    Sha256 hash;
    read_file(file, [&](BytesView piece) { hash.update(piece); });
    return hash.finish();
}

/// Copies a file, mode 0600, synced; the digest of what was written.
Digest copy_synced(const std::filesystem::path& from, const std::filesystem::path& to) {
    const int target = ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool written = target >= 0;
    Sha256 hash;
    if (written)
        read_file(from, [&](BytesView piece) {
            hash.update(piece);
            for (ssize_t done = 0; written && !piece.empty();
                 piece.remove_prefix(static_cast<std::size_t>(done))) {
                done = ::write(target, piece.data(), piece.size());
                written = done > 0;
                if (!written) return;
            }
        });
    written = written && ::fsync(target) == 0;
    if (target >= 0) ::close(target);
    if (!written) throw std::runtime_error(to.string() + ": cannot be written");
    return hash.finish();
}

BackupSummary summary_of(const std::filesystem::path& database,
                         const std::shared_ptr<const audit::Signer>& signer) {
    const auto store = store::open_sqlite_store({database, false, 1}, signer);
    return {store->tree_size(), std::filesystem::file_size(database), store->checkpoint()};
}

Result<void> write_manifest(const std::filesystem::path& file, const BackupSummary& summary,
                            const Digest& digest, const std::string& origin) {
    const boost::json::object manifest{{"format", "cpgw-backup/v1"},
                                       {"made_at", rfc3339(system_clock().now())},
                                       {"origin", origin},
                                       {"tree_size", summary.tree_size},
                                       {"bytes", summary.bytes},
                                       {"sha256", prefixed_hex(digest)},
                                       {"checkpoint", summary.checkpoint}};
    std::ofstream out(file, std::ios::binary);
    out << boost::json::serialize(manifest) << '\n';
    out.close();
    if (!out) return configuration(file.string() + ": cannot be written");
    return {};
}

/// The digest that the manifest promises.
Result<Digest> promised_digest(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text(max_manifest, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    boost::system::error_code failed;
    const auto manifest = boost::json::parse(text, failed);
    const auto* object = failed ? nullptr : manifest.if_object();
    const auto* format = object ? object->if_contains("format") : nullptr;
    const auto* digest = object ? object->if_contains("sha256") : nullptr;
    if (!format || *format != "cpgw-backup/v1" || !digest || !digest->is_string())
        return configuration(file.string() + ": is not the description of a backup");
    return parse_digest(std::string_view(digest->get_string()));
}

/// Forgets a copy of which something turned out wrong.
void remove_copy(const std::filesystem::path& database) {
    std::error_code ignored;
    for (const char* const tail : {"", "-wal", "-shm"})
        std::filesystem::remove(database.string() + tail, ignored);
}

} // namespace

// -- the folder's lock --

Result<FolderLock> FolderLock::take(const Config& config, Kind kind) {
    const auto file = config.data / "lock";
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return configuration(file.string() + ": cannot be opened");
    FolderLock lock(descriptor);
    const int wanted = kind == Kind::alone ? LOCK_EX : LOCK_SH;
    if (::flock(descriptor, wanted | LOCK_NB) != 0)
        return configuration(config.data.string() +
                             (kind == Kind::alone
                                  ? ": a gateway or a command is using it; stop it first"
                                  : ": a restore or a change of the master key is under way"));
    return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock::~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

// -- the master key --

Result<store::MasterKey> read_master_key(const Config& config) {
    const MasterKeySource& source = config.master;
    if (!source.credential.empty()) {
        const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
        if (!folder) return configuration("master_key: no credentials were handed over by systemd");
        return store::MasterKey::read(std::filesystem::path(folder) / source.credential);
    }
    if (!source.opened_by.empty()) return store::MasterKey::unwrap(source.file, source.opened_by);
    return store::MasterKey::read(config.master_key());
}

Result<std::uint64_t> renew_master_key(const Config& config, const std::filesystem::path& fresh) {
    const auto lock = FolderLock::take(config, FolderLock::Kind::alone);
    if (!lock) return lock.error();
    const auto old_key = read_master_key(config);
    if (!old_key) return old_key.error();
    if (!std::filesystem::exists(fresh))
        if (const auto written = old_key->renewed().write(fresh); !written) return written.error();
    const auto new_key = store::MasterKey::read(fresh);
    if (!new_key) return new_key.error();
    const auto store = store::open_sqlite_store({config.database(), false, 1}, nullptr);
    return store::rewrap_office_keys(*store, *old_key, *new_key);
}

// -- backup and restore --

Result<BackupSummary> back_up(const Config& config, const std::filesystem::path& folder,
                              const PageProgress& progress) {
    std::filesystem::create_directories(folder);
    const auto copy = folder / copy_name;
    if (std::filesystem::exists(copy))
        return configuration(copy.string() + ": exists already; nothing was changed");
    const auto signer = read_log_key(config);
    store::backup_sqlite(config.database(), copy, progress);
    const auto summary = summary_of(copy, signer);
    if (const auto written = write_manifest(folder / manifest_name, summary, digest_of_file(copy),
                                            signer->verifier().name);
        !written)
        return written.error();
    return summary;
}

Result<BackupSummary> restore(const Config& config, const std::filesystem::path& folder) {
    const auto promised = promised_digest(folder / manifest_name);
    if (!promised) return promised.error();
    if (std::filesystem::exists(config.database()))
        return configuration(config.database().string() +
                             ": exists; move it away first, with its -wal and -shm");
    const auto signer = read_log_key(config);
    if (const auto master = read_master_key(config); !master) return master.error();
    const auto lock = FolderLock::take(config, FolderLock::Kind::alone);
    if (!lock) return lock.error();
    // Under another name until it has proven itself: a gateway never finds half a database.
    const auto arriving = config.data / "restore.db";
    remove_copy(arriving);
    if (copy_synced(folder / copy_name, arriving) != *promised) {
        remove_copy(arriving);
        return Error{Errc::tampered, "the copy is not the one that backup.json describes"};
    }
    try {
        const auto summary = summary_of(arriving, signer);
        std::filesystem::rename(arriving, config.database());
        remove_copy(arriving);
        return summary;
    } catch (const store::StoreFailure& failed) {
        remove_copy(arriving);
        return Error{Errc::tampered, failed.what()};
    }
}

} // namespace cpg::app
