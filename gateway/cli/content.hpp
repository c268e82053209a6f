// The content of a bundle that arrived, and whether its receipts prove it: what `cpgw fetch` and
// `cpgw agent` have in common.
#pragma once

#include "gateway/cli/remote.hpp"

namespace cpg::cli {

/// The exact files, compared with the digest that the gateway announces. Throws Failure.
std::vector<InputFile> content_of(Connection& connection, const BundleId& id);

/// nullopt: acceptance and fetching are proven for these files; else the reason in words.
std::optional<std::string> why_delivery_not_proven(const std::vector<RemoteReceipt>& receipts,
                                                   const BundleId& id,
                                                   const std::vector<InputFile>& files,
                                                   const std::vector<audit::VerifierKey>& trusted,
                                                   Lang lang);

} // namespace cpg::cli
