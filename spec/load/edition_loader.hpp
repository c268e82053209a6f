// One edition of the standard from its YAML file.
#pragma once

#include "spec/load/map_reader.hpp"

namespace cpg {

/// Adds what is wrong to `problems`; the edition is of use only when nothing was added.
std::unique_ptr<Edition> load_edition(const SourceFile& source, std::vector<LoadProblem>& problems);

} // namespace cpg
