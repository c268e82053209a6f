// 第7表 and its agreement with 第6表, 利用者補足情報, images of 基本情報 (別紙).
#include "tests/mutation/mutator.hpp"

#include <algorithm>
#include <array>

namespace cpg::mutation {
namespace {

constexpr std::string_view grand_total = "999999";
constexpr std::string_view of_all_offices = "9999999999";
constexpr std::array<std::string_view, 7> amounts{
    "service_units", "managed_units",   "over_limit_units", "in_limit_units",
    "total_cost",    "insurance_claim", "copay_insured"};

BytesView code_of(const File& file, std::size_t row) {
    return file.text(row, "service_code");
}
bool is_total(const File& file, std::size_t row) {
    return code_of(file, row) == grand_total;
}
bool is_subtotal(const File& file, std::size_t row) {
    const BytesView item = code_of(file, row).substr(2);
    return item == "AAAA" || item == "EEEE" || item == "ZZZZ";
}
bool is_detail(const File& file, std::size_t row) {
    return !is_total(file, row) && !is_subtotal(file, row);
}

template<class Fits> std::optional<RowSpot> table7_row(Case& given, Random& random, Fits fits) {
    return pick_row(given, random, [&](const File& file, std::size_t row) {
        return file.is("UPSIKYU") && fits(file, row);
    });
}

std::optional<Place> set_item(const std::optional<RowSpot>& spot, std::string_view key,
                              std::string_view text) {
    if (!spot) return std::nullopt;
    spot->file->cell(spot->row, key) = text;
    return at_cell(*spot->file, spot->row, key);
}

bool same_service(const File& left, std::size_t row, const File& right, std::size_t other) {
    return insured_of(left, row) == insured_of(right, other) &&
           left.text(row, "service_office_no") == right.text(other, "service_office_no") &&
           code_of(left, row).substr(0, 2) == code_of(right, other).substr(0, 2);
}

/// Rows of the same user, office and type.
template<class Fits>
std::vector<std::size_t> rows_of_service(const File& file, std::size_t row, Fits fits) {
    std::vector<std::size_t> rows;
    for (std::size_t other = 0; other < file.rows.size(); ++other)
        if (same_service(file, row, file, other) && fits(file, other)) rows.push_back(other);
    return rows;
}

// --- R-T7-01 ---

std::optional<Place> no_grand_total(Case& given, Random& random) {
    const auto spot = table7_row(given, random, is_total);
    if (!spot) return std::nullopt;
    const std::string user = insured_of(*spot->file, spot->row);
    remove_row(*spot->file, spot->row);
    const std::vector<std::size_t> rows = rows_of(*spot->file, user);
    if (rows.empty()) return std::nullopt;
    return at(*spot->file, rows.front());
}

std::optional<Place> two_grand_totals(Case& given, Random& random) {
    const auto spot = table7_row(given, random, is_total);
    if (!spot) return std::nullopt;
    spot->file->rows.push_back(spot->file->rows[spot->row]);
    return at(*spot->file, rows_of(*spot->file, insured_of(*spot->file, spot->row)).front());
}

std::optional<Place> office_of_grand_total(Case& given, Random& random) {
    return set_item(table7_row(given, random, is_total), "service_office_no", "0370100017");
}

std::optional<Place> detail_of_all_offices(Case& given, Random& random) {
    return set_item(table7_row(given, random, is_detail), "service_office_no", of_all_offices);
}

// --- R-T7-02 to R-T7-05 ---

std::optional<Place> no_subtotal(Case& given, Random& random) {
    const auto spot = table7_row(given, random, [](const File& file, std::size_t row) {
        return code_of(file, row).ends_with("AAAA") &&
               rows_of_service(file, row, is_subtotal).size() == 1;
    });
    if (!spot) return std::nullopt;
    const std::vector<std::size_t> details = rows_of_service(*spot->file, spot->row, is_detail);
    remove_row(*spot->file, spot->row); // stands below its details
    return at_record(*spot->file, details.front(), "service_code");
}

std::optional<RowSpot> any_sum(Case& given, Random& random) {
    return table7_row(given, random, [](const File& file, std::size_t row) {
        return is_total(file, row) || is_subtotal(file, row);
    });
}

std::optional<Place> units_of_a_sum(Case& given, Random& random) {
    return set_item(any_sum(given, random), "units", "150");
}

std::optional<Place> discount_of_a_sum(Case& given, Random& random) {
    return set_item(any_sum(given, random),
                    random.below(2) == 0 ? "discount_rate" : "discounted_units", "90");
}

/// A 小計 without amounts, of a type that the user has not.
std::optional<Place> subtotal_of_nothing(Case& given, Random& random) {
    const auto spot = table7_row(given, random, is_total);
    if (!spot) return std::nullopt;
    File& file = *spot->file;
    Row row = file.rows[spot->row];
    file.rows.insert(file.rows.begin() + static_cast<std::ptrdiff_t>(spot->row), row);
    file.cell(spot->row, "service_code") = random.below(2) == 0 ? "28AAAA" : "28ZZZZ";
    file.cell(spot->row, "service_office_no") = "9999999990";
    for (const std::string_view key : amounts) file.cell(spot->row, key).clear();
    for (const std::string_view key :
         {"over_type_limit_units", "in_type_limit_units", "copay_full"})
        file.cell(spot->row, key).clear();
    return at_record(file, spot->row, "service_code");
}

Place add_one(File& file, std::size_t row, std::string_view key) {
    Bytes& cell = file.cell(row, key);
    cell = std::to_string(std::stoi(cell) + 1);
    return at_record(file, row, key);
}

std::optional<Place> wrong_grand_total(Case& given, Random& random) {
    const std::string_view key = random.pick(amounts);
    const auto spot = table7_row(given, random, [&](const File& file, std::size_t row) {
        return is_total(file, row) && file.filled(row, key);
    });
    if (!spot) return std::nullopt;
    return add_one(*spot->file, spot->row, key);
}

/// Of a column that the details fill; beside EEEE or ZZZZ it is not known what AAAA adds up.
std::optional<Place> wrong_subtotal(Case& given, Random& random) {
    const std::string_view key = random.pick(amounts);
    const auto spot = table7_row(given, random, [&](const File& file, std::size_t row) {
        if (!code_of(file, row).ends_with("AAAA") || !file.filled(row, key)) return false;
        const std::vector<std::size_t> rows = rows_of(file, insured_of(file, row));
        const std::vector<std::size_t> details =
            rows_of_service(file, row, [&](const File& table, std::size_t other) {
                return is_detail(table, other) && table.filled(other, key);
            });
        return !details.empty() && std::none_of(rows.begin(), rows.end(), [&](std::size_t other) {
            return is_subtotal(file, other) && !code_of(file, other).ends_with("AAAA");
        });
    });
    if (!spot) return std::nullopt;
    return add_one(*spot->file, spot->row, key);
}

// --- R-T7-06, R-T7-07 ---

bool is_paid_by_visit(const File& file, std::size_t row) {
    constexpr std::array<std::string_view, 12> types{"11", "12", "13", "14", "15", "16",
                                                     "21", "22", "72", "78", "63", "24"};
    const BytesView code = code_of(file, row);
    return is_detail(file, row) && code[2] < '4' &&
           std::find(types.begin(), types.end(), code.substr(0, 2)) != types.end();
}

std::optional<Place> wrong_count(Case& given, Random& random) {
    const auto spot = table7_row(given, random, is_paid_by_visit);
    if (!spot) return std::nullopt;
    File& file = *spot->file;
    Bytes& count = file.cell(spot->row, "count");
    count = std::to_string(std::stoi(count) + 1);
    // told at the first row of the user, office, code and 単位数
    const auto same = rows_of_service(file, spot->row, [&](const File&, std::size_t other) {
        return code_of(file, other) == code_of(file, spot->row) &&
               file.text(other, "units") == file.text(spot->row, "units");
    });
    return at_record(file, same.front(), "count");
}

std::optional<Place> service_not_in_table7(Case& given, Random& random) {
    const auto spot = pick_row(given, random, [](const File& file, std::size_t row) {
        return file.is("UPPLAN") && !file.filled(row, "detail_no");
    });
    if (!spot) return std::nullopt;
    File& plan = *spot->file;
    plan.rows.push_back(plan.rows[spot->row]);
    plan.cell(plan.rows.size() - 1, "service_office_no") = "9999999990";
    return at_record(plan, plan.rows.size() - 1, "service_code");
}

/// The services of another office than the receiver's go from 第6表.
std::optional<Place> service_not_in_table6(Case& given, Random& random) {
    File* const plan = given.file("UPPLAN");
    if (!plan) return std::nullopt;
    const std::string receiver = part_of(*plan, NamePart::Kind::to_office);
    const auto spot = table7_row(given, random, [&](const File& file, std::size_t row) {
        return is_detail(file, row) && file.text(row, "service_office_no") != receiver;
    });
    if (!spot) return std::nullopt;
    const std::size_t before = rows_of(*plan, insured_of(*spot->file, spot->row)).size();
    for (std::size_t row = plan->rows.size(); row-- > 0;)
        if (same_service(*plan, row, *spot->file, spot->row)) remove_row(*plan, row);
    const std::size_t left = rows_of(*plan, insured_of(*spot->file, spot->row)).size();
    if (left == 0 || left == before) return std::nullopt; // a user without services is R-REL-03
    return at_record(*spot->file, rows_of_service(*spot->file, spot->row, is_detail).front(),
                     "service_code");
}

// --- R-T7-08, R-T7-09, 補足, images ---

std::optional<Place> fixed_office_code(Case& given, Random& random) {
    return set_item(table7_row(given, random, [](const File&, std::size_t) { return true; }),
                    "office_code", "0370100017");
}

std::optional<Place> managed_units_outside_the_limit(Case& given, Random& random) {
    return set_item(table7_row(given, random,
                               [](const File& file, std::size_t row) {
                                   const BytesView type = code_of(file, row).substr(0, 2);
                                   return is_detail(file, row) && (type == "31" || type == "34");
                               }),
                    "managed_units", "0");
}

std::optional<RowSpot> supplement_row(Case& given, Random& random) {
    return pick_row(given, random,
                    [](const File& file, std::size_t) { return file.is("UPHOSOKU"); });
}

std::optional<Place> gap_in_the_slots(Case& given, Random& random) {
    return set_item(supplement_row(given, random),
                    random.below(2) == 0 ? "slot3_service_type" : "slot9_service_type", "11");
}

std::optional<Place> stay_not_written_22(Case& given, Random& random) {
    return set_item(supplement_row(given, random), "slot1_service_type",
                    random.below(2) == 0 ? "23" : "2A");
}

std::optional<Place> unlisted_type_in_a_slot(Case& given, Random& random) {
    return set_item(supplement_row(given, random), "slot1_service_type", "9Z");
}

std::optional<RowSpot> row_with_image(Case& given, Random& random) {
    return pick_row(given, random, [](const File& file, std::size_t row) {
        return file.is("UPKIHON") && file.filled(row, "family_image");
    });
}

File* image_of(Case& given, std::string_view name) {
    const auto found = std::find_if(given.files.begin(), given.files.end(),
                                    [&](const File& file) { return file.name == name; });
    return found == given.files.end() ? nullptr : &*found;
}

std::optional<Place> image_missing(Case& given, Random& random) {
    const auto spot = row_with_image(given, random);
    if (!spot) return std::nullopt;
    const Place place = at_record(*spot->file, spot->row, "family_image");
    const File* const image = image_of(given, spot->file->text(spot->row, "family_image"));
    given.files.erase(given.files.begin() + (image - given.files.data()));
    return place;
}

std::optional<Place> image_not_a_jpeg(Case& given, Random& random) {
    const auto spot = row_with_image(given, random);
    if (!spot) return std::nullopt;
    File& image = *image_of(given, spot->file->text(spot->row, "family_image"));
    image.whole = random.below(2) == 0 ? "\x89PNG\r\n\x1A\n" : "";
    return at(image);
}

std::optional<Place> image_left_over(Case& given, Random& random) {
    const auto spot = row_with_image(given, random);
    if (!spot) return std::nullopt;
    File extra = *image_of(given, spot->file->text(spot->row, "family_image"));
    if (random.below(2) == 0) {
        spot->file->cell(spot->row, "family_image").clear();
        return at(extra);
    }
    extra.name = with_part(extra, NamePart::Kind::branch, "9998");
    given.files.push_back(extra);
    return at(extra);
}

constexpr auto error = Severity::error;
constexpr auto warning = Severity::warning;

constexpr Mutator table[] = {
    {"no 全合計", "R-T7-01", error, "", "", no_grand_total},
    {"two 全合計", "R-T7-01", error, "", "", two_grand_totals},
    {"office of 全合計", "R-T7-01", error, "", "", office_of_grand_total},
    {"a service of all offices", "R-T7-01", error,
     "R-T7-02 R-T7-04 R-T7-05 R-T7-06 R-T7-07 R-SAT-01", "the office has one service less in 第7表",
     detail_of_all_offices},
    {"no 小計", "R-T7-02", warning, "R-T7-05", "an amount may stand in the 小計 only", no_subtotal},
    {"units of a sum", "R-T7-03", error, "", "", units_of_a_sum},
    {"discount of a sum", "R-T7-03", error, "", "", discount_of_a_sum},
    {"小計 of nothing", "R-T7-04", error, "", "", subtotal_of_nothing},
    {"wrong 全合計", "R-T7-05", warning, "", "", wrong_grand_total},
    {"wrong 小計", "R-T7-05", warning, "", "", wrong_subtotal},
    {"wrong 回数", "R-T7-06", warning, "", "", wrong_count},
    {"service not in 第7表", "R-T7-07", warning, "", "", service_not_in_table7},
    {"service not in 第6表", "R-T7-07", warning, "", "", service_not_in_table6},
    {"事業所コード not fixed", "R-T7-08", warning, "", "", fixed_office_code},
    {"給付管理単位数 outside the limit", "R-T7-09", warning, "", "",
     managed_units_outside_the_limit},
    {"gap in 種類別限度額", "R-HOS-01", warning, "", "", gap_in_the_slots},
    {"短期入所療養介護 not written 22", "R-HOS-01", warning, "", "", stay_not_written_22},
    {"unlisted type in 種類別限度額", "R-CODE-01", warning, "", "", unlisted_type_in_a_slot},
    {"image missing", "R-IMG-01", error, "", "", image_missing},
    {"image is no JPEG", "R-IMG-01", error, "", "", image_not_a_jpeg},
    {"image left over", "R-IMG-01", error, "", "", image_left_over},
};

} // namespace

std::span<const Mutator> table7_mutators() {
    return table;
}

} // namespace cpg::mutation
