// Encoding and CSV (standard 4.3; 別紙 注), whatever the type of the file.
#include "tests/mutation/mutator.hpp"

#include "spec/records/cp932.hpp"

#include <algorithm>
#include <array>

namespace cpg::mutation {
namespace {

bool any(const File&) {
    return true;
}

bool is_free_text(const File&, const Field& field) {
    return field.type == FieldType::free_text;
}

bool is_filled_quote(const File&, std::size_t, const Bytes& cell) {
    return cell.size() > 2 && cell.front() == '"';
}

/// Puts bytes at the end of a filled free text.
std::optional<Place> into_text(Case& given, Random& random, BytesView bytes) {
    const auto spot = pick_cell(given, random, is_free_text, is_filled_quote);
    if (!spot) return std::nullopt;
    Place place = spot->place();
    place.line += static_cast<std::uint32_t>(
        std::count(spot->bytes().begin(), spot->bytes().end(), '\n')); // of the byte itself
    spot->bytes().insert(spot->bytes().size() - 1, bytes);
    return place;
}

// --- R-ENC ---

std::optional<Place> as_utf8(Case& given, Random& random, BytesView mark) {
    File* const file = pick_file(given, random, [](const File& candidate) {
        const Bytes bytes = candidate.bytes();
        return to_utf8(bytes) != bytes; // pure ASCII is the same in both
    });
    if (!file) return std::nullopt;
    file->whole = Bytes(mark) + to_utf8(file->bytes());
    return at(*file);
}

std::optional<Place> utf8(Case& given, Random& random) {
    return as_utf8(given, random, "");
}

std::optional<Place> utf8_with_mark(Case& given, Random& random) {
    return as_utf8(given, random, "\xEF\xBB\xBF");
}

/// Of the ASCII characters only: enough to be told by its mark.
std::optional<Place> utf16(Case& given, Random& random) {
    File* const file = pick_file(given, random, any);
    if (!file) return std::nullopt;
    const bool little = random.below(2) == 0;
    Bytes wide = little ? "\xFF\xFE" : "\xFE\xFF";
    for (const char c : file->bytes()) {
        if (static_cast<unsigned char>(c) >= 0x80) continue;
        if (little) wide += {c, '\0'};
        if (!little) wide += {'\0', c};
    }
    file->whole = wide;
    return at(*file);
}

std::optional<Place> invalid_byte_in_text(Case& given, Random& random) {
    using namespace std::string_view_literals;
    constexpr std::array<BytesView, 5> bytes{"\x80"sv, "\xA0"sv, "\xFF"sv, "\x85\x9F"sv,
                                             "\x81"sv}; // the last: half a character
    return into_text(given, random, random.pick(bytes));
}

std::optional<Place> invalid_byte_in_item(Case& given, Random& random) {
    const auto spot = pick_cell(
        given, random,
        [](const File&, const Field& field) { return field.type != FieldType::free_text; },
        [](const File&, std::size_t row, const Bytes& cell) {
            return row > 0 && !cell.empty(); // a first record without a version is a header row
        });
    if (!spot) return std::nullopt;
    spot->bytes() += "\xFD";
    return spot->place();
}

std::optional<Place> gaiji(Case& given, Random& random) {
    using namespace std::string_view_literals;
    constexpr std::array<BytesView, 3> characters{"\xF0\x40"sv, "\xF3\xA5"sv, "\xF9\xFC"sv};
    return into_text(given, random, random.pick(characters));
}

std::optional<Place> nul(Case& given, Random& random) {
    using namespace std::string_view_literals;
    return into_text(given, random, "\0"sv);
}

std::optional<Place> control_character(Case& given, Random& random) {
    using namespace std::string_view_literals;
    constexpr std::array<BytesView, 4> characters{"\x01"sv, "\x07"sv, "\x1B"sv, "\x7F"sv};
    return into_text(given, random, random.pick(characters));
}

// --- R-CSV ---

std::optional<RowSpot> any_row(Case& given, Random& random) {
    return pick_row(given, random, [](const File&, std::size_t) { return true; });
}

std::optional<Place> one_column_more(Case& given, Random& random) {
    const auto spot = any_row(given, random);
    if (!spot) return std::nullopt;
    std::vector<Bytes>& cells = spot->file->rows[spot->row].cells;
    int before = random.between(1, static_cast<int>(cells.size()));
    if (cells.back().empty()) // an empty last column is a trailing comma
        before = static_cast<int>(cells.size());
    cells.insert(cells.begin() + before, "1");
    return at(*spot->file, spot->row);
}

std::optional<Place> one_column_less(Case& given, Random& random) {
    const auto spot = any_row(given, random);
    if (!spot) return std::nullopt;
    std::vector<Bytes>& cells = spot->file->rows[spot->row].cells;
    cells.erase(cells.begin() + random.between(1, static_cast<int>(cells.size()) - 1));
    return at(*spot->file, spot->row);
}

std::optional<Place> trailing_comma(Case& given, Random& random) {
    const auto spot = any_row(given, random);
    if (!spot) return std::nullopt;
    spot->file->rows[spot->row].cells.emplace_back();
    return at(*spot->file, spot->row);
}

std::optional<Place> text_without_quotes(Case& given, Random& random) {
    const auto spot =
        pick_cell(given, random, is_free_text, [](const File&, std::size_t, const Bytes& cell) {
            if (!is_filled_quote({}, 0, cell)) return false;
            return cell.substr(1, cell.size() - 2).find_first_of("\",\r\n") == Bytes::npos;
        });
    if (!spot) return std::nullopt;
    Bytes& cell = spot->bytes();
    cell = cell.substr(1, cell.size() - 2);
    return spot->place();
}

/// The last quoted item of the file loses its closing quote.
std::optional<Place> open_quote(Case& given, Random& random) {
    File* const file = pick_file(given, random, [](const File& candidate) {
        return candidate.bytes().find('"') != Bytes::npos;
    });
    if (!file) return std::nullopt;
    for (std::size_t row = file->rows.size(); row-- > 0;) {
        std::vector<Bytes>& cells = file->rows[row].cells;
        for (std::size_t column = cells.size(); column-- > 0;) {
            if (!cells[column].starts_with('"')) continue;
            cells[column].pop_back();
            Place place = at(*file, row);
            place.line = file->line_of(row, column);
            return place;
        }
    }
    return std::nullopt;
}

std::optional<Place> quote_not_doubled(Case& given, Random& random) {
    const auto spot = pick_cell(given, random, is_free_text, is_filled_quote);
    if (!spot) return std::nullopt;
    spot->bytes().insert(1, "\x61\"\x62"); // "a"b…
    Place place = spot->place();
    place.column = 0;
    return place;
}

std::optional<Place> header_row(Case& given, Random& random) {
    File* const file = pick_file(given, random, any);
    if (!file) return std::nullopt;
    const bool keys = random.below(2) == 0;
    for (const Field& field : file->type->fields) {
        if (field.no > 1) file->before += ',';
        const Encoded name = to_ms932(field.name, Fold::yes);
        file->before += keys || !name.bytes ? field.key : *name.bytes;
    }
    file->before += "\r\n";
    Place place = at(*file);
    place.line = 1;
    return place;
}

std::optional<Place> line_feeds(Case& given, Random& random) {
    File* const file = pick_file(given, random, any);
    if (!file) return std::nullopt;
    const bool all = random.below(2) == 0;
    const int chosen = random.below(static_cast<int>(file->rows.size()));
    for (std::size_t row = 0; row < file->rows.size(); ++row)
        if (all || row == static_cast<std::size_t>(chosen)) file->rows[row].end = "\n";
    return at(*file);
}

std::optional<Place> lone_cr(Case& given, Random& random) {
    const auto spot = any_row(given, random);
    if (!spot) return std::nullopt;
    // CR, then the line feed of an empty line, would be a CRLF: the last row has nothing behind it
    spot->file->rows[spot->row].end = "\r";
    Place place = at(*spot->file, spot->row);
    const std::vector<Bytes>& cells = spot->file->rows[spot->row].cells;
    place.record = 0;
    place.line = spot->file->line_of(spot->row, cells.size());
    return place;
}

std::optional<Place> blank_line(Case& given, Random& random) {
    const auto spot = any_row(given, random);
    if (!spot) return std::nullopt;
    Place place = at(*spot->file, spot->row);
    place.record = 0;
    if (spot->row == 0)
        spot->file->before += "\r\n";
    else
        spot->file->rows[spot->row - 1].end += "\r\n";
    return place;
}

/// Items judged by their form: neither text, nor fixed, nor unused, nor those that another rule
/// looks at first.
bool is_coded(const File&, const Field& field) {
    switch (field.type) {
    case FieldType::free_text:
    case FieldType::unused:
    case FieldType::image_name:
    case FieldType::tais_code:
        return false;
    default:
        return field.fixed.empty();
    }
}

std::optional<CellSpot> coded_item(Case& given, Random& random) {
    return pick_cell(
        given, random,
        [](const File& file, const Field& field) {
            return is_coded(file, field) && field.key != "csv_version";
        },
        [](const File&, std::size_t, const Bytes& cell) { return !cell.empty(); });
}

std::optional<Place> full_width_digit(Case& given, Random& random) {
    const auto spot = coded_item(given, random);
    if (!spot) return std::nullopt;
    Bytes& cell = spot->bytes();
    const auto at = static_cast<std::size_t>(random.below(static_cast<int>(cell.size())));
    cell.replace(at, 1, "\x82\x50"); // １
    return spot->place();
}

std::optional<Place> blanks_around(Case& given, Random& random) {
    const auto spot = coded_item(given, random);
    if (!spot || spot->field->type == FieldType::phone) return std::nullopt; // may hold blanks
    Bytes& cell = spot->bytes();
    constexpr std::array<BytesView, 3> blanks{" ", "\t", "\x81\x40"};
    cell = random.below(2) == 0 ? cell + Bytes(random.pick(blanks))
                                : Bytes(random.pick(blanks)) + cell;
    return spot->place();
}

std::optional<Place> quoted_item(Case& given, Random& random) {
    const auto spot =
        pick_cell(given, random, is_coded,
                  [](const File&, std::size_t, const Bytes& cell) { return !cell.empty(); });
    if (!spot) return std::nullopt;
    spot->bytes() = '"' + spot->bytes() + '"';
    return spot->place();
}

std::optional<Place> no_record(Case& given, Random& random) {
    File* const file = pick_file(given, random, any);
    if (!file) return std::nullopt;
    file->rows.clear();
    return at(*file);
}

constexpr std::string_view none = "";
constexpr std::string_view empty_file_breaks =
    "R-REL-01 R-REL-02 R-REL-03 R-REL-05 R-PRIV-02 R-IMG-01";
constexpr std::string_view empty_file_breaks_why =
    "no user of the other files is in the empty one, no image is named there";

constexpr auto error = Severity::error;
constexpr auto warning = Severity::warning;

constexpr Mutator table[] = {
    {"UTF-8", "R-ENC-01", error, none, none, utf8},
    {"UTF-8 with a mark", "R-ENC-01", error, none, none, utf8_with_mark},
    {"UTF-16", "R-ENC-01", error, none, none, utf16},
    {"byte outside MS932 in a text", "R-ENC-01", error, none, none, invalid_byte_in_text},
    {"byte outside MS932 in an item", "R-ENC-01", error, none, none, invalid_byte_in_item},
    {"gaiji", "R-ENC-02", error, none, none, gaiji},
    {"NUL", "R-ENC-03", error, none, none, nul},
    {"control character", "R-ENC-03", warning, none, none, control_character},
    {"one column more", "R-CSV-01", error, none, none, one_column_more},
    {"one column less", "R-CSV-01", error, none, none, one_column_less},
    {"trailing comma", "R-CSV-01", warning, none, none, trailing_comma},
    {"text without quotes", "R-CSV-02", warning, none, none, text_without_quotes},
    {"quote never closed", "R-CSV-03", error, none, none, open_quote},
    {"quote not doubled", "R-CSV-03", error, none, none, quote_not_doubled},
    {"header row", "R-CSV-04", warning, none, none, header_row},
    {"line feeds", "R-CSV-05", warning, none, none, line_feeds},
    {"lone carriage return", "R-CSV-05", warning, none, none, lone_cr},
    {"blank line", "R-CSV-05", warning, none, none, blank_line},
    {"full-width digit", "R-CSV-06", error, none, none, full_width_digit},
    {"blanks around an item", "R-CSV-06", warning, none, none, blanks_around},
    {"quoted item", "R-CSV-06", warning, none, none, quoted_item},
    {"no record", "R-CSV-07", error, empty_file_breaks, empty_file_breaks_why, no_record},
};

} // namespace

std::span<const Mutator> byte_mutators() {
    return table;
}

} // namespace cpg::mutation
