// One leaf of the log: a text record of at most 4 KiB, fixed line order, LF, UTF-8, no personal
// data (interfaces: Evidence).
#pragma once

#include "spec/base/clock.hpp"

#include <vector>

namespace cpg::audit {

enum class EntryType {
    submit,
    reject,
    fetch,
    ack,
    recall,
    unclaimed,
    access,
    admin,
    key,
    erase,
    tsa,
    start,
    stop,
    shard_close,
};
std::string_view name_of(EntryType type); // "shard-close"
std::optional<EntryType> entry_type_of(std::string_view name);

struct EntryFile {
    int number = 1;
    std::string type; // "UPPLAN"; "PDF", "JPEG", "PNG" for papers
    std::uint64_t bytes = 0;
    Digest commitment;
};

struct Entry {
    EntryType type{};
    Time time{};
    std::optional<BundleId> bundle;
    std::optional<OfficeNo> from;
    std::optional<Digest> certificate; // SHA-256 of the DER certificate of whoever acted
    std::optional<OfficeNo> to;
    std::string edition; // "4.1"; empty = "-" for edition, kind and month
    std::string kind;
    Month month;
    std::vector<EntryFile> files;
    std::string result = "-"; // accepted | rejected R-…,R-… | imported | import_failed | -
    std::string event;        // ETSI EN 319 522 name, e.g. "SubmissionAcceptance"; empty = no line
    std::optional<Digest> rules; // catalog digest
    std::optional<Digest> cms;   // SHA-256 over the sender's signatures
    std::vector<std::pair<std::string, std::string>>
        details; // further "key value" lines at the end: ASCII, no personal data
};

/// Lines, in this order, each "name value": header `cpgw-entry/v1`, type, time, bundle, from, to,
/// spec, file…, result, event (when there is one), rules, sig, details. Throws std::length_error
/// over 4 KiB (caller bounds the file count).
std::string format_entry(const Entry& entry);
/// Strict: the exact form format_entry() writes.
Result<Entry> parse_entry(std::string_view text);

/// SHA-256("cpgw-commit/v1\n" || salt || SHA-256(file bytes)); salt is 32 random bytes.
Digest commit_file(BytesView salt, const Digest& file_digest);

/// A bundle with more files than a leaf has room for lists the first max_listed_files and one more
/// line "files-digest", the SHA-256 over all commitments in order.
constexpr std::size_t max_listed_files = 24;

} // namespace cpg::audit
