#include "adapters/hotfolder/dialects.hpp"

#include <algorithm>

namespace cpg::hotfolder {
namespace {

using adapters::ConversionReport;
using adapters::Converted;
using adapters::DialectFile;
using adapters::DialectPtr;
using adapters::NoteKind;

DialectPtr find(const OfficeDialects& office, const std::string& id) {
    for (const auto& dialect : office.dialects)
        if (dialect->id == id) return dialect;
    return nullptr;
}

/// What keeps a set back, and the rows that were left out; the rest is in the report. The words
/// name file and line themselves.
std::vector<Complaint> complaints_of_notes(const ConversionReport& report) {
    std::vector<Complaint> complaints;
    for (const auto& note : report.notes) {
        if (adapters::note_text(note.id).kind != NoteKind::refused &&
            adapters::note_text(note.id).kind != NoteKind::skipped)
            continue;
        complaints.push_back({note.id,
                              adapters::note_text(note.id).kind == NoteKind::refused,
                              "",
                              0,
                              "",
                              {words_of(note, Lang::ja), words_of(note, Lang::en)},
                              {}});
    }
    return complaints;
}

adapters::Context context_of(const OfficeDialects& office, const Serial& serial) {
    adapters::Context context;
    context.catalog = office.catalog;
    context.tables = office.tables;
    context.check = office.check;
    context.from = office.office;
    context.serial = serial;
    return context;
}

Made made_of(const Catalog& catalog, Converted converted) {
    Made made;
    switch (converted.state) {
    case Converted::State::ready:
        made.state = Made::State::ready;
        break;
    case Converted::State::partial:
        made.state = Made::State::partial;
        break;
    case Converted::State::quarantined:
        made.state = Made::State::refused;
        break;
    }
    made.sources = std::move(converted.sources);
    made.files = std::move(converted.files);
    made.header = converted.report.header();
    made.report_json = converted.report.json();
    made.report_text =
        "\xef\xbb\xbf" + converted.report.text(Lang::ja) + "\n" + converted.report.text(Lang::en);
    made.complaints = complaints_of_notes(converted.report);
    if (converted.check) {
        made.to = converted.check->to.office.str();
        made.kind = converted.check->kind;
        for (auto& complaint : complaints_of(catalog, *converted.check))
            made.complaints.push_back(std::move(complaint));
    }
    return made;
}

std::vector<DialectFile> dialect_files(const std::vector<InputFile>& files) {
    std::vector<DialectFile> out;
    for (const auto& file : files) out.push_back({file.name, file.bytes});
    return out;
}

ForImport refused(Complaint why) {
    ForImport made;
    made.refused = true;
    made.complaints.push_back(std::move(why));
    return made;
}

} // namespace

Result<ReadDialects> reading(const OfficeDialects& office, const std::string& which) {
    std::vector<DialectPtr> dialects;
    if (which == "auto")
        for (const auto& dialect : office.dialects) {
            if (dialect->reads()) dialects.push_back(dialect);
        }
    else if (const DialectPtr one = find(office, which); one && one->reads())
        dialects.push_back(one);
    else
        return Error{Errc::not_found, "no dialect to read by: " + which};
    return ReadDialects(
        [office, dialects](const std::vector<InputFile>& files, const Serial& serial) {
            const adapters::Context context = context_of(office, serial);
            std::vector<Made> made;
            for (auto& converted : to_standard_any(context, dialects, dialect_files(files)))
                made.push_back(made_of(*office.catalog, std::move(converted)));
            return made;
        });
}

Result<WriteDialect> writing(const OfficeDialects& office, const std::string& which) {
    const DialectPtr dialect = find(office, which);
    if (!dialect || !dialect->writes())
        return Error{Errc::not_found, "no dialect to write by: " + which};
    return WriteDialect([office, dialect](const std::vector<InputFile>& files) {
        std::vector<InputFile> plain;
        for (const auto& file : files)
            if (signed_name_of(file.name).empty()) plain.push_back(file);
        Heap heap = group_files(*office.catalog, std::move(plain));
        if (heap.bundles.size() != 1 || !heap.strays.empty())
            return refused({"H-UNKNOWN",
                            true,
                            "",
                            0,
                            "",
                            {"届いたものが標準の送信単位ではありません。",
                             "What arrived is no bundle of the standard."},
                            {}});
        const Bundle& bundle = heap.bundles.front();
        auto converted = from_standard(context_of(office, bundle.serial), *dialect, bundle);
        ForImport made;
        made.refused = converted.report.is_refused();
        made.report_json = converted.report.json();
        made.report_text = "\xef\xbb\xbf" + converted.report.text(Lang::ja) + "\n" +
                           converted.report.text(Lang::en);
        made.complaints = complaints_of_notes(converted.report);
        for (auto& file : converted.files)
            made.files.push_back({std::move(file.path), std::move(file.bytes)});
        return made;
    });
}

adapters::Layout layout_of(const OfficeDialects& office, const std::string& which) {
    const DialectPtr dialect = find(office, which);
    return dialect ? dialect->layout : adapters::Layout::flat;
}

} // namespace cpg::hotfolder
