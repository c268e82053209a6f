// File names (別紙 ファイル名規約), and what the options of a check ask of them.
#include "tests/mutation/mutator.hpp"

#include <array>

namespace cpg::mutation {
namespace {

using Part = NamePart::Kind;

/// Gives one file another name; the finding stands at the new one.
Place rename(File& file, std::string name) {
    file.name = std::move(name);
    return at(file);
}

File& any_file(Case& given, Random& random) {
    return given
        .files[static_cast<std::size_t>(random.below(static_cast<int>(given.files.size())))];
}

/// Any file whose name has the part.
File* file_with(Case& given, Random& random, Part part) {
    std::vector<File*> found;
    for (File& file : given.files)
        if (!part_of(file, part).empty()) found.push_back(&file);
    return found.empty() ? nullptr : pick(random, found);
}

template<std::size_t N>
std::optional<Place> replace_part(Case& given, Random& random, Part part,
                                  const std::array<std::string_view, N>& texts) {
    File* const file = file_with(given, random, part);
    if (!file) return std::nullopt;
    return rename(*file, with_part(*file, part, random.pick(texts)));
}

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

std::string_view prefix_of(const File& file) {
    return file.type->name_parts.front().literal;
}

/// Whether nothing but the names says who sends and who receives.
bool names_no_office_inside(Case& given) {
    for (const File& file : given.files)
        for (const std::string_view key :
             {"service_office_no", "planner_office_no", "updater_office"})
            if (file.has(key)) return false;
    return true;
}

// --- a name that is none: the file belongs to no bundle ---

std::optional<Place> foreign_prefix(Case& given, Random& random) {
    File& file = any_file(given, random);
    constexpr std::array<std::string_view, 3> prefixes{"KAIGO", "SEIKYUSHO", "MEISAI2026"};
    return rename(file, std::string(random.pick(prefixes)) + '_' + file.name);
}

std::optional<Place> misspelt_prefix(Case& given, Random& random) {
    File& file = any_file(given, random);
    const auto length = static_cast<int>(prefix_of(file).size());
    std::string name = file.name;
    name.erase(static_cast<std::size_t>(random.below(length)), 1);
    return rename(file, name);
}

std::optional<Place> missing_part(Case& given, Random& random) {
    File& file = any_file(given, random);
    std::vector<std::string> parts = parts_of(file);
    parts.erase(parts.begin() + random.below(static_cast<int>(parts.size())));
    return rename(file, name_of(file, parts));
}

std::optional<Place> extra_part(Case& given, Random& random) {
    File& file = any_file(given, random);
    std::vector<std::string> parts = parts_of(file);
    parts.insert(parts.begin() + random.below(static_cast<int>(parts.size()) + 1), "01");
    return rename(file, name_of(file, parts));
}

std::optional<Place> other_separator(Case& given, Random& random) {
    File& file = any_file(given, random);
    constexpr std::array<std::string_view, 3> separators{"-", " ", "＿"};
    const std::string_view separator = random.pick(separators);
    std::string name(prefix_of(file));
    for (const std::string& part : parts_of(file)) (name += separator) += part;
    return rename(file, name + file.type->name_parts.back().literal);
}

std::optional<Place> other_extension(Case& given, Random& random) {
    File& file = any_file(given, random);
    constexpr std::array<std::string_view, 4> extensions{".TXT", ".XLSX", ".png", ""};
    const std::size_t dot = file.name.rfind('.');
    return rename(file, file.name.substr(0, dot) + std::string(random.pick(extensions)));
}

std::optional<Place> malformed_office(Case& given, Random& random) {
    constexpr std::array<std::string_view, 7> numbers{"037010001",  "03701000170", "03I0100017",
                                                      "03O0100017", "0370A00017",  "03q0100017",
                                                      "A370100017"};
    return replace_part(given, random, random.below(2) == 0 ? Part::from_office : Part::to_office,
                        numbers);
}

std::optional<Place> unreal_serial(Case& given, Random& random) {
    constexpr std::array<std::string_view, 6> serials{"20261320093000", "20260230093000",
                                                      "20261120250000", "20261120096000",
                                                      "2026112009300",  "2026112009300A"};
    return replace_part(given, random, Part::serial, serials);
}

std::optional<Place> unknown_service_type(Case& given, Random& random) {
    constexpr std::array<std::string_view, 5> types{"00", "ZZ", "99", "4a", "1"};
    return replace_part(given, random,
                        random.below(2) == 0 ? Part::from_service_type : Part::to_service_type,
                        types);
}

std::optional<Place> three_character_type(Case& given, Random& random) {
    constexpr std::array<std::string_view, 3> types{"43A", "110", "A21"};
    return replace_part(given, random,
                        random.below(2) == 0 ? Part::from_service_type : Part::to_service_type,
                        types);
}

std::optional<Place> unreal_month(Case& given, Random& random) {
    constexpr std::array<std::string_view, 4> months{"202613", "202600", "2026", "20261X"};
    return replace_part(given, random, Part::month, months);
}

std::optional<Place> branch_not_four_digits(Case& given, Random& random) {
    constexpr std::array<std::string_view, 3> branches{"1", "00001", "000A"};
    return replace_part(given, random, Part::branch, branches);
}

// --- a readable name ---

std::optional<Place> lower_case(Case& given, Random& random) {
    File* const file = pick_file(given, random, [](const File&) { return true; });
    if (!file) return std::nullopt;
    const std::size_t dot = file->name.rfind('.');
    if (random.below(2) == 0)
        return rename(*file, file->name.substr(0, dot) + lower(file->name.substr(dot)));
    const std::string prefix(prefix_of(*file));
    return rename(*file, lower(prefix) + file->name.substr(prefix.size()));
}

/// The form of the standard's body, 3.4.
std::optional<Place> zero_month_of_kihon(Case& given, Random& random) {
    File* const file = pick_file(given, random, [](const File& candidate) {
        return candidate.is("UPKIHON") || candidate.type->parent == "UPKIHON";
    });
    if (!file) return std::nullopt;
    std::vector<std::string> parts = parts_of(*file);
    parts.insert(parts.begin(), "000000");
    return rename(*file, name_of(*file, parts));
}

std::optional<Place> wrong_check_digit(Case& given, Random& random) {
    if (!names_no_office_inside(given)) return std::nullopt;
    // 1370400028: weights 2 1 2 1 2 1 2 1 2 from the right give 4+0+0+0+8+0+5+3+2 = 22, so 8 is
    // right
    given.options.severities["R-NAME-04"] = Severity::warning;
    const bool sender = random.below(2) == 0;
    set_parts(given, Part::from_office, sender ? "1370400026" : "1370400028");
    set_parts(given, Part::to_office, sender ? "1370400028" : "1370400026");
    return at(given.first());
}

std::optional<Place> serial_of_the_future(Case& given, Random& random) {
    const std::string serial = part_of(given.first(), Part::serial);
    const auto earlier = std::chrono::hours(random.between(25, 24 * 400));
    given.options.now = Serial::parse(serial).value().instant() - earlier;
    return at(given.first());
}

std::optional<Place> plan_supplement_with_month(Case& given, Random&) {
    File* const file = given.file("UPHOSOKU");
    if (!file || !given.has("UP1KYO")) return std::nullopt;
    const Month month = given.edition->applies_to.has_value() ? given.edition->applies_to
                                                              : given.edition->applies_from;
    return rename(*file, with_part(*file, Part::month, month.str()));
}

std::optional<Place> schedule_supplement_without_month(Case& given, Random&) {
    File* const file = given.file("UPHOSOKU");
    if (!file || !given.has("UPPLAN")) return std::nullopt;
    return rename(*file, with_part(*file, Part::month, "000000"));
}

std::optional<Place> sent_to_itself(Case& given, Random&) {
    if (given.has("UPPLAN") || given.has("UP1KYO")) return std::nullopt;
    set_parts(given, Part::to_office, part_of(given.first(), Part::from_office));
    return at(given.first());
}

// --- directions: who may send what ---

bool is_actual(Case& given) {
    return given.has("UPJSK") || given.has("DLTJSK");
}

std::optional<Place> plan_from_service_office(Case& given, Random& random) {
    constexpr std::array<std::string_view, 6> types{"11", "15", "33", "A2", "A9", "55"};
    if (is_actual(given) || part_of(given.first(), Part::from_service_type).empty())
        return std::nullopt;
    set_parts(given, Part::from_service_type, random.pick(types));
    return at(given.first());
}

/// The official example itself: FROM and TO types as in the plan.
std::optional<Place> actual_with_types_swapped(Case& given, Random&) {
    const std::string from = part_of(given.first(), Part::from_service_type);
    const std::string to = part_of(given.first(), Part::to_service_type);
    const bool care_manager_receives = to == "43" || to == "46" || to == "AF";
    if (!is_actual(given) || from.empty() || from == "43" || !care_manager_receives)
        return std::nullopt;
    set_parts(given, Part::from_service_type, to);
    set_parts(given, Part::to_service_type, from);
    return at(given.first());
}

std::optional<Place> actual_from_type(Case& given, std::string_view type) {
    const std::string from = part_of(given.first(), Part::from_service_type);
    if (!is_actual(given) || from.empty() || from == "43") return std::nullopt;
    set_parts(given, Part::from_service_type, type);
    return at(given.first());
}

std::optional<Place> actual_from_out_of_scope(Case& given, Random& random) {
    constexpr std::array<std::string_view, 4> types{"33", "51", "32", "81"};
    return actual_from_type(given, random.pick(types));
}

std::optional<Place> actual_from_unlisted(Case& given, Random& random) {
    constexpr std::array<std::string_view, 3> types{"A9", "55", "AC"};
    return actual_from_type(given, random.pick(types));
}

// --- what the options ask ---

std::optional<Place> other_edition_asked(Case& given, Random&) {
    given.options.edition = given.edition->id == "3" ? "4.1" : "3";
    return at(given.first());
}

std::optional<Place> sender_of_another(Case& given, Random&) {
    given.options.sender_offices = {OfficeNo::parse("9999999990").value(),
                                    OfficeNo::parse("9999999991").value()};
    return at(given.first());
}

std::optional<Place> receiver_of_another(Case& given, Random&) {
    given.options.receiver = OfficeNo::parse("9999999990");
    return at(given.first());
}

// --- images ---

std::optional<Place> image_of_another_kihon(Case& given, Random& random) {
    File* const image = given.file("UPKIHON_IMAGE");
    if (!image || image->type->is_csv()) return std::nullopt;
    const bool serial = random.below(2) == 0;
    return rename(*image, with_part(*image, serial ? Part::serial : Part::to_office,
                                    serial ? "20010101010101" : "9999999990"));
}

constexpr std::string_view set_broken = "R-BND-02 R-BND-04 R-NAME-11 R-IMG-01";
constexpr std::string_view set_broken_why =
    "the file is not in its bundle any more: the set is broken, an image or its user is missing";

constexpr auto error = Severity::error;
constexpr auto warning = Severity::warning;

constexpr Mutator table[] = {
    {"foreign prefix", "R-NAME-01", error, set_broken, set_broken_why, foreign_prefix},
    {"misspelt prefix", "R-NAME-01", error, set_broken, set_broken_why, misspelt_prefix},
    {"missing part", "R-NAME-01", error, set_broken, set_broken_why, missing_part},
    {"extra part", "R-NAME-01", error, set_broken, set_broken_why, extra_part},
    {"other separator", "R-NAME-01", error, set_broken, set_broken_why, other_separator},
    {"other extension", "R-NAME-01", error, set_broken, set_broken_why, other_extension},
    {"other edition asked", "R-NAME-01", error, "", "", other_edition_asked},
    {"lower case", "R-NAME-02", warning, "", "", lower_case},
    {"malformed office number", "R-NAME-03", error, set_broken, set_broken_why, malformed_office},
    {"wrong check digit", "R-NAME-04", warning, "", "", wrong_check_digit},
    {"unreal serial", "R-NAME-05", error, set_broken, set_broken_why, unreal_serial},
    {"serial of the future", "R-NAME-05", warning, "", "", serial_of_the_future},
    {"unknown service type", "R-NAME-06", error, set_broken, set_broken_why, unknown_service_type},
    {"three-character type", "R-NAME-06", error, set_broken, set_broken_why, three_character_type},
    {"unreal month", "R-NAME-07", error, set_broken, set_broken_why, unreal_month},
    {"supplement of a plan with a month", "R-NAME-07", error, "", "", plan_supplement_with_month},
    {"supplement of a schedule without month", "R-NAME-07", error, "", "",
     schedule_supplement_without_month},
    {"000000 in UPKIHON", "R-NAME-08", warning, "", "", zero_month_of_kihon},
    {"sent to itself", "R-NAME-09", warning, "R-OWN-02", "the planner of 実績 is not the receiver",
     sent_to_itself},
    {"plan from a service office", "R-NAME-10", error, "", "", plan_from_service_office},
    {"types of 実績 swapped", "R-NAME-10", error, "", "", actual_with_types_swapped},
    {"実績 from a type out of scope", "R-NAME-10", error, "R-OWN-01 R-DEL-02",
     "the records are of another type than the sender", actual_from_out_of_scope},
    {"実績 from an unlisted type", "R-NAME-10", warning, "R-OWN-01 R-DEL-02",
     "the records are of another type than the sender", actual_from_unlisted},
    {"image of another bundle", "R-NAME-11", error, "R-IMG-01", "the user's image is missing",
     image_of_another_kihon},
    {"branch of an image", "R-NAME-11", error, "R-IMG-01", "the user's image is missing",
     branch_not_four_digits},
    {"sender of another", "R-AUTH-01", error, "", "", sender_of_another},
    {"receiver of another", "R-AUTH-01", error, "", "", receiver_of_another},
};

} // namespace

std::span<const Mutator> name_mutators() {
    return table;
}

} // namespace cpg::mutation
