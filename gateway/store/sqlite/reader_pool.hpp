// A bounded set of read-only connections. Any thread; with all of them in use, the next one waits.
#pragma once

#include "gateway/store/sqlite/database.hpp"

#include <condition_variable>
#include <mutex>
#include <vector>

namespace cpg::store::sqlite {

class ReaderPool {
  public:
    ReaderPool(const std::filesystem::path& file, std::size_t count);

    /// A connection on loan.
    class Reader {
      public:
        explicit Reader(ReaderPool& pool) : pool_(pool), database_(pool.take()) {}
        Reader(const Reader&) = delete;
        Reader& operator=(const Reader&) = delete;
        ~Reader() { pool_.give_back(std::move(database_)); }
        Database& operator*() { return *database_; }
        Database* operator->() { return database_.get(); }

      private:
        ReaderPool& pool_;
        std::unique_ptr<Database> database_;
    };

  private:
    std::unique_ptr<Database> take();
    void give_back(std::unique_ptr<Database> database);

    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<Database>> idle_; // capacity for all of them
};

} // namespace cpg::store::sqlite
