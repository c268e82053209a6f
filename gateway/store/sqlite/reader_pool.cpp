#include "gateway/store/sqlite/reader_pool.hpp"

#include <algorithm>

namespace cpg::store::sqlite {

ReaderPool::ReaderPool(const std::filesystem::path& file, std::size_t count) {
    count = std::max<std::size_t>(count, 1);
    idle_.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        idle_.push_back(std::make_unique<Database>(file, Access::read_only));
}

std::unique_ptr<Database> ReaderPool::take() {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return !idle_.empty(); });
    auto database = std::move(idle_.back());
    idle_.pop_back();
    return database;
}

void ReaderPool::give_back(std::unique_ptr<Database> database) {
    {
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(database));
    }
    returned_.notify_one();
}

} // namespace cpg::store::sqlite
