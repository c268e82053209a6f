// The life of a delivery as a pure state machine: accepted -> fetched -> imported | import_failed,
// accepted -> recalled, or superseded when a newer bundle of the same key set arrived. Nothing goes
// back.
#pragma once

#include <optional>
#include <string_view>

namespace cpg::exchange {

enum class State { accepted, fetched, imported, import_failed, recalled, superseded, rejected };
enum class Step { submit, reject, fetch, ack_imported, ack_failed, recall, supersede, unclaimed };

std::string_view name_of(State state);
std::optional<State> state_of(std::string_view name);
std::string_view name_of(Step step); // "submit" … "ack_imported"
std::optional<Step> step_of(std::string_view name);

/// The state after a step; nullopt = not allowed. Documented choices: an import that failed may be
/// acknowledged imported after a second try; a superseded bundle that was fetched may still be
/// acknowledged (its state stays superseded); a bundle already imported stays imported when a newer
/// one arrives (superseded_by says so). `unclaimed` moves nothing: it says that the bundle was not
/// fetched in time.
std::optional<State> next_state(State state, Step step);

/// ETSI EN 319 522 event name of a step, e.g. ContentHandover for fetch.
std::string_view event_of(Step step);

enum class SequenceProblem { serial_reused, serial_behind };

} // namespace cpg::exchange
