#include "gateway/api/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace cpg::api {

void RateLimiter::refill(Bucket& bucket, const Rate& rate, std::size_t shares, Instant now) const {
    const double full = rate.burst * static_cast<double>(shares);
    if (!bucket.used) {
        bucket = {full, now, true};
        return;
    }
    const double passed = std::chrono::duration<double>(now - bucket.filled).count();
    if (passed <= 0) return;
    bucket.left =
        std::min(full, bucket.left + passed * rate.per_second * static_cast<double>(shares));
    bucket.filled = now;
}

bool RateLimiter::is_idle(const Caller& caller, Instant now) const {
    if (caller.uploads > 0) return false;
    for (std::size_t i = 0; i < rate_classes; ++i) {
        Bucket bucket = caller.buckets[i];
        if (!bucket.used) continue;
        const Rate& rate = settings_.of(static_cast<RateClass>(i));
        refill(bucket, rate, caller.shares, now);
        if (bucket.left < rate.burst * static_cast<double>(caller.shares)) return false;
    }
    return true;
}

// When nobody is idle the first caller with no upload is forgotten: it gets a full bucket at worst.
RateLimiter::Caller& RateLimiter::caller_of(const std::string& name, std::size_t shares,
                                            Instant now) {
    if (callers_.size() >= max_callers && callers_.count(name) == 0) {
        std::erase_if(callers_, [&](const auto& entry) { return is_idle(entry.second, now); });
        const auto free = std::find_if(callers_.begin(), callers_.end(),
                                       [](const auto& entry) { return entry.second.uploads == 0; });
        if (callers_.size() >= max_callers && free != callers_.end()) callers_.erase(free);
    }
    Caller& caller = callers_[name];
    caller.shares = std::clamp<std::size_t>(shares, 1, max_shares);
    return caller;
}

std::optional<std::chrono::seconds> RateLimiter::take(const std::string& caller, RateClass which,
                                                      std::size_t shares, Instant now) {
    const std::lock_guard lock(mutex_);
    Caller& known = caller_of(caller, shares, now);
    Bucket& bucket = known.buckets[static_cast<std::size_t>(which)];
    const Rate& rate = settings_.of(which);
    refill(bucket, rate, known.shares, now);
    if (bucket.left >= 1) {
        bucket.left -= 1;
        return std::nullopt;
    }
    const double wait = (1 - bucket.left) / (rate.per_second * static_cast<double>(known.shares));
    return std::chrono::seconds(std::max(1L, std::lround(std::ceil(wait))));
}

RateLimiter::Upload RateLimiter::begin_upload(const std::string& caller, std::size_t shares,
                                              Instant now) {
    const std::lock_guard lock(mutex_);
    Caller& known = caller_of(caller, shares, now);
    if (known.uploads >= settings_.uploads * known.shares) return nullptr;
    ++known.uploads;
    return Upload(&known, [this, caller](void*) {
        const std::lock_guard guard(mutex_);
        --callers_.at(caller).uploads;
    });
}

std::size_t RateLimiter::size() const {
    const std::lock_guard lock(mutex_);
    return callers_.size();
}

} // namespace cpg::api
