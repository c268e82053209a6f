// The catalogue a command works with: the embedded one, or that of --spec-dir.
#pragma once

#include "gateway/cli/args.hpp"
#include "spec/load/load.hpp"

namespace cpg::cli {

const std::vector<Option>& spec_dir_option();
/// The outcome of loading, problems included. Throws Failure (2) when the folder cannot be read.
LoadOutcome load_chosen(const Arguments& given);
/// Throws Failure (78) that names the first problems.
CatalogPtr catalog_of(const Arguments& given);
/// The same of a folder named otherwise.
CatalogPtr catalog_in(const std::string& folder);
/// "v4.1.yaml:12: …", one a line.
std::string problems_text(const std::vector<LoadProblem>& problems);

} // namespace cpg::cli
