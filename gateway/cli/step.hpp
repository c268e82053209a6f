// A step of a delivery that answers with a receipt: ack, recall.
#pragma once

#include "gateway/cli/remote.hpp"
#include "gateway/cli/text.hpp"

namespace cpg::cli {

struct StepRequest {
    BundleId id;
    std::string route; // "ack"
    std::string step;  // what the receipt must say: "imported"
    Reader reader{};
};

/// Posts, verifies the receipt, says what happened, keeps the receipt in --out. Exit code.
int take_step(const Arguments& given, Connection& connection, const StepRequest& request,
              const boost::json::object& body);

} // namespace cpg::cli
