// How a cell of canonical JSON stands in a CSV file: shared by both directions, so that "exact" is
// told by the code that writes. Pure, any thread.
#pragma once

#include "spec/model/catalog.hpp"
#include "spec/records/csv_reader.hpp"

namespace cpg {

/// MS932 bytes between the quotes, quotes not doubled. Absent: nothing between the commas.
struct CsvValue {
    Bytes bytes;
    bool present = false;
};

/// Of the item at `index` from 0; cells beyond the last item count as coded.
inline bool is_free_text(const FileType& type, std::size_t index) {
    return index < type.fields.size() && type.fields[index].type == FieldType::free_text;
}

/// Whether a bare cell of this text would be read as something else. No MS932 character has these
/// bytes second.
inline bool needs_quotes(BytesView bytes) {
    return bytes.find_first_of(",\"\r\n") != BytesView::npos;
}

/// Free text is quoted, a coded item bare; an absent value is nothing.
inline void append_csv_value(Bytes& out, const CsvValue& value, bool free_text) {
    if (value.present) append_cell(out, value.bytes, free_text || needs_quotes(value.bytes));
}

/// Ends the record that began at `start`. A record of one empty item would be a blank line: it is
/// written as "".
inline void end_csv_record(Bytes& out, std::size_t start) {
    if (out.size() == start) out += "\"\"";
    out += "\r\n";
}

} // namespace cpg
