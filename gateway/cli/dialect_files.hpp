// The files of care software that a person named: files, folders with sub-folders, ZIPs.
#pragma once

#include "adapters/dialect/convert.hpp"

namespace cpg::cli {

/// Paths are relative to the named folder or ZIP, sorted. Throws Failure (2) that names what cannot
/// be read, or is too much (2,000 files, 256 MiB).
std::vector<adapters::DialectFile> read_dialect_files(const std::vector<std::string>& paths);

} // namespace cpg::cli
