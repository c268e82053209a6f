// What a sender's detached signatures are worth: levels and findings (R-SIG-…). L0 the certificate
// of the connection only, L1 an office's signature, L2 one under an accredited authority. Pure, any
// thread.
#pragma once

#include "gateway/audit/cms.hpp"
#include "gateway/exchange/parcel.hpp"
#include "gateway/identity/directory.hpp"
#include "spec/check/report.hpp"

namespace cpg::exchange {

enum class SignatureLevel { connection, office, accredited };
std::string_view name_of(SignatureLevel level); // "L0", "L1", "L2"

/// The leaf's detail that says the level of a bundle with signatures.
constexpr std::string_view signature_level_detail = "sig-level";

/// Takes the signatures of these files out of `loose`, by name.
std::vector<InputFile> take_signatures_of(const std::vector<ParcelFile>& files,
                                          std::vector<InputFile>& loose);

struct SignerRules {
    const Catalog& catalog;
    /// Null: who issued the signers' certificates is not looked at. Every level is L0 then, and
    /// R-SIG-03/unknown_ca is not said.
    const audit::SignerTrust* trust = nullptr;
    const identity::Directory& directory;
    Time now{}; // certificates are judged at the moment of acceptance
};

struct JudgedSignatures {
    SignatureLevel level{}; // of the whole: the lowest of all files; unsigned ones are L0
    std::vector<SignatureSummary> signatures;
    std::vector<Finding> findings;
};
/// `sender`: whose signature an office's is.
JudgedSignatures judge_signatures(const Parcel& parcel, const OfficeNo& sender,
                                  const SignerRules& rules);
/// Of each bundle of a heap, in its order. A signed file too large to be held is read whole.
std::vector<JudgedSignatures> judge_signatures(const Heap& heap, const SignerRules& rules);
/// Into the report over that heap: counts, verdicts, at most `max_findings` a bundle.
void add_signatures(Report& report, std::vector<JudgedSignatures> judged, std::size_t max_findings);

/// Counts it; keeps it while there are fewer than `cap`.
void add_finding(BundleReport& report, Finding finding, std::size_t cap);

/// Over the signature files, for the leaf's line `sig cms`; nullopt without signatures.
std::optional<Digest> digest_of_signatures(const Parcel& parcel);

} // namespace cpg::exchange
