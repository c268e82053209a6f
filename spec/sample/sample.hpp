// Believable synthetic months: the same bytes for the same seed, every rule passes. All persons are
// invented and look so (names from invented lists such as 見本 花子). Pure, any thread.
#pragma once

#include "spec/records/bundle.hpp"

namespace cpg {

struct SampleRequest {
    OfficeRef from;
    std::vector<OfficeRef>
        to; // service_type required (edition 3 leaves it out of the names itself)
    Month month;
    int users = 1;                  // per receiver, 1-100,000
    std::vector<std::string> kinds; // ids of bundle kinds; empty = what the direction suggests: a
                                    // care manager sends care_plan and schedule (46/AF: kihon,
                                    // yobo_with_kihon, schedule), a service office actual
    std::string edition = "4.1";    // or "3"
    std::uint64_t seed = 1;
    std::optional<Serial> serial; // of the first bundle; the following ones count up by a second;
                                  // absent = from month and seed
};

/// Errors: malformed (users, month, unknown kind or one that cannot go that way).
Result<std::vector<InputFile>> make_sample(const Catalog& catalog, const SampleRequest& request);

} // namespace cpg
