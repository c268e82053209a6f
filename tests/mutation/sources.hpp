// Good bundles of every kind, edition and direction: one hand-written set (tests/vectors/base), and
// as many synthetic ones as there are seeds.
#pragma once

#include "tests/mutation/model.hpp"

namespace cpg::mutation {

std::vector<Case> written_cases(const Catalog& catalog);
/// One of each direction and kind; offices, service types, months and users differ by seed.
std::vector<Case> sampled_cases(const Catalog& catalog, std::uint64_t seed);

} // namespace cpg::mutation
