// The authorities of senders' signatures that a command is told of: --signers-ca, --accredited-ca.
#pragma once

#include "gateway/cli/args.hpp"
#include "gateway/exchange/signatures.hpp"

namespace cpg::cli {

const std::vector<Option>& signer_options();
/// Null when none is given. Throws Failure for a file that holds no certificate.
std::shared_ptr<const audit::SignerTrust> signers_of(const Arguments& given);
/// What the senders' signatures in a heap are worth now, a bundle each; of offices as certificates
/// name them, since there is no directory here.
std::vector<exchange::JudgedSignatures> signatures_in(const Catalog& catalog, const Heap& heap,
                                                      const Arguments& given);

} // namespace cpg::cli
