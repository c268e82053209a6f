#include "gateway/sandbox/folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace cpg::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "cpgw-sandbox-";
constexpr std::string_view mark = ".cpgw-sandbox"; // goes with the sandbox; held locked

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// A folder of this user, not a link to one.
bool is_own_folder(const fs::path& path) {
    struct stat found {};
    return ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode) &&
           found.st_uid == ::geteuid();
}

/// The mark of a sandbox that lives no more, locked by us; -1 when there is none, or it lives.
int take_dead_mark(const fs::path& folder) {
    const int file = ::open((folder / mark).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (file >= 0 && ::flock(file, LOCK_EX | LOCK_NB) == 0) return file;
    if (file >= 0) ::close(file);
    return -1;
}

} // namespace

Folder::Folder(fs::path path, bool whole) : path_(std::move(path)), whole_(whole) {
    lock();
}

Folder::Folder(Folder&& other) noexcept
    : path_(std::move(other.path_)), parts_(std::move(other.parts_)), whole_(other.whole_),
      kept_(std::exchange(other.kept_, true)), lock_(std::exchange(other.lock_, -1)) {}

/// Locked before it has its name: nobody ever sees the mark of a living sandbox unlocked.
void Folder::lock() {
    const fs::path fresh = path_ / (std::string(mark) + ".new");
    lock_ = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                   S_IRUSR | S_IWUSR);
    if (lock_ < 0 || ::flock(lock_, LOCK_EX | LOCK_NB) != 0) fail(fresh.string());
    fs::rename(fresh, path_ / mark);
}

fs::path Folder::part(const std::string& name) {
    if (std::find(parts_.begin(), parts_.end(), name) == parts_.end()) parts_.push_back(name);
    return path_ / name;
}

std::vector<fs::path> Folder::made_here() const {
    std::vector<fs::path> made;
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator(path_, gone)) {
        const std::string name = entry.path().filename().string();
        if (std::any_of(parts_.begin(), parts_.end(), [&](const std::string& part) {
                return name == part || name.starts_with(part + ".checkpoints");
            }))
            made.push_back(entry.path());
    }
    return made;
}

Folder Folder::make_temporary() {
    std::string name = (fs::temp_directory_path() / (std::string(prefix) + "XXXXXX")).string();
    if (!::mkdtemp(name.data())) fail(name);
    return Folder(fs::canonical(name), true);
}

Result<Folder> Folder::make(const fs::path& path) {
    std::error_code failed;
    fs::create_directories(path, failed);
    if (!failed && !fs::is_empty(path, failed) && !failed)
        return Error{Errc::configuration, path.string() + ": is not empty"};
    if (!failed) fs::permissions(path, fs::perms::owner_all, failed);
    if (failed) return Error{Errc::configuration, path.string() + ": " + failed.message()};
    return Folder(fs::canonical(path), false);
}

Folder::~Folder() {
    std::error_code ignored; // nobody is left to be told
    if (!kept_ && whole_) fs::remove_all(path_, ignored);
    if (!kept_ && !whole_) {
        for (const auto& made : made_here()) fs::remove_all(made, ignored);
        fs::remove(path_ / mark, ignored);
        fs::remove(path_, ignored); // when nothing of others is in it
    }
    if (lock_ >= 0) ::close(lock_);
}

void Folder::keep() {
    std::error_code ignored;
    fs::remove(path_ / mark, ignored);
    kept_ = true;
}

std::size_t Folder::remove_left_over() {
    std::size_t removed = 0;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(fs::temp_directory_path(failed), failed)) {
        if (!entry.path().filename().string().starts_with(prefix)) continue;
        if (!is_own_folder(entry.path())) continue;
        const int dead = take_dead_mark(entry.path());
        if (dead < 0) continue;
        fs::remove_all(entry.path(), failed);
        if (!failed) ++removed;
        ::close(dead);
    }
    return removed;
}

} // namespace cpg::sandbox
