// Synthetic sets of the standard for the tests of dialects. One thread.
#pragma once

#include "adapters/dialect/table.hpp"
#include "spec/load/load.hpp"
#include "spec/sample/sample.hpp"

#include <string>
#include <vector>

namespace cpg::adapters::testing {

const CatalogPtr& catalog();
OfficeRef office(const std::string& text); // "9970100001:43"; without ":43" no service type

/// The bundles of one request; std::runtime_error when it cannot be.
std::vector<Bundle> sample_bundles(const SampleRequest& request);
SampleRequest sample_request(const std::string& from, const std::string& to, Month month,
                             const std::string& edition, const std::string& kind);
/// The one bundle of a kind as tables.
TableSet sample_set(const std::string& from, const std::string& to, Month month,
                    const std::string& edition, const std::string& kind);

/// The files as one bundle; std::runtime_error when they are not exactly one.
Bundle one_bundle(const std::vector<InputFile>& files);
} // namespace cpg::adapters::testing
