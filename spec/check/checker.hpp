// Checks bundles by the standard's tables and rules. Pure: no clock, no I/O but for the bytes of
// large files (FileChanged is thrown then); any thread; no state between calls. Memory: the bundle
// as it is given, CheckOptions::max_facts, the findings, and in CheckedBundle the users.
#pragma once

#include "spec/check/report.hpp"
#include "spec/model/profile.hpp"
#include "spec/model/service_codes.hpp"

#include <functional>

namespace cpg {

struct CheckOptions {
    std::string edition =
        "auto"; // "auto" (by file name), "4.1" or "3": a bundle of another edition is R-NAME-01
    std::size_t max_findings = 500; // kept per bundle; all are counted
    bool keep_values = false;       // fills Finding::value
    /// Keys and rows kept at a time, in bytes; a bundle with more is read again for the other users
    /// (a single user is kept whole). About 600,000 rows of 第6表: the largest file that a gateway
    /// takes, 64 MiB, is read once.
    std::size_t max_facts = 48u << 20;
    std::optional<Time>
        now; // for "more than one day in the future" (R-NAME-05); absent = not checked
    /// R-AUTH-01: the offices the sender may speak for; empty = not checked.
    std::vector<OfficeNo> sender_offices;
    /// R-AUTH-01: the office the bundle must be for; absent = not checked.
    std::optional<OfficeNo> receiver;
    /// Severities that differ from findings.yaml (rule id -> severity), and the profile they are
    /// of: the report names it.
    std::map<std::string, Severity, std::less<>> severities;
    std::string profile{standard_profile};

    /// What codes are billed by, month by month (R-SVC-02, R-HIW-04, R-UNIT-01; makes R-TIME-03 and
    /// R-T7-06 exact); null = no table is loaded, and the first three say nothing.
    ServiceCodeTablePtr service_codes;
    /// R-PRIV-02: whether the user (insurer 0x1F insured) has a schedule from the bundle's sender
    /// to its receiver that was delivered before; empty = nothing is known. Asked only for users of
    /// a care plan in whom nothing else points to the receiver.
    std::function<bool(const Bundle&, std::string_view user)> has_schedule;

    void take(const Profile& chosen) {
        profile = chosen.name;
        severities = chosen.severities;
    }
};

/// What the check learned that routing and storing need; not part of the report, holds personal
/// data: never logged.
struct UserKey {
    std::string file_type; // "UPPLAN"
    /// The values of the file's key columns joined by 0x1F, e.g. insurer, insured, month; of a file
    /// whose delete file names more (実績情報_削除: office and service type), those too.
    std::string key;
    auto operator<=>(const UserKey&) const = default;
};

struct CheckedBundle {
    BundleReport report;
    std::vector<UserKey> keys; // distinct, sorted; of every CSV file of the bundle
};

CheckedBundle check_bundle(const Catalog& catalog, const Bundle& bundle,
                           const CheckOptions& options);

struct CheckProgress {
    std::uint64_t done = 0,
                  total = 0; // bytes: of the heap; from the second reading on, of a bundle
    unsigned reading = 1;
};
/// All bundles and strays of a heap; `progress` may be empty.
Report check_heap(const Catalog& catalog, const Heap& heap, const CheckOptions& options,
                  const std::function<void(const CheckProgress&)>& progress = {});

/// Finding about a file that belongs to no bundle.
Finding stray_finding(const Catalog& catalog, const StrayFile& stray);

/// Every rule id this checker can raise; a test compares it with findings.yaml.
const std::vector<std::string>& implemented_rules();

} // namespace cpg
