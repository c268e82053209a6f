// Codes against a service code table: one that knows every code of the bundle, but for one thing.
#include "spec/check/checker.hpp"
#include "tests/mutation/mutator.hpp"

#include <algorithm>
#include <set>

namespace cpg::mutation {
namespace {

constexpr std::string_view digits_of_additions = "456"; // what the rule of thumb says, too

bool has_services(const File& file) {
    return file.is("UPPLAN") || file.is("UPJSK");
}

/// An entry for every code of the bundle, monthly so that nothing is counted by it.
std::vector<ServiceCodeEntry> entries_of(const Case& given) {
    std::set<std::string> codes;
    for (const File& file : given.files)
        if (file.has("service_code"))
            for (std::size_t row = 0; row < file.rows.size(); ++row)
                codes.emplace(file.text(row, "service_code"));
    std::vector<ServiceCodeEntry> entries;
    for (const std::string& code : codes) {
        ServiceCodeEntry& entry = entries.emplace_back();
        entry.code = code;
        entry.from = Month::of(2000, 1);
        entry.unit = BillingUnit::per_month;
        entry.addition = digits_of_additions.find(code[2]) != std::string_view::npos;
    }
    for (const File& file : given.files)
        for (std::size_t row = 0; has_services(file) && row < file.rows.size(); ++row)
            if (file.filled(row, "prorate_days"))
                for (ServiceCodeEntry& entry : entries)
                    if (entry.code == file.text(row, "service_code"))
                        entry.unit = BillingUnit::prorated;
    return entries;
}

void load(Case& given, std::vector<ServiceCodeEntry> entries) {
    given.options.service_codes = std::make_shared<const ServiceCodeTable>(std::move(entries));
}

ServiceCodeEntry& entry_of(std::vector<ServiceCodeEntry>& entries, BytesView code) {
    return *std::find_if(entries.begin(), entries.end(),
                         [&](const ServiceCodeEntry& entry) { return entry.code == code; });
}

/// Told once a file: at the first record of the code.
Place at_first_of_code(const File& file, std::size_t row) {
    std::size_t first = 0;
    while (file.text(first, "service_code") != file.text(row, "service_code") ||
           file.text(first, "insurer_no") != file.text(row, "insurer_no"))
        ++first;
    return at_record(file, first, "service_code");
}

std::optional<RowSpot> any_service_row(Case& given, Random& random) {
    return pick_row(given, random,
                    [](const File& file, std::size_t) { return has_services(file); });
}

std::optional<Place> code_the_table_lacks(Case& given, Random& random) {
    const auto spot = any_service_row(given, random);
    if (!spot) return std::nullopt;
    std::vector<ServiceCodeEntry> entries = entries_of(given);
    ServiceCodeEntry& entry = entry_of(entries, spot->file->text(spot->row, "service_code"));
    entry.code.replace(2, 4, "0000"); // the type is covered still
    load(given, std::move(entries));
    return at_first_of_code(*spot->file, spot->row);
}

std::optional<Place> code_of_earlier_months(Case& given, Random& random) {
    const auto spot = any_service_row(given, random);
    if (!spot) return std::nullopt;
    std::vector<ServiceCodeEntry> entries = entries_of(given);
    ServiceCodeEntry& entry = entry_of(entries, spot->file->text(spot->row, "service_code"));
    entry.to = Month::of(2019, 3);
    ServiceCodeEntry other = entry; // covers the type in the month of the bundle
    other.code.replace(2, 4, "0000");
    other.to = Month();
    entries.push_back(std::move(other));
    load(given, std::move(entries));
    return at_first_of_code(*spot->file, spot->row);
}

std::optional<Place> days_of_a_code_that_is_not_prorated(Case& given, Random& random) {
    const auto spot = pick_row(given, random, [](const File& file, std::size_t row) {
        return has_services(file) && file.filled(row, "prorate_days");
    });
    if (!spot) return std::nullopt;
    std::vector<ServiceCodeEntry> entries = entries_of(given);
    entry_of(entries, spot->file->text(spot->row, "service_code")).unit = BillingUnit::per_month;
    load(given, std::move(entries));
    return at_record(*spot->file, spot->row, "prorate_days");
}

std::optional<Place> reduction_later_in_the_month(Case& given, Random& random) {
    const auto spot = pick_row(given, random, [](const File& file, std::size_t row) {
        return has_services(file) && !file.text(row, "service_date").ends_with("01");
    });
    if (!spot) return std::nullopt;
    std::vector<ServiceCodeEntry> entries = entries_of(given);
    entry_of(entries, spot->file->text(spot->row, "service_code")).kyosei = true;
    load(given, std::move(entries));
    return at_record(*spot->file, spot->row, "service_date");
}

std::optional<Place> table_of_all_codes(Case& given, Random& random) {
    if (!any_service_row(given, random)) return std::nullopt;
    load(given, entries_of(given));
    return at_bundle();
}

constexpr auto warning = Severity::warning;

constexpr Mutator table[] = {
    {"code the table lacks", "R-SVC-02", warning, "", "", code_the_table_lacks},
    {"code of earlier months", "R-SVC-02", warning, "", "", code_of_earlier_months},
    {"days of a code that is not 日割り", "R-HIW-04", warning, "", "",
     days_of_a_code_that_is_not_prorated},
    {"共生型 reduction later in the month", "R-UNIT-01", warning, "", "",
     reduction_later_in_the_month},
    {"a table of all codes", "", Severity::off, "", "", table_of_all_codes},
};

} // namespace

std::span<const Mutator> code_table_mutators() {
    return table;
}

} // namespace cpg::mutation
