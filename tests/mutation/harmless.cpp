// Changes that the standard leaves free, or that we read all the same without a word: a good bundle
// stays good.
#include "tests/mutation/mutator.hpp"

#include <algorithm>
#include <array>

namespace cpg::mutation {
namespace {

using Part = NamePart::Kind;

bool any(const File&) {
    return true;
}

template<class T> void shuffle(std::vector<T>& list, Random& random) {
    for (std::size_t i = list.size(); i > 1; --i)
        std::swap(list[i - 1], list[static_cast<std::size_t>(random.below(static_cast<int>(i)))]);
}

std::optional<Place> as_it_is(Case&, Random&) {
    return at_bundle();
}

std::optional<Place> files_in_another_order(Case& given, Random& random) {
    if (given.files.size() < 2) return std::nullopt;
    shuffle(given.files, random);
    return at_bundle();
}

/// Each user's records stay together and in order.
std::optional<Place> users_in_another_order(Case& given, Random& random) {
    File* const file = pick_file(given, random, any);
    std::vector<std::string> users = users_of(*file);
    if (users.size() < 2) return std::nullopt;
    shuffle(users, random);
    std::vector<Row> rows;
    for (const std::string& user : users)
        for (const std::size_t row : rows_of(*file, user)) rows.push_back(file->rows[row]);
    file->rows = std::move(rows);
    return at_bundle();
}

/// Numbered tables excepted: these have an order.
std::optional<Place> records_in_another_order(Case& given, Random& random) {
    File* const file = pick_file(given, random, [](const File& candidate) {
        return candidate.type->order_by.empty() && candidate.rows.size() > 1;
    });
    if (!file) return std::nullopt;
    shuffle(file->rows, random);
    return at_bundle();
}

std::optional<Place> no_last_line_end(Case& given, Random& random) {
    pick_file(given, random, any)->rows.back().end.clear();
    return at_bundle();
}

bool is_text(const File&, const Field& field) {
    return field.type == FieldType::free_text;
}

std::optional<Place> other_text(Case& given, Random& random) {
    const auto spot =
        pick_cell(given, random, is_text,
                  [](const File&, std::size_t, const Bytes& cell) { return cell.size() > 2; });
    if (!spot) return std::nullopt;
    constexpr std::array<std::string_view, 7> texts{
        "見本,花子",
        "\"引用\"の中に\"\"二重\"\"",
        "一行目\r\n二行目\r\n\r\n四行目",
        "ｶﾅと全角カナ①㈱髙﨑Ⅳ～",
        "改行だけLF\nの文",
        "  前後に空白  ",
        "タブ\tも 'ある'; --",
    };
    spot->file->set(spot->row, spot->field->key, random.pick(texts));
    return at_bundle();
}

/// One character, two MS932 codes.
std::optional<Place> character_with_two_codes(Case& given, Random& random) {
    const auto spot =
        pick_cell(given, random, is_text,
                  [](const File&, std::size_t, const Bytes& cell) { return cell.size() > 2; });
    if (!spot) return std::nullopt;
    constexpr std::array<BytesView, 3> characters{"\xEE\xE0", "\xFB\xFC", "\x87\x82"};
    spot->bytes().insert(1, random.pick(characters));
    return at_bundle();
}

std::optional<Place> optional_text_empty(Case& given, Random& random) {
    const auto spot = pick_cell(
        given, random,
        [](const File& file, const Field& field) {
            return is_text(file, field) && field.required == Requirement::no && !field.needed &&
                   file.type->row_kinds.empty();
        },
        [](const File&, std::size_t, const Bytes& cell) { return cell.size() > 2; });
    if (!spot) return std::nullopt;
    spot->bytes() = random.below(2) == 0 ? "\"\"" : "";
    return at_bundle();
}

std::optional<Place> leading_zero(Case& given, Random& random) {
    const auto spot = pick_cell(
        given, random,
        [](const File&, const Field& field) { return field.type == FieldType::integer; },
        [](const File&, std::size_t, const Bytes& cell) { return cell.size() == 1; });
    if (!spot || spot->field->accept_length < 2) return std::nullopt;
    spot->bytes().insert(0, "0");
    return at_bundle();
}

std::optional<Place> other_serial(Case& given, Random& random) {
    constexpr std::array<std::string_view, 3> serials{"20240229235959", "19990101000000",
                                                      "20991231235959"};
    set_parts(given, Part::serial, random.pick(serials));
    return at_bundle();
}

std::optional<Place> user_of_welfare_alone(Case& given, Random& random) {
    const std::string user = pick(random, users_of(*pick_file(given, random, any)));
    for (File& file : given.files)
        if (file.type->is_csv())
            for (const std::size_t row : rows_of(file, user))
                file.cell(row, "insured_no") = "H999900001";
    return at_bundle();
}

/// An office of 総合事業 has a letter in its number; everywhere the same one.
std::optional<Place> office_with_a_letter(Case& given, Random& random) {
    const Part part = random.below(2) == 0 ? Part::from_office : Part::to_office;
    const std::string old = part_of(given.first(), part);
    const std::string number = "03A" + old.substr(3);
    for (File& file : given.files)
        for (Row& row : file.rows)
            for (Bytes& cell : row.cells)
                if (cell == old) cell = number;
    set_parts(given, part, number);
    return at_bundle();
}

constexpr Mutator table[] = {
    {"as it is", "", Severity::off, "", "", as_it_is},
    {"files in another order", "", Severity::off, "", "", files_in_another_order},
    {"users in another order", "", Severity::off, "", "", users_in_another_order},
    {"records in another order", "", Severity::off, "", "", records_in_another_order},
    {"no last line end", "", Severity::off, "", "", no_last_line_end},
    {"other text", "", Severity::off, "", "", other_text},
    {"character with two codes", "", Severity::off, "", "", character_with_two_codes},
    {"optional text empty", "", Severity::off, "", "", optional_text_empty},
    {"leading zero", "", Severity::off, "", "", leading_zero},
    {"other serial", "", Severity::off, "", "", other_serial},
    {"user of 生保 alone", "", Severity::off, "", "", user_of_welfare_alone},
    {"office with a letter", "", Severity::off, "", "", office_with_a_letter},
};

} // namespace

std::span<const Mutator> harmless_mutators() {
    return table;
}

} // namespace cpg::mutation
