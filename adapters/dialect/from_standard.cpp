#include "adapters/dialect/edition.hpp"
#include "adapters/dialect/sets.hpp"
#include "adapters/dialect/writer.hpp"
#include "spec/base/digest.hpp"

#include <algorithm>

namespace cpg::adapters {
namespace {

/// The records of one type over all sets of a reading.
std::vector<Row> rows_of(const ReadSets& read, const FileType* type) {
    std::vector<Row> rows;
    for (const ReadSet& set : read.sets)
        for (const Table& table : set.tables.tables)
            if (table.type == type) rows.insert(rows.end(), table.rows.begin(), table.rows.end());
    return rows;
}

void blank_lost(const Dialect& dialect, Table& table) {
    for (Row& row : table.rows)
        for (std::size_t i = 0; i < row.values.size(); ++i)
            if (dialect.is_lost(table.type->id, table.type->fields[i].key)) row.values[i].clear();
}

bool writes_type(const Dialect& dialect, const FileType& type) {
    return std::any_of(dialect.files.begin(), dialect.files.end(), [&](const FileRule& file) {
        return std::any_of(file.records.begin(), file.records.end(), [&](const RecordRule& record) {
            return std::any_of(record.products.begin(), record.products.end(),
                               [&](const Product& product) { return product.type == type.id; });
        });
    });
}

/// What was written has to read as the same records, but for what the dialect declares as lost.
void read_back(const Knowledge& knowledge, const Dialect& dialect, const TableSet& set,
               const std::vector<DialectFile>& files, ConversionReport& report) {
    const ReadSets read = read_sets(knowledge, dialect, files);
    std::string differing;
    for (const Table& table : set.tables) {
        if (!writes_type(dialect, *table.type)) continue;
        Table before = table;
        Table after{table.type, table.month, rows_of(read, table.type)};
        for (Table* side : {&before, &after}) {
            blank_lost(dialect, *side);
            sort_rows(*side);
        }
        if (before.rows != after.rows)
            differing += (differing.empty() ? "" : ", ") + table.type->id;
    }
    for (const auto& [path, notes] : read.strays)
        for (const Note& note : notes)
            if (differing.empty() && note_text(note.id).kind == NoteKind::refused)
                differing = path + ": " + note.id + " " + note.detail;
    if (differing.empty()) return;
    Note note;
    note.id = "A-BACK-01";
    note.detail = differing;
    report.add(std::move(note));
}

} // namespace

ForSoftware from_standard(const Context& context, const Dialect& dialect, const Bundle& bundle) {
    ForSoftware out;
    out.report.dialect = dialect.id;
    out.report.version = dialect.version;
    out.report.to_standard = false;
    for (const BundleFile& file : bundle.files)
        out.report.sources.push_back({file.input.name, file.input.size(), file.digest});
    auto tables = tables_of(bundle);
    if (!tables) {
        Note note;
        note.id = "A-CSV-01";
        note.detail = tables.error().detail;
        out.report.add(std::move(note));
        return out;
    }
    TableSet set = std::move(*tables);
    if (set.edition->id != dialect.edition) {
        auto other = in_edition(*context.catalog, set, dialect.edition, context.tables, out.report);
        if (!other || out.report.is_refused()) return out;
        set = std::move(*other);
    }
    // Reading back must know what writing knew: whose set it is, and who its users are.
    Context known = context;
    known.from = set.from;
    known.to = set.to;
    known.serial = set.serial;
    for (const Table& table : set.tables)
        if (table.month) known.month = table.month;
    Knowledge knowledge(known);
    knowledge.learn_people(set);
    std::vector<DialectFile> files = write_set(knowledge, dialect, set, out.report);
    if (!out.report.is_refused() && dialect.reads())
        read_back(knowledge, dialect, set, files, out.report);
    if (out.report.is_refused()) return out;
    out.files = laid_out(dialect, set, std::move(files));
    for (const DialectFile& file : out.files)
        out.report.outputs.push_back({file.path, file.bytes.size(), sha256(file.bytes)});
    return out;
}

} // namespace cpg::adapters
