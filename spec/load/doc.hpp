// `cpgw spec doc`: the whole catalogue as one Markdown page: types, items, code lists, bundles,
// every rule with its texts.
#pragma once

#include "spec/model/catalog.hpp"

namespace cpg {

std::string
catalog_markdown(const Catalog& catalog); // deterministic; Japanese first, English second

} // namespace cpg
