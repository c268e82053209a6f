#include "gateway/store/sqlite/database.hpp"

#include <exception>
#include <sqlite3.h>

namespace cpg::store::sqlite {
namespace {

constexpr int busy_timeout_milliseconds = 10'000;

/// By what the caller can do about it: end the process, try later, or look for the bug.
[[noreturn]] void fail(int code, const std::string& message) {
    switch (code & 0xFF) {
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        throw StoreBroken(message);
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        throw StoreUnavailable(message);
    default:
        throw StoreFailure(message);
    }
}

[[noreturn]] void fail(sqlite3* handle) {
    const int code = sqlite3_extended_errcode(handle);
    fail(code,
         "SQLite: " + std::string(sqlite3_errmsg(handle)) + " (" + std::to_string(code) + ")");
}

int remember_wal_pages(void* target, sqlite3*, const char*, int pages) {
    *static_cast<int*>(target) = pages;
    return SQLITE_OK;
}

const void* data_of(BytesView bytes) {
    return bytes.empty() ? "" : bytes.data(); // a null pointer would bind NULL
}

} // namespace

// -- Query --

Query::Query(sqlite3_stmt* statement, std::initializer_list<Value> values, Lifetime lifetime)
    : statement_(statement) {
    int parameter = 0;
    for (const Value& value : values) bind(++parameter, value, lifetime);
}

Query::Query(Query&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}

Query::~Query() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

void Query::bind(int parameter, const Value& value, Lifetime lifetime) {
    const auto release = lifetime == Lifetime::whole_use ? SQLITE_STATIC : SQLITE_TRANSIENT;
    int code = SQLITE_OK;
    if (const auto* number = std::get_if<std::int64_t>(&value.value_))
        code = sqlite3_bind_int64(statement_, parameter, *number);
    else if (const auto* text = std::get_if<std::string_view>(&value.value_))
        code = sqlite3_bind_text64(statement_, parameter, static_cast<const char*>(data_of(*text)),
                                   text->size(), release, SQLITE_UTF8);
    else if (const auto* blob = std::get_if<Blob>(&value.value_))
        code = sqlite3_bind_blob64(statement_, parameter, data_of(blob->bytes), blob->bytes.size(),
                                   release);
    else
        code = sqlite3_bind_null(statement_, parameter);
    if (code != SQLITE_OK) fail(code, "SQLite: bind " + std::string(sqlite3_errstr(code)));
}

bool Query::next() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    fail(sqlite3_db_handle(statement_));
}

bool Query::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Query::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

std::string Query::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Bytes Query::blob(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Time Query::time(int column) const {
    return Time(std::chrono::milliseconds(integer(column)));
}

std::optional<Time> Query::optional_time(int column) const {
    return is_null(column) ? std::nullopt : std::optional(time(column));
}

// -- Database --

void Database::Close::operator()(sqlite3* handle) const {
    sqlite3_close_v2(handle);
}

void Database::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

Database::Database(const std::filesystem::path& file, Access access)
    : wal_pages_(std::make_unique<int>(0)) {
    const int flags = (access == Access::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK)
        fail(code, "SQLite: open " + file.filename().string() + ": " + sqlite3_errstr(code));
    sqlite3_busy_timeout(handle, busy_timeout_milliseconds);
    execute("PRAGMA foreign_keys = ON;"
            "PRAGMA synchronous = FULL;"
            "PRAGMA trusted_schema = OFF;"
            "PRAGMA cell_size_check = ON;"
            "PRAGMA temp_store = MEMORY;"); // nothing of a query ever lies in a temporary file
    if (access == Access::read_only) return;
    execute("PRAGMA cache_size = -32768;"  // 32 MiB: what a batch changes stays in memory
            "PRAGMA secure_delete = ON;"); // what retention erases is overwritten, not just freed
    sqlite3_wal_hook(handle, remember_wal_pages, wal_pages_.get()); // copy_back() instead
}

void Database::execute(const char* sql) {
    if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        fail(handle_.get());
}

sqlite3_stmt* Database::prepared(const char* sql) {
    auto& statement = statements_[sql];
    if (!statement) {
        sqlite3_stmt* fresh = nullptr;
        const int code =
            sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &fresh, nullptr);
        statement.reset(fresh);
        if (code != SQLITE_OK) fail(handle_.get());
    }
    if (sqlite3_stmt_busy(statement.get()))
        throw std::logic_error("a statement is used while an earlier use of it is still open");
    return statement.get();
}

void Database::run(const char* sql, std::initializer_list<Value> values) {
    Query query(prepared(sql), values, Query::Lifetime::whole_use);
    while (query.next()) {
    }
}

Query Database::query(const char* sql, std::initializer_list<Value> values) {
    return Query(prepared(sql), values, Query::Lifetime::this_call);
}

std::int64_t Database::integer(const char* sql, std::initializer_list<Value> values) {
    Query rows = query(sql, values);
    if (!rows.next()) throw StoreFailure("SQLite: a row is missing");
    return rows.integer(0);
}

std::int64_t Database::last_row() const {
    return sqlite3_last_insert_rowid(handle_.get());
}

int Database::changed_rows() const {
    return sqlite3_changes(handle_.get());
}

bool Database::in_transaction() const {
    return sqlite3_get_autocommit(handle_.get()) == 0;
}

void Database::copy_back(Wait wait) {
    const int mode = wait == Wait::no ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART;
    const int code = sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, mode, nullptr, nullptr);
    if (code != SQLITE_OK && code != SQLITE_BUSY) fail(handle_.get());
    *wal_pages_ = 0; // counted anew by the next commit
}

// -- Transaction --

Transaction::Transaction(Database& database, Kind kind) : database_(database) {
    database_.execute(kind == Kind::read ? "BEGIN" : "BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
    if (!database_.in_transaction()) return;
    try {
        database_.execute("ROLLBACK");
    } catch (const StoreFailure&) {
        // The failure that brought us here is the one to report; an open transaction that cannot be
        // rolled back makes the next BEGIN fail.
    }
}

void Transaction::commit() {
    database_.execute("COMMIT");
}

} // namespace cpg::store::sqlite
