// Wakes long-polls: who waits for news of an office is called once when something moved there. Any
// thread.
#pragma once

#include "spec/base/ids.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace cpg::exchange {

class Notifier {
  public:
    /// Runs once, on the thread that notifies: must only post. Lives as long as the token.
    using Wake = std::function<void()>;
    using Token = std::shared_ptr<void>;

    /// Told of every notify(), of whatever office, on the thread that notifies: must be quick.
    /// Before any other thread knows the notifier.
    void listen(Wake listener) { listener_ = std::move(listener); }
    /// Registers for any of the offices. Dropping the token takes it back.
    Token wait_for(const std::vector<OfficeNo>& offices, Wake wake);
    void notify(const OfficeNo& office);
    /// Wakes everyone (shutdown).
    void notify_all();
    std::size_t waiting() const;

  private:
    struct Waiter {
        Wake wake;
        bool woken = false;
    };
    Wake listener_;
    mutable std::mutex mutex_;
    std::unordered_map<OfficeNo, std::vector<std::weak_ptr<Waiter>>> waiters_;
};

} // namespace cpg::exchange
