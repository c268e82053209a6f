// `cpgw audit fsck`: the logs of a store computed again, and every bundle against the leaves that
// prove it. Reads only; the gateway may run, what it adds meanwhile is not looked at. One thread.
#pragma once

#include "gateway/audit/fsck.hpp"
#include "gateway/store/store.hpp"

namespace cpg::store {

/// The logs as they are now, oldest year first. The store must outlive them.
std::vector<audit::LogSource> logs_of(Store& store);

/// audit::check_logs() over all years, and: each bundle's row says what its leaves say (offices,
/// kind, month, edition, state, times), each of its steps has its leaf, each leaf about a bundle's
/// life has its step, and a bundle is erased exactly when an `erase` leaf names it.
audit::Findings check_store(Store& store, const std::vector<audit::VerifierKey>& trusted,
                            const std::function<void(const audit::Findings&)>& on_progress = {});

} // namespace cpg::store
