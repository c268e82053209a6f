// What a client remembers of a gateway's log: the newest checkpoint it saw of each year. At every
// session the log must continue what was seen; a log that forked or went back shows here, whoever
// holds its key. Pure but for the fetching, which is the caller's. One thread.
#pragma once

#include "gateway/audit/note.hpp"
#include "gateway/audit/words.hpp"

#include <functional>
#include <map>

namespace cpg::audit {

/// Signed notes by origin.
using Pins = std::map<std::string, std::string>;
constexpr std::size_t max_pins_bytes = 1024 * 1024; // a note a year and gateway

std::string pins_text(const Pins& pins); // JSON
/// malformed: not such a text.
Result<Pins> read_pins(std::string_view text);

/// Fetches from the gateway's log: "checkpoint", "2026/checkpoint", "2026/tile/0/000.p/5". An error
/// of not_found when there is no such thing, any other when it cannot be asked.
using LogFetch = std::function<Result<std::string>(const std::string& path)>;

enum class Continuity {
    continues,   // it is what was seen, or more; or nothing was seen yet
    rolled_back, // smaller than what was seen
    forked,      // another log than the one that was seen
    unknown_key, // not signed by a trusted key
    unknown,     // cannot be asked now; nothing was learned
};

struct PinCheck {
    Continuity continuity = Continuity::continues;
    Words reason;                // one sentence, when it does not continue
    std::string pinned, offered; // the signed notes that contradict each other
    Pins pins;                   // to keep from now on; as before unless it continues
};

/// Asks for the newest checkpoint and, when the log has grown, for the tiles that show that it only
/// grew. Over the turn of a year it goes back from the newest log to the pinned one: each log's
/// first leaf names the end of the one before.
PinCheck check_pins(const Pins& pins, const std::vector<VerifierKey>& trusted,
                    const LogFetch& fetch);

} // namespace cpg::audit
