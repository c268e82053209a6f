// How much one caller may ask for: a token bucket for each caller and class of routes, and a number
// of uploads at once. Each has its own, so nobody's haste costs another. Memory is bounded: a
// bucket that is full again is forgotten. Time is an argument. Any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace cpg::api {

enum class RateClass { read, write, login };
constexpr std::size_t rate_classes = 3;

struct Rate {
    double per_second = 1;
    double burst = 1;
};

struct RateSettings {
    Rate read{100, 1000};     // a thousand bundles looked at in one go; polling is 0.02 a second
    Rate write{50, 500};      // a month's bundles one by one; a fan-out ZIP is one request
    Rate login{0.2, 20};      // a whole staff in the morning, then one in five seconds
    std::size_t uploads = 16; // bodies of one caller being checked or stored at once
    const Rate& of(RateClass which) const {
        return which == RateClass::read ? read : which == RateClass::write ? write : login;
    }
};

class RateLimiter {
  public:
    using Instant = std::chrono::steady_clock::time_point;
    explicit RateLimiter(RateSettings settings) : settings_(settings) {}

    /// Takes one; or says in how many seconds (at least 1) there is one again. `shares`: a caller
    /// for several offices has as much as they together.
    std::optional<std::chrono::seconds> take(const std::string& caller, RateClass which,
                                             std::size_t shares, Instant now);

    /// Held while an upload is worked on; nullptr when the caller has too many.
    using Upload = std::shared_ptr<void>;
    Upload begin_upload(const std::string& caller, std::size_t shares, Instant now);

    std::size_t size() const; // callers remembered
    const RateSettings& settings() const { return settings_; }

    static constexpr std::size_t max_callers = 50'000; // a few MiB
    static constexpr std::size_t max_shares = 100;     // offices of one certificate that count

  private:
    struct Bucket {
        double left = 0;
        Instant filled{};
        bool used = false;
    };
    struct Caller {
        std::array<Bucket, rate_classes> buckets;
        std::size_t uploads = 0;
        std::size_t shares = 1;
    };
    Caller& caller_of(const std::string& name, std::size_t shares, Instant now);
    void refill(Bucket& bucket, const Rate& rate, std::size_t shares, Instant now) const;
    bool is_idle(const Caller& caller, Instant now) const;

    const RateSettings settings_;
    mutable std::mutex mutex_;
    std::map<std::string, Caller> callers_;
};

} // namespace cpg::api
