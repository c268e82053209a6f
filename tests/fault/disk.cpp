#include "tests/fault/disk.hpp"

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <fcntl.h>
#include <map>
#include <random>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace fault {
namespace {

/// A write that no sync followed yet.
struct Unsynced {
    off_t offset = 0;
    std::string before, after; // bytes there; `before` is shorter when the file grew
    off_t size_before = 0;
};

struct Watch {
    std::string folder; // with a final slash; empty: nothing is watched
    Fault fault = Fault::none;
    std::uint64_t at = 0;
    Seen seen;
    std::map<std::string, std::vector<Unsynced>> unsynced; // by path
};

Watch& state() {
    static Watch watch;
    return watch;
}

// Straight to the kernel: the C library's own functions are the ones below.
ssize_t write_at(int file, const void* bytes, std::size_t count, off_t offset) {
    return ::syscall(SYS_pwrite64, file, bytes, count, offset);
}
int open_file(const char* path, int flags, mode_t mode) {
    return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

bool is_watched(const std::string& path) {
    const std::string& folder = state().folder;
    return !folder.empty() && path.compare(0, folder.size(), folder) == 0;
}

/// Empty for what is no file of the folder.
std::string path_of(int file) {
    if (state().folder.empty()) return {};
    char path[PATH_MAX];
    const std::string link = "/proc/self/fd/" + std::to_string(file);
    const ssize_t size = ::readlink(link.c_str(), path, sizeof path);
    std::string found(path, size > 0 ? static_cast<std::size_t>(size) : 0);
    if (found + "/" == state().folder) found += "/"; // the folder itself, which is synced too
    return is_watched(found) ? found : std::string();
}

[[noreturn]] void die() {
    ::kill(::getpid(), SIGKILL);
    ::pause();
    std::abort();
}

/// The file as the disk has it when of the unsynced writes only some got there.
void lose_some(const std::string& path, const std::vector<Unsynced>& writes, std::mt19937& lot) {
    const int file = open_file(path.c_str(), O_RDWR | O_CLOEXEC, 0);
    if (file < 0) return; // gone since
    for (auto write = writes.rbegin(); write != writes.rend(); ++write) {
        write_at(file, write->before.data(), write->before.size(), write->offset);
        ::syscall(SYS_ftruncate, file, write->size_before);
    }
    for (const Unsynced& write : writes)
        if (lot() % 2 == 0) write_at(file, write.after.data(), write.after.size(), write.offset);
    ::syscall(SYS_close, file);
}

[[noreturn]] void lose_power() {
    std::mt19937 lot(static_cast<std::mt19937::result_type>(state().at)); // the same each time
    for (const auto& [path, writes] : state().unsynced) lose_some(path, writes, lot);
    die();
}

/// Counts a boundary; whether the fault is to strike at it.
bool strikes(std::uint64_t Seen::*kind) {
    Watch& watch = state();
    ++(watch.seen.*kind);
    if (watch.at == 0 || watch.seen.boundaries() != watch.at) return false;
    watch.seen.fired = true;
    if (watch.fault == Fault::cut_before) die();
    if (watch.fault == Fault::power_loss) lose_power();
    return true;
}

int fail() {
    errno = state().fault == Fault::no_space ? ENOSPC : EIO;
    return -1;
}

bool is_an_error() {
    return state().fault == Fault::io_error || state().fault == Fault::no_space;
}

/// Any call but a write: `call` does it.
template<class Call> int boundary(std::uint64_t Seen::*kind, Call call) {
    const bool strike = strikes(kind);
    if (strike && is_an_error()) return fail();
    const int result = call();
    if (strike) die();
    return result;
}

void remember(const std::string& path, int file, const void* bytes, std::size_t count,
              off_t offset) {
    if (state().fault != Fault::power_loss || path.ends_with("-shm")) return;
    struct stat status {};
    if (::fstat(file, &status) != 0) return;
    Unsynced write;
    write.offset = offset;
    write.after.assign(static_cast<const char*>(bytes), count);
    write.before.resize(count);
    const ssize_t read = ::pread(file, write.before.data(), count, offset);
    write.before.resize(read > 0 ? static_cast<std::size_t>(read) : 0);
    write.size_before = status.st_size;
    state().unsynced[path].push_back(std::move(write));
}

ssize_t write_boundary(const std::string& path, int file, const void* bytes, std::size_t count,
                       off_t offset) {
    const bool strike = strikes(&Seen::writes);
    if (strike) write_at(file, bytes, count / 2, offset);
    if (strike && is_an_error()) return fail();
    if (strike) die();
    remember(path, file, bytes, count, offset);
    return write_at(file, bytes, count, offset);
}

int sync_boundary(int file, const std::string& path) {
    return boundary(&Seen::syncs, [&] {
        (void)file;
        state().unsynced.erase(path);
        return 0;
    });
}

int open_boundary(const char* path, int flags, mode_t mode) {
    const auto call = [&] { return open_file(path, flags, mode); };
    struct stat status {};
    const bool makes = (flags & O_CREAT) != 0 && ::stat(path, &status) != 0;
    return makes && is_watched(path) ? boundary(&Seen::names, call) : call();
}

} // namespace

void watch(const std::filesystem::path& folder, Fault fault, std::uint64_t at) {
    state() = {std::filesystem::canonical(folder).string() + "/", fault, at, {}, {}};
}

const Seen& seen() {
    return state().seen;
}

} // namespace fault

