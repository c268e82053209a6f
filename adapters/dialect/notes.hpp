// What a conversion has to tell: every default, look-up, loss and refusal, each with an id, the
// place in the source, the item's Japanese name and what to do. Never a value: values are persons.
// Values, any thread.
#pragma once

#include "spec/base/bytes.hpp"
#include "spec/base/lang.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace cpg::adapters {

enum class NoteKind {
    refused,    // why a set is not released
    skipped,    // a row left out, because the dialect says so
    filled,     // an item that the source does not have got a value: default, setting or context
    looked_up,  // an item was found in a table of the office
    lost,       // the other side has no place for it
    normalised, // the same value in another form
    told,       // to be known, changes nothing
};
std::string_view name_of(NoteKind kind); // "refused"

/// The texts of a note id: "A-VAL-01".
struct NoteText {
    std::string_view id;
    NoteKind kind;
    std::string_view ja, en;           // may hold {detail}
    std::string_view hint_ja, hint_en; // what to do
};
/// Every id, in order; a test raises each of them.
const std::vector<NoteText>& note_texts();
/// An unknown id is a bug: std::logic_error.
const NoteText& note_text(std::string_view id);

struct Note {
    std::string id;
    std::string file;        // path of the source as given; empty = the set as a whole
    std::uint32_t line = 0;  // physical line from 1; 0 = the file
    std::string column;      // the dialect's own column: a header's name or "No.5"; may be empty
    std::string key, item;   // of the standard: "service_date", サービス利用日; may be empty
    std::string detail;      // what fits the text's {detail}: a form, a table's name, a count
    std::uint64_t count = 1; // places of the same note (all but the first are counted only)
};

/// 「行12 『利用日』（サービス利用日）: … 」 with what to do in a second sentence.
std::string words_of(const Note& note, Lang lang);

struct SourceDigest {
    std::string path;
    std::uint64_t bytes = 0;
    Digest sha256;
};

/// Told once a set. `digest()` stands in the audit leaf: the JSON is what the office keeps.
struct ConversionReport {
    std::string dialect; // "web-utf8-wide"
    int version = 0;
    bool to_standard = true; // false: from the standard into the dialect
    std::vector<SourceDigest> sources, outputs;
    std::vector<Note> notes; // notes of one id, file, column and item are one, with a count

    void add(Note note);
    std::uint64_t count(NoteKind kind) const;
    bool is_refused() const { return count(NoteKind::refused) != 0; }
    /// cpgw-conversion/1, deterministic, UTF-8, one line a note, no values of the data.
    std::string json() const;
    std::string text(Lang lang) const; // for people
    Digest digest() const;             // SHA-256 of json()
    /// The request header Cpgw-Conversion: "<dialect>@<version>; fills=1; lookups=2;
    /// report=sha256:<hex>".
    std::string header() const;
};

} // namespace cpg::adapters
