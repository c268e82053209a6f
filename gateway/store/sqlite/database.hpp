// SQLite handles as values that clean up after themselves. A Database belongs to one thread at a
// time. Every failure throws: StoreBroken (I/O, damage), StoreUnavailable (full, locked) or
// StoreFailure (anything else).
#pragma once

#include "gateway/store/store.hpp"

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>

struct sqlite3;
struct sqlite3_stmt;

namespace cpg::store::sqlite {

struct Blob {
    BytesView bytes;
};

/// What is bound to a parameter. Refers to the caller's bytes.
class Value {
  public:
    Value(std::nullopt_t) {}
    Value(std::integral auto number) : value_(static_cast<std::int64_t>(number)) {}
    Value(std::string_view text) : value_(text) {}
    Value(const std::string& text) : value_(std::string_view(text)) {}
    Value(const char* text) : value_(std::string_view(text)) {}
    Value(Blob blob) : value_(blob) {}
    Value(Time time) : value_(std::int64_t{time.time_since_epoch().count()}) {}
    template<class T> Value(const std::optional<T>& value) {
        if (value) value_ = Value(*value).value_;
    }

  private:
    friend class Query;
    std::variant<std::monostate, std::int64_t, std::string_view, Blob> value_;
};

/// One use of a prepared statement; gives it back when it ends. Columns count from 0.
class Query {
  public:
    Query(Query&& other) noexcept;
    Query& operator=(Query&&) = delete;
    ~Query();
    bool next(); // false when there are no more rows
    bool is_null(int column) const;
    std::int64_t integer(int column) const;
    std::uint64_t count(int column) const { return static_cast<std::uint64_t>(integer(column)); }
    std::string text(int column) const;
    Bytes blob(int column) const;
    Time time(int column) const;
    std::optional<Time> optional_time(int column) const;

  private:
    friend class Database;
    enum class Lifetime { whole_use, this_call }; // of the bound bytes, as the caller promises
    Query(sqlite3_stmt* statement, std::initializer_list<Value> values, Lifetime lifetime);
    void bind(int parameter, const Value& value, Lifetime lifetime);

    sqlite3_stmt* statement_;
};

enum class Access { read_only, read_write };

class Database {
  public:
    /// The file must exist. Sets what each connection needs: foreign keys, synchronous=FULL, a busy
    /// timeout of 10 s (another process of the same host may write: the administrator's commands).
    Database(const std::filesystem::path& file, Access access);

    /// Statements without values.
    void execute(const char* sql);
    /// `sql` must be a constant: a statement is prepared once and kept by its address.
    void run(const char* sql, std::initializer_list<Value> values);
    Query query(const char* sql, std::initializer_list<Value> values);
    /// The first column of the only row.
    std::int64_t integer(const char* sql, std::initializer_list<Value> values = {});

    std::int64_t last_row() const; // rowid of the newest insert
    int changed_rows() const;      // by the last run()
    bool in_transaction() const;
    int wal_pages() const { return *wal_pages_; } // in the log after the newest commit made here
    /// Copies the write-ahead log into the file and syncs it. Without waiting for readers, or until
    /// the log can start over.
    enum class Wait { no, for_readers };
    void copy_back(Wait wait);

  private:
    struct Close {
        void operator()(sqlite3* handle) const;
    };
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    sqlite3_stmt* prepared(const char* sql);

    std::unique_ptr<int> wal_pages_;
    std::unique_ptr<sqlite3, Close> handle_;
    std::map<const char*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

/// BEGIN … and ROLLBACK unless commit() was reached.
class Transaction {
  public:
    enum class Kind { read, write };
    Transaction(Database& database, Kind kind);
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();
    void commit();

  private:
    Database& database_;
};

} // namespace cpg::store::sqlite
