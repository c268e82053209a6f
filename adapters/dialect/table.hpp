// The records of the standard as values: what every dialect is read into and written from. Text is
// UTF-8, an item per column, as the standard's files hold it. Pure, any thread.
#pragma once

#include "spec/records/bundle.hpp"

namespace cpg::adapters {

/// One record: a value per item of the file type; empty = nothing.
struct Row {
    std::vector<std::string> values;
    std::uint32_t line = 0; // physical line of the source it came from, from 1; 0 = none
    bool operator==(const Row& other) const { return values == other.values; }
};

/// The records of one file of the standard.
struct Table {
    const FileType* type = nullptr;
    std::optional<Month> month; // of the file's name; none = no such part, or 000000
    std::vector<Row> rows;

    /// The value of an item; an item the type does not have is empty.
    std::string_view at(const Row& row, std::string_view key) const;
    /// A row with every item empty.
    Row blank() const { return {std::vector<std::string>(type->fields.size()), 0}; }
    /// An item the type does not have is a bug: std::logic_error.
    void set(Row& row, std::string_view key, std::string value) const;
};

/// What travels together: the files of one sender, one receiver, one serial.
struct TableSet {
    const Edition* edition = nullptr;
    OfficeRef from, to;
    Serial serial;
    std::vector<Table> tables;                       // in the edition's order of files
    std::vector<InputFile> others;                   // what is no CSV: pictures
    const Table* table(std::string_view type) const; // null when there is none
};

/// Reads a bundle's files. malformed: bytes that are not MS932 or hold 外字, broken quotes, a
/// record with another number of columns than the type has (one empty one more is left out,
/// R-CSV-01), two files of one type; the detail names file and line, never a value. too_large: a
/// file that is not held in memory. A header row is left out.
Result<TableSet> tables_of(const Bundle& bundle);

/// A place whose text cannot be written in MS932.
struct UnwritableText {
    std::string type;    // "UPPLAN"
    std::size_t row = 0; // index in the table, from 0
    int column = 0;      // No. of the item
};
struct WrittenSet {
    std::vector<InputFile>
        files; // with the names of the standard; empty when something cannot be written
    std::vector<UnwritableText> unwritable;
};
/// Free text quoted, the rest bare, CRLF, MS932 (standard 4.3, 別紙). With Fold::yes 〜−‖¥ become
/// ～－∥\: the caller has to tell it (foldable()). A table without rows gives no file.
WrittenSet files_of(const TableSet& set, bool fold = false);
/// Whether the text holds a character that files_of(…, true) writes as another one.
bool foldable(std::string_view utf8);

/// Rows in the order of the standard for comparing: by the type's keys, then by every item.
void sort_rows(Table& table);

} // namespace cpg::adapters
