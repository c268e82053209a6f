#include "gateway/exchange/notifier.hpp"

#include <algorithm>

namespace cpg::exchange {

Notifier::Token Notifier::wait_for(const std::vector<OfficeNo>& offices, Wake wake) {
    auto waiter = std::make_shared<Waiter>(Waiter{std::move(wake)});
    const std::lock_guard lock(mutex_);
    for (const auto& office : offices) {
        auto& list = waiters_[office];
        std::erase_if(list, [](const auto& weak) { return weak.expired(); });
        list.push_back(waiter);
    }
    return waiter;
}

void Notifier::notify(const OfficeNo& office) {
    if (listener_) listener_();
    std::vector<std::shared_ptr<Waiter>> due;
    {
        const std::lock_guard lock(mutex_);
        const auto found = waiters_.find(office);
        if (found == waiters_.end()) return;
        for (const auto& weak : found->second)
            if (auto waiter = weak.lock(); waiter && !std::exchange(waiter->woken, true))
                due.push_back(std::move(waiter));
        waiters_.erase(found);
    }
    for (const auto& waiter : due) waiter->wake();
}

void Notifier::notify_all() {
    std::vector<OfficeNo> offices;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [office, list] : waiters_) offices.push_back(office);
    }
    for (const auto& office : offices) notify(office);
}

std::size_t Notifier::waiting() const {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& [office, list] : waiters_)
        count += static_cast<std::size_t>(std::count_if(
            list.begin(), list.end(), [](const auto& weak) { return !weak.expired(); }));
    return count;
}

} // namespace cpg::exchange
