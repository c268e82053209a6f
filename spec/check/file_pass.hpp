// One file of a bundle, from bytes to facts: encoding, CSV shape, version, items, and the rules of
// single records.
#pragma once

#include "spec/check/facts.hpp"

namespace cpg::checking {

/// Reads the file at `index` of the bundle once, front to back. Memory grows by the file's keys
/// and, for 第6表 and 第7表, by about 60 and 100 bytes a record.
FileFacts read_file(const Envelope& envelope, std::size_t index, KeyTable& keys,
                    Collector& findings);

} // namespace cpg::checking
