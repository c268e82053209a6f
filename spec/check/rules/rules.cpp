#include "spec/check/rules/rules.hpp"

#include "spec/base/digits.hpp"

#include <algorithm>

namespace cpg::checking {
namespace {

struct RuleOfType {
    std::string_view type; // id of the file type; empty = every CSV file
    RecordRule run;
};

constexpr RuleOfType record_rules[] = {
    {"", one_version_per_file},         {"", month_of_record},
    {"UP3KYO", one_kind_per_record},    {"UPHOSOKU", purpose_of_hosoku},
    {"UPHOSOKU", limit_slots},          {"UPKIHON", image_of_record},
    {"UPPLAN", service_type_in_scope},  {"UPPLAN", times_of_record},
    {"UPPLAN", count_of_record},        {"UPPLAN", prorate_days_of_record},
    {"UPPLAN", equipment_codes},        {"UPPLAN", detail_no_of_record},
    {"UPJSK", owner_of_actual},         {"UPJSK", service_type_in_scope},
    {"UPJSK", times_of_record},         {"UPJSK", count_of_record},
    {"UPJSK", prorate_days_of_record},  {"UPJSK", equipment_codes},
    {"UPJSK", detail_no_of_record},     {"DLTJSK", owner_of_delete},
    {"DLTJSK", service_type_in_scope},  {"UPSIKYU", service_type_in_scope},
    {"UPSIKYU", equipment_codes},       {"UPSIKYU", total_row_office},
    {"UPSIKYU", fixed_items_of_totals}, {"UPSIKYU", managed_units_of_record},
};

constexpr RuleOfType user_record_rules[] = {
    {"", updater_is_sender},      {"", numbers_of_record},       {"UP1KYO", planner_is_sender},
    {"UP2KYO", receiver_named},   {"UPPLAN", planner_is_sender}, {"UPPLAN", receiver_named},
    {"UPPLAN", keep_table6_row},  {"UPJSK", planner_of_actual},  {"UPJSK", keep_table6_row},
    {"UPSIKYU", keep_table7_row},
};

constexpr BundleRule all_user_rules[] = {
    offices_of_users,
    care_plan_relations,
    schedule_relations,
    attached_tables_have_a_parent,
    one_record_per_key,
    numbers_unique_and_ascending,
    schedule_users_belong_to_receiver,
    plan_users_belong_to_receiver,
    table6_of_users,
    codes_of_the_month,
    one_grand_total,
    subtotals,
    sums_of_totals,
    counts_of_both_tables,
    services_of_both_tables,
};

constexpr BundleRule all_bundle_rules[] = {
    authorised_offices,
    edition_as_asked,
    spelling_of_names,
    offices_of_names,
    serial_of_names,
    service_types_of_names,
    months_of_names,
    direction_of_names,
    images_belong_to_kihon,
    files_share_the_envelope,
    set_is_one_of_the_standard,
    one_file_per_type,
    attached_tables_present,
    one_bundle_per_receiver,
    images_as_named,
    version_fits_the_bundle,
    version_fits_the_month,
    schedule_shows_all_offices,
    satellites_of_actual,
    unread_users_go_to_nobody,
};

/// Things told once a file, before every further one is told: more kinds of wrong months are no
/// slip any more.
constexpr std::size_t max_told = 64;
constexpr std::size_t max_amount_digits = 9;

std::vector<RecordRule> rules_of(std::span<const RuleOfType> all, const FileType& type) {
    std::vector<RecordRule> rules;
    for (const RuleOfType& rule : all)
        if (rule.type.empty() || rule.type == type.id) rules.push_back(rule.run);
    return rules;
}

std::vector<int> columns_of(const FileType& type, const std::vector<std::string>& keys) {
    std::vector<int> columns;
    for (const std::string& key : keys) columns.push_back(type.column(key));
    return columns;
}

} // namespace

Columns::Columns(const FileType& type)
    : version(type.column("csv_version")), insurer_no(type.column("insurer_no")),
      insured_no(type.column("insured_no")), target_month(type.column("target_month")),
      plan_date(type.column("plan_date")), planner_office(type.column("planner_office_no")),
      updater_office(type.column("updater_office")),
      service_office(type.column("service_office_no")), service_type(type.column("service_type")),
      service_date(type.column("service_date")), start_time(type.column("start_time")),
      end_time(type.column("end_time")), count(type.column("count")),
      service_code(type.column("service_code")), units(type.column("units")),
      prorate_days(type.column("prorate_days")), tais_code(type.column("tais_code")),
      notified_item_code(type.column("notified_item_code")), detail_no(type.column("detail_no")),
      satellite_no(type.column("satellite_no")), discount_rate(type.column("discount_rate")),
      discounted_units(type.column("discounted_units")),
      managed_units(type.column("managed_units")), family_image(type.column("family_image")),
      keys(columns_of(type, type.keys)), row_key(columns_of(type, type.row_key)),
      order_by(columns_of(type, type.order_by)) {
    for (std::size_t i = 0; i < amount_keys.size(); ++i) amounts[i] = type.column(amount_keys[i]);
    for (int number = 1;; ++number) {
        const std::string slot = "slot" + std::to_string(number);
        const int first = type.column(slot + "_service_type");
        if (first < 0) break;
        limit_slots.push_back({first, type.column(slot + "_limit_units"),
                               type.column(slot + "_total_units"),
                               type.column(slot + "_over_units")});
    }
}

Site RecordContext::at(int column) const {
    const Cell& cell = record.cells[static_cast<std::size_t>(column)];
    return {.file = facts.index,
            .record = record.number,
            .line = cell.line,
            .type = facts.type,
            .field = &facts.type->fields[static_cast<std::size_t>(column)],
            .byte_offset = cell.offset,
            .value = cell.raw};
}

std::vector<RecordRule> record_rules_of(const FileType& type) {
    return rules_of(record_rules, type);
}

std::vector<RecordRule> user_record_rules_of(const FileType& type) {
    return rules_of(user_record_rules, type);
}

std::span<const BundleRule> user_rules() {
    return all_user_rules;
}

std::span<const BundleRule> bundle_rules() {
    return all_bundle_rules;
}

void add_to_totals(BundleFacts& bundle) {
    for (FileFacts& facts : bundle.files) {
        facts.totals.users += facts.keys.size();
        add_offices_to_totals(bundle, facts);
        if (facts.type->id == "UPJSK") add_sites_to_totals(facts);
    }
}

bool first_time(std::vector<std::string>& told, BytesView text) {
    if (std::find(told.begin(), told.end(), text) != told.end()) return false;
    if (told.size() < max_told) told.emplace_back(text);
    return true;
}

std::int32_t amount_of(BytesView text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    if (text.empty() || text.size() > max_amount_digits) return no_amount;
    std::int32_t value = 0;
    for (const char c : text) {
        if (!is_digit(c)) return no_amount;
        value = value * 10 + (c - '0');
    }
    return negative ? -value : value;
}

} // namespace cpg::checking
