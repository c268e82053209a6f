#include "tests/mutation/model.hpp"

#include "spec/records/cp932.hpp"
#include "spec/records/csv_reader.hpp"

#include <algorithm>
#include <stdexcept>

namespace cpg::mutation {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::uint32_t count_lines(BytesView bytes) {
    std::uint32_t lines = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const bool lone_cr = bytes[i] == '\r' && (i + 1 == bytes.size() || bytes[i + 1] != '\n');
        if (bytes[i] == '\n' || lone_cr) ++lines;
    }
    return lines;
}

/// Rows and cells by the quotes alone; the file is well formed.
std::vector<Row> rows_of_bytes(BytesView bytes) {
    std::vector<Row> rows;
    Row row;
    Bytes cell;
    bool quoted = false;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const char c = bytes[i];
        if (c == '"') quoted = !quoted;
        if (!quoted && c == ',') {
            row.cells.push_back(std::move(cell));
            cell.clear();
        } else if (!quoted && c == '\r') {
            if (i + 1 == bytes.size() || bytes[++i] != '\n')
                throw std::runtime_error("a good file has CRLF line ends");
            row.cells.push_back(std::move(cell));
            cell.clear();
            rows.push_back(std::move(row));
            row = {};
        } else {
            cell += c;
        }
    }
    if (quoted || !cell.empty() || !row.cells.empty())
        throw std::runtime_error("a good file ends with a line end");
    return rows;
}

std::size_t column_of(const FileType& type, std::string_view key) {
    const int column = type.column(key);
    if (column < 0) throw std::out_of_range(type.id + " has no " + std::string(key));
    return static_cast<std::size_t>(column);
}

/// Index of the part among those behind the prefix; npos when the type has none.
std::size_t index_of(const FileType& type, NamePart::Kind kind) {
    std::size_t index = 0;
    for (const NamePart& part : type.name_parts) {
        if (part.kind == kind) return index;
        if (part.kind != NamePart::Kind::literal) ++index;
    }
    return std::string::npos;
}

} // namespace

Bytes File::bytes() const {
    if (whole) return *whole;
    Bytes out = before;
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.cells.size(); ++i) {
            if (i != 0) out += ',';
            out += row.cells[i];
        }
        out += row.end;
    }
    return out;
}

Bytes& File::cell(std::size_t row, std::string_view key) {
    return rows.at(row).cells.at(column_of(*type, key));
}

const Bytes& File::cell(std::size_t row, std::string_view key) const {
    return rows.at(row).cells.at(column_of(*type, key));
}

BytesView File::text(std::size_t row, std::string_view key) const {
    BytesView text = cell(row, key);
    if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
    return text;
}

void File::set(std::size_t row, std::string_view key, std::string_view utf8) {
    const Encoded encoded = to_ms932(utf8);
    if (!encoded.bytes) throw std::runtime_error("not in MS932: " + std::string(utf8));
    Bytes& target = cell(row, key);
    target.clear();
    append_cell(target, *encoded.bytes, type->field(key)->type == FieldType::free_text);
}

std::uint32_t File::line_of(std::size_t row, std::size_t column) const {
    Bytes above = before;
    for (std::size_t i = 0; i < row; ++i) {
        for (const Bytes& cell : rows[i].cells) above += cell;
        above += rows[i].end;
    }
    for (std::size_t i = 0; i < column; ++i) above += rows[row].cells[i];
    return count_lines(above) + 1;
}

Place at_bundle() {
    return {};
}

Place at(const File& file) {
    return {.file = file.name};
}

Place at(const File& file, std::size_t row) {
    return {.file = file.name,
            .record = static_cast<std::uint32_t>(row + 1),
            .line = file.line_of(row)};
}

Place at_cell(const File& file, std::size_t row, std::string_view key) {
    Place place = at_record(file, row, key);
    place.line = file.line_of(row, column_of(*file.type, key));
    return place;
}

