// Edition 3 <-> edition 4.1 (standard, CSVバージョン履歴): records by item key, a loss told for
// everything that has no place on the other side. Pure, any thread.
#pragma once

#include "adapters/dialect/notes.hpp"
#include "adapters/dialect/office_tables.hpp"
#include "adapters/dialect/table.hpp"

namespace cpg::adapters {

/// The set in the other edition. Going up: the service types of the two offices come from the set,
/// else from `from`/`to`, else from offices.csv (noted as looked up; unknown or several: refused,
/// A-ENV-02); the items edition 3 does not have stay empty (R-WEL-01 may then refuse them), noted.
/// Going down: 第3表, 予防 files and the items edition 3 lacks are lost, noted; the service types
/// of the names too. Notes go to `report`; nothing when it is refused.
std::optional<TableSet> in_edition(const Catalog& catalog, const TableSet& set,
                                   std::string_view edition, const OfficeTables& tables,
                                   ConversionReport& report);

} // namespace cpg::adapters
