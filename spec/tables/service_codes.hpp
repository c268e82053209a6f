// Reads service code tables: the operator's, of the whole country and of cities. Values in, a value
// or problems out; any thread.
//
//     const auto outcome = load_service_codes(service_code_sources("/etc/cpgw/tables"));
//     if (outcome.table) options.service_codes = outcome.table;
#pragma once

#include "spec/load/load.hpp"
#include "spec/model/service_codes.hpp"

namespace cpg {

struct ServiceCodeOutcome {
    ServiceCodeTablePtr table; // null when there are problems
    std::vector<LoadProblem> problems;
};

/// Strict: an unknown key, a wrong number of columns, a value that is not of its form, months that
/// overlap are problems with file and line, and nothing is loaded. By the file's extension:
///   .yaml  the form of spec/tables/sample.yaml
///   .csv   a city's 総合事業単位数表: MS932, 19 columns, with or without its header row, quoted or
///          not
/// What neither form says of a code is taken from its name: 加算 or 減算 is an addition, 共生型
/// with less than 0 units a 共生型 reduction.
ServiceCodeOutcome load_service_codes(const std::vector<SourceFile>& sources);

/// A file, or the .yaml and .csv files of a folder in the order of their names. Throws
/// std::runtime_error on I/O.
std::vector<SourceFile> service_code_sources(const std::filesystem::path& path);

} // namespace cpg
