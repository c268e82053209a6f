// The outcome of a check: deterministic (same bytes + same catalog + same options = same report).
#pragma once

#include "spec/base/clock.hpp"
#include "spec/check/finding.hpp"
#include "spec/records/bundle.hpp"

namespace cpg {

enum class Verdict { accepted, rejected };

struct FileSummary {
    std::string name, type;
    std::uint32_t records = 0;
    std::uint64_t bytes = 0;
    Digest digest;
};

/// A sender's detached signature over a file.
struct SignatureSummary {
    std::string file;  // the signed one
    std::string level; // "L0" connection's certificate only, "L1" office, "L2" accredited
    std::optional<Digest> certificate; // SHA-256 of the signer's, in DER
    std::optional<Time> signed_at;     // as the signer claims
};

/// Counts are complete; the list of findings is capped (CheckOptions::max_findings), the rest
/// counted as dropped.
struct BundleReport {
    std::string kind;    // id of the bundle kind, "papers", or "unknown"
    std::string edition; // "4.1" or "3"
    std::string profile; // by which the severities were chosen: "standard"
    OfficeRef from, to;
    Serial serial;
    Month month; // 対象年月 of a monthly bundle, else none
    Verdict verdict = Verdict::accepted;
    std::uint64_t errors = 0, warnings = 0;
    std::vector<FileSummary> files;
    std::vector<SignatureSummary> signatures; // where they were looked at
    std::vector<Finding> findings;            // sorted by file, record, column, rule
    std::uint64_t findings_dropped = 0;
};

struct Report {
    Digest catalog;
    std::string profile;
    Verdict verdict = Verdict::accepted;
    std::vector<BundleReport> bundles;
    std::vector<Finding> findings; // files that belong to no bundle
};

} // namespace cpg
