// Asking the gateway about bundles; what it says is read by adapters/client/answer_text.hpp.
#pragma once

#include "adapters/client/answer_text.hpp"
#include "gateway/audit/receipt.hpp"
#include "gateway/cli/connection.hpp"
#include "spec/records/bundle.hpp"

namespace cpg::cli {

using RemoteBundle = client::ListedBundle;
using RemoteReceipt = client::ListedReceipt;
using client::text_member;

/// The value, or a Failure: the gateway's answer cannot be read.
template<class T> T readable(Result<T> read) {
    if (!read)
        throw Failure(exit_unreachable,
                      "ゲートウェイの答えが読めません / unexpected answer: " + read.error().detail);
    return *std::move(read);
}

RemoteBundle remote_bundle(Connection& connection, const BundleId& id);

/// Every bundle that the query gives, following the cursor to the end; a page that does not load is
/// a Failure, never a shorter list. `target`: "/v1/inbox?state=new".
std::vector<RemoteBundle> list_all(Connection& connection, const std::string& target);

/// `with`: empty, "cosignatures" or "timestamp".
std::vector<RemoteReceipt> receipts_of(Connection& connection, const BundleId& id,
                                       const std::string& with = {});

/// Whether a receipt proves that this step happened to this bundle, with these files as far as its
/// leaf lists files. nullopt: yes; else the reason in words.
std::optional<std::string> why_not_proven(const RemoteReceipt& receipt, const BundleId& id,
                                          const std::vector<InputFile>& files,
                                          const std::vector<audit::VerifierKey>& trusted,
                                          Lang lang);

BundleId id_operand(const std::string& text); // throws UsageError
/// The name of a receipt's file in a bundle's folder: "receipts/accepted.receipt.txt".
std::string receipt_path(std::string_view step);

} // namespace cpg::cli
