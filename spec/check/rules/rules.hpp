// The rules that span items, records and files: one small function each. Record rules see one
// record while its file is read; user rules the facts of some users in all files afterwards (all of
// them, unless the bundle is large); bundle rules the files as wholes at the end. To add one: write
// it in the file of its topic, list it in rules.cpp, give it an id in rule_ids.hpp and a text in
// findings.yaml, and a passing and a failing case in tests/vectors.
#pragma once

#include "spec/check/facts.hpp"
#include "spec/check/field_checks.hpp"
#include "spec/check/same.hpp"

#include <span>

namespace cpg::checking {

/// The columns that rules read, from 0; -1 where a type has none of that name.
struct Columns {
    explicit Columns(const FileType& type);
    int version, insurer_no, insured_no, target_month, plan_date;
    int planner_office, updater_office, service_office, service_type;
    int service_date, start_time, end_time, count, service_code, units, prorate_days;
    int tais_code, notified_item_code, detail_no, satellite_no;
    int discount_rate, discounted_units, managed_units, family_image;
    std::array<int, amount_keys.size()> amounts{};
    std::vector<int> keys, row_key, order_by;
    static constexpr std::size_t slot_cells = 4;          // type, limit, total, over
    std::vector<std::array<int, slot_cells>> limit_slots; // 補足 No.20-
};

/// One record whose number of columns is right, and what the item checks say of its cells.
struct RecordContext {
    const Envelope& envelope;
    FileFacts& facts;
    const Columns& columns;
    const Record& record;
    const std::vector<CellState>& states;
    KeyUse* use; // null when an item of the key is not good
    Collector& findings;

    bool filled(int column) const {
        return column >= 0 && states[static_cast<std::size_t>(column)] != CellState::empty;
    }
    bool good(int column) const { return !text(column).empty(); }
    /// The text of a good cell; empty when there is no such column, or its cell is empty or bad.
    BytesView text(int column) const {
        if (column < 0) return {};
        const auto at = static_cast<std::size_t>(column);
        switch (states[at]) {
        case CellState::good:
            return record.cells[at].raw;
        case CellState::trimmed:
            return trim(record.cells[at].raw);
        default:
            return {};
        }
    }
    Site at(int column) const;
    Site site() const { return facts.at(record.number, record.line); }
    const OfficeRef& from() const { return envelope.bundle.from; }
    const OfficeRef& to() const { return envelope.bundle.to; }
};

using RecordRule = void (*)(RecordContext&);
using BundleRule = void (*)(BundleFacts&, Collector&);

/// The record rules of a type, in the order in which they run: once a record.
std::vector<RecordRule> record_rules_of(const FileType& type);
/// Those that keep something of the record's user, or tell something once a user. They run in the
/// reading that keeps the user, may run again when the user was given up, and therefore raise
/// nothing of their own about a record with a key.
std::vector<RecordRule> user_record_rules_of(const FileType& type);
/// The rules about users: after each reading, on the users that it kept.
std::span<const BundleRule> user_rules();
/// The rules about the bundle as a whole, after the last reading: they see no users but
/// FileFacts::totals.
std::span<const BundleRule> bundle_rules();
/// Adds the users of a reading to the totals of their files.
void add_to_totals(BundleFacts& bundle);

/// Whether `text` was not in the list of things told before; adds it. The list stays short: past
/// its bound everything is told.
bool first_time(std::vector<std::string>& told, BytesView text);
/// A good integer of at most 9 digits, else no_amount.
std::int32_t amount_of(BytesView text);

// version_month.cpp
void one_version_per_file(RecordContext& context);
void month_of_record(RecordContext& context);
void version_fits_the_bundle(BundleFacts& bundle, Collector& findings);
void version_fits_the_month(BundleFacts& bundle, Collector& findings);

// names.cpp
void edition_as_asked(BundleFacts& bundle, Collector& findings);
void spelling_of_names(BundleFacts& bundle, Collector& findings);
void offices_of_names(BundleFacts& bundle, Collector& findings);
void serial_of_names(BundleFacts& bundle, Collector& findings);
void service_types_of_names(BundleFacts& bundle, Collector& findings);
void months_of_names(BundleFacts& bundle, Collector& findings);
void direction_of_names(BundleFacts& bundle, Collector& findings);
void images_belong_to_kihon(BundleFacts& bundle, Collector& findings);
void authorised_offices(BundleFacts& bundle, Collector& findings);

// bundle_set.cpp
void files_share_the_envelope(BundleFacts& bundle, Collector& findings);
void set_is_one_of_the_standard(BundleFacts& bundle, Collector& findings);
void one_file_per_type(BundleFacts& bundle, Collector& findings);
void attached_tables_present(BundleFacts& bundle, Collector& findings);
void one_bundle_per_receiver(BundleFacts& bundle, Collector& findings);
void images_as_named(BundleFacts& bundle, Collector& findings);

// relations.cpp
void care_plan_relations(BundleFacts& bundle, Collector& findings);
void schedule_relations(BundleFacts& bundle, Collector& findings);
void attached_tables_have_a_parent(BundleFacts& bundle, Collector& findings);
void one_record_per_key(BundleFacts& bundle, Collector& findings);
void numbers_of_record(RecordContext& context);
void numbers_unique_and_ascending(BundleFacts& bundle, Collector& findings);
void one_kind_per_record(RecordContext& context);
void image_of_record(RecordContext& context);

// ownership.cpp
void owner_of_actual(RecordContext& context);
void owner_of_delete(RecordContext& context);
void planner_is_sender(RecordContext& context);
void updater_is_sender(RecordContext& context);
void planner_of_actual(RecordContext& context);
void receiver_named(RecordContext& context);
void offices_of_users(BundleFacts& bundle, Collector& findings);
void service_type_in_scope(RecordContext& context);
void schedule_users_belong_to_receiver(BundleFacts& bundle, Collector& findings);
void plan_users_belong_to_receiver(BundleFacts& bundle, Collector& findings);
void unread_users_go_to_nobody(BundleFacts& bundle, Collector& findings);
void schedule_shows_all_offices(BundleFacts& bundle, Collector& findings);
void add_offices_to_totals(const BundleFacts& bundle, FileFacts& facts);

// hosoku.cpp
void purpose_of_hosoku(RecordContext& context);
void limit_slots(RecordContext& context);

// code_table.cpp
void codes_of_the_month(BundleFacts& bundle, Collector& findings);

// table6.cpp
void times_of_record(RecordContext& context);
void count_of_record(RecordContext& context);
void prorate_days_of_record(RecordContext& context);
void equipment_codes(RecordContext& context);
void detail_no_of_record(RecordContext& context);
void keep_table6_row(RecordContext& context);
void table6_of_users(BundleFacts& bundle, Collector& findings);
void satellites_of_actual(BundleFacts& bundle, Collector& findings);
void add_sites_to_totals(FileFacts& facts);

// table7.cpp
Table7Kind table7_kind(BytesView service_code);
void total_row_office(RecordContext& context);
void fixed_items_of_totals(RecordContext& context);
void managed_units_of_record(RecordContext& context);
void keep_table7_row(RecordContext& context);
void one_grand_total(BundleFacts& bundle, Collector& findings);
void subtotals(BundleFacts& bundle, Collector& findings);
void sums_of_totals(BundleFacts& bundle, Collector& findings);
void counts_of_both_tables(BundleFacts& bundle, Collector& findings);
void services_of_both_tables(BundleFacts& bundle, Collector& findings);

} // namespace cpg::checking
