// What an office says of how its files came about: an adapter that turned a dialect of care
// software into the standard's files. It travels in the header Cpgw-Conversion of a request and
// stands as the last line of the leaf of each bundle of that request. Pure, any thread.
#pragma once

#include "spec/base/bytes.hpp"
#include "spec/base/result.hpp"

#include <optional>

namespace cpg {

struct Conversion {
    std::string dialect;       // [a-z0-9][a-z0-9-]{0,39}
    std::uint32_t version = 0; // of the dialect's profile
    std::uint32_t fills = 0;   // values that the adapter put in where the source had none
    std::uint32_t lookups = 0; // values that it took out of a table of its own
    Digest report;             // SHA-256 of the adapter's report about them
    bool operator==(const Conversion&) const = default;
};

constexpr std::string_view conversion_header = "Cpgw-Conversion";
constexpr std::uint32_t max_conversion_number = 999'999'999; // nine digits

/// Whether its dialect and its numbers have the form above.
bool is_well_formed(const Conversion& conversion);

/// "<dialect>@<version>; fills=<n>; lookups=<n>; report=sha256:<hex>", the header's value.
std::string to_header(const Conversion& conversion);
/// Strict: exactly what to_header() writes (numbers without leading zeros, lower-case hex);
/// malformed.
Result<Conversion> parse_conversion_header(std::string_view value);

/// "<dialect>@<version> fills <n> lookups <n> report sha256:<hex>", what follows the leaf line's
/// name.
std::string to_leaf_line(const Conversion& conversion);
std::optional<Conversion> parse_conversion_line(std::string_view value);

} // namespace cpg
