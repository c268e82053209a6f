// How long to leave a gateway alone that does not answer: doubling, capped, with jitter, so that a
// hundred offices do not come back in the same second. Pure, any thread.
#pragma once

#include <chrono>

namespace cpg::hotfolder {

using Duration = std::chrono::milliseconds;

struct RetryPolicy {
    Duration first{1'000};
    Duration cap{300'000}; // five minutes: nobody waits longer for a gateway that is back
};

/// `failures` in a row, from 1; `chance` in [0, 1): half of the delay is fixed, half by chance.
inline Duration retry_delay(const RetryPolicy& policy, unsigned failures, double chance) {
    Duration delay = policy.first;
    for (unsigned i = 1; i < failures && delay < policy.cap; ++i) delay *= 2;
    if (delay > policy.cap) delay = policy.cap;
    const auto half = delay / 2;
    return half + Duration(static_cast<Duration::rep>(static_cast<double>(half.count()) * chance));
}

} // namespace cpg::hotfolder
