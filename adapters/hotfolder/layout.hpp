// Where the files of an arrived bundle go below the incoming folder (L1 to L6), under names that
// Windows and CP932 software can open. Pure, any thread.
#pragma once

#include "adapters/dialect/dialect.hpp"
#include "adapters/hotfolder/link.hpp"

namespace cpg::hotfolder {

/// Files with paths below the incoming folder, in the order given. flat, one_at_a_time: x;
/// partner_folder: <office>/x; serial_folder: <office>_<serial>/x; partner_zip:
/// <office>_<serial>.zip; month_folder: 202611/<office>/x ("月なし" without a month).
std::vector<InputFile> laid_out(adapters::Layout layout, const Arrival& arrival,
                                std::vector<InputFile> files);

/// Every part of the path a Windows name, the whole at most max_relative_path; no two alike by
/// Windows' count (case does not matter).
void make_windows_paths(std::vector<InputFile>& files);

} // namespace cpg::hotfolder
