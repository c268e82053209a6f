// Writes a folder of files whole or not at all: what is there under its name is complete and on
// disk. Any thread; two writers of the same name: one wins, the other is told.
#pragma once

#include "spec/records/bundle.hpp"

#include <filesystem>

namespace cpg::client {

/// A file below the folder; the path is relative and has no "..", e.g. "receipts/x.txt".
struct SavedFile {
    std::filesystem::path path;
    BytesView bytes;
};

/// Writes into a hidden temporary folder beside it, flushes files and folders to disk, renames.
/// `parent` is made when it is missing. conflict: `name` exists already (left as it is).
/// Throws std::system_error when the disk refuses; nothing of the name is there then.
Result<void> save_folder(const std::filesystem::path& parent, const std::string& name,
                         const std::vector<SavedFile>& files);

/// The same for one file; an existing one is replaced in one step.
void save_file(const std::filesystem::path& file, BytesView bytes,
               std::filesystem::perms mode = std::filesystem::perms::owner_read |
                                             std::filesystem::perms::owner_write);

} // namespace cpg::client
