// What offices are told of, as events for programs: server-sent events and webhooks say the same.
// An event is a step of a delivery that is kept anyway; its place in the order of all steps
// (EventRow::position) is durable, so who remembers one misses nothing and hears nothing twice.
// Pure, any thread.
#pragma once

#include "gateway/store/rows.hpp"

namespace cpg::exchange {

/// "bundle.arrived", "bundle.fetched", "bundle.imported", "bundle.import_failed",
/// "bundle.recalled", "bundle.unclaimed"; empty for a step that nobody is told of.
std::string_view event_type_of(Step step);

/// {"type","timestamp","data":{"bundle","from","to","kind","month","serial","state"}}: no personal
/// data, one line, the same bytes whenever it is asked for. `state` is the one the step led to; the
/// bundle may be further by now.
std::string event_json(const store::EventRow& event);

} // namespace cpg::exchange
