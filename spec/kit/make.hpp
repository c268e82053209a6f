// A pattern's case as files: what a vendor imports, and what its own export is compared with. The
// same bytes for the same setting. Pure, any thread.
#pragma once

#include "spec/kit/pattern.hpp"
#include "spec/records/bundle.hpp"

namespace cpg::kit {

/// Who and when; everything else is the pattern's.
struct Setting {
    const Edition* edition = nullptr;
    OfficeRef from, to;           // with service types, in edition 3 too
    Month month;                  // of the first bundle
    std::optional<Serial> serial; // of the first bundle, the following ones a second later each;
                                  // absent = the pattern's
};
/// Of the pattern itself. Precondition: it has that edition.
Setting usual_setting(const Catalog& catalog, const Pattern& pattern, std::string_view edition);

struct MadeRecord {
    const CaseRecord* source = nullptr;
    std::vector<std::string> values; // UTF-8, by column of the edition's type
};

struct MadeFile {
    FileName name;
    const CaseFile* source = nullptr;
    std::vector<MadeRecord> records;
    Bytes bytes;
};

/// Views the pattern and the catalogue, which outlive it.
struct MadeBundle {
    const CaseBundle* source = nullptr;
    Month month;
    Serial serial;
    std::vector<MadeFile> files;   // those the edition has
    std::vector<InputFile> images; // small JPEGs
};

/// malformed: a day that the month has not; an end before the beginning of the calendar.
Result<std::vector<MadeBundle>> make_bundles(const Pattern& pattern, const Setting& setting);
/// One of them, for the sender, receiver and serial of a vendor's own bundle.
Result<MadeBundle> make_bundle(const Pattern& pattern, const CaseBundle& bundle,
                               const Setting& setting);

/// The files of bundles as they would arrive.
std::vector<InputFile> files_of(const std::vector<MadeBundle>& bundles);

} // namespace cpg::kit
