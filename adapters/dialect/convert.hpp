// A dialect's files <-> the files of the standard. Deterministic: the same files, tables and
// options give the same bytes. Pure, any thread. Nothing is guessed: what is not certain goes to
// quarantine, what was filled in or looked up is noted.
//
//     const auto found = detect(dialects, files);                       // and why
//     for (const Converted& set : to_standard(context, *found.dialect(), files))
//         if (set.state == Converted::State::ready) send(set.files, set.report.header());
#pragma once

#include "adapters/dialect/dialect.hpp"
#include "adapters/dialect/notes.hpp"
#include "adapters/dialect/office_tables.hpp"
#include "adapters/dialect/table.hpp"
#include "spec/check/checker.hpp"

namespace cpg::adapters {

/// A file as the care software writes or wants it.
struct DialectFile {
    std::string path; // relative, UTF-8, "/" between folders, no ".."
    Bytes bytes;
};

struct Context {
    CatalogPtr catalog;
    OfficeTables tables;
    CheckOptions check; // what the result has to pass
    /// What the office says of the whole conversion, where the files do not say it: noted as
    /// filled.
    std::optional<OfficeRef> from, to;
    std::optional<Month> month;
    /// Serial of the first set that brings none; the next ones count up by a second.
    Serial serial;
    std::string edition = "4.1"; // what the sets are to be in
};

/// What became of one set: every source is named in at least one.
struct Converted {
    enum class State {
        ready,       // a whole bundle that passes the check
        partial,     // records that make no bundle of the standard by themselves; no refusal
        quarantined, // refused: report and check say why
    };
    State state = State::quarantined;
    TableSet tables;                   // as far as they could be read
    std::vector<InputFile> files;      // the standard's files; empty when quarantined before
    std::vector<std::string> sources;  // paths
    std::optional<BundleReport> check; // of `files`, where they are a bundle
    ConversionReport report;
};

/// The sets in the order of sender, receiver, serial; then the files that belong to none.
std::vector<Converted> to_standard(const Context& context, const Dialect& dialect,
                                   const std::vector<DialectFile>& files);

/// Files for the software, in the dialect's layout and in the order in which they are to be
/// imported. Refused (report.is_refused()): no files.
struct ForSoftware {
    std::vector<DialectFile> files;
    ConversionReport report;
};
ForSoftware from_standard(const Context& context, const Dialect& dialect, const Bundle& bundle);

/// Why a file is or is not of a dialect.
struct Candidate {
    const Dialect* dialect = nullptr;
    bool matches = false;
    std::vector<std::string> why_ja, why_en; // a sentence each
};
struct Detection {
    std::vector<Candidate> candidates; // those that match first; in the order of the dialects
    /// The one that matches; null when none or several do.
    const Dialect* dialect() const;
};
Detection detect(const std::vector<DialectPtr>& dialects, const DialectFile& file);

/// A folder may mix dialects: each file by itself, then the files of one dialect together. A file
/// of no or of several dialects is quarantined (A-DET-01, A-DET-02), the others go on.
std::vector<Converted> to_standard_any(const Context& context,
                                       const std::vector<DialectPtr>& dialects,
                                       const std::vector<DialectFile>& files);

} // namespace cpg::adapters
