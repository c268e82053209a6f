#include "gateway/store/sqlite/backup.hpp"

#include "gateway/store/store.hpp"

#include <fcntl.h>
#include <memory>
#include <sqlite3.h>
#include <system_error>
#include <unistd.h>

namespace cpg::store {
namespace {

constexpr int pages_a_step = 2048; // 8 MiB: a writer waits for that long at most
constexpr int milliseconds_between_tries = 20;

struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close(handle); }
};
using Handle = std::unique_ptr<sqlite3, Close>;

struct Finish {
    void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

Handle open(const std::filesystem::path& file, int flags) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &raw, flags | SQLITE_OPEN_EXRESCODE, nullptr);
    Handle handle(raw);
    if (code != SQLITE_OK)
        throw StoreUnavailable("cannot open " + file.filename().string() + ": " +
                               sqlite3_errstr(code));
    return handle;
}

void make_empty(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0)
        throw StoreUnavailable("cannot make the copy: " + std::generic_category().message(errno));
    ::close(descriptor);
}

void sync(const std::filesystem::path& path, int flags) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
    const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
    if (descriptor >= 0) ::close(descriptor);
    if (!synced) throw StoreUnavailable("cannot sync " + path.filename().string());
}

void copy_pages(sqlite3* from, sqlite3* to,
                const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    const std::unique_ptr<sqlite3_backup, Finish> backup(
        sqlite3_backup_init(to, "main", from, "main"));
    if (!backup) throw StoreUnavailable(std::string("cannot copy: ") + sqlite3_errmsg(to));
    for (;;) {
        const int code = sqlite3_backup_step(backup.get(), pages_a_step);
        if (progress) {
            const int all = sqlite3_backup_pagecount(backup.get());
            const int left = sqlite3_backup_remaining(backup.get());
            progress(static_cast<std::uint64_t>(all - left), static_cast<std::uint64_t>(all));
        }
        if (code == SQLITE_DONE) return;
        if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
            sqlite3_sleep(milliseconds_between_tries);
        else if (code != SQLITE_OK)
            throw StoreUnavailable(std::string("cannot copy: ") + sqlite3_errstr(code));
    }
}

} // namespace

void backup_sqlite(const std::filesystem::path& database, const std::filesystem::path& copy,
                   const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    make_empty(copy);
    try {
        // One read transaction holds the state that is copied: writers go on beside it and never
        // make the copy start again.
        const Handle from = open(database, SQLITE_OPEN_READWRITE);
        if (sqlite3_exec(from.get(), "BEGIN; SELECT count(*) FROM sqlite_schema", nullptr, nullptr,
                         nullptr) != SQLITE_OK)
            throw StoreUnavailable(std::string("cannot read: ") + sqlite3_errmsg(from.get()));
        {
            const Handle to = open(copy, SQLITE_OPEN_READWRITE);
            copy_pages(from.get(), to.get(), progress);
        }
        sync(copy, O_RDONLY);
        sync(std::filesystem::absolute(copy).parent_path(), O_RDONLY | O_DIRECTORY);
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(copy, ignored);
        throw;
    }
}

} // namespace cpg::store
