// A signing key's file: the key's name on the first line, then the secret in PEM; mode 0400. The
// log's key and that of `cpgw kit` are such files. Reads and writes files only; any thread.
#pragma once

#include "gateway/audit/note.hpp"

#include <filesystem>

namespace cpg::audit {

/// Makes a new key and writes its file. Gives its vkey. configuration: the file exists or cannot be
/// written; malformed: the name is no key name (blanks, control characters, plus).
Result<std::string> create_key_file(const std::filesystem::path& file, std::string_view name);

/// configuration: cannot be read, may be read by others, has no name, is no key.
Result<std::unique_ptr<Signer>> read_key_file(const std::filesystem::path& file);

} // namespace cpg::audit
