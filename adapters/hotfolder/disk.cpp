#include "adapters/hotfolder/disk.hpp"

#include "adapters/client/save_folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <system_error>
#include <unistd.h>

namespace cpg::hotfolder {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path) {
    throw std::system_error(errno, std::generic_category(), path.string());
}

void flush(const fs::path& path, int flags) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0) fail(path);
    const int done = ::fsync(fd);
    ::close(fd);
    if (done != 0) fail(path);
}

void flush_folder(const fs::path& folder) {
    flush(folder, O_DIRECTORY);
}

void flush_file(const fs::path& file) {
    flush(file, O_NOFOLLOW);
}

enum class Renamed { done, exists, other_device };

/// renameat2 with RENAME_NOREPLACE where the file system knows it; network shares often do not.
Renamed rename_new(const fs::path& from, const fs::path& to) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
        return Renamed::done;
    if (errno == EINVAL || errno == ENOSYS) {
        if (fs::exists(fs::symlink_status(to))) return Renamed::exists;
        if (::rename(from.c_str(), to.c_str()) == 0) return Renamed::done;
    }
    if (errno == EEXIST || errno == ENOTEMPTY) return Renamed::exists;
    if (errno == EXDEV) return Renamed::other_device;
    fail(from);
}

std::vector<InputFile> files_below(const fs::path& path) {
    if (fs::is_directory(path)) return read_folder(path);
    auto bytes = read_whole(path);
    if (!bytes) fail(path);
    return {{path.filename().string(), std::move(*bytes)}};
}

} // namespace

void Disk::make_folder(const fs::path& folder) const {
    if (fs::is_directory(folder)) return;
    probe("make folder");
    if (folder.has_parent_path() && folder.parent_path() != folder)
        make_folder(folder.parent_path());
    fs::create_directory(folder);
    if (folder.has_parent_path()) flush_folder(folder.parent_path());
}

void Disk::save(const fs::path& file, BytesView bytes) const {
    probe("save");
    client::save_file(file, bytes);
    probe("saved");
}

void Disk::save_folder(const fs::path& folder, const std::vector<InputFile>& files) const {
    std::vector<client::SavedFile> saved;
    for (const auto& file : files) saved.push_back({file.name, file.bytes});
    remove(folder);
    probe("save folder");
    if (const auto done = client::save_folder(folder.parent_path(), folder.filename(), saved);
        !done)
        throw std::system_error(EEXIST, std::generic_category(), folder.string());
    probe("saved folder");
}

bool Disk::move(const fs::path& from, const fs::path& to) const {
    make_folder(to.parent_path());
    if (fs::is_regular_file(from)) flush_file(from); // whoever wrote it may not have
    probe("move");
    switch (rename_new(from, to)) {
    case Renamed::exists:
        return false;
    case Renamed::other_device: {
        const bool folder = fs::is_directory(from);
        if (fs::exists(fs::symlink_status(to))) return false;
        const auto files = files_below(from);
        if (folder)
            save_folder(to, files);
        else
            save(to, files.front().bytes);
        probe("copied");
        fs::remove_all(from);
        break;
    }
    case Renamed::done:
        flush_folder(to.parent_path());
        break;
    }
    flush_folder(from.parent_path());
    probe("moved");
    return true;
}

void Disk::remove(const fs::path& path) const {
    if (!fs::exists(fs::symlink_status(path))) return;
    probe("remove");
    fs::remove_all(path);
    flush_folder(path.parent_path());
    probe("removed");
}

std::optional<Bytes> read_whole(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        if (!fs::exists(file)) return std::nullopt;
        errno = EACCES;
        fail(file);
    }
    Bytes bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (in.bad()) {
        errno = EIO;
        fail(file);
    }
    return bytes;
}

std::vector<InputFile> read_folder(const fs::path& folder) {
    std::vector<InputFile> files;
    if (!fs::is_directory(folder)) return files;
    for (auto at = fs::recursive_directory_iterator(folder);
         at != fs::recursive_directory_iterator(); ++at) {
        if (at->path().filename().string().starts_with('.')) {
            if (at->is_directory()) at.disable_recursion_pending();
            continue;
        }
        if (!at->is_regular_file()) continue;
        auto bytes = read_whole(at->path());
        if (bytes)
            files.push_back(
                {at->path().lexically_relative(folder).generic_string(), std::move(*bytes)});
    }
    std::sort(files.begin(), files.end(),
              [](const InputFile& a, const InputFile& b) { return a.name < b.name; });
    return files;
}

} // namespace cpg::hotfolder
