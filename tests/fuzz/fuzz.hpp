// What the fuzz programs share. libFuzzer hands over bytes; a sanitizer, an exception that leaves
// the program or a broken promise ends it, and the bytes are kept as a crash file.
#pragma once

#include "spec/base/bytes.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace cpg::fuzz {

inline BytesView view(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// A promise of a header; ends the program when it does not hold.
inline void require(bool holds, const char* promise) {
    if (holds) return;
    std::fprintf(stderr, "broken promise: %s\n", promise);
    std::abort();
}

/// Whether `part` lies within `whole`: a view that a parser gives must not look elsewhere.
inline bool within(BytesView part, BytesView whole) {
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

/// Takes single bytes and lines off the front; what is left is the input proper. The choices come
/// first, so that one seed serves all of them.
class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size) : rest_(view(data, size)) {}
    /// 0 at the end.
    std::uint8_t byte() {
        if (rest_.empty()) return 0;
        const auto value = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    /// Up to the next line feed, without it; everything when there is none.
    BytesView line() {
        const std::size_t end = std::min(rest_.find('\n'), rest_.size());
        const BytesView text = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return text;
    }
    BytesView rest() const { return rest_; }

  private:
    BytesView rest_;
};

} // namespace cpg::fuzz
