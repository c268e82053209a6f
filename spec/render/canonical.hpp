// Canonical JSON: one document for one CSV file of the standard, lossless (`cpgw convert`). Item
// keys and raw values, records in order, and what is needed to get the exact bytes back. Pure, any
// thread.
//
//     {"format":"cpgw-records/1","edition":"4.1","type":"UPPLAN","file":"UPPLAN_….CSV",
//      "source":{"bytes":1234,"sha256":"sha256:…"},"exact":true,"normalised":[],
//      "records":[
//     {"csv_version":"202407","insurer_no":"990010",…,"planner_name":"見本 花子","identifier":null}
//     ]}
//
// A value is the cell's text in UTF-8; null is nothing between the commas, "" an empty text in
// quotes. A cell whose bytes would not come back from its text (髙 as FBFC or EEE0, 外字, broken
// bytes) is {"text":"髙","ms932":"eee0"}: the bytes rule. A record with fewer cells than the type
// has items ends early; cells beyond the last item are the array "extra_columns". A header row is
// the array "header" of the document; it is not written back.
#pragma once

#include "spec/records/file_name.hpp"

namespace cpg {

/// What a source file has that the written one will not have. Slugs of "normalised":
///   encoding         UTF-8 instead of MS932
///   header_row       dropped, kept in "header"
///   blank_line       dropped
///   line_end         LF or CR alone becomes CRLF
///   last_line_end    added
///   free_text_quotes a bare free text gets its quotes
///   coded_quotes     a quoted coded item loses them
///   odd_quotes       quotes where none may stand become part of the value
///   open_quote       the file ended inside quotes
struct Normalised {
    std::string change;
    std::uint64_t count = 0;
    std::uint32_t record = 0, line = 0; // of the first; 0 = does not apply
    int column = 0;                     // No. of the item from 1; 0 = does not apply
};
/// Japanese or English words of a slug, for people.
std::string_view words_of_change(std::string_view change, bool japanese);

struct Canonical {
    std::string json;
    bool exact = false; // from_canonical() gives the source's bytes
    std::vector<Normalised> normalised;
};
/// malformed: not a CSV type (an image), UTF-16, broken UTF-8.
Result<Canonical> to_canonical(const FileName& name, BytesView bytes);

struct Restored {
    FileName name;
    Bytes bytes;
    bool same_as_source = false; // the digest in "source" is that of the bytes
};
/// JSON of the largest file that is unpacked (64 MiB), keys included.
inline constexpr std::size_t max_canonical_bytes = 512u << 20;
/// Strict: the members in the order above up to "records", keys in the order of the items, none
/// twice, none unknown. malformed: anything else; the detail names record and key. too_large: over
/// max_canonical_bytes. not_acceptable: a character outside MS932, with its place (R-ENC-04);
/// nothing is ever replaced.
Result<Restored> from_canonical(const Catalog& catalog, std::string_view json);

} // namespace cpg
