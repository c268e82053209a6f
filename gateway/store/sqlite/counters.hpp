// Names of the rows of the table counter.
#pragma once

#include "gateway/exchange/states.hpp"

#include <string>

namespace cpg::store::sqlite::counters {

inline constexpr char parcel_bytes[] = "parcel_bytes";
inline constexpr char directory_version[] = "directory_version";
inline constexpr char logins_declined[] = "logins_declined";
inline constexpr std::string_view bundle_prefix = "bundle.";

inline std::string bundles_in(exchange::State state) {
    return std::string(bundle_prefix) + std::string(exchange::name_of(state));
}

} // namespace cpg::store::sqlite::counters
