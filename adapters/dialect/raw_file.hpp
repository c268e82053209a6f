// A dialect's file as rows of UTF-8 cells, before anything is known of its columns. Pure, any
// thread.
#pragma once

#include "adapters/dialect/convert.hpp"

namespace cpg::adapters {

struct RawRow {
    std::uint32_t line = 0; // physical line of its first byte, from 1
    std::vector<std::string> cells;
};

struct RawFile {
    TextEncoding encoding = TextEncoding::utf8;
    std::vector<RawRow> rows;
};

/// Nothing when it cannot be read: `notes` says why (A-ENC-01, A-ENC-04, A-CSV-01, A-CSV-03).
std::optional<RawFile> read_raw(const Dialect& dialect, const DialectFile& file,
                                std::vector<Note>& notes);

/// "UTF-8", "CP932" … of those a dialect reads.
std::string encodings_of(const Dialect& dialect);
/// The last part of a path.
std::string_view file_name_of(std::string_view path);

} // namespace cpg::adapters
