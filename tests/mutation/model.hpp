// A bundle as its files, rows and cells, lossless: what is not changed is written back byte for
// byte, and the place of everything (record, physical line, column) can be told. Mutators break it
// in one way and say where the checker must see it. One thread.
#pragma once

#include "spec/check/checker.hpp"
#include "spec/sample/random.hpp"

#include <optional>
#include <string>
#include <vector>

namespace cpg::mutation {

using sampling::Random;

struct Row {
    std::vector<Bytes> cells; // MS932, quotes included
    Bytes end = "\r\n";
};

struct File {
    std::string name;
    const FileType* type = nullptr; // under which it was made, whatever becomes of the name
    std::vector<Row> rows;
    Bytes before;               // in front of the rows
    std::optional<Bytes> whole; // in place of everything: an image, a file in another encoding

    Bytes bytes() const;

    bool is(std::string_view id) const { return type->id == id; }
    bool has(std::string_view key) const { return type->column(key) >= 0; }
    /// Throws std::out_of_range when the type has no such item.
    Bytes& cell(std::size_t row, std::string_view key);
    const Bytes& cell(std::size_t row, std::string_view key) const;
    /// The cell without its quotes; doubled quotes stay doubled.
    BytesView text(std::size_t row, std::string_view key) const;
    bool filled(std::size_t row, std::string_view key) const { return !text(row, key).empty(); }
    /// Quotes free text; `utf8` must exist in MS932.
    void set(std::size_t row, std::string_view key, std::string_view utf8);

    /// Physical line, from 1, on which a row or a cell starts.
    std::uint32_t line_of(std::size_t row) const { return line_of(row, 0); }
    std::uint32_t line_of(std::size_t row, std::size_t column) const;
};

/// Where the finding must stand; what does not apply is 0 or empty, as in Where.
struct Place {
    std::string file;
    std::uint32_t record = 0, line = 0;
    int column = 0; // No., from 1
};

Place at_bundle();
Place at(const File& file);
Place at(const File& file, std::size_t row);
/// At an item of the row. The line is where the item starts, or where its record starts: rules over
/// several records remember no more.
Place at_cell(const File& file, std::size_t row, std::string_view key);
Place at_record(const File& file, std::size_t row, std::string_view key);

/// The files of a bundle, or of a few, and the options of its check.
struct Case {
    std::string source; // what it was made of, for the report of a failure
    const Edition* edition = nullptr;
    std::vector<File> files;
    CheckOptions options;

    std::vector<InputFile> input() const;
    /// Null when there is none of the type.
    File* file(std::string_view type);
    bool has(std::string_view type) { return file(type) != nullptr; }
    /// That with which the checker begins: the first in the edition's order, then by name.
    File& first();
};

/// `input` must be well formed and its names good, else std::runtime_error.
Case read_case(const Catalog& catalog, std::string source, const std::vector<InputFile>& input);

// --- file names ---

/// The part of the name; empty when the type has none.
std::string part_of(const File& file, NamePart::Kind kind);
std::string with_part(const File& file, NamePart::Kind kind, std::string_view text);
/// The same in every name, and where an item holds the name of an image.
void set_parts(Case& given, NamePart::Kind kind, std::string_view text);
/// The parts behind the prefix, without the extension.
std::vector<std::string> parts_of(const File& file);
std::string name_of(const File& file, const std::vector<std::string>& parts);

// --- users ---

std::string insured_of(const File& file, std::size_t row);
/// In order of appearance.
std::vector<std::string> users_of(const File& file);
std::vector<std::size_t> rows_of(const File& file, std::string_view insured);
void remove_row(File& file, std::size_t row);

// --- chance ---

template<class T> const T& pick(Random& random, const std::vector<T>& list) {
    return list[static_cast<std::size_t>(random.below(static_cast<int>(list.size())))];
}

struct RowSpot {
    File* file = nullptr;
    std::size_t row = 0;
};

struct CellSpot {
    File* file = nullptr;
    std::size_t row = 0;
    const Field* field = nullptr;
    Bytes& bytes() const { return file->rows[row].cells[static_cast<std::size_t>(field->no) - 1]; }
    Place place() const { return at_cell(*file, row, field->key); }
};

/// A CSV file for which `fits(const File&)` holds; null when there is none.
template<class Fits> File* pick_file(Case& given, Random& random, Fits fits) {
    std::vector<File*> found;
    for (File& file : given.files)
        if (file.type->is_csv() && fits(file)) found.push_back(&file);
    return found.empty() ? nullptr : pick(random, found);
}

/// A row for which `fits(const File&, row)` holds.
template<class Fits> std::optional<RowSpot> pick_row(Case& given, Random& random, Fits fits) {
    std::vector<RowSpot> found;
    for (File& file : given.files)
        for (std::size_t row = 0; row < file.rows.size(); ++row)
            if (fits(std::as_const(file), row)) found.push_back({&file, row});
    if (found.empty()) return std::nullopt;
    return pick(random, found);
}

/// A cell for which `fits_field(const File&, const Field&)` and `fits_cell(const File&, row, const
/// Bytes&)` hold. Every item has the same chance, however many rows there are.
template<class FitsField, class FitsCell>
std::optional<CellSpot> pick_cell(Case& given, Random& random, FitsField fits_field,
                                  FitsCell fits_cell) {
    std::vector<std::vector<CellSpot>> items;
    for (File& file : given.files)
        for (const Field& field : file.type->fields) {
            if (!fits_field(std::as_const(file), field)) continue;
            std::vector<CellSpot> cells;
            for (std::size_t row = 0; row < file.rows.size(); ++row) {
                const CellSpot spot{&file, row, &field};
                if (fits_cell(std::as_const(file), row, std::as_const(spot.bytes())))
                    cells.push_back(spot);
            }
            if (!cells.empty()) items.push_back(std::move(cells));
        }
    if (items.empty()) return std::nullopt;
    return pick(random, pick(random, items));
}

} // namespace cpg::mutation