extern "C" {

ssize_t pwrite64(int file, const void* bytes, std::size_t count, off64_t offset) {
    const std::string path = fault::path_of(file);
    if (path.empty()) return fault::write_at(file, bytes, count, offset);
    return fault::write_boundary(path, file, bytes, count, offset);
}

ssize_t pwrite(int file, const void* bytes, std::size_t count, off_t offset) {
    return pwrite64(file, bytes, count, offset);
}

ssize_t write(int file, const void* bytes, std::size_t count) {
    const std::string path = fault::path_of(file);
    if (path.empty()) return ::syscall(SYS_write, file, bytes, count);
    const off_t offset = ::lseek(file, 0, SEEK_CUR);
    const ssize_t written = fault::write_boundary(path, file, bytes, count, offset);
    if (written > 0) ::lseek(file, offset + written, SEEK_SET);
    return written;
}

int fsync(int file) {
    const std::string path = fault::path_of(file);
    if (path.empty()) return static_cast<int>(::syscall(SYS_fsync, file));
    return fault::sync_boundary(file, path);
}

int fdatasync(int file) {
    const std::string path = fault::path_of(file);
    if (path.empty()) return static_cast<int>(::syscall(SYS_fdatasync, file));
    return fault::sync_boundary(file, path);
}

int ftruncate64(int file, off64_t size) noexcept {
    const auto call = [&] { return static_cast<int>(::syscall(SYS_ftruncate, file, size)); };
    const std::string path = fault::path_of(file);
    if (path.empty()) return call();
    fault::state().unsynced.erase(path); // taken for durable, and all before it
    return fault::boundary(&fault::Seen::truncations, call);
}

int ftruncate(int file, off_t size) noexcept {
    return ftruncate64(file, size);
}

int rename(const char* from, const char* to) noexcept {
    const auto call = [&] {
        return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
    };
    return fault::is_watched(to) ? fault::boundary(&fault::Seen::names, call) : call();
}

int unlink(const char* path) noexcept {
    const auto call = [&] { return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0)); };
    return fault::is_watched(path) ? fault::boundary(&fault::Seen::names, call) : call();
}

int open64(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const auto mode = (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(more, unsigned)) : 0;
    va_end(more);
    return fault::open_boundary(path, flags, mode);
}

int open(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const auto mode = (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(more, unsigned)) : 0;
    va_end(more);
    return fault::open_boundary(path, flags, mode);
}

} // extern "C"
