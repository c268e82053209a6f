#include "adapters/dialect/convert.hpp"

#include "adapters/dialect/edition.hpp"
#include "adapters/dialect/sets.hpp"
#include "spec/base/digest.hpp"

#include <algorithm>

namespace cpg::adapters {
namespace {

std::vector<SourceDigest> digests_of(const std::vector<std::string>& paths,
                                     const std::vector<DialectFile>& files) {
    std::vector<SourceDigest> out;
    for (const std::string& path : paths)
        for (const DialectFile& file : files)
            if (file.path == path) out.push_back({path, file.bytes.size(), sha256(file.bytes)});
    return out;
}

Converted begun(const Dialect& dialect, std::vector<std::string> sources, std::vector<Note> notes,
                const std::vector<DialectFile>& files) {
    Converted out;
    std::sort(sources.begin(), sources.end());
    out.report.dialect = dialect.id;
    out.report.version = dialect.version;
    out.report.sources = digests_of(sources, files);
    for (Note& note : notes) out.report.add(std::move(note));
    out.sources = std::move(sources);
    return out;
}

bool is_own_record(const Dialect& dialect, const Table& table) {
    return std::any_of(dialect.own_types.begin(), dialect.own_types.end(),
                       [&](const auto& own) { return own.get() == table.type; });
}

void tell_partial(Converted& out) {
    std::string names;
    for (const Table& table : out.tables.tables)
        names += (names.empty() ? "" : ", ") + table.type->id;
    Note note;
    note.id = "A-PART-01";
    note.detail = names;
    out.report.add(std::move(note));
    out.state = Converted::State::partial;
}

void tell_unwritable(const TableSet& set, const std::vector<UnwritableText>& places,
                     ConversionReport& report) {
    for (const UnwritableText& place : places) {
        Note note;
        note.id = "A-ENC-02";
        if (const Table* table = set.table(place.type)) {
            note.line = table->rows[place.row].line;
            const Field& field = table->type->fields[static_cast<std::size_t>(place.column) - 1];
            note.key = field.key;
            note.item = field.name;
        }
        report.add(std::move(note));
    }
}

void tell_folded(const TableSet& set, ConversionReport& report) {
    for (const Table& table : set.tables)
        for (const Row& row : table.rows)
            for (std::size_t i = 0; i < row.values.size(); ++i)
                if (foldable(row.values[i])) {
                    Note note;
                    note.id = "A-ENC-03";
                    note.line = row.line;
                    note.key = table.type->fields[i].key;
                    note.item = table.type->fields[i].name;
                    report.add(std::move(note));
                }
}

/// Writes the set as the standard's files and lets the standard judge them.
void check(const Context& context, bool fold, Converted& out) {
    WrittenSet written = files_of(out.tables, fold);
    tell_unwritable(out.tables, written.unwritable, out.report);
    if (out.report.is_refused()) return;
    if (fold) tell_folded(out.tables, out.report);
    out.files = std::move(written.files);
    Heap heap = group_files(*context.catalog, out.files);
    if (heap.bundles.size() == 1 && heap.strays.empty())
        out.check = check_bundle(*context.catalog, heap.bundles.front(), context.check).report;
    const bool accepted = out.check && out.check->verdict == Verdict::accepted;
    if (!accepted) {
        Note note;
        note.id = "A-CHK-01";
        note.detail = out.check ? std::to_string(out.check->errors) : "1";
        out.report.add(std::move(note));
        return;
    }
    for (const InputFile& file : out.files)
        out.report.outputs.push_back({file.name, file.bytes.size(), sha256(file.bytes)});
    out.state = Converted::State::ready;
}

Converted convert_set(const Context& context, const Dialect& dialect, ReadSet set,
                      const std::vector<DialectFile>& files) {
    Converted out = begun(dialect, std::move(set.sources), std::move(set.notes), files);
    out.tables = std::move(set.tables);
    if (out.report.is_refused()) return out;
    const bool own = std::any_of(out.tables.tables.begin(), out.tables.tables.end(),
                                 [&](const Table& table) { return is_own_record(dialect, table); });
    if (set.alone || own) {
        tell_partial(out);
        return out;
    }
    if (dialect.edition != context.edition) {
        auto other =
            in_edition(*context.catalog, out.tables, context.edition, context.tables, out.report);
        if (!other || out.report.is_refused()) return out;
        out.tables = std::move(*other);
    }
    check(context, dialect.fold, out);
    return out;
}

Converted stray(const Dialect& dialect, const std::string& path, std::vector<Note> notes,
                const std::vector<DialectFile>& files) {
    return begun(dialect, {path}, std::move(notes), files);
}

bool is_picture(const Catalog& catalog, const DialectFile& file) {
    const ParsedName parsed = parse_file_name(catalog, file_name_of(file.path));
    const auto* const name = std::get_if<FileName>(&parsed);
    return name && !name->type->is_csv();
}

/// A file that no single dialect claims.
Converted unclaimed(const DialectFile& file, const Detection& found) {
    Converted out;
    out.sources = {file.path};
    out.report.sources = {{file.path, file.bytes.size(), sha256(file.bytes)}};
    Note note;
    note.id = "A-DET-01";
    note.file = file.path;
    for (const Candidate& candidate : found.candidates) {
        if (!candidate.matches) break;
        note.id = "A-DET-02";
        note.detail += (note.detail.empty() ? "" : ", ") + candidate.dialect->id;
    }
    out.report.add(std::move(note));
    return out;
}

} // namespace

std::vector<Converted> to_standard(const Context& context, const Dialect& dialect,
                                   const std::vector<DialectFile>& files) {
    const Knowledge knowledge(context);
    ReadSets read = read_sets(knowledge, dialect, files);
    std::vector<Converted> out;
    for (ReadSet& set : read.sets)
        out.push_back(convert_set(context, dialect, std::move(set), files));
    for (auto& [path, notes] : read.strays)
        out.push_back(stray(dialect, path, std::move(notes), files));
    return out;
}

const Dialect* Detection::dialect() const {
    const bool one = !candidates.empty() && candidates.front().matches &&
                     (candidates.size() == 1 || !candidates[1].matches);
    return one ? candidates.front().dialect : nullptr;
}

Detection detect(const std::vector<DialectPtr>& dialects, const DialectFile& file) {
    Detection out;
    for (const DialectPtr& dialect : dialects) {
        if (!dialect->reads()) continue;
        Candidate candidate{dialect.get(), false, {}, {}};
        Why why;
        std::vector<Note> notes;
        if (const auto raw = read_raw(*dialect, file, notes))
            candidate.matches = match_any(*dialect, file, *raw, why, notes).has_value();
        for (const Note& note : notes) {
            if (candidate.matches) break;
            why.add(words_of(note, Lang::ja), words_of(note, Lang::en));
        }
        candidate.why_ja = std::move(why.ja);
        candidate.why_en = std::move(why.en);
        out.candidates.push_back(std::move(candidate));
    }
    std::stable_partition(out.candidates.begin(), out.candidates.end(),
                          [](const Candidate& candidate) { return candidate.matches; });
    return out;
}

std::vector<Converted> to_standard_any(const Context& context,
                                       const std::vector<DialectPtr>& dialects,
                                       const std::vector<DialectFile>& files) {
    std::map<const Dialect*, std::vector<DialectFile>> by_dialect;
    std::vector<Converted> unknown;
    std::vector<const DialectFile*> pictures;
    for (const DialectFile& file : files) {
        if (is_picture(*context.catalog, file)) {
            pictures.push_back(&file);
            continue;
        }
        const Detection found = detect(dialects, file);
        if (const Dialect* dialect = found.dialect())
            by_dialect[dialect].push_back(file);
        else
            unknown.push_back(unclaimed(file, found));
    }
    for (const DialectFile* picture : pictures) { // they go with the first dialect that has records
        if (by_dialect.empty())
            unknown.push_back(unclaimed(*picture, {}));
        else
            by_dialect.begin()->second.push_back(*picture);
    }
    std::vector<Converted> out;
    for (const DialectPtr& dialect : dialects)
        if (const auto claimed = by_dialect.find(dialect.get()); claimed != by_dialect.end())
            for (Converted& set : to_standard(context, *dialect, claimed->second))
                out.push_back(std::move(set));
    for (Converted& set : unknown) out.push_back(std::move(set));
    return out;
}

} // namespace cpg::adapters
