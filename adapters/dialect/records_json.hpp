// Records as JSON: what a conversion read, set by set, for people, tests and comparing programs.
// Holds personal data. Pure, any thread.
#pragma once

#include "adapters/dialect/table.hpp"

namespace cpg::adapters {

/// cpgw-set/1, deterministic: a line a record, empty items left out.
///
///     {"format":"cpgw-set/1","edition":"4.1","from":{"office":"…","service_type":"43"},…,
///      "tables":[{"type":"UPJSK","month":"202612","records":[
///     {"csv_version":"202407",…}
///     ]}]}
std::string records_json(const TableSet& set);

} // namespace cpg::adapters
