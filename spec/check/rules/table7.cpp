// 第7表 and its agreement with 第6表 予定 (別紙 第7表 No.7-18; numbers of V4.1; standard 2.3).
#include "spec/check/rules/code_table.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace cpg::checking {
namespace {

constexpr std::string_view grand_total_code = "999999";
constexpr std::string_view grand_total_office = "9999999999";

/// 居宅療養管理指導 is outside 区分支給限度 by law; other services cannot be told without a code
/// table.
constexpr std::string_view types_outside_the_limit = "31 34";

/// Services paid by the visit or day, whose 回数 in 第7表 is the number of times in 第6表.
/// Month-unit services, and 加算 (items 4000-6999), cannot be told apart without a code table: then
/// this is the rule of thumb.
constexpr std::string_view types_paid_by_visit =
    "11 12 13 14 15 16 21 22 23 2A 72 78 62 63 64 24 25 26 2B 74";
constexpr std::string_view first_digits_of_additions = "456";

/// An office and a service type; the text lives in the row.
using Service = std::pair<std::string_view, std::string_view>;

template<class Row> Service service_of(const Row& row) {
    return {view(row.office), row.type()};
}

/// The rows of one user and month.
struct Table7User {
    const FileFacts& facts;
    const KeyUse& use;
    std::span<const Table7Row> rows;
    Site at(const Table7Row& row, std::string_view field_key) const {
        return facts.at(row.record, row.line, field_key);
    }
};

/// Calls for each user of 第7表 whose every record was kept: where one is bad, sums and counts mean
/// nothing. A record whose user is not known may be anyone's.
template<class Action> void for_each_user(BundleFacts& bundle, Action action) {
    for (FileFacts& facts : bundle.files) {
        if (facts.table7.empty() || !facts.complete) continue;
        for (const UserRows<Table7Row>& user : facts.users7) {
            const KeyUse& use = *facts.use(user.key);
            if (use.records == user.rows.size()) action(Table7User{facts, use, user.rows});
        }
    }
}

/// The same with the user's rows of 第6表 予定, for users that both tables know.
template<class Action> void for_each_user_of_both(BundleFacts& bundle, Action action) {
    const FileFacts* const plan = bundle.file("UPPLAN");
    if (!plan || !plan->complete) return;
    std::vector<std::span<const Table6Row>> rows_of_key(bundle.keys.size());
    for (const UserRows<Table6Row>& user : plan->users6) rows_of_key[user.key] = user.rows;
    for_each_user(bundle, [&](const Table7User& user) {
        const std::span<const Table6Row> rows = rows_of_key[user.use.key];
        if (rows.empty() || plan->use(user.use.key)->records != rows.size()) return;
        action(user, *plan, rows);
    });
}

/// 単位 or 金額 of one office and type in one column.
struct ColumnOfService {
    std::int64_t details = 0, limited_details = 0; // limited: rows that count for 区分支給限度
    std::int64_t subtotals = 0;
    bool has_details = false;
};

bool counts_for_the_limit(const Table7Row& row) {
    constexpr std::array<std::string_view, 3> limited{"managed_units", "over_limit_units",
                                                      "in_limit_units"};
    for (std::size_t i = 0; i < amount_keys.size(); ++i)
        if (std::find(limited.begin(), limited.end(), amount_keys[i]) != limited.end() &&
            row.amounts[i] != no_amount)
            return true;
    return false;
}

std::map<Service, ColumnOfService> services_in_column(std::span<const Table7Row> rows,
                                                      std::size_t column) {
    std::map<Service, ColumnOfService> services;
    for (const Table7Row& row : rows) {
        const std::int32_t amount = row.amounts[column];
        if (row.kind == Table7Kind::grand_total || amount == no_amount) continue;
        ColumnOfService& service = services[service_of(row)];
        if (row.kind == Table7Kind::detail) {
            service.has_details = true;
            service.details += amount;
            if (counts_for_the_limit(row)) service.limited_details += amount;
        } else {
            service.subtotals += amount;
        }
    }
    return services;
}

/// 区分支給限度外 rows are shown, and in some columns not added: either sum is taken as right.
void check_column(const Table7User& user, std::size_t column, Collector& findings) {
    const auto unreadable = [&](const Table7Row& row) {
        return row.amounts[column] == unreadable_amount;
    };
    if (std::any_of(user.rows.begin(), user.rows.end(), unreadable)) return; // told already
    const std::map<Service, ColumnOfService> services = services_in_column(user.rows, column);
    const std::string_view key = amount_keys[column];
    bool only_in_limit = true; // no EEEE, ZZZZ: then AAAA adds up all rows
    for (const Table7Row& row : user.rows)
        if (row.kind == Table7Kind::out_of_limit || row.kind == Table7Kind::over_30_days)
            only_in_limit = false;

    std::int64_t all = 0, limited = 0;
    for (const auto& [service, sums] : services) {
        all += sums.has_details ? sums.details : sums.subtotals;
        limited += sums.has_details ? sums.limited_details : sums.subtotals;
    }
    for (const Table7Row& row : user.rows) {
        const std::int32_t amount = row.amounts[column];
        if (amount == no_amount) continue;
        if (row.kind == Table7Kind::grand_total) {
            if (!services.empty() && amount != all && amount != limited)
                findings.raise_mild(Rule::t7_05, user.at(row, key), "total");
        } else if (row.kind == Table7Kind::in_limit && only_in_limit) {
            const auto found = services.find(service_of(row));
            if (found == services.end() || !found->second.has_details) continue;
            if (amount == found->second.details || amount == found->second.limited_details)
                continue;
            if (Finding* finding = findings.raise_mild(Rule::t7_05, user.at(row, key), "subtotal"))
                finding->args["service_type"] = std::string(row.type());
        }
    }
}

/// Which codes are counted, where no table says it.
struct RuleOfThumb {
    std::string visits, additions; // service types; first digits of items
};

/// 回数 of one user in both tables, by office and code. A code that the table knows is counted
/// exactly, whatever its 単位数 cells say; any other by the rule of thumb, told apart by 単位数
/// too.
class CountsOfUser {
  public:
    CountsOfUser(CodesOfUser& codes, const RuleOfThumb& thumb) : codes_(codes), thumb_(thumb) {}

