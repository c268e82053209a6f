// A log as a folder that outsiders can check without the gateway: C2SP tlog-tiles, one tree a year.
//
//     <year>/checkpoint                 the newest signed note, with cosignatures
//     <year>/tile/<L>/<N>[.p/<W>]       hashes
//     <year>/tile/entries/<N>[.p/<W>]   leaves
//     <year>/timestamps/<size>.checkpoint, <size>.tsr   time-stamped checkpoints (RFC 3161)
//
// Writes and reads files only. One thread.
#pragma once

#include "gateway/audit/fsck.hpp"
#include "gateway/audit/tiles.hpp"

#include <filesystem>
#include <map>

namespace cpg::audit {

/// Where the files of an export go: a relative path and its bytes.
using FileWriter = std::function<void(const std::string& path, BytesView bytes)>;
/// A file of an export; nullopt when there is none.
using FileReader = std::function<std::optional<Bytes>(const std::string& path)>;

struct StampedCheckpoint {
    std::uint64_t size = 0;
    std::string note;
    Bytes response; // TimeStampResp, DER
};

/// Writes a year's log under its folder. `checkpoint` is the note to publish, of all leaves.
void export_log(const LogSource& log, const std::string& folder, const std::string& checkpoint,
                const std::vector<StampedCheckpoint>& stamped, const FileWriter& write,
                const std::function<void(const std::string&)>& on_progress);

/// The log in a folder of an export, to be checked by check_logs(). `stamped` are the sizes of its
/// time-stamped checkpoints. nullopt: there is no checkpoint in the folder that can be read.
std::optional<LogSource> exported_log(const std::string& folder, const FileReader& read,
                                      std::vector<std::uint64_t> stamped, bool closed);

/// Files of a folder on disk. The writer makes folders as needed, replaces files, throws
/// std::runtime_error when it cannot; the reader refuses a file over 64 MiB (a bundle of 256
/// entries has at most 16).
FileWriter writer_into(const std::filesystem::path& folder);
FileReader reader_from(const std::filesystem::path& folder);
/// The years of an export, oldest first, each with the sizes of its time-stamped checkpoints.
std::map<int, std::vector<std::uint64_t>> years_of_export(const std::filesystem::path& folder);

} // namespace cpg::audit
