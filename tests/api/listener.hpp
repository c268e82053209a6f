// A client of GET /v1/events, for the tests: asks for a piece after the other, as the server does.
#pragma once

#include "tests/api/world.hpp"

#include <condition_variable>

namespace cpg::test {

class Listener {
  public:
    explicit Listener(http::Response answer) : response(std::move(answer)) {}

    /// The next piece, waited for (10 s at most); nullopt when the stream has ended.
    std::optional<std::string> next() {
        ask();
        std::unique_lock lock(shared_->mutex);
        const bool came = shared_->changed.wait_for(lock, std::chrono::seconds(10),
                                                    [this] { return shared_->piece.has_value(); });
        if (!came) throw std::runtime_error("no piece of the stream within 10 s");
        return *std::exchange(shared_->piece, std::nullopt);
    }
    /// Asks, and tells whether there is nothing to hand over yet.
    bool waits() {
        ask();
        const std::lock_guard lock(shared_->mutex);
        return !shared_->piece;
    }

    http::Response response;

  private:
    struct Shared {
        std::mutex mutex;
        std::condition_variable changed;
        bool asked = false;
        std::optional<std::optional<std::string>> piece;
    };

    void ask() {
        {
            const std::lock_guard lock(shared_->mutex);
            if (shared_->piece || std::exchange(shared_->asked, true)) return;
        }
        response.source([shared = shared_](std::optional<std::string> piece) {
            const std::lock_guard lock(shared->mutex);
            shared->piece = std::move(piece);
            shared->asked = false;
            shared->changed.notify_all();
        });
    }

    std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

} // namespace cpg::test
