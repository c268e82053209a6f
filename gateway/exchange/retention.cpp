#include "gateway/exchange/retention.hpp"

#include <algorithm>

namespace cpg::exchange {
namespace {

constexpr std::size_t page = 512;
constexpr std::size_t batch = 64; // erasures a transaction: what the gate takes as one batch too

audit::Entry erase_entry(const store::BundleRow& row, const Digest& catalog, Time now, int years) {
    audit::Entry entry;
    entry.type = audit::EntryType::erase;
    entry.time = now;
    entry.bundle = row.id;
    entry.from = row.pair.from.office;
    entry.to = row.pair.to.office;
    entry.edition = row.edition;
    entry.kind = row.kind;
    entry.month = row.month;
    entry.rules = catalog;
    entry.details = {{"retention-years", std::to_string(years)}};
    return entry;
}

/// The erasures of one page, committed in batches.
std::uint64_t erase(store::Store& store, const std::vector<store::WriteOp>& ops) {
    std::uint64_t erased = 0;
    for (std::size_t from = 0; from < ops.size(); from += batch) {
        store::Job job;
        const std::size_t to = std::min(ops.size(), from + batch);
        job.ops.assign(ops.begin() + static_cast<std::ptrdiff_t>(from),
                       ops.begin() + static_cast<std::ptrdiff_t>(to));
        const auto results = store.commit({&job, 1});
        for (const auto& result : results.front())
            erased += std::holds_alternative<store::Written>(result) ? 1 : 0;
    }
    return erased;
}

} // namespace

int RetentionRules::years_of(std::string_view kind) const {
    const auto found = by_kind.find(kind);
    return found == by_kind.end() ? years : found->second;
}

int RetentionRules::fewest_years() const {
    int fewest = years;
    for (const auto& [kind, kept] : by_kind) fewest = std::min(fewest, kept);
    return fewest;
}

Result<void> RetentionRules::check(const std::vector<std::string>& kinds) const {
    for (const auto& [kind, kept] : by_kind)
        if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
            return Error{Errc::configuration, "retention: there is no kind " + kind};
    if (fewest_years() < floor_years)
        return Error{Errc::configuration, "retention: " + std::to_string(fewest_years()) +
                                              " years are below the floor of " +
                                              std::to_string(floor_years)};
    return {};
}

Time keeping_ends(Time now, int years) {
    using namespace std::chrono;
    const auto midnight = floor<days>(now);
    year_month_day day(midnight);
    day -= std::chrono::years(years);
    if (!day.ok()) day = day.year() / day.month() / last;
    return sys_days(day) + (now - midnight);
}

RetentionSummary run_retention(store::Store& store, const RetentionRules& rules,
                               const Digest& catalog, Time now, RetentionMode mode,
                               const std::function<void(std::uint64_t)>& progress) {
    RetentionSummary summary;
    const Time earliest = keeping_ends(now, rules.fewest_years());
    std::uint64_t cursor = 0;
    for (auto rows = store.quiet_since(earliest, cursor, page); !rows.empty();
         rows = store.quiet_since(earliest, cursor, page)) {
        std::vector<store::WriteOp> ops;
        for (const auto& row : rows) {
            cursor = row.arrival;
            ++summary.looked_at;
            const int years = rules.years_of(row.kind);
            if (row.last_step_at() >= keeping_ends(now, years)) continue;
            ++summary.by_kind[row.kind];
            ops.push_back(store::EraseOp{
                row.id, now, audit::format_entry(erase_entry(row, catalog, now, years))});
        }
        if (mode == RetentionMode::look) continue;
        summary.erased += erase(store, ops);
        if (progress) progress(summary.erased);
    }
    if (mode == RetentionMode::erase) summary.answers_forgotten = store.forget_answers(earliest);
    return summary;
}

} // namespace cpg::exchange
