// Reads a file that a person named on the command line.
#pragma once

#include "spec/base/bytes.hpp"

#include <filesystem>

namespace cpg::cli {

/// Throws Failure (2) that names the file.
Bytes read_file(const std::filesystem::path& file);

} // namespace cpg::cli
