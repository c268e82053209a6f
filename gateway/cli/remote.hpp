// What the gateway says about bundles, read strictly: ids, numbers and file names become typed
// values before they are used for anything.
#pragma once

#include "gateway/audit/receipt.hpp"
#include "gateway/cli/connection.hpp"
#include "spec/records/bundle.hpp"

namespace cpg::cli {

struct RemoteBundle {
    BundleId id;
    std::string kind, edition, month, state;
    OfficeRef from, to;
    std::optional<Serial> serial;
    std::optional<Time> accepted_at, fetched_at;
    std::uint64_t bytes = 0, files = 0;
    boost::json::object json; // as received
};
/// Throws Failure when a member is missing or is not what it claims.
RemoteBundle bundle_of(const boost::json::object& object);
RemoteBundle remote_bundle(Connection& connection, const BundleId& id);

/// Every bundle that the query gives, following the cursor to the end; a page that does not load is
/// a Failure, never a shorter list. `target`: "/v1/inbox?state=new".
std::vector<RemoteBundle> list_all(Connection& connection, const std::string& target);

struct RemoteReceipt {
    std::string step; // accepted, fetched, imported, import_failed, recalled, rejected
    std::string text;
    Bytes timestamp; // TimeStampResp, when it was asked for and there is one
};
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
std::string text_member(const boost::json::object& object, std::string_view name); // "" when absent
/// The name of a receipt's file in a bundle's folder: "receipts/accepted.receipt.txt".
std::string receipt_path(std::string_view step);

} // namespace cpg::cli
