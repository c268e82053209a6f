// Random damage to bytes: what a failing disk, a careless hand or a forger does to a file.
#pragma once

#include "spec/base/bytes.hpp"

#include <random>

namespace cpg::audit {

class Damage {
  public:
    explicit Damage(std::uint32_t seed) : random_(seed) {}

    /// A number below `end` (which is not 0).
    std::size_t below(std::size_t end) {
        return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
    }

    /// The bytes with one change; never the same bytes.
    Bytes operator()(const Bytes& bytes) {
        while (true) {
            Bytes changed = bytes.empty() ? Bytes(1, letter()) : change(bytes);
            if (changed != bytes) return changed;
        }
    }

  private:
    char letter() { return static_cast<char>(below(256)); }

    Bytes change(Bytes bytes) {
        const std::size_t at = below(bytes.size());
        switch (below(7)) {
        case 0:
            bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1u << below(8)));
            break;
        case 1:
            bytes[at] = letter();
            break;
        case 2:
            bytes.insert(at, 1, letter());
            break;
        case 3:
            bytes.erase(at, 1 + below(bytes.size() - at));
            break;
        case 4:
            std::swap(bytes[at], bytes[below(bytes.size())]);
            break;
        case 5:
            bytes.insert(at, bytes.substr(at, 1 + below(bytes.size() - at)));
            break;
        default:
            bytes.resize(at);
        }
        return bytes;
    }

    std::mt19937 random_;
};

} // namespace cpg::audit
