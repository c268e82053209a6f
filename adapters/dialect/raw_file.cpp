#include "adapters/dialect/raw_file.hpp"

#include "spec/records/cp932.hpp"
#include "spec/records/csv_reader.hpp"
#include "spec/records/utf8.hpp"

#include <algorithm>

namespace cpg::adapters {
namespace {

constexpr std::string_view bom = "\xEF\xBB\xBF";
constexpr std::size_t most_cells = 2000; // of a row: bounds memory on a file without line ends

bool has_private_use(std::string_view utf8) {
    constexpr char32_t first = 0xE000, last = 0xF8FF;
    for (std::size_t i = 0; i < utf8.size();) {
        const Utf8Character character = utf8_character_at(utf8, i);
        if (character.code_point >= first && character.code_point <= last) return true;
        i += std::max<std::size_t>(character.length, 1);
    }
    return false;
}

struct Decoded {
    TextEncoding encoding;
    std::string text; // UTF-8 without BOM
};

enum class DecodeProblem { none, unknown, gaiji };

/// Strict: bytes that are not of the encoding, NUL among them, are not of it.
std::optional<Decoded> decode_as(TextEncoding encoding, BytesView bytes, DecodeProblem& problem) {
    if (bytes.find('\0') != BytesView::npos) return std::nullopt;
    if (encoding == TextEncoding::ms932) {
        for (std::size_t from = 0;;) {
            const ByteFinding found = next_byte_problem(bytes, from);
            if (found.problem == ByteProblem::none) break;
            if (found.problem == ByteProblem::gaiji) problem = DecodeProblem::gaiji;
            if (found.problem != ByteProblem::control) return std::nullopt;
            from = found.offset + 1;
        }
        return Decoded{encoding, to_utf8(bytes)};
    }
    const bool has_bom = bytes.starts_with(bom);
    if (has_bom != (encoding == TextEncoding::utf8_bom)) return std::nullopt;
    if (has_bom) bytes.remove_prefix(bom.size());
    if (!is_utf8(bytes)) return std::nullopt;
    if (has_private_use(bytes)) {
        problem = DecodeProblem::gaiji;
        return std::nullopt;
    }
    return Decoded{encoding, std::string(bytes)};
}

Note note_about(std::string id, const DialectFile& file, std::string detail,
                std::uint32_t line = 0) {
    Note note;
    note.id = std::move(id);
    note.file = file.path;
    note.line = line;
    note.detail = std::move(detail);
    return note;
}

} // namespace

std::string encodings_of(const Dialect& dialect) {
    std::string names;
    for (const TextEncoding encoding : dialect.read) {
        if (!names.empty()) names += ", ";
        names += encoding == TextEncoding::ms932      ? "CP932"
                 : encoding == TextEncoding::utf8_bom ? "UTF-8 (BOM)"
                                                      : "UTF-8";
    }
    return names;
}

std::string_view file_name_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::optional<RawFile> read_raw(const Dialect& dialect, const DialectFile& file,
                                std::vector<Note>& notes) {
    if (file.bytes.size() > dialect.max_file) {
        notes.push_back(note_about("A-CSV-03", file, std::to_string(dialect.max_file) + " bytes"));
        return std::nullopt;
    }
    std::optional<Decoded> decoded;
    DecodeProblem problem = DecodeProblem::none;
    for (const TextEncoding encoding : dialect.read) {
        decoded = decode_as(encoding, file.bytes, problem);
        if (decoded) break;
    }
    if (!decoded) {
        const bool gaiji = problem == DecodeProblem::gaiji;
        notes.push_back(
            note_about(gaiji ? "A-ENC-04" : "A-ENC-01", file, gaiji ? "" : encodings_of(dialect)));
        return std::nullopt;
    }
    RawFile raw;
    raw.encoding = decoded->encoding;
    std::optional<Note> refused;
    CsvVisitor visitor;
    visitor.delimiter = dialect.delimiter;
    visitor.max_record_cells = most_cells;
    visitor.record = [&](const Record& record) {
        if (raw.rows.size() >= dialect.max_rows) {
            if (!refused)
                refused = note_about("A-CSV-03", file, std::to_string(dialect.max_rows) + " rows",
                                     record.line);
            return;
        }
        RawRow& row = raw.rows.emplace_back();
        row.line = record.line;
        row.cells.reserve(record.cells.size());
        for (const Cell& cell : record.cells) row.cells.push_back(cell.text());
    };
    visitor.note = [&](const CsvNote& note) {
        if (refused) return;
        switch (note.problem) {
        case CsvProblem::quote_open:
        case CsvProblem::quote_inside:
            refused = note_about("A-CSV-01", file, "引用符 / quotes", note.line);
            break;
        case CsvProblem::too_long:
            refused =
                note_about("A-CSV-03", file, std::to_string(most_cells) + " cells", note.line);
            break;
        case CsvProblem::lone_cr:
        case CsvProblem::blank_line:
            break; // nothing is lost by either
        }
    };
    read_csv(decoded->text, visitor);
    if (refused) {
        notes.push_back(std::move(*refused));
        return std::nullopt;
    }
    return raw;
}

} // namespace cpg::adapters
