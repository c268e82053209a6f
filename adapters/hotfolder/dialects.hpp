// adapters/dialect as the agent uses it: an office's dialects, tables and wishes turned into the
// two functions of conversion.hpp. Immutable once made, any thread.
#pragma once

#include "adapters/dialect/convert.hpp"
#include "adapters/hotfolder/conversion.hpp"

namespace cpg::hotfolder {

struct OfficeDialects {
    CatalogPtr catalog;
    std::vector<adapters::DialectPtr> dialects; // the shipped ones and the office's own
    adapters::OfficeTables tables;
    CheckOptions check;
    std::optional<OfficeRef> office; // this one: where the files do not say it
};

/// `which`: "auto" tries them all, an id that one alone. not_found: no such dialect, or one that
/// does not read.
Result<ReadDialects> reading(const OfficeDialects& office, const std::string& which);
/// not_found: no such dialect, or one that does not write.
Result<WriteDialect> writing(const OfficeDialects& office, const std::string& which);
/// How that dialect lays its files out; flat when there is none of that name.
adapters::Layout layout_of(const OfficeDialects& office, const std::string& which);

} // namespace cpg::hotfolder
