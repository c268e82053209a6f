// Records of the standard -> the files a dialect wants. Pure, any thread.
#pragma once

#include "adapters/dialect/reader.hpp"

namespace cpg::adapters {

/// The dialect's own edition. Files without folders; nothing but notes when it is refused.
std::vector<DialectFile> write_set(const Knowledge& knowledge, const Dialect& dialect,
                                   const TableSet& set, ConversionReport& report);

/// The files in the dialect's layout: folders, or a ZIP.
std::vector<DialectFile> laid_out(const Dialect& dialect, const TableSet& set,
                                  std::vector<DialectFile> files);

} // namespace cpg::adapters
