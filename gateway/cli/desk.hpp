// The gateway's own store as an administrator's command uses it, beside a gateway that may be
// running. One thread.
#pragma once

#include "gateway/app/config.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/store/seal.hpp"

namespace cpg::cli {

const Option& config_option(); // --config FILE
const Option& office_option(); // --office NO

/// Of --config and --office. Throws Failure: the settings, the database or the keys cannot be used,
/// or the office is not registered.
struct Desk {
    app::Config config;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<store::Sealer> sealer;
    OfficeNo office;

    explicit Desk(const Arguments& given);
    /// One transaction; false when the op does not apply.
    bool write(store::WriteOp op);
};

} // namespace cpg::cli
