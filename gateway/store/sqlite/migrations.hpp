// The schema, as numbered steps that only go forward. PRAGMA user_version says how many were
// applied.
#pragma once

#include "gateway/store/sqlite/database.hpp"

namespace cpg::store::sqlite {

int schema_version();                 // of this program
int schema_version(Database& opened); // of the file; throws when the file is not ours

/// For an empty file: page size and write-ahead log, which stay with the file.
void prepare_file(Database& database);
/// Applies what is missing up to `version`, each step in a transaction of its own. Refuses a newer
/// schema.
void migrate(Database& database, int version = schema_version());

} // namespace cpg::store::sqlite
