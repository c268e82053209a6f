// One leaf of the log: a text record of at most 4 KiB, fixed line order, LF, UTF-8, no personal
// data (interfaces: Evidence).
#pragma once

#include "spec/base/clock.hpp"
#include "spec/base/conversion.hpp"

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

/// A leaf's size, line feeds included.
constexpr std::size_t max_entry_bytes = 4096;

struct EntryFile {
    int number = 1;   // from 1, without a gap
    std::string type; // "UPPLAN"; "PDF", "JPEG", "PNG" for papers
    std::uint64_t bytes = 0;
    Digest commitment;
};

struct Entry {
    EntryType type{};
    Time time{};
    std::optional<BundleId> bundle;
    std::optional<OfficeNo> from;      // the bundle's sender, also in the leaves of later steps
    std::optional<Digest> certificate; // SHA-256 of the DER certificate of whoever acted
    std::optional<OfficeNo> to;        // the bundle's receiver
    std::string edition;               // "4.1"; an empty edition or kind is written "-"
    std::string kind;
    Month month;
    std::vector<EntryFile> files;
    std::string result = "-"; // accepted | rejected R-…,R-… | imported | import_failed | -; a word
                              // and, after a blank, rule ids joined by commas (or "-")
    std::string event; // ETSI EN 319 522 name, e.g. "SubmissionAcceptance"; empty = no line
    std::optional<Digest> rules; // catalog digest
    std::optional<Digest> cms;   // over the sender's signatures, see digest_of_digests()
    std::vector<std::pair<std::string, std::string>>
        details; // further "key value" lines: ASCII, no personal data; none is named "adapter"
    std::optional<Conversion> conversion; // the last line, "adapter …"; of submit and reject only
};

/// Lines, in this order, each "name value": header `cpgw-entry/v1`, type, time, bundle, from, to,
/// spec, file…, result, event (when there is one), rules, sig, details, adapter (when the office
/// named a conversion). Throws std::length_error over 4 KiB or max_listed_files (list_files() keeps
/// within), std::invalid_argument when a value does not fit its line (a detail that is not ASCII, a
/// file number out of order).
std::string format_entry(const Entry& entry);
/// Strict: the exact form format_entry() writes.
Result<Entry> parse_entry(std::string_view text);

/// SHA-256("cpgw-commit/v1\n" || salt || SHA-256(file bytes)); salt is 32 random bytes.
Digest commit_file(BytesView salt, const Digest& file_digest);

/// A bundle with more files than a leaf has room for lists the first max_listed_files and one more
/// line "files-digest", the SHA-256 over all commitments in order. The files of such a bundle must
/// be in the order of their names (bytes of the UTF-8 text): only so can a verifier put the files
/// at hand in order.
constexpr std::size_t max_listed_files = 24;
constexpr std::string_view files_digest_detail = "files-digest";
void list_files(Entry& entry, const std::vector<EntryFile>& all);
/// The value of the line "files-digest"; nullopt when the leaf lists every file, or it is no
/// digest.
std::optional<Digest> files_digest_of(const Entry& entry);
/// SHA-256 over digests in order: of commitments for "files-digest"; for Entry::cms of the SHA-256
/// values of the sender's detached signatures (`<name>.p7s`), in the order of the names of the
/// signed files (bytes).
Digest digest_of_digests(const std::vector<Digest>& digests);

/// The value of a detail line; empty when there is none of that name.
std::string_view detail_of(const Entry& entry, std::string_view name);

// At the turn of a year the last leaf of the old log (shard-close) names the new one, and the first
// leaf of the new log (start) names where the old one ended.
constexpr std::string_view next_log_detail = "next-log";
struct Checkpoint;
std::vector<std::pair<std::string, std::string>> details_of_previous_log(const Checkpoint& last);
/// The body of the old log's last checkpoint; nullopt when the leaf does not name one.
std::optional<std::string> previous_log_of(const Entry& entry);

} // namespace cpg::audit
