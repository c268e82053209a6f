// The client's memory of the gateway's log (gateway/audit/pin.hpp) as a file beside its settings.
#pragma once

#include "adapters/client/client.hpp"
#include "gateway/audit/note.hpp"
#include "spec/base/lang.hpp"

#include <filesystem>

namespace cpg::cli {

/// At the start of a session: the log must continue what this client saw before. Asks the gateway,
/// compares, keeps what is new (the file is replaced whole). A gateway that cannot be asked is left
/// to the command itself. Throws Failure (3) when the log forked, went back or is signed by another
/// key; both checkpoints are kept in a folder beside the file, the file stays as it was. Throws
/// Failure (78) when the file cannot be read.
void check_log(client::Client& client, const std::filesystem::path& file,
               const std::vector<audit::VerifierKey>& trusted, Lang lang);

} // namespace cpg::cli
