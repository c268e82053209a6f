// Evidence packs: a folder with every receipt of a month, tables made out of them, and a manifest
// with the SHA-256 of each file. What an office hands to an inspector. No personal data: receipts
// hold none, tables say only what receipts say.
//
//     MANIFEST.sha256                        as `sha256sum -c` reads it, by path
//     bundles.csv, usage.csv                 made from the receipts; verified by making them again
//     receipts/<bundle>/<n>-<type>.receipt.txt
//     checkpoints/<n>.txt                    signed by the log
//     anything else                          a page to print, how to verify
//
// Making is pure; verifying reads files. Any thread.
#pragma once

#include "gateway/audit/verify.hpp"

namespace cpg::audit {

constexpr std::string_view manifest_name = "MANIFEST.sha256";

/// The receipts of one bundle, in the order of its steps; the first is of acceptance or refusal.
using BundleReceipts = std::vector<std::string>;

/// What the receipts of one bundle prove.
struct PackedBundle {
    BundleId id;
    std::optional<OfficeNo> from, to;
    std::string edition, kind;
    Month month;
    std::string state; // accepted, rejected, fetched, imported, import_failed, recalled, unclaimed
    Time accepted{};   // or refused
    std::optional<Time> fetched, settled;
    std::size_t files = 0;
    std::uint64_t bytes = 0; // of the files that the leaf lists
    std::string signature_level = "L0";
    std::size_t receipts = 0;
    std::string log; // "<origin> #<index>" of the first receipt
};

/// By time of acceptance. tampered, unknown_key, malformed as open_receipt(); tampered also when
/// the receipts of one bundle are of several, or the first is no acceptance or refusal.
Result<std::vector<PackedBundle>> read_bundles(const std::vector<BundleReceipts>& receipts,
                                               const std::vector<VerifierKey>& trusted);

/// Who exchanged how much with whom in which month (Japan's calendar): one row a month, pair.
struct Usage {
    std::string month; // "2026-11"
    std::string from, to;
    std::size_t bundles = 0, fetched = 0, imported = 0, rejected = 0;
};
std::vector<Usage> usage_of(const std::vector<PackedBundle>& bundles);

struct PackFile {
    std::string path; // relative, '/' between parts
    Bytes bytes;
};

/// All files of a pack with their manifest, by path. `others` must not use the paths above.
Result<std::vector<PackFile>> make_pack(const std::vector<BundleReceipts>& receipts,
                                        const std::vector<std::string>& checkpoints,
                                        std::vector<PackFile> others,
                                        const std::vector<VerifierKey>& trusted);

bool is_pack(const std::filesystem::path& folder);

/// A file that is missing, changed or not of the pack, a table that says other than the receipts:
/// tampered. A manifest out of form, what cannot be read: malformed. Only receipts that do not
/// verify are listed.
VerifiedPath verify_pack(const std::filesystem::path& folder,
                         const std::vector<VerifierKey>& trusted);

/// "2026-11-22 18:30" in Japan.
std::string japan_minute(Time time);

} // namespace cpg::audit
