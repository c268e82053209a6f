// What a service office would send back for a schedule it received: the rows of 第6表 that are its
// own, as 実績 (UPJSK). Some visits fell out, some began later. Same bytes for the same schedule,
// seed and serial. Pure, any thread.
#pragma once

#include "spec/records/bundle.hpp"

namespace cpg::sandbox {

enum class Users { all, without_last };

struct ResultsRequest {
    Serial serial;
    std::uint64_t seed = 1; // decides which visits fell out, which began later
    Users users = Users::all;
};

/// The file of 実績 for `schedule`, a bundle of kind schedule that passes the check: from its
/// receiver to its sender, same users, month and edition; every user keeps a row. nullopt when
/// nothing is left to report: no row of the receiver's, or its only user left out.
std::optional<InputFile> results_of(const Bundle& schedule, const ResultsRequest& request);

} // namespace cpg::sandbox
