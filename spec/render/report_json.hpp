// Report -> JSON exactly as in the contract (interfaces), text a clerk can read, and CSV.
#pragma once

#include "spec/base/lang.hpp"
#include "spec/check/report.hpp"

#include <boost/json/value.hpp>

namespace cpg {

/// Message, hint and section of a finding in one language; templates filled.
struct FindingText {
    std::string message, hint, section;
};
FindingText text_of(const Catalog& catalog, const Finding& finding, Lang lang);

boost::json::object to_json(const Catalog& catalog, const Finding& finding, Lang lang);
boost::json::object to_json(const Catalog& catalog, const BundleReport& report, Lang lang);
boost::json::object to_json(const Catalog& catalog, const Report& report, Lang lang);

/// `file › line › 項目名`, cause, next step; grouped by file; ends with the verdict and the counts.
std::string to_text(const Catalog& catalog, const Report& report, Lang lang);
/// UTF-8 with BOM, CRLF: opens in a spreadsheet. Cells that a spreadsheet would run are prefixed by
/// an apostrophe.
std::string to_csv(const Catalog& catalog, const Report& report, Lang lang);

} // namespace cpg
