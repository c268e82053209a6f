// ZIPs and folders -> files, and files -> ZIP. libzip is seen by unpack.cpp only. Everything is
// bounded before it is allocated; names are decoded first (UTF-8 flag, else CP932), then must be
// flat.
#pragma once

#include "spec/records/bundle.hpp"

namespace cpg {

struct UnpackLimits {
    std::size_t max_entries = 2000;       // a fan-out of 200 bundles of 3 files, thrice
    std::uint64_t max_total = 256u << 20; // unpacked bytes in all
    std::uint64_t max_file = 64u << 20;   // of one file
    std::uint64_t max_ratio = 200;        // unpacked : packed, per entry over 1 MiB
    std::size_t max_name = 255;           // bytes of a name
    /// Plain files (not ZIPs) over this size are left where they are (InputFile::large), and the
    /// others too once this much is held; they count neither in max_file nor in max_total.
    /// Absent: every file is held.
    std::optional<std::uint64_t> held_plain = std::nullopt;
};

/// malformed: not a ZIP, damaged, CRC differs, encrypted, symlink, nested path other than one
/// common folder, absolute path, "..", back-slash, control character in a name, the same name
/// twice; too_large: a limit. A folder prefix shared by every entry is dropped (what "compress this
/// folder" makes); folder entries, __MACOSX/, .DS_Store and Thumbs.db are ignored.
Result<std::vector<InputFile>> unpack_zip(BytesView zip, const UnpackLimits& limits = {});

/// Deterministic: same files in the same order = same bytes (fixed time stamps, stored order,
/// deflate level 6).
Bytes pack_zip(const std::vector<InputFile>& files);

/// Files, folders (one level of files, sub-folders too) and ZIPs named on a command line. Errors
/// name the path. Folder entries that are not files are skipped; every file of a folder is taken,
/// hidden ones are not.
Result<std::vector<InputFile>> read_paths(const std::vector<std::filesystem::path>& paths,
                                          const UnpackLimits& limits = {});

/// Whether a name may be used as a flat file name on any system: no separators, no control
/// character, not "." or "..", at most 255 bytes, valid UTF-8.
bool is_flat_name(std::string_view utf8);

} // namespace cpg
