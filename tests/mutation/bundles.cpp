// Versions and months of files, the set of a bundle, and how its files hang together (standard 2.2
// to 2.4, 3.3, 3.4).
#include "tests/mutation/mutator.hpp"

#include <algorithm>
#include <array>

namespace cpg::mutation {
namespace {

using Part = NamePart::Kind;

bool any(const File&) {
    return true;
}

void set_all(File& file, std::string_view key, std::string_view text) {
    for (std::size_t row = 0; row < file.rows.size(); ++row) file.cell(row, key) = text;
}

// --- R-VER ---

/// The whole file says another version.
std::optional<Place> all_versions(Case& given, Random& random, std::string_view version) {
    File* const file = pick_file(given, random, any);
    if (!file) return std::nullopt;
    set_all(*file, "csv_version", version);
    return at_cell(*file, 0, "csv_version");
}

std::optional<Place> version_of_the_notice(Case& given, Random& random) {
    if (given.edition->id != "4.1") return std::nullopt;
    return all_versions(given, random, "202410");
}

std::optional<Place> version_of_a_draft(Case& given, Random& random) {
    return all_versions(given, random, "202201");
}

std::optional<Place> version_never_valid(Case& given, Random& random) {
    constexpr std::array<std::string_view, 5> versions{"202504", "202404", "201910", "202003",
                                                       "209912"};
    return all_versions(given, random, random.pick(versions));
}

std::string_view other_version(const Case& given) {
    return given.edition->id == "3" ? "202407" : "202208";
}

std::optional<Place> two_versions_in_a_file(Case& given, Random& random) {
    const auto spot = pick_row(given, random, [](const File&, std::size_t row) { return row > 0; });
    if (!spot) return std::nullopt;
    spot->file->cell(spot->row, "csv_version") = other_version(given);
    return at_cell(*spot->file, spot->row, "csv_version");
}

std::optional<Place> version_of_another_edition(Case& given, Random& random) {
    File* const file = pick_file(given, random, any);
    if (!file) return std::nullopt;
    set_all(*file, "csv_version", other_version(given));
    Place place = at_cell(*file, 0, "csv_version");
    place.line = 0; // told once the whole file is read
    return place;
}

/// Year and month n months later.
std::string shifted(std::string_view month, int months) {
    const Month parsed = Month::parse(month).value();
    const int count = parsed.year() * 12 + parsed.month() - 1 + months;
    return Month::of(count / 12, count % 12 + 1).str();
}

/// The bundle becomes one of a month of 31 days in which the other edition is in force.
std::optional<Place> month_of_another_edition(Case& given, Random&) {
    const std::string month = given.edition->id == "3" ? "202505" : "202503";
    File* first = nullptr;
    std::sort(given.files.begin(), given.files.end(), [](const File& left, const File& right) {
        return std::tie(left.type, left.name) < std::tie(right.type, right.name);
    });
    for (File& file : given.files) {
        const std::string old = part_of(file, Part::month);
        if (old.empty() || old == "000000") return std::nullopt;
        file.name = with_part(file, Part::month, month);
        for (std::size_t row = 0; row < file.rows.size(); ++row) {
            file.cell(row, "target_month") = month;
            if (file.has("service_date")) file.cell(row, "service_date").replace(0, 6, month);
        }
        if (!first) first = &file;
    }
    if (!first) return std::nullopt;
    return at(*first);
}

// --- R-MON ---

bool is_monthly(const File& file) {
    return !part_of(file, Part::month).empty() && !file.is("UPHOSOKU");
}

std::string neighbour(const Case& given, std::string_view month) {
    return shifted(month, given.edition->id == "3" ? -1 : 1);
}

std::optional<Place> one_record_of_another_month(Case& given, Random& random) {
    const auto spot = pick_row(given, random, [](const File& file, std::size_t row) {
        return row > 0 && is_monthly(file);
    });
    if (!spot) return std::nullopt;
    Bytes& month = spot->file->cell(spot->row, "target_month");
    month = neighbour(given, month);
    return at_cell(*spot->file, spot->row, "target_month");
}

std::optional<Place> name_of_another_month(Case& given, Random& random) {
    File* const file = pick_file(given, random, [](const File& candidate) {
        const std::string month = part_of(candidate, Part::month);
        return !month.empty() && month != "000000";
    });
    if (!file) return std::nullopt;
    file->name = with_part(*file, Part::month, neighbour(given, part_of(*file, Part::month)));
    return at_cell(*file, 0, "target_month");
}

std::optional<Place> service_of_another_month(Case& given, Random& random) {
    const auto spot = pick_row(given, random, [](const File& file, std::size_t row) {
        return file.has("service_date") && !file.text(row, "service_date").ends_with("0229");
    });
    if (!spot) return std::nullopt;
    Bytes& date = spot->file->cell(spot->row, "service_date");
    date.replace(0, 4, std::to_string(std::stoi(date.substr(0, 4)) + (random.below(2) * 2 - 1)));
    return at_cell(*spot->file, spot->row, "service_date");
}

// --- R-BND ---

bool is_plan_or_schedule(Case& given) {
    return given.has("UP1KYO") || given.has("UPPLAN");
}

std::string second_later(std::string serial) {
    serial[13] = serial[13] == '9' ? '0' : static_cast<char>(serial[13] + 1);
    return serial;
}

std::optional<Place> serial_of_one_file(Case& given, Random& random) {
    if (!is_plan_or_schedule(given)) return std::nullopt;
    File* const file = pick_file(given, random, any);
    file->name = with_part(*file, Part::serial, second_later(part_of(*file, Part::serial)));
    return at(*file);
}

/// Of the supplement, which holds no office of the receiver.
std::optional<Place> receiver_of_one_file(Case& given, Random& random) {
    File* const file = given.file("UPHOSOKU");
    if (!file) return std::nullopt;
    const bool type = given.edition->id != "3" && random.below(2) == 0;
    file->name = type ? with_part(*file, Part::to_service_type,
                                  part_of(*file, Part::to_service_type) == "15" ? "16" : "15")
                      : with_part(*file, Part::to_office, "9999999990");
    return at(*file);
}

void drop(Case& given, const File* file) {
    given.files.erase(given.files.begin() + (file - given.files.data()));
}

std::optional<Place> required_file_missing(Case& given, Random& random) {
    if (!is_plan_or_schedule(given)) return std::nullopt;
    drop(given, pick_file(given, random, any));
    return at_bundle();
}

/// A deletion of the same users travels along.
std::optional<Place> file_too_many(Case& given, Random& random) {
    const std::string_view wanted = given.has("DLT1KYO") ? "DLTPLAN" : "DLT1KYO";
    const FileType* const type = given.edition->file(wanted);
    const File& model = *pick_file(given, random, any);
    File extra;
    extra.type = type;
    extra.name = make_file_name(*type,
                                {OfficeNo::parse(part_of(model, Part::from_office)).value(),
                                 ServiceType::parse(part_of(model, Part::from_service_type))},
                                {OfficeNo::parse(part_of(model, Part::to_office)).value(),
                                 ServiceType::parse(part_of(model, Part::to_service_type))},
                                Serial::parse(part_of(model, Part::serial)).value(),
                                given.edition->applies_from);
    Row row;
    row.cells = {given.edition->csv_version, model.cell(0, "insurer_no"),
                 model.cell(0, "insured_no"),
                 wanted == "DLT1KYO" ? given.edition->applies_from.str() + "01"
                                     : given.edition->applies_from.str()};
    extra.rows.push_back(std::move(row));
    given.files.push_back(std::move(extra));
    return at_bundle();
}

std::optional<Place> same_name_twice(Case& given, Random& random) {
    const File* const file = pick_file(given, random, any);
    given.files.push_back(*file);
    return at(given.files.back());
}

/// The same records for another month.
std::optional<Place> second_file_of_a_type(Case& given, Random& random) {
    const File* const file = pick_file(given, random, is_monthly);
    if (!file) return std::nullopt;
    File second = *file;
    const std::string month = neighbour(given, part_of(second, Part::month));
    second.name = with_part(second, Part::month, month);
    set_all(second, "target_month", month);
    if (second.has("service_date"))
        for (std::size_t row = 0; row < second.rows.size(); ++row)
            second.cell(row, "service_date") = month + "01"; // 31 days are not in every month
    const bool behind = second.name > file->name;
    const Place place = at(behind ? second : *file);
    given.files.push_back(std::move(second));
    return place;
}

std::optional<Place> attached_table_missing(Case& given, Random& random) {
    const File* const file = pick_file(
        given, random, [](const File& candidate) { return !candidate.type->parent.empty(); });
    if (!file) return std::nullopt;
    drop(given, file);
    return at_bundle();
}

std::optional<Place> second_bundle_of_the_month(Case& given, Random&) {
    if (!given.has("UPPLAN") && !given.has("UPJSK")) return std::nullopt;
    const std::vector<File> first = given.files;
    set_parts(given, Part::serial, second_later(part_of(given.first(), Part::serial)));
    given.files.insert(given.files.end(), first.begin(), first.end());
    return at_bundle();
}

// --- R-REL ---

void append_user(File& file, std::string_view insured, std::string_view other) {
    for (const std::size_t row : rows_of(file, insured)) {
        file.rows.push_back(file.rows[row]);
        file.cell(file.rows.size() - 1, "insured_no") = other;
    }
}

constexpr std::string_view stranger = "9999900001";

/// A user who is in one file of the bundle only.
template<std::size_t N>
std::optional<Place> user_in_one_file(Case& given, Random& random,
                                      const std::array<std::string_view, N>& types) {
    File* const file = pick_file(given, random, [&](const File& candidate) {
        return std::find(types.begin(), types.end(), candidate.type->id) != types.end();
    });
    if (!file) return std::nullopt;
    const std::size_t row = file->rows.size();
    append_user(*file, pick(random, users_of(*file)), stranger);
    return at(*file, row);
}

std::optional<Place> stranger_beside_plan(Case& given, Random& random) {
    constexpr std::array<std::string_view, 3> children{"UP2KYO", "UP3KYO", "UPHOSOKU"};
    if (!given.has("UP1KYO")) return std::nullopt;
    return user_in_one_file(given, random, children);
}

std::optional<Place> stranger_beside_schedule(Case& given, Random& random) {
    constexpr std::array<std::string_view, 2> children{"UPSIKYU", "UPHOSOKU"};
    if (!given.has("UPPLAN")) return std::nullopt;
    return user_in_one_file(given, random, children);
}

std::optional<Place> stranger_in_attached_table(Case& given, Random& random) {
    constexpr std::array<std::string_view, 3> children{"UPKIHON_SUB1", "UPKIHON_SUB2",
                                                       "UPYOBO_SUB"};
    return user_in_one_file(given, random, children);
}

/// The first record of one of several users in `parent`, all whose records in `child` go.
std::optional<Place> user_removed(Case& given, Random& random, std::string_view parent,
                                  std::string_view child) {
    File* const from = given.file(parent);
    File* const file = given.file(child);
    if (!from || !file) return std::nullopt;
    const std::vector<std::string> users = users_of(*file);
    if (users.size() < 2) return std::nullopt;
    const std::string& user = pick(random, users);
    const std::vector<std::size_t> told = rows_of(*from, user);
    if (told.empty()) return std::nullopt;
    const std::vector<std::size_t> rows = rows_of(*file, user);
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) remove_row(*file, *row);
    return at(*from, told.front());
}

std::optional<Place> plan_without_supplement(Case& given, Random& random) {
    return user_removed(given, random, "UP1KYO", "UPHOSOKU");
}
std::optional<Place> plan_without_table2(Case& given, Random& random) {
    return user_removed(given, random, "UP1KYO", "UP2KYO");
}
std::optional<Place> plan_without_table3(Case& given, Random& random) {
    return user_removed(given, random, "UP1KYO", "UP3KYO");
}
std::optional<Place> tables_without_plan(Case& given, Random& random) {
    return user_removed(given, random, random.below(2) == 0 ? "UP2KYO" : "UPHOSOKU", "UP1KYO");
}
std::optional<Place> attached_table_without_kihon(Case& given, Random& random) {
    return user_removed(given, random, random.below(2) == 0 ? "UPKIHON_SUB1" : "UPKIHON_SUB2",
                        "UPKIHON");
}
std::optional<Place> attached_table_without_yobo(Case& given, Random& random) {
    return user_removed(given, random, "UPYOBO_SUB", "UPYOBO");
}
std::optional<Place> table7_without_table6(Case& given, Random& random) {
    return user_removed(given, random, random.below(2) == 0 ? "UPSIKYU" : "UPHOSOKU", "UPPLAN");
}

/// Whether any of the user's services in 第6表 is of 介護給付.
bool has_care_benefit(Case& given, std::string_view user) {
    const File& plan = *given.file("UPPLAN");
    const std::vector<std::size_t> rows = rows_of(plan, user);
    return std::any_of(rows.begin(), rows.end(), [&](std::size_t row) {
        const auto* const info =
            given.edition->service_type(plan.text(row, "service_code").substr(0, 2));
        return info && info->group == "介護給付";
    });
}

std::optional<Place> table6_alone(Case& given, Random& random, bool care) {
    File* const plan = given.file("UPPLAN");
    if (!plan || has_care_benefit(given, users_of(*plan).front()) != care) return std::nullopt;
    return user_removed(given, random, "UPPLAN", random.below(2) == 0 ? "UPSIKYU" : "UPHOSOKU");
}
std::optional<Place> table6_alone_of_care(Case& given, Random& random) {
    return table6_alone(given, random, true);
}
std::optional<Place> table6_alone_of_prevention(Case& given, Random& random) {
    return table6_alone(given, random, false);
}

std::optional<Place> supplement_of_the_other_purpose(Case& given, Random& random) {
    File* const file = given.file("UPHOSOKU");
    if (!file) return std::nullopt;
    const auto row = static_cast<std::size_t>(random.below(static_cast<int>(file->rows.size())));
    const bool plan = given.has("UP1KYO");
    const bool month = random.below(2) == 0;
    if (month) file->cell(row, "target_month") = plan ? "202612" : "000000";
    if (!month) file->cell(row, "plan_date") = plan ? "00000000" : "20261201";
    return at_cell(*file, row, month ? "target_month" : "plan_date");
}

std::optional<Place> two_records_of_a_key(Case& given, Random& random) {
    constexpr std::array<std::string_view, 4> types{"UP1KYO", "UPKIHON", "UPYOBO", "UPHOSOKU"};
    const auto spot = pick_row(given, random, [&](const File& file, std::size_t) {
        return std::find(types.begin(), types.end(), file.type->id) != types.end();
    });
    if (!spot) return std::nullopt;
    spot->file->rows.push_back(spot->file->rows[spot->row]);
    return at(*spot->file, spot->file->rows.size() - 1);
}

std::string numbers_of(const File& file, std::size_t row) {
    std::string numbers;
    for (const std::string& key : file.type->order_by) (numbers += file.text(row, key)) += ' ';
    return numbers;
}

bool is_numbered(const File& file) {
    return !file.type->order_by.empty();
}

std::optional<Place> number_used_twice(Case& given, Random& random) {
    const auto spot =
        pick_row(given, random, [](const File& file, std::size_t) { return is_numbered(file); });
    if (!spot) return std::nullopt;
    File& file = *spot->file;
    file.rows.insert(file.rows.begin() + static_cast<std::ptrdiff_t>(spot->row),
                     file.rows[spot->row]);
    return at_record(file, spot->row + 1, file.type->order_by.front());
}

std::optional<Place> numbers_not_ascending(Case& given, Random& random) {
    const auto spot = pick_row(given, random, [](const File& file, std::size_t row) {
        return is_numbered(file) && row + 1 < file.rows.size() &&
               insured_of(file, row) == insured_of(file, row + 1) &&
               numbers_of(file, row) != numbers_of(file, row + 1);
    });
    if (!spot) return std::nullopt;
    File& file = *spot->file;
    std::swap(file.rows[spot->row], file.rows[spot->row + 1]);
    return at_record(file, spot->row + 1, file.type->order_by.front());
}

/// 第3表: a record of one kind gets an item of another.
std::optional<Place> two_kinds_in_a_record(Case& given, Random& random) {
    const auto spot = pick_row(given, random, [](const File& file, std::size_t row) {
        return file.is("UP3KYO") && !file.filled(row, "non_weekly_service");
    });
    if (!spot) return std::nullopt;
    spot->file->set(spot->row, "non_weekly_service", "通院");
    return at(*spot->file, spot->row);
}

std::optional<Place> no_kind_in_a_record(Case& given, Random& random) {
    const auto spot =
        pick_row(given, random, [](const File& file, std::size_t) { return file.is("UP3KYO"); });
    if (!spot) return std::nullopt;
    for (const RowKind& kind : spot->file->type->row_kinds)
        for (const int no : kind.fields)
            spot->file->rows[spot->row].cells[static_cast<std::size_t>(no) - 1].clear();
    return at(*spot->file, spot->row);
}

constexpr auto error = Severity::error;
constexpr auto warning = Severity::warning;

constexpr std::string_view other_key_why =
    "the record is of another user and month, whom the other files do not know, and is missing "
    "among those of its own";

constexpr Mutator table[] = {
    {"version 202410", "R-VER-01", warning, "", "", version_of_the_notice},
    {"version 202201", "R-VER-01", warning, "", "", version_of_a_draft},
    {"version never valid", "R-VER-01", error, "", "", version_never_valid},
    {"two versions in a file", "R-VER-02", error, "", "", two_versions_in_a_file},
    {"version of another edition", "R-VER-03", error, "R-VER-04 R-CSV-01",
     "the month asks for the other version; the records have the columns of this one",
     version_of_another_edition},
    {"month of another edition", "R-VER-04", warning, "", "", month_of_another_edition},
    {"one record of another month", "R-MON-01", error,
     "R-MON-02 R-REL-03 R-PRIV-01 R-HIW-02 R-T7-01 R-T7-02 R-T7-04 R-T7-05 R-T7-06 R-T7-07 "
     "R-SAT-01",
     other_key_why, one_record_of_another_month},
    {"name of another month", "R-MON-02", error, "", "", name_of_another_month},
    {"service of another month", "R-MON-03", error, "", "", service_of_another_month},
    {"serial of one file", "R-BND-01", error, "", "", serial_of_one_file},
    {"receiver of one file", "R-BND-01", error, "", "", receiver_of_one_file},
    {"required file missing", "R-BND-02", error, "", "", required_file_missing},
    {"file too many", "R-BND-02", error, "R-VER-04 R-NAME-10",
     "the deletion is of the edition's first month, and a care manager's", file_too_many},
    {"same name twice", "R-BND-03", error, "", "", same_name_twice},
    {"second file of a type", "R-BND-03", error,
     "R-DUP-01 R-TIME-03 R-HIW-02 R-HIW-03 R-REL-03 R-PRIV-01",
     "all services of the second file are moved to one day; the other files do not know its month",
     second_file_of_a_type},
    {"attached table missing", "R-BND-04", warning, "", "", attached_table_missing},
    {"second bundle of the month", "R-BND-05", warning, "", "", second_bundle_of_the_month},
    {"stranger beside a plan", "R-REL-01", error, "", "", stranger_beside_plan},
    {"tables without a plan", "R-REL-01", error, "", "", tables_without_plan},
    {"plan without supplement", "R-REL-02", error, "", "", plan_without_supplement},
    {"plan without 第2表", "R-REL-02", warning, "R-PRIV-02", "第2表 names the receiver",
     plan_without_table2},
    {"plan without 第3表", "R-REL-02", warning, "", "", plan_without_table3},
    {"stranger beside a schedule", "R-REL-03", error, "", "", stranger_beside_schedule},
    {"第7表 or supplement without 第6表", "R-REL-03", error, "", "", table7_without_table6},
    {"第6表 alone", "R-REL-03", error, "", "", table6_alone_of_care},
    {"第6表 of 予防 alone", "R-REL-03", warning, "", "", table6_alone_of_prevention},
    {"supplement of the other purpose", "R-REL-04", error, "", "", supplement_of_the_other_purpose},
    {"stranger in an attached table", "R-REL-05", error, "", "", stranger_in_attached_table},
    {"attached table without 基本情報", "R-REL-05", error, "R-IMG-01",
     "the image of the user is left over", attached_table_without_kihon},
    {"attached table without 予防計画", "R-REL-05", error, "", "", attached_table_without_yobo},
    {"two records of a key", "R-REL-06", warning, "", "", two_records_of_a_key},
    {"number used twice", "R-REL-07", warning, "", "", number_used_twice},
    {"numbers not ascending", "R-REL-07", warning, "", "", numbers_not_ascending},
    {"two kinds in a record", "R-REL-08", warning, "", "", two_kinds_in_a_record},
    {"no kind in a record", "R-REL-08", warning, "", "", no_kind_in_a_record},
};

} // namespace

std::span<const Mutator> bundle_mutators() {
    return table;
}

} // namespace cpg::mutation
