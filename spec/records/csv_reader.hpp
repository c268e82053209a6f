// Reads the CSV of the standard record by record: libcsv splits and unquotes, this reader adds what
// it lacks: physical lines, byte offsets, whether a cell was quoted, the kind of line end, an open
// quote. Streams: memory does not grow with the file. libcsv is seen by csv_reader.cpp only.
#pragma once

#include "spec/base/bytes.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace cpg {

/// One cell. `raw` views the file's bytes and excludes the enclosing quotes.
struct Cell {
    BytesView raw;            // between the quotes; inner quotes still doubled when `escaped`
    std::uint64_t offset = 0; // of the cell's first byte in the file, the quote included
    std::uint32_t line = 0;   // physical line on which it starts, from 1
    bool quoted = false;
    bool escaped = false; // holds doubled quotes
    bool empty() const { return raw.empty(); }
    /// The cell's text: raw, with doubled quotes undone.
    Bytes text() const;
};

struct Record {
    std::uint32_t number = 0; // data records from 1 (a skipped header row has 0)
    std::uint32_t line = 0;   // physical line of its first byte, from 1
    std::uint64_t offset = 0; // of its first byte
    std::vector<Cell> cells;  // valid during the callback only
};

enum class CsvProblem {
    quote_open,   // the file ends inside quotes
    quote_inside, // a quote inside an unquoted cell, or text after a closing quote
    lone_cr,      // a carriage return alone as line end
    blank_line,   // an empty physical line between records
    too_long,     // a record over CsvVisitor's bounds: the reading ends with it
};

struct CsvNote {
    CsvProblem problem{};
    std::uint32_t record = 0, line = 0;
    std::uint64_t offset = 0;
};

/// What the file as a whole is like.
struct CsvShape {
    std::uint32_t records = 0; // data records
    std::uint32_t lines = 0;   // physical lines
    bool header_row =
        false; // the first record's first cell is not six digits: skipped, not counted (R-CSV-04)
    bool lf_only = false;       // some line ends are LF without CR (R-CSV-05)
    bool crlf = false;          // some are CRLF
    bool last_line_end = false; // the file ends with a line end
    std::uint64_t end = 0;      // bytes read: all of them, unless a record was too long
};

/// A place between two records, to begin or to end there.
struct CsvPlace {
    std::uint64_t offset = 0;
    std::uint32_t record = 0; // data records before it
    std::uint32_t line = 0;   // physical lines before it
};

struct CsvVisitor {
    std::function<void(const Record&)> record; // data records; also the header row, with number 0
    std::function<void(const CsvNote&)> note;
    /// Called before each piece is read: bytes before the first offset are not looked at again,
    /// those up to the second are next. For files that are seen through a window.
    std::function<void(std::uint64_t, std::uint64_t)> move = {};
    /// Bounds on a single record, seen to the next piece: for readers whose memory must not grow
    /// with an open quote, or with a file without line ends.
    std::size_t max_record_bytes = static_cast<std::size_t>(-1);
    std::size_t max_record_cells = static_cast<std::size_t>(-1);
    char delimiter = ','; // or a tab: what other software writes; the standard has commas
};

/// Whole file in memory, or in a window. Never throws but for what the visitor throws (never across
/// libcsv).
CsvShape read_csv(BytesView file, const CsvVisitor& visitor);
/// The records from one place to another: those places are where records begin. A first record
/// behind the start is never taken for a header row.
CsvShape read_csv(BytesView file, const CsvVisitor& visitor, const CsvPlace& from,
                  std::uint64_t to);

/// Writes one cell / one record as the standard says: free text quoted, quotes doubled; others
/// bare.
void append_cell(Bytes& out, BytesView ms932, bool quote);

} // namespace cpg
