// One item: is it filled, has it its form, its length, its code (別紙 必須, 項目長, 書式,
// コード表)? The tables of the standard say which items there are and how each may be wrong.
#include "tests/mutation/mutator.hpp"

#include <array>

namespace cpg::mutation {
namespace {

bool is_delete(const File& file) {
    return file.type->id.starts_with("DLT");
}
bool is_table6(const File& file) {
    return file.is("UPPLAN") || file.is("UPJSK");
}
bool is_version(const Field& field) {
    return field.key == "csv_version";
}
/// An optional item of doubtful form: a warning at most.
bool is_doubtful(const Field& field) {
    return field.confidence != Confidence::high && field.required != Requirement::yes;
}
bool is_filled(const File&, std::size_t, const Bytes& cell) {
    return !cell.empty() && cell != "\"\"";
}

/// Judged by length and form alone, by no rule of its own.
bool is_plain(const File& file, const Field& field) {
    switch (field.type) {
    case FieldType::free_text:
    case FieldType::unused:
    case FieldType::image_name:
    case FieldType::tais_code:
    case FieldType::insured_no:
    case FieldType::day_bitmap31:
        return false;
    case FieldType::hhmm_or_9999:
        return !is_table6(file);
    default:
        break;
    }
    if (is_table6(file) && field.key == "count") return false;
    return field.fixed.empty() && !is_version(field);
}

bool is_day(const Field& field) {
    return field.type == FieldType::yyyymmdd || field.type == FieldType::yyyymmdd_or_zero;
}
bool is_month(const Field& field) {
    return field.type == FieldType::yyyymm || field.type == FieldType::yyyymm_or_zero;
}

template<class Fits> std::optional<CellSpot> filled(Case& given, Random& random, Fits fits) {
    return pick_cell(given, random, fits, is_filled);
}

// --- R-REQ, R-DEL-01 ---

/// The first record keeps its version: without one it is a header row.
template<class Fits>
std::optional<Place> emptied(Case& given, Random& random, Fits fits, BytesView by) {
    const auto spot =
        pick_cell(given, random, fits, [&](const File& file, std::size_t row, const Bytes& cell) {
            return is_filled(file, row, cell);
        });
    if (!spot || (is_version(*spot->field) && spot->row == 0)) return std::nullopt;
    spot->bytes() = by;
    return spot->place();
}

BytesView nothing(Random& random) {
    constexpr std::array<BytesView, 3> ways{"", " ", "\x81\x40"};
    return random.pick(ways);
}

std::optional<Place> required_empty(Case& given, Random& random) {
    return emptied(
        given, random,
        [](const File& file, const Field& field) {
            return !is_delete(file) && field.required == Requirement::yes &&
                   field.confidence == Confidence::high && field.type != FieldType::free_text;
        },
        nothing(random));
}

std::optional<Place> required_text_empty(Case& given, Random& random) {
    return emptied(
        given, random,
        [](const File& file, const Field& field) {
            return !is_delete(file) && field.required == Requirement::yes &&
                   field.confidence == Confidence::high && field.type == FieldType::free_text;
        },
        random.below(2) == 0 ? "" : "\"\"");
}

std::optional<Place> perhaps_required_empty(Case& given, Random& random) {
    return emptied(
        given, random,
        [](const File&, const Field& field) {
            return field.required == Requirement::yes && field.confidence != Confidence::high;
        },
        "");
}

std::optional<Place> needed_empty(Case& given, Random& random) {
    return emptied(
        given, random,
        [](const File& file, const Field& field) {
            return !is_delete(file) && field.required != Requirement::yes && field.needed;
        },
        "");
}

std::optional<Place> delete_item_empty(Case& given, Random& random) {
    return emptied(
        given, random, [](const File& file, const Field&) { return is_delete(file); },
        nothing(random));
}

/// Told apart from a header row by its key.
std::optional<Place> first_version_empty(Case& given, Random& random) {
    File* const file = pick_file(given, random, [](const File&) { return true; });
    if (!file) return std::nullopt;
    file->cell(0, "csv_version").clear();
    Place place = at_cell(*file, 0, "csv_version");
    place.record = 0; // what follows is counted as the first record
    return place;
}

// --- R-LEN-01 ---

/// Digits in front, as many as are too many.
Bytes too_long(const Field& field, const Bytes& cell) {
    Bytes text = cell;
    while (text.size() <= field.accept_length) text.insert(text.begin(), '1');
    return text;
}

template<class Fits> std::optional<Place> lengthened(Case& given, Random& random, Fits fits) {
    const auto spot = filled(given, random, [&](const File& file, const Field& field) {
        return is_plain(file, field) && field.type != FieldType::code && field.accept_length != 0 &&
               fits(field);
    });
    if (!spot) return std::nullopt;
    spot->bytes() = too_long(*spot->field, spot->bytes());
    return spot->place();
}

std::optional<Place> item_too_long(Case& given, Random& random) {
    return lengthened(given, random, [](const Field& field) { return !is_doubtful(field); });
}

std::optional<Place> doubtful_item_too_long(Case& given, Random& random) {
    return lengthened(given, random, is_doubtful);
}

std::optional<Place> item_too_short(Case& given, Random& random) {
    const auto spot = filled(given, random, [](const File& file, const Field& field) {
        return is_plain(file, field) && field.fixed_length && field.type != FieldType::code &&
               !is_doubtful(field) && field.accept_length > 1;
    });
    if (!spot) return std::nullopt;
    spot->bytes().pop_back();
    return spot->place();
}

// --- R-CODE-01 ---

std::optional<Place> code_not_in_list(Case& given, Random& random) {
    const auto spot = filled(given, random, [](const File& file, const Field& field) {
        return is_plain(file, field) && field.type == FieldType::code && field.codes &&
               !is_doubtful(field);
    });
    if (!spot) return std::nullopt;
    for (const std::string_view candidate : {"9", "Z", "99", "ZZ", "0", "8", "001"})
        if (!spot->field->codes->contains(candidate) && random.below(3) == 0) {
            spot->bytes() = candidate;
            return spot->place();
        }
    spot->bytes() = "Q";
    return spot->place();
}

/// A text of the right length that has not the form; empty when every text of that length has it.
std::string_view misshapen(const Field& field) {
    switch (field.type) {
    case FieldType::integer:
        return "X";
    case FieldType::seq:
        return "A";
    case FieldType::alnum:
        return "-";
    case FieldType::decimal:
        return "1.0.2";
    case FieldType::insurer_no:
        return "12345A";
    case FieldType::office_no:
    case FieldType::office_no_or_all9:
        return "0370A00017";
    case FieldType::service_type:
        return "1a";
    case FieldType::service_code:
    case FieldType::service_code_or_total:
        return "11111a";
    case FieldType::postal:
        return "9990-001";
    case FieldType::hhmm:
    case FieldType::hhmm_or_9999:
        return "2460";
    default:
        return {};
    }
}

template<class Fits> std::optional<Place> deformed(Case& given, Random& random, Fits fits) {
    const auto spot = filled(given, random, [&](const File& file, const Field& field) {
        return is_plain(file, field) && !misshapen(field).empty() && fits(field);
    });
    if (!spot) return std::nullopt;
    spot->bytes() = misshapen(*spot->field);
    return spot->place();
}

std::optional<Place> wrong_form(Case& given, Random& random) {
    return deformed(given, random, [](const Field& field) { return !is_doubtful(field); });
}

std::optional<Place> wrong_doubtful_form(Case& given, Random& random) {
    return deformed(given, random, is_doubtful);
}

std::optional<Place> odd_phone(Case& given, Random& random) {
    const auto spot = filled(given, random, [](const File&, const Field& field) {
        return field.type == FieldType::phone;
    });
    if (!spot) return std::nullopt;
    spot->bytes() = random.below(2) == 0 ? "00-0000-000x" : "00/0000/0001";
    return spot->place();
}

std::optional<Place> padded_number(Case& given, Random& random) {
    const auto spot = pick_cell(
        given, random,
        [](const File&, const Field& field) {
            return field.type == FieldType::seq && field.accept_length == 2;
        },
        [](const File&, std::size_t, const Bytes& cell) { return cell.size() == 1; });
    if (!spot) return std::nullopt;
    spot->bytes().insert(0, "0");
    return spot->place();
}

std::optional<Place> identifier_filled(Case& given, Random& random) {
    const auto spot = pick_cell(
        given, random,
        [](const File&, const Field& field) { return field.type == FieldType::unused; },
        [](const File&, std::size_t, const Bytes&) { return true; });
    if (!spot) return std::nullopt;
    spot->bytes() = "1";
    return spot->place();
}

/// Of the first record, whose item shows that it is no header row.
std::optional<Place> version_is_no_month(Case& given, Random& random) {
    File* const file = pick_file(given, random, [](const File&) { return true; });
    if (!file) return std::nullopt;
    constexpr std::array<std::string_view, 3> texts{"2024-7", "V4.1", "20240"};
    file->cell(0, "csv_version") = random.pick(texts);
    Place place = at_cell(*file, 0, "csv_version");
    place.record = 0; // what follows is counted as the first record
    return place;
}

std::optional<Place> later_version_is_no_month(Case& given, Random& random) {
    const auto spot = pick_row(given, random, [](const File&, std::size_t row) { return row > 0; });
    if (!spot) return std::nullopt;
    constexpr std::array<std::string_view, 3> texts{"202400", "202413", "V4.1"};
    spot->file->cell(spot->row, "csv_version") = random.pick(texts);
    return at_cell(*spot->file, spot->row, "csv_version");
}

// --- R-DATE-01, R-ID-01 ---

std::optional<Place> unreal_day(Case& given, Random& random) {
    const auto spot =
        filled(given, random, [](const File&, const Field& field) { return is_day(field); });
    if (!spot) return std::nullopt;
    constexpr std::array<std::string_view, 5> days{"20260230", "20250229", "20260431", "20261301",
                                                   "2026010X"};
    spot->bytes() =
        spot->field->zero_value.empty() && random.below(5) == 0 ? "00000000" : random.pick(days);
    return spot->place();
}

std::optional<Place> unreal_month(Case& given, Random& random) {
    const auto spot = filled(given, random, [](const File&, const Field& field) {
        return is_month(field) && !is_version(field);
    });
    if (!spot) return std::nullopt;
    constexpr std::array<std::string_view, 3> months{"202613", "202600", "2026AB"};
    spot->bytes() =
        spot->field->zero_value.empty() && random.below(4) == 0 ? "000000" : random.pick(months);
    return spot->place();
}

std::optional<Place> malformed_insured(Case& given, Random& random) {
    const auto spot = filled(given, random, [](const File&, const Field& field) {
        return field.type == FieldType::insured_no;
    });
    if (!spot) return std::nullopt;
    constexpr std::array<std::string_view, 5> numbers{"123456789", "12345678901", "h123456789",
                                                      "A123456789", "12345H7890"};
    spot->bytes() = random.pick(numbers);
    return spot->place();
}

constexpr auto error = Severity::error;
constexpr auto warning = Severity::warning;

constexpr Mutator table[] = {
    {"required item empty", "R-REQ-01", error, "", "", required_empty},
    {"required text empty", "R-REQ-01", error, "", "", required_text_empty},
    {"first version empty", "R-REQ-01", error, "", "", first_version_empty},
    {"perhaps required item empty", "R-REQ-01", warning, "", "", perhaps_required_empty},
    {"needed item empty", "R-REQ-02", warning, "", "", needed_empty},
    {"item of a deletion empty", "R-DEL-01", error, "", "", delete_item_empty},
    {"item too long", "R-LEN-01", error, "", "", item_too_long},
    {"doubtful item too long", "R-LEN-01", warning, "", "", doubtful_item_too_long},
    {"item too short", "R-LEN-01", error, "", "", item_too_short},
    {"code not in its list", "R-CODE-01", error, "", "", code_not_in_list},
    {"wrong form", "R-CODE-01", error, "", "", wrong_form},
    {"wrong form of a doubtful item", "R-CODE-01", warning, "", "", wrong_doubtful_form},
    {"odd telephone number", "R-CODE-01", warning, "", "", odd_phone},
    {"padded number", "R-CODE-01", warning, "", "", padded_number},
    {"識別子 filled", "R-CODE-01", warning, "", "", identifier_filled},
    {"first version is no month", "R-CODE-01", error, "", "", version_is_no_month},
    {"later version is no month", "R-CODE-01", error, "", "", later_version_is_no_month},
    {"unreal day", "R-DATE-01", error, "", "", unreal_day},
    {"unreal month of a record", "R-DATE-01", error, "", "", unreal_month},
    {"malformed 被保険者番号", "R-ID-01", error, "", "", malformed_insured},
};

} // namespace

std::span<const Mutator> item_mutators() {
    return table;
}

} // namespace cpg::mutation
