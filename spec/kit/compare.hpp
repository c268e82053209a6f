// Finds the records of a pattern's case again in a vendor's file, and what differs in them. In the
// order the vendor likes. Pure, any thread.
#pragma once

#include "spec/kit/make.hpp"

namespace cpg::kit {

struct SeenCell {
    std::string text;       // UTF-8
    std::uint32_t line = 0; // physical line, from 1
};

struct SeenRow {
    std::uint32_t line = 0;
    std::vector<SeenCell> cells; // by column; as many as the type has items
};

struct SeenFile {
    std::string name;
    const FileType* type = nullptr;
    std::vector<SeenRow> rows;
    std::uint64_t rows_in_all = 0; // `rows` holds at most max_seen_rows
};
/// A case has some hundred records; a vendor's file of a whole office is read no further.
inline constexpr std::size_t max_seen_rows = 20'000;

/// Reads MS932, and UTF-8 too (the checker says that it is wrong). An item that the record has not
/// is empty.
SeenFile read_seen(const FileName& name, BytesView bytes);

struct Difference {
    const CaseRecord* record = nullptr;
    std::vector<std::string> values; // of the case's record, by column
    const SeenRow* row = nullptr;    // null: no such record
    std::size_t column = 0;          // from 0, of the item that differs
};

/// `made` and `seen` outlive it.
struct Comparison {
    std::vector<Difference> differences;         // in the order of the case
    std::vector<std::optional<std::size_t>> row; // of each record of the case: index in seen.rows
    std::vector<const SeenRow*> extra;           // rows that are not of the case
};

/// Records are found by the items of CaseFile::match; of several with the same, the most alike.
/// Free items are not compared.
Comparison compare(const Pattern& pattern, const MadeFile& made, const SeenFile& seen);

} // namespace cpg::kit