    void plan(const Table6Row& row) {
        // By the rule of thumb, one record whose units or count are not known, told already, makes
        // all sums meaningless; by the table, those of its own code.
        const bool is_known = row.count != 0;
        if (!is_known || row.units == no_amount) thumb_holds_ = false;
        const std::optional<Code> code = code_of(view(row.office), row.code, row.units);
        if (!code) return;
        Times& times = times_[*code];
        times.planned += row.count;
        times.is_exact = codes_.of(view(row.code)).covered;
        times.has_no_sum = times.has_no_sum || row.prorated || !is_known;
    }

    void settle(const Table7Row& row) {
        if (row.units == no_amount || row.count == no_amount) thumb_holds_ = false;
        if (row.kind != Table7Kind::detail) return;
        auto found = times_of(row, row.units);
        if (found == times_.end()) // 第6表 shows the units after the discount
            found = times_of(row, row.discounted_units);
        if (found == times_.end()) return;
        Times& times = found->second;
        times.has_no_sum = times.has_no_sum || row.count == no_amount;
        times.settled += row.count;
        if (!times.first) times.first = &row;
    }

    template<class Action> void for_each_difference(Action action) const {
        for (const auto& [code, times] : times_) {
            const bool is_sure = times.is_exact || thumb_holds_;
            if (is_sure && times.first && !times.has_no_sum && times.planned != times.settled)
                action(*times.first);
        }
    }

  private:
    using Code = std::tuple<std::string_view, std::string_view, std::int32_t>;
    struct Times {
        std::int64_t planned = 0, settled = 0;
        bool is_exact = false, has_no_sum = false;
        const Table7Row* first = nullptr;
    };

    /// Null for a code whose 回数 is no sum.
    std::optional<Code> code_of(std::string_view office, const Characters<6>& code,
                                std::int32_t units) {
        const CodesOfUser::Word word = codes_.of(view(code));
        if (!word.covered) {
            const bool is_counted = has_word(thumb_.visits, view(code).substr(0, 2)) &&
                                    thumb_.additions.find(code[2]) == std::string::npos;
            return is_counted ? std::optional<Code>({office, view(code), units}) : std::nullopt;
        }
        if (!word.entry) return std::nullopt;
        switch (word.entry->unit) {
        case BillingUnit::per_time:
        case BillingUnit::per_day:
        case BillingUnit::per_week:
            return Code{office, view(code), word.entry->units};
        case BillingUnit::per_month:
        case BillingUnit::prorated:
        case BillingUnit::percent:
            break;
        }
        return std::nullopt;
    }

    std::map<Code, Times>::iterator times_of(const Table7Row& row, std::int32_t units) {
        const std::optional<Code> code = code_of(view(row.office), row.code, units);
        return code ? times_.find(*code) : times_.end();
    }

    CodesOfUser& codes_;
    const RuleOfThumb& thumb_;
    std::map<Code, Times> times_;
    bool thumb_holds_ = true;
};

} // namespace

