// Which of a dialect's file rules a file follows, and where its columns are. Pure, any thread.
#pragma once

#include "adapters/dialect/raw_file.hpp"
#include "adapters/dialect/text_pattern.hpp"

namespace cpg::adapters {

/// Where a record's columns are, from 0; -1 = not in this file.
struct Places {
    std::vector<int> columns;           // as RecordRule::columns
    std::vector<std::vector<int>> days; // as RecordRule::products; empty = none
};

struct Match {
    const FileRule* rule = nullptr;
    Variables variables;        // of the name and the preamble
    std::size_t first_row = 0;  // of the data, in RawFile::rows
    std::vector<Places> places; // as FileRule::records
    std::size_t width = 0;      // cells of the header row; 0 = none
    std::vector<Note> notes;    // unused columns, restored zeros …
};

struct Why {
    std::vector<std::string> ja, en; // a sentence each, in the order in which it was looked at
    void add(std::string sentence_ja, std::string sentence_en);
};

/// The rule's view of a file: nothing when it is not of it, with the reasons in `why` and, where it
/// is nearly of it, the notes that refuse it in `refused`.
std::optional<Match> match(const FileRule& rule, const DialectFile& file, const RawFile& raw,
                           Why& why, std::vector<Note>& refused);

/// The first rule that fits.
std::optional<Match> match_any(const Dialect& dialect, const DialectFile& file, const RawFile& raw,
                               Why& why, std::vector<Note>& refused);

/// Whether the name alone fits a rule of the dialect; a rule without patterns takes every name.
bool name_fits(const FileRule& rule, std::string_view path);

/// The rule of a row, by its type column; null = an unknown kind of row.
const RecordRule* record_of(const FileRule& rule, const RawRow& row);

} // namespace cpg::adapters
