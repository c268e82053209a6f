// 第6表 予定 and 実績 (別紙 第6表), and whose records a bundle holds (standard 2.6, 5.1.2).
#include "tests/mutation/mutator.hpp"

#include <algorithm>
#include <array>

namespace cpg::mutation {
namespace {

using Part = NamePart::Kind;

constexpr std::string_view other_office = "9999999990";

bool is_table6(const File& file) {
    return file.is("UPPLAN") || file.is("UPJSK");
}
BytesView type_of(const File& file, std::size_t row) {
    return file.text(row, "service_code").substr(0, 2);
}
bool is_care_manager(std::string_view type) {
    return type == "43" || type == "46" || type == "AF";
}
bool is_rental(BytesView type) {
    return type == "17" || type == "67";
}
bool is_addition(const File& file, std::size_t row) {
    const char item = file.text(row, "service_code")[2];
    return item == '4' || item == '5' || item == '6';
}
bool has_time(const File& file, std::size_t row) {
    return file.text(row, "start_time") != "9999";
}

/// A care manager passes on 実績 of others: whose records they are is not checked.
bool is_passed_on(Case& given) {
    return is_care_manager(part_of(given.first(), Part::from_service_type));
}

std::optional<Place> set_item(const std::optional<RowSpot>& spot, std::string_view key,
                              std::string_view text) {
    if (!spot) return std::nullopt;
    spot->file->cell(spot->row, key) = text;
    return at_cell(*spot->file, spot->row, key);
}

template<class Fits> std::optional<RowSpot> table6_row(Case& given, Random& random, Fits fits) {
    return pick_row(given, random, [&](const File& file, std::size_t row) {
        return is_table6(file) && fits(file, row);
    });
}

// --- whose records: R-OWN, R-DEL-02, R-PRIV, R-FULL-01, R-SVC-01 ---

std::optional<Place> actual_of_another_office(Case& given, Random& random) {
    if (is_passed_on(given)) return std::nullopt;
    return set_item(pick_row(given, random,
                             [](const File& file, std::size_t row) {
                                 return file.is("UPJSK") && !file.filled(row, "satellite_no");
                             }),
                    "service_office_no", other_office);
}

std::optional<Place> actual_of_another_type(Case& given, Random& random) {
    if (is_passed_on(given) || given.edition->id == "3") return std::nullopt;
    const auto spot = pick_row(given, random, [](const File& file, std::size_t row) {
        return file.is("UPJSK") && !file.filled(row, "satellite_no") &&
               !is_rental(type_of(file, row)) && !is_addition(file, row);
    });
    if (!spot) return std::nullopt;
    const std::string_view type = type_of(*spot->file, spot->row) == "15" ? "16" : "15";
    spot->file->cell(spot->row, "service_code").replace(0, 2, type);
    return at_cell(*spot->file, spot->row, "service_code");
}

std::optional<Place> actual_of_another_planner(Case& given, Random& random) {
    if (is_passed_on(given)) return std::nullopt;
    return set_item(
        pick_row(given, random, [](const File& file, std::size_t) { return file.is("UPJSK"); }),
        "planner_office_no", other_office);
}

std::optional<Place> plan_of_another_planner(Case& given, Random& random) {
    return set_item(pick_row(given, random,
                             [](const File& file, std::size_t) {
                                 return file.is("UPPLAN") || file.is("UP1KYO");
                             }),
                    "planner_office_no", other_office);
}

std::optional<Place> updated_by_another(Case& given, Random& random) {
    if (given.has("UPJSK") && is_passed_on(given)) return std::nullopt;
    return set_item(
        pick_row(given, random,
                 [](const File& file, std::size_t) { return file.has("updater_office"); }),
        "updater_office", other_office);
}

std::optional<Place> deletion_for_another_office(Case& given, Random& random) {
    if (is_passed_on(given)) return std::nullopt;
    return set_item(
        pick_row(given, random, [](const File& file, std::size_t) { return file.is("DLTJSK"); }),
        "service_office_no", other_office);
}

std::optional<Place> deletion_for_another_type(Case& given, Random& random) {
    if (is_passed_on(given) || given.edition->id == "3") return std::nullopt;
    const auto spot =
        pick_row(given, random, [](const File& file, std::size_t) { return file.is("DLTJSK"); });
    if (!spot) return std::nullopt;
    return set_item(spot, "service_type",
                    spot->file->text(spot->row, "service_type") == "15" ? "16" : "15");
}

/// All rows of the user that name the receiver name another office, in every file.
template<std::size_t N>
bool takes_receiver_away(Case& given, std::string_view user,
                         const std::array<std::string_view, N>& types) {
    const std::string receiver = part_of(given.first(), Part::to_office);
    bool changed = false;
    for (const std::string_view type : types) {
        File& file = *given.file(type);
        for (const std::size_t row : rows_of(file, user)) {
            if (file.text(row, "service_office_no") != receiver) continue;
            file.cell(row, "service_office_no") = other_office;
            changed = true;
        }
    }
    return changed;
}

template<std::size_t N>
std::optional<Place> user_of_others(Case& given, Random& random,
                                    const std::array<std::string_view, N>& types,
                                    std::string_view told_in) {
    File* const file = given.file(told_in);
    if (!file || is_care_manager(part_of(*file, Part::to_service_type))) return std::nullopt;
    const std::string user = pick(random, users_of(*file));
    if (!takes_receiver_away(given, user, types)) return std::nullopt;
    return at(*file, rows_of(*file, user).front());
}

std::optional<Place> scheduled_user_of_others(Case& given, Random& random) {
    constexpr std::array<std::string_view, 2> types{"UPPLAN", "UPSIKYU"};
    return user_of_others(given, random, types, "UPPLAN");
}

std::optional<Place> planned_user_of_others(Case& given, Random& random) {
    constexpr std::array<std::string_view, 1> types{"UP2KYO"};
    return user_of_others(given, random, types, "UP1KYO");
}

/// Every service is the receiver's: those of the other offices were cut out.
std::optional<Place> receiver_only(Case& given, Random&) {
    File* const plan = given.file("UPPLAN");
    if (!plan || users_of(*plan).size() < 10) return std::nullopt;
    const std::string receiver = part_of(*plan, Part::to_office);
    if (is_care_manager(part_of(*plan, Part::to_service_type))) return std::nullopt;
    for (const std::string_view type : {"UPPLAN", "UPSIKYU"}) {
        File& file = *given.file(type);
        for (std::size_t row = 0; row < file.rows.size(); ++row)
            if (file.text(row, "service_office_no") != "9999999999")
                file.cell(row, "service_office_no") = receiver;
    }
    return at(*plan);
}

/// The services of one type of one user become those of another, in both tables.
std::optional<Place> service_type_becomes(Case& given, Random& random, std::string_view type) {
    File* const plan = given.file("UPPLAN");
    if (!plan) return std::nullopt;
    const auto spot = pick_row(given, random, [](const File& file, std::size_t row) {
        return file.is("UPPLAN") && !is_rental(type_of(file, row)) &&
               !file.filled(row, "detail_no");
    });
    if (!spot) return std::nullopt;
    const std::string user = insured_of(*plan, spot->row);
    const std::string old(type_of(*plan, spot->row));
    for (const std::string_view table : {"UPPLAN", "UPSIKYU"}) {
        File& file = *given.file(table);
        for (const std::size_t row : rows_of(file, user))
            if (type_of(file, row) == old) file.cell(row, "service_code").replace(0, 2, type);
    }
    return at_cell(*plan, spot->row, "service_code");
}

std::optional<Place> service_out_of_scope(Case& given, Random& random) {
    constexpr std::array<std::string_view, 5> types{"33", "36", "51", "53", "81"};
    return service_type_becomes(given, random, random.pick(types));
}

std::optional<Place> unlisted_service(Case& given, Random& random) {
    constexpr std::array<std::string_view, 4> types{"A9", "55", "AC", "43"};
    return service_type_becomes(given, random, random.pick(types));
}

std::optional<Place> deletion_out_of_scope(Case& given, Random& random) {
    return set_item(
        pick_row(given, random, [](const File& file, std::size_t) { return file.is("DLTJSK"); }),
        "service_type", "51");
}

// --- R-TIME ---

std::optional<Place> one_time_of_two(Case& given, Random& random) {
    const auto spot = table6_row(given, random, has_time);
    return set_item(spot, random.below(2) == 0 ? "start_time" : "end_time", "9999");
}

std::optional<Place> one_time_without_the_other(Case& given, Random& random) {
    const auto spot = table6_row(
        given, random, [](const File& file, std::size_t row) { return !has_time(file, row); });
    if (!spot) return std::nullopt;
    const bool start = random.below(2) == 0;
    spot->file->cell(spot->row, start ? "start_time" : "end_time") = "1030";
    return at_cell(*spot->file, spot->row, start ? "end_time" : "start_time");
}

std::optional<Place> no_time_at_all(Case& given, Random& random) {
    constexpr std::array<std::string_view, 5> times{"2460", "2500", "930", "09300", "9:30"};
    return set_item(table6_row(given, random, has_time),
                    random.below(2) == 0 ? "start_time" : "end_time", random.pick(times));
}

/// No addition of the same day, office and type, whose time would not be that of its base any more.
std::optional<RowSpot> visit_alone(Case& given, Random& random) {
    return table6_row(given, random, [](const File& file, std::size_t row) {
        if (!has_time(file, row)) return false;
        for (std::size_t other = 0; other < file.rows.size(); ++other)
            if (other != row && insured_of(file, other) == insured_of(file, row) &&
                file.text(other, "service_date") == file.text(row, "service_date"))
                return false;
        return true;
    });
}

std::optional<Place> end_is_start(Case& given, Random& random) {
    const auto spot = visit_alone(given, random);
    if (!spot) return std::nullopt;
    return set_item(spot, "end_time", Bytes(spot->file->text(spot->row, "start_time")));
}

std::optional<Place> end_before_start(Case& given, Random& random) {
    return set_item(visit_alone(given, random), "end_time", "0015");
}

std::optional<Place> end_at_2400(Case& given, Random& random) {
    return set_item(visit_alone(given, random), "end_time", "2400");
}

std::optional<Place> end_of_plan_at_2400(Case& given, Random& random) {
    return set_item(pick_row(given, random,
                             [](const File& file, std::size_t row) {
                                 return file.is("UP3KYO") && file.filled(row, "activity_end");
                             }),
                    "activity_end", "2400");
}

std::optional<Place> addition_at_another_time(Case& given, Random& random) {
    const auto spot = table6_row(given, random, [](const File& file, std::size_t row) {
        return has_time(file, row) && is_addition(file, row);
    });
    if (!spot) return std::nullopt;
    spot->file->cell(spot->row, "start_time") = "0001";
    return at_record(*spot->file, spot->row, "start_time");
}

// --- R-CNT-01 ---

std::optional<RowSpot> any_service(Case& given, Random& random) {
    return table6_row(given, random, [](const File&, std::size_t) { return true; });
}

std::optional<Place> count_is_no_count(Case& given, Random& random) {
    constexpr std::array<std::string_view, 4> counts{"-1", "100", "1x", "1.5"};
    return set_item(any_service(given, random), "count", random.pick(counts));
}

std::optional<Place> count_is_zero(Case& given, Random& random) {
    return set_item(any_service(given, random), "count", random.below(2) == 0 ? "0" : "00");
}

// --- R-HIW ---

int day_of(const File& file, std::size_t row) {
    return std::stoi(std::string(file.text(row, "service_date").substr(6)));
}

/// 1 on the day of the service only.
std::string days_with(int day) {
    std::string days(31, '0');
    days[static_cast<std::size_t>(day) - 1] = '1';
    return days;
}

std::optional<Place> prorate_days(Case& given, Random& random, std::string (*days)(int)) {
    const auto spot = any_service(given, random);
    if (!spot) return std::nullopt;
    return set_item(spot, "prorate_days", days(day_of(*spot->file, spot->row)));
}

std::optional<Place> prorate_days_of_wrong_length(Case& given, Random& random) {
    return prorate_days(given, random, [](int day) { return days_with(day) + '0'; });
}

std::optional<Place> prorate_days_of_other_characters(Case& given, Random& random) {
    return prorate_days(given, random, [](int day) {
        std::string days = days_with(day);
        std::replace(days.begin(), days.end(), '0', '2');
        return days;
    });
}

std::optional<Place> prorate_days_beyond_the_month(Case& given, Random& random) {
    const auto spot = table6_row(given, random, [](const File& file, std::size_t row) {
        return Month::parse(file.text(row, "target_month")).value().days() < 31;
    });
    if (!spot) return std::nullopt;
    std::string days = days_with(day_of(*spot->file, spot->row));
    days.back() = '1';
    return set_item(spot, "prorate_days", days);
}

std::optional<Place> no_prorate_day(Case& given, Random& random) {
    return prorate_days(given, random, [](int) { return std::string(31, '0'); });
}

std::optional<Place> prorate_days_without_the_service(Case& given, Random& random) {
    return prorate_days(given, random, [](int day) { return days_with(day == 1 ? 2 : 1); });
}

// --- R-WEL ---

bool has_tais(const File& file, std::size_t row) {
    return file.has("tais_code") && file.filled(row, "tais_code");
}

std::optional<Place> equipment_without_code(Case& given, Random& random) {
    return set_item(pick_row(given, random, has_tais), "tais_code", "");
}

std::optional<Place> equipment_with_both_codes(Case& given, Random& random) {
    return set_item(pick_row(given, random, has_tais), "notified_item_code", "12345-123456");
}

std::optional<Place> tais_code_of_another_form(Case& given, Random& random) {
    constexpr std::array<std::string_view, 4> codes{"99999000010", "99999-00001", "9999A-00001a",
                                                    "99999_000010"};
    return set_item(pick_row(given, random, has_tais), "tais_code", random.pick(codes));
}

std::optional<Place> equipment_code_of_another_type(Case& given, Random& random) {
    const auto spot = pick_row(given, random, [](const File& file, std::size_t row) {
        return file.has("tais_code") && !is_rental(type_of(file, row)) &&
               file.text(row, "service_code") != "999999" &&
               !file.text(row, "service_code").ends_with("AAAA") &&
               !file.text(row, "service_code").ends_with("ZZZZ") &&
               !file.text(row, "service_code").ends_with("EEEE");
    });
    return set_item(spot, random.below(2) == 0 ? "tais_code" : "notified_item_code",
                    "12345-123456");
}

std::optional<Place> detail_no_of(Case& given, Random& random, bool (*fits)(BytesView)) {
    const auto spot = pick_row(given, random, [&](const File& file, std::size_t row) {
        return file.has("detail_no") && fits(type_of(file, row));
    });
    return set_item(spot, "detail_no", "1");
}

std::optional<Place> detail_no_of_another_type(Case& given, Random& random) {
    return detail_no_of(given, random, [](BytesView type) { return !is_rental(type); });
}

std::optional<Place> detail_no_of_prevention(Case& given, Random& random) {
    return detail_no_of(given, random, [](BytesView type) { return type == "67"; });
}

template<class Fits> std::optional<RowSpot> numbered_piece(Case& given, Random& random, Fits fits) {
    return pick_row(given, random, [&](const File& file, std::size_t row) {
        return file.has("detail_no") && fits(file.text(row, "detail_no"));
    });
}

std::optional<Place> piece_number_left_out(Case& given, Random& random) {
    const auto spot = numbered_piece(given, random, [](BytesView no) { return no == "2"; });
    if (!spot) return std::nullopt;
    spot->file->cell(spot->row, "detail_no") = "3";
    return at_record(*spot->file, spot->row, "detail_no");
}

std::optional<Place> piece_without_number(Case& given, Random& random) {
    const auto spot = numbered_piece(given, random, [](BytesView no) { return !no.empty(); });
    if (!spot) return std::nullopt;
    spot->file->cell(spot->row, "detail_no").clear();
    return at_record(*spot->file, spot->row, "detail_no");
}

// --- R-SAT-01, R-DUP-01 ---

/// Every record of one office and type has the same サテライト枝番.
std::optional<Place> satellite_without_main_office(Case& given, Random& random) {
    File* const file = given.file("UPJSK");
    if (!file || !file->has("satellite_no")) return std::nullopt;
    const auto chosen = static_cast<std::size_t>(random.below(static_cast<int>(file->rows.size())));
    const Bytes office(file->text(chosen, "service_office_no"));
    const Bytes type(type_of(*file, chosen));
    std::optional<std::size_t> first;
    for (std::size_t row = 0; row < file->rows.size(); ++row) {
        if (file->text(row, "service_office_no") != office || type_of(*file, row) != type) continue;
        file->cell(row, "satellite_no") = "1";
        if (!first) first = row;
    }
    return at_record(*file, *first, "satellite_no");
}

std::optional<Place> satellite_unknown_to_table7(Case& given, Random& random) {
    const auto spot = pick_row(given, random, [](const File& file, std::size_t) {
        return file.is("UPPLAN") && file.has("satellite_no");
    });
    if (!spot) return std::nullopt;
    spot->file->cell(spot->row, "satellite_no") = "9";
    return at_record(*spot->file, spot->row, "satellite_no");
}

std::optional<Place> record_twice(Case& given, Random& random) {
    const auto spot = any_service(given, random);
    if (!spot) return std::nullopt;
    spot->file->rows.push_back(spot->file->rows[spot->row]);
    return at(*spot->file, spot->file->rows.size() - 1);
}

constexpr auto error = Severity::error;
constexpr auto warning = Severity::warning;

constexpr std::string_view no_base_why =
    "an addition of the same day is not at the time of its base any more";

constexpr std::string_view one_site_less_why = "a サテライト枝番 is that of the only site left, "
                                               "once the record is not of this office and type";

constexpr Mutator table[] = {
    {"実績 of another office", "R-OWN-01", error, "R-SAT-01", one_site_less_why,
     actual_of_another_office},
    {"実績 of another type", "R-OWN-01", warning, "R-SAT-01", one_site_less_why,
     actual_of_another_type},
    {"実績 for another planner", "R-OWN-02", warning, "", "", actual_of_another_planner},
    {"plan of another planner", "R-OWN-03", warning, "", "", plan_of_another_planner},
    {"updated by another", "R-OWN-03", warning, "", "", updated_by_another},
    {"deletion for another office", "R-DEL-02", error, "", "", deletion_for_another_office},
    {"deletion for another type", "R-DEL-02", warning, "", "", deletion_for_another_type},
    {"scheduled user of others", "R-PRIV-01", error, "", "", scheduled_user_of_others},
    {"planned user of others", "R-PRIV-02", warning, "", "", planned_user_of_others},
    {"services of the receiver only", "R-FULL-01", warning, "", "", receiver_only},
    {"service out of scope", "R-SVC-01", error, "", "", service_out_of_scope},
    {"unlisted service", "R-SVC-01", warning, "", "", unlisted_service},
    {"deletion out of scope", "R-SVC-01", error, "R-DEL-02", "it is not the sender's type either",
     deletion_out_of_scope},
    {"one time without the other", "R-TIME-01", error, "", "", one_time_without_the_other},
    {"9999 in one of two times", "R-TIME-01", error, "R-TIME-03", no_base_why, one_time_of_two},
    {"no time at all", "R-TIME-01", error, "R-TIME-03", no_base_why, no_time_at_all},
    {"end is start", "R-TIME-02", warning, "", "", end_is_start},
    {"end before start", "R-TIME-02", warning, "", "", end_before_start},
    {"end at 2400", "R-TIME-02", warning, "", "", end_at_2400},
    {"end of an activity at 2400", "R-TIME-02", warning, "", "", end_of_plan_at_2400},
    {"addition at another time", "R-TIME-03", warning, "", "", addition_at_another_time},
    {"count is no count", "R-CNT-01", error, "", "", count_is_no_count},
    {"count is zero", "R-CNT-01", warning, "", "", count_is_zero},
    {"日割対象日 of wrong length", "R-HIW-01", error, "", "", prorate_days_of_wrong_length},
    {"日割対象日 of other characters", "R-HIW-01", error, "", "", prorate_days_of_other_characters},
    {"日割対象日 beyond the month", "R-HIW-02", error, "", "", prorate_days_beyond_the_month},
    {"日割対象日 without a day", "R-HIW-03", warning, "", "", no_prorate_day},
    {"日割対象日 without the service", "R-HIW-03", warning, "", "",
     prorate_days_without_the_service},
    {"equipment without code", "R-WEL-01", error, "", "", equipment_without_code},
    {"equipment with both codes", "R-WEL-02", warning, "", "", equipment_with_both_codes},
    {"TAISコード of another form", "R-WEL-02", warning, "", "", tais_code_of_another_form},
    {"equipment code of another type", "R-WEL-02", warning, "", "", equipment_code_of_another_type},
    {"明細判別コード of another type", "R-WEL-03", error, "", "", detail_no_of_another_type},
    {"明細判別コード of 67", "R-WEL-03", warning, "", "", detail_no_of_prevention},
    {"piece number left out", "R-WEL-04", warning, "", "", piece_number_left_out},
    {"piece without number", "R-WEL-04", warning, "", "", piece_without_number},
    {"satellite without main office", "R-SAT-01", warning, "", "", satellite_without_main_office},
    {"satellite unknown to 第7表", "R-SAT-01", warning, "", "", satellite_unknown_to_table7},
    {"record twice", "R-DUP-01", warning, "R-T7-06 R-WEL-04",
     "第7表 counts it once; two pieces have one number", record_twice},
};

} // namespace

std::span<const Mutator> table6_mutators() {
    return table;
}

} // namespace cpg::mutation