// No.9: 999999 = 全合計; 種類＋AAAA, EEEE, ZZZZ = 小計
Table7Kind table7_kind(BytesView service_code) {
    if (service_code == grand_total_code) return Table7Kind::grand_total;
    const BytesView item = service_code.substr(std::min<std::size_t>(2, service_code.size()));
    if (item == "AAAA") return Table7Kind::in_limit;
    if (item == "EEEE") return Table7Kind::out_of_limit;
    if (item == "ZZZZ") return Table7Kind::over_30_days;
    return Table7Kind::detail;
}

// No.7: 全合計のサービス事業所コードは9999999999, and no other row has it
void total_row_office(RecordContext& context) {
    const BytesView code = context.text(context.columns.service_code);
    const BytesView office = context.text(context.columns.service_office);
    if (code.empty() || office.empty()) return;
    const Table7Kind kind = table7_kind(code);
    const bool of_total = office == grand_total_office;
    if ((kind == Table7Kind::grand_total && !of_total) || (kind == Table7Kind::detail && of_total))
        context.findings.raise(Rule::t7_01, context.at(context.columns.service_office), "office");
}

// No.13-15: 小計・全合計の単位数は0、割引後率と割引後単位数は空
void fixed_items_of_totals(RecordContext& context) {
    const Columns& columns = context.columns;
    const BytesView code = context.text(columns.service_code);
    if (code.empty() || table7_kind(code) == Table7Kind::detail) return;
    const std::int32_t units = amount_of(context.text(columns.units));
    if (units != 0 && units != no_amount)
        context.findings.raise(Rule::t7_03, context.at(columns.units), "units");
    for (const int column : {columns.discount_rate, columns.discounted_units})
        if (context.filled(column))
            context.findings.raise(Rule::t7_03, context.at(column), "filled");
}

// No.18: 区分支給限度外は空
void managed_units_of_record(RecordContext& context) {
    const Columns& columns = context.columns;
    const BytesView code = context.text(columns.service_code);
    if (code.empty() || !context.filled(columns.managed_units)) return;
    const Table7Kind kind = table7_kind(code);
    const bool outside =
        kind == Table7Kind::out_of_limit ||
        (kind == Table7Kind::detail && has_word(types_outside_the_limit, code.substr(0, 2)));
    if (outside) context.findings.raise_mild(Rule::t7_09, context.at(columns.managed_units));
}

void keep_table7_row(RecordContext& context) {
    const Columns& columns = context.columns;
    const BytesView office = context.text(columns.service_office);
    const BytesView code = context.text(columns.service_code);
    const bool satellite_known =
        context.good(columns.satellite_no) || !context.filled(columns.satellite_no);
    if (!context.use || office.empty() || code.empty() || !satellite_known) return;
    Table7Row row;
    row.key = context.use->key;
    row.record = context.record.number;
    row.line = context.record.line;
    row.units = amount_of(context.text(columns.units));
    row.discounted_units = amount_of(context.text(columns.discounted_units));
    row.count = amount_of(context.text(columns.count));
    for (std::size_t i = 0; i < amount_keys.size(); ++i) {
        const int column = columns.amounts[i];
        const bool readable = context.good(column) || !context.filled(column);
        row.amounts[i] = readable ? amount_of(context.text(column)) : unreadable_amount;
    }
    row.office = characters<10>(office);
    row.code = characters<6>(code);
    row.satellite = characters<2>(context.text(columns.satellite_no));
    row.kind = table7_kind(code);
    context.facts.table7.push_back(row);
}

// No.7, No.9: 全合計は利用者・対象年月ごとに1レコード
void one_grand_total(BundleFacts& bundle, Collector& findings) {
    for_each_user(bundle, [&](const Table7User& user) {
        const auto totals =
            std::count_if(user.rows.begin(), user.rows.end(),
                          [](const Table7Row& row) { return row.kind == Table7Kind::grand_total; });
        if (totals == 1) return;
        if (totals == 0) {
            findings.raise(Rule::t7_01, user.facts.at(user.use), "missing");
        } else if (Finding* finding =
                       findings.raise(Rule::t7_01, user.facts.at(user.use), "several")) {
            finding->args["found"] = std::to_string(totals);
        }
    });
}

