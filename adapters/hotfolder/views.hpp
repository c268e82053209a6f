// What the agent shows of an office: values copied out by its threads, drawn by status.hpp. What
// could not be looked at is absent, never 0.
#pragma once

#include "adapters/hotfolder/words.hpp"

#include <optional>

namespace cpg::hotfolder {

/// Something that needs a person, or time.
struct Trouble {
    std::string code; // "disk.full": of the log and of status.json
    Words what;
    bool operator==(const Trouble&) const = default;
};

struct WaitingItem {
    std::string name; // of a file: shown on this machine only
    std::string why_ja, why_en;
};
struct QueuedJob {
    std::string job, kind, to;
    std::size_t files = 0;
};
struct ReturnedItem {
    std::string folder; // below 差戻し
};
struct ImportItem {
    std::string from, kind, serial;
    std::size_t files_left = 0;
};

struct OutgoingView {
    std::optional<std::vector<WaitingItem>> waiting; // files in 送信 not taken yet
    std::optional<std::vector<QueuedJob>> queued;    // taken, not yet answered
    std::optional<std::size_t> sent_today;
    std::optional<std::vector<ReturnedItem>> returned;
    std::vector<Trouble> troubles;
    std::vector<Words> news; // the last ones: sent before, returned …
    std::optional<Time> looked_at;
};

struct IncomingView {
    std::optional<std::vector<ImportItem>> waiting_for_import;
    std::optional<std::size_t> received_today, quarantined;
    std::vector<Trouble> troubles;
    std::optional<Time> looked_at;
};

struct GatewayView {
    std::optional<bool> reachable; // absent: not asked yet
    Time since{};
    Words why;                           // when it is not
    std::optional<int> certificate_days; // by the gateway, else of the file
};

/// Logged, and nothing else: no file name, no text of a file.
struct Event {
    std::string name; // "job.sent"
    std::string job, detail;
    bool is_trouble = false;
};

} // namespace cpg::hotfolder