Place at_record(const File& file, std::size_t row, std::string_view key) {
    Place place = at(file, row);
    place.column = file.type->field(key)->no;
    return place;
}

std::vector<InputFile> Case::input() const {
    std::vector<InputFile> out;
    for (const File& file : files) out.push_back({file.name, file.bytes()});
    return out;
}

File* Case::file(std::string_view type) {
    const auto found = std::find_if(files.begin(), files.end(),
                                    [&](const File& candidate) { return candidate.is(type); });
    return found == files.end() ? nullptr : &*found;
}

File& Case::first() {
    return *std::min_element(files.begin(), files.end(), [](const File& left, const File& right) {
        // types of one edition lie in one vector, in its order
        return std::tie(left.type, left.name) < std::tie(right.type, right.name);
    });
}

Case read_case(const Catalog& catalog, std::string source, const std::vector<InputFile>& input) {
    Case out;
    out.source = std::move(source);
    for (const InputFile& given : input) {
        const ParsedName parsed = parse_file_name(catalog, given.name);
        const auto* const name = std::get_if<FileName>(&parsed);
        if (!name) throw std::runtime_error("not a good name: " + given.name);
        out.edition = name->edition;
        File file;
        file.name = given.name;
        file.type = name->type;
        if (file.type->is_csv())
            file.rows = rows_of_bytes(given.bytes);
        else
            file.whole = given.bytes;
        if (file.bytes() != given.bytes)
            throw std::runtime_error("the model loses bytes of " + given.name);
        out.files.push_back(std::move(file));
    }
    return out;
}

std::vector<std::string> parts_of(const File& file) {
    const std::string& prefix = file.type->name_parts.front().literal;
    const std::string& extension = file.type->name_parts.back().literal;
    return split(std::string_view(file.name).substr(
                     prefix.size() + 1, file.name.size() - prefix.size() - 1 - extension.size()),
                 '_');
}

std::string name_of(const File& file, const std::vector<std::string>& parts) {
    std::string name = file.type->name_parts.front().literal;
    for (const std::string& part : parts) name += '_' + part;
    return name + file.type->name_parts.back().literal;
}

std::string part_of(const File& file, NamePart::Kind kind) {
    const std::size_t index = index_of(*file.type, kind);
    return index == std::string::npos ? std::string() : parts_of(file).at(index);
}

std::string with_part(const File& file, NamePart::Kind kind, std::string_view text) {
    std::vector<std::string> parts = parts_of(file);
    const std::size_t index = index_of(*file.type, kind);
    if (index != std::string::npos) parts.at(index) = text;
    return name_of(file, parts);
}

void set_parts(Case& given, NamePart::Kind kind, std::string_view text) {
    File* const kihon = given.file("UPKIHON");
    for (File& file : given.files) {
        const std::string name = with_part(file, kind, text);
        if (kihon && !file.type->is_csv())
            for (std::size_t row = 0; row < kihon->rows.size(); ++row)
                if (kihon->text(row, "family_image") == file.name)
                    kihon->cell(row, "family_image") = name;
        file.name = name;
    }
}

std::string insured_of(const File& file, std::size_t row) {
    return Bytes(file.text(row, "insured_no"));
}

std::vector<std::string> users_of(const File& file) {
    std::vector<std::string> users;
    for (std::size_t row = 0; row < file.rows.size(); ++row) {
        std::string insured = insured_of(file, row);
        if (std::find(users.begin(), users.end(), insured) == users.end())
            users.push_back(std::move(insured));
    }
    return users;
}

std::vector<std::size_t> rows_of(const File& file, std::string_view insured) {
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < file.rows.size(); ++row)
        if (file.text(row, "insured_no") == insured) rows.push_back(row);
    return rows;
}

void remove_row(File& file, std::size_t row) {
    file.rows.erase(file.rows.begin() + static_cast<std::ptrdiff_t>(row));
}

} // namespace cpg::mutation