// R-T7-02 No.9: サービスコードが2つ以上ある種類には種類別小計 (AAAA) を設定する
// R-T7-04 the 種類 of a 小計 occurs among the detail rows
void subtotals(BundleFacts& bundle, Collector& findings) {
    for_each_user(bundle, [&](const Table7User& user) {
        std::map<Service, std::vector<const Table7Row*>> details;
        std::set<std::string_view> types;
        for (const Table7Row& row : user.rows)
            if (row.kind == Table7Kind::detail) {
                details[service_of(row)].push_back(&row);
                types.insert(row.type());
            }
        // The standard does not say which office a 小計 row carries: one that no detail row has
        // counts for all.
        std::set<Service> covered;
        std::set<std::string_view> covered_types;
        for (const Table7Row& row : user.rows) {
            if (row.kind == Table7Kind::detail || row.kind == Table7Kind::grand_total) continue;
            if (row.kind == Table7Kind::in_limit && details.contains(service_of(row)))
                covered.insert(service_of(row));
            else
                covered_types.insert(row.type());
            if (types.contains(row.type())) continue;
            if (Finding* finding = findings.raise(Rule::t7_04, user.at(row, "service_code")))
                finding->args["service_type"] = std::string(row.type());
        }
        for (const auto& [service, rows] : details) {
            if (rows.size() < 2 || covered.contains(service) ||
                covered_types.contains(service.second))
                continue;
            if (Finding* finding =
                    findings.raise_mild(Rule::t7_02, user.at(*rows.front(), "service_code")))
                finding->args["service_type"] = std::string(service.second);
        }
    });
}

// 小計・全合計 are the sums of their rows (単位 and 金額 columns); an empty cell is not judged
void sums_of_totals(BundleFacts& bundle, Collector& findings) {
    for_each_user(bundle, [&](const Table7User& user) {
        for (std::size_t column = 0; column < amount_keys.size(); ++column)
            check_column(user, column, findings);
    });
}

// 回数／日数 = 6表のサービス回数の合計: of the same user, office and code; 日割り, month-unit and
// percent codes have no such sum
void counts_of_both_tables(BundleFacts& bundle, Collector& findings) {
    const RuleOfThumb thumb{
        parameter(bundle.envelope.catalog, Rule::t7_06, "visit_types", types_paid_by_visit),
        parameter(bundle.envelope.catalog, Rule::t7_06, "addition_digits",
                  first_digits_of_additions)};
    for_each_user_of_both(
        bundle, [&](const Table7User& user, const FileFacts&, std::span<const Table6Row> plan) {
            CodesOfUser codes(bundle.envelope.options, bundle.keys.text(user.use.key));
            CountsOfUser counts(codes, thumb);
            for (const Table6Row& row : plan) counts.plan(row);
            for (const Table7Row& row : user.rows) counts.settle(row);
            counts.for_each_difference([&](const Table7Row& row) {
                findings.raise_mild(Rule::t7_06, user.at(row, "count"));
            });
        });
}

// R-T7-07 2.3: 6表と7表には同じ事業所・サービス種類が載る
// R-SAT-01 7表 No.8: the same サテライト枝番 too
void services_of_both_tables(BundleFacts& bundle, Collector& findings) {
    for_each_user_of_both(bundle, [&](const Table7User& user, const FileFacts& plan,
                                      std::span<const Table6Row> plan_rows) {
        using Site6 = std::pair<Service, std::string_view>;
        std::map<Service, const Table6Row*> planned;
        std::map<Service, const Table7Row*> settled;
        std::map<Site6, const Table6Row*> planned_sites;
        std::set<Site6> settled_sites;
        for (const Table6Row& row : plan_rows) {
            planned.emplace(service_of(row), &row);
            if (row.satellite != Characters<2>{})
                planned_sites.emplace(Site6{service_of(row), view(row.satellite)}, &row);
        }
        for (const Table7Row& row : user.rows) {
            if (row.kind != Table7Kind::detail) continue;
            settled.emplace(service_of(row), &row);
            settled_sites.emplace(service_of(row), view(row.satellite));
        }
        const auto raise = [&](const Service& service, const Site& site, std::string_view variant) {
            Finding* const finding = findings.raise_mild(Rule::t7_07, site, variant);
            if (!finding) return;
            finding->args["office"] = std::string(service.first);
            finding->args["service_type"] = std::string(service.second);
        };
        for (const auto& [service, row] : planned)
            if (!settled.contains(service))
                raise(service, plan.at(row->record, row->line, "service_code"), "plan_only");
        for (const auto& [service, row] : settled)
            if (!planned.contains(service))
                raise(service, user.at(*row, "service_code"), "sikyu_only");
        for (const auto& [site, row] : planned_sites)
            if (settled.contains(site.first) && !settled_sites.contains(site))
                findings.raise_mild(Rule::sat_01, plan.at(row->record, row->line, "satellite_no"),
                                    "sikyu");
    });
}

} // namespace cpg::checking
