// Retention: how long what an exchange says about persons is kept, and its end. What is erased is
// the payload, the report, the notes and the salts; what stays are the bundle's row, the leaves of
// its steps and their proofs, which name no person. Pure but for the store; one thread.
//
//     const auto summary = run_retention(store, rules, catalog->digest, clock.now(), {});
#pragma once

#include "gateway/store/store.hpp"

namespace cpg::exchange {

/// Years to keep, counted from the last step of the delivery (accepted, fetched, settled), the end
/// of the day before included. The law of the field wants 2 to 5 years by the prefecture; 6 leaves
/// room for a claim that is disputed late.
struct RetentionRules {
    int years = 6;
    int floor_years = 5; // below it only when the operator lowers the floor itself
    std::map<std::string, int, std::less<>> by_kind; // kind of bundle -> years

    int years_of(std::string_view kind) const;
    int fewest_years() const;
    /// configuration: some kind is kept shorter than the floor, or is none of `kinds`.
    Result<void> check(const std::vector<std::string>& kinds) const;
};

/// What was last touched before this instant is over at `now`: the same day and time `years` years
/// ago (29 February becomes 28 February).
Time keeping_ends(Time now, int years);

struct RetentionSummary {
    std::uint64_t looked_at = 0; // bundles old enough for the shortest rule
    std::uint64_t erased = 0;
    std::map<std::string, std::uint64_t> by_kind; // erased, or due under Mode::look
    std::uint64_t answers_forgotten = 0;          // of Idempotency-Keys
};

enum class RetentionMode { look, erase };

/// Erases what is over, each bundle with its `erase` leaf, some at a time; may be stopped and run
/// again. `progress` (may be empty) is told the bundles erased so far. Throws StoreFailure.
/// Precondition: rules.check() was good.
RetentionSummary run_retention(store::Store& store, const RetentionRules& rules,
                               const Digest& catalog, Time now, RetentionMode mode,
                               const std::function<void(std::uint64_t)>& progress);

} // namespace cpg::exchange
