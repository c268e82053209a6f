// "0370100017:43" on a command line.
#pragma once

#include "gateway/cli/args.hpp"
#include "spec/records/file_name.hpp"

namespace cpg::cli {

/// OFFICE or OFFICE:TYPE. Throws UsageError that names the option.
OfficeRef parse_office_ref(const std::string& option, const std::string& text);
/// OFFICE:TYPE[,OFFICE:TYPE…], at least one.
std::vector<OfficeRef> parse_office_refs(const std::string& option, const std::string& text);
/// The required month of --month YYYYMM.
Month month_option(const Arguments& given);

} // namespace cpg::cli
