// `cpgw spec doc`: the whole catalogue as one Markdown page: types, items, code lists, bundles, the
// severity of every rule in each profile, every rule with its texts.
#pragma once

#include "spec/model/profile.hpp"

namespace cpg {

/// Deterministic; Japanese first, English second.
std::string catalog_markdown(const Catalog& catalog, const std::vector<ProfilePtr>& profiles);

} // namespace cpg
