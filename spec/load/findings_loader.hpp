// The texts of the rules from findings.yaml.
#pragma once

#include "spec/load/map_reader.hpp"

namespace cpg {

using RuleTexts = std::map<std::string, RuleText, std::less<>>;
/// Adds what is wrong to `problems`: missing texts, a placeholder that is no argument, an argument
/// no text uses.
RuleTexts load_findings(const SourceFile& source, std::vector<LoadProblem>& problems);

} // namespace cpg
