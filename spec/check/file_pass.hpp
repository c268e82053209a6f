// One file of a bundle, from bytes to facts: encoding, CSV shape, version, items, and the rules of
// single records.
#pragma once

#include "spec/check/facts.hpp"

#include <functional>

namespace cpg::checking {

/// Is told how far, in bytes, a reading is.
using BytesDone = std::function<void(std::uint64_t)>;

/// What is known of the file at `index` before it is read.
FileFacts unread_file(const Envelope& envelope, std::size_t index);

/// Reads the file at `index` of the bundle front to back, raises what is wrong with its records,
/// and keeps the facts of the users in bundle.users. Past CheckOptions::max_facts that range is
/// made smaller, and the users outside forgotten.
void read_file(BundleFacts& bundle, std::size_t index, Collector& findings, const BytesDone& done);

/// Reads it once more for the users now in bundle.users; raises nothing.
void read_users(BundleFacts& bundle, std::size_t index, const BytesDone& done);

} // namespace cpg::checking
