// The random numbers of the samples: splitmix64, written out so that a seed gives the same bytes
// with every compiler and library. Not for secrets. One thread an instance.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace cpg::sampling {

class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9E3779B97F4A7C15u;
        std::uint64_t value = state_;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
        return value ^ (value >> 31);
    }
    /// 0 to count - 1. Precondition: count > 0.
    int below(int count) { return static_cast<int>(next() % static_cast<std::uint64_t>(count)); }
    int between(int least, int most) { return least + below(most - least + 1); }
    template<class T, std::size_t N> const T& pick(const std::array<T, N>& list) {
        return list[static_cast<std::size_t>(below(static_cast<int>(N)))];
    }

  private:
    std::uint64_t state_;
};

/// A seed that depends on every byte of `text`, in order.
inline std::uint64_t mix(std::uint64_t seed, std::string_view text) {
    std::uint64_t out = Random(seed).next();
    for (const char byte : text) out = Random(out ^ static_cast<unsigned char>(byte)).next();
    return out;
}

} // namespace cpg::sampling
