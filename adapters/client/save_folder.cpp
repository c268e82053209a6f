#include "adapters/client/save_folder.hpp"

#include "spec/base/digest.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace cpg::client {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path) {
    throw std::system_error(errno, std::generic_category(), path.string());
}

class Descriptor {
  public:
    Descriptor(const fs::path& path, int flags, mode_t mode = 0)
        : path_(path), fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {
        if (fd_ < 0) fail(path_);
    }
    ~Descriptor() { ::close(fd_); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    void write(BytesView bytes) {
        while (!bytes.empty()) {
            const auto written = ::write(fd_, bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail(path_);
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    void flush() {
        if (::fsync(fd_) != 0) fail(path_);
    }
    void set_mode(fs::perms mode) {
        if (::fchmod(fd_, static_cast<mode_t>(mode)) != 0) fail(path_);
    }

  private:
    const fs::path& path_;
    int fd_;
};

void flush_folder(const fs::path& folder) {
    Descriptor(folder, O_RDONLY | O_DIRECTORY).flush();
}

fs::path folder_of(const fs::path& file) {
    return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

std::string temporary_name() {
    return ".cpgw-" + hex(random_bytes(8));
}

/// Removes what was begun when an exception passes.
class Temporary {
  public:
    explicit Temporary(fs::path path) : path_(std::move(path)) {}
    ~Temporary() {
        std::error_code ignored; // a rest is hidden and harms nobody
        if (!path_.empty()) fs::remove_all(path_, ignored);
    }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    void keep() { path_.clear(); }
    const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

void write_new(const fs::path& file, BytesView bytes, fs::perms mode) {
    Descriptor out(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
    out.write(bytes);
    out.set_mode(mode);
    out.flush();
}

} // namespace

Result<void> save_folder(const fs::path& parent, const std::string& name,
                         const std::vector<SavedFile>& files) {
    fs::create_directories(parent);
    const fs::path target = parent / name;
    if (fs::exists(fs::symlink_status(target)))
        return Error{Errc::conflict, "exists already: " + target.string()};

    Temporary work(parent / temporary_name());
    fs::create_directory(work.path());
    std::set<fs::path> folders{work.path()};
    for (const auto& file : files) {
        const fs::path path = work.path() / file.path;
        if (folders.insert(folder_of(path)).second) fs::create_directories(folder_of(path));
        write_new(path, file.bytes, fs::perms::owner_read | fs::perms::owner_write);
    }
    for (const auto& folder : folders) flush_folder(folder);

    // A folder cannot be renamed over one that holds files: the name is taken once.
    if (::rename(work.path().c_str(), target.c_str()) != 0) {
        if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
            return Error{Errc::conflict, "exists already: " + target.string()};
        fail(target);
    }
    work.keep();
    flush_folder(parent);
    return {};
}

void save_file(const fs::path& file, BytesView bytes, fs::perms mode) {
    const fs::path folder = folder_of(file);
    fs::create_directories(folder);
    Temporary work(folder / temporary_name());
    write_new(work.path(), bytes, mode);
    if (::rename(work.path().c_str(), file.c_str()) != 0) fail(file);
    work.keep();
    flush_folder(folder);
}

} // namespace cpg::client
