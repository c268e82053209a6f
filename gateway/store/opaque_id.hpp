// Names without meaning for people and tokens: 128 random bits, safe to write into the log. Values,
// any thread.
#pragma once

#include "spec/base/ids.hpp"

#include <algorithm>

namespace cpg::store {

/// 32 lower-case hex digits.
template<class Tag> class OpaqueId : public FixedText<32, Tag> {
  public:
    OpaqueId() = default;
    static OpaqueId of(BytesView sixteen_random_bytes) {
        return OpaqueId(hex(sixteen_random_bytes.substr(0, 16)));
    }
    static std::optional<OpaqueId> parse(std::string_view text) {
        const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
        if (text.size() != 32 || !std::all_of(text.begin(), text.end(), is_hex))
            return std::nullopt;
        return OpaqueId(text);
    }

  private:
    explicit OpaqueId(std::string_view text) : FixedText<32, Tag>(text) {}
};

} // namespace cpg::store
