#include "adapters/dialect/table.hpp"

#include "spec/records/cp932.hpp"
#include "spec/records/csv_reader.hpp"
#include "spec/records/utf8.hpp"
#include "spec/render/canonical_record.hpp"

#include <algorithm>
#include <stdexcept>

namespace cpg::adapters {

namespace {

std::string_view value_at(const FileType& type, const Row& row, std::string_view key) {
    const int column = type.column(key);
    const auto index = static_cast<std::size_t>(column);
    return column < 0 || index >= row.values.size() ? std::string_view() : row.values[index];
}

/// Why the bytes are no text of the standard; empty when they are (R-ENC-01, R-ENC-02, R-ENC-03).
std::string problem_of_bytes(BytesView bytes) {
    if (guess_encoding(bytes) != Encoding::ms932) return "not MS932";
    for (std::size_t from = 0;;) {
        const ByteFinding found = next_byte_problem(bytes, from);
        const std::string where = ", byte " + std::to_string(found.offset);
        switch (found.problem) {
        case ByteProblem::none:
            return {};
        case ByteProblem::invalid:
            return "not MS932" + where;
        case ByteProblem::gaiji:
            return "a user-defined character" + where;
        case ByteProblem::nul:
            return "a NUL" + where;
        case ByteProblem::control:
            from = found.offset + 1; // only warned of (R-ENC-03)
            break;
        }
    }
}

/// Reads one file into rows; the first problem is kept.
class FileReader {
  public:
    explicit FileReader(const FileType& type) : type_(type) {}

    void take(const Record& record) {
        if (record.number == 0 || problem_) return;
        const std::size_t items = type_.fields.size();
        const std::size_t cells = record.cells.size();
        const bool one_empty_more = cells == items + 1 && record.cells.back().empty();
        if (cells != items && !one_empty_more)
            return refuse(record.line,
                          std::to_string(cells) + " columns, not " + std::to_string(items));
        Row row;
        row.line = record.line;
        row.values.reserve(items);
        for (std::size_t i = 0; i < items; ++i)
            row.values.push_back(to_utf8(record.cells[i].text()));
        rows_.push_back(std::move(row));
    }

    void take(const CsvNote& note) {
        if (note.problem == CsvProblem::quote_open || note.problem == CsvProblem::quote_inside)
            refuse(note.line, "broken quotes");
    }

    const std::optional<std::string>& problem() const { return problem_; }
    std::vector<Row> rows() { return std::move(rows_); }

  private:
    void refuse(std::uint32_t line, const std::string& what) {
        if (!problem_) problem_ = "line " + std::to_string(line) + ": " + what;
    }

    const FileType& type_;
    std::vector<Row> rows_;
    std::optional<std::string> problem_;
};

Result<Table> table_of(const BundleFile& file) {
    const auto malformed = [&](const std::string& what) {
        return Error{Errc::malformed, file.input.name + ": " + what};
    };
    if (file.input.large)
        return Error{Errc::too_large, file.input.name + ": too large to be converted"};
    const std::string problem = problem_of_bytes(file.input.bytes);
    if (!problem.empty()) return malformed(problem);
    FileReader reader(*file.name.type);
    CsvVisitor visitor;
    visitor.record = [&](const Record& record) { reader.take(record); };
    visitor.note = [&](const CsvNote& note) { reader.take(note); };
    read_csv(file.input.bytes, visitor);
    if (reader.problem()) return malformed(*reader.problem());
    return Table{file.name.type, file.name.month, reader.rows()};
}

/// The bytes of one table; a cell that MS932 cannot hold is added to `unwritable` and left empty.
Bytes bytes_of(const Table& table, Fold fold, std::vector<UnwritableText>& unwritable) {
    Bytes out;
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
        const std::vector<std::string>& values = table.rows[r].values;
        const std::size_t start = out.size();
        for (std::size_t i = 0; i < table.type->fields.size(); ++i) {
            if (i != 0) out += ',';
            Encoded encoded = i < values.size() ? to_ms932(values[i], fold) : Encoded{Bytes{}, 0};
            if (!encoded.bytes) {
                unwritable.push_back({table.type->id, r, table.type->fields[i].no});
                continue;
            }
            append_csv_value(out, {std::move(*encoded.bytes), true}, is_free_text(*table.type, i));
        }
        end_csv_record(out, start);
    }
    return out;
}

} // namespace

std::string_view Table::at(const Row& row, std::string_view key) const {
    return value_at(*type, row, key);
}

void Table::set(Row& row, std::string_view key, std::string value) const {
    const int column = type->column(key);
    if (column < 0) throw std::logic_error(type->id + " has no item " + std::string(key));
    row.values.resize(type->fields.size());
    row.values[static_cast<std::size_t>(column)] = std::move(value);
}

const Table* TableSet::table(std::string_view type) const {
    const auto found = std::find_if(tables.begin(), tables.end(),
                                    [&](const Table& table) { return table.type->id == type; });
    return found == tables.end() ? nullptr : &*found;
}

Result<TableSet> tables_of(const Bundle& bundle) {
    TableSet set{bundle.edition, bundle.from, bundle.to, bundle.serial, {}, {}};
    for (const BundleFile& file : bundle.files) {
        if (!file.name.type->is_csv()) {
            set.others.push_back(file.input);
            continue;
        }
        if (set.table(file.name.type->id))
            return Error{Errc::malformed, file.input.name + ": a second file of its type"};
        Result<Table> table = table_of(file);
        if (!table) return table.error();
        set.tables.push_back(std::move(*table));
    }
    return set;
}

WrittenSet files_of(const TableSet& set, bool fold) {
    WrittenSet out;
    for (const Table& table : set.tables) {
        if (table.rows.empty()) continue;
        out.files.push_back({make_file_name(*table.type, set.from, set.to, set.serial, table.month),
                             bytes_of(table, fold ? Fold::yes : Fold::no, out.unwritable)});
    }
    if (!out.unwritable.empty()) {
        out.files.clear();
        return out;
    }
    out.files.insert(out.files.end(), set.others.begin(), set.others.end());
    return out;
}

bool foldable(std::string_view utf8) {
    if (to_ms932(utf8).bytes) return false;
    for (std::size_t at = 0; at < utf8.size();) {
        const std::size_t length =
            std::max<std::size_t>(utf8_character_at(utf8, at).length, 1); // 0: not UTF-8
        const std::string_view character = utf8.substr(at, length);
        if (!to_ms932(character).bytes && to_ms932(character, Fold::yes).bytes) return true;
        at += length;
    }
    return false;
}

void sort_rows(Table& table) {
    const FileType& type = *table.type;
    std::stable_sort(table.rows.begin(), table.rows.end(), [&](const Row& left, const Row& right) {
        for (const std::string& key : type.keys) {
            const int order = value_at(type, left, key).compare(value_at(type, right, key));
            if (order != 0) return order < 0;
        }
        return left.values < right.values;
    });
}

} // namespace cpg::adapters
