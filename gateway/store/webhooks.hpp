// Where an office wants its events posted, as plain values and as ops of a job. A webhook is a
// place in the order of events (EventRow::position) and what came of the newest try to get past it:
// what is kept is enough to go on after any restart with nothing missed.
#pragma once

#include "gateway/store/opaque_id.hpp"

#include <vector>

namespace cpg::store {

using WebhookId = OpaqueId<class WebhookIdTag>;

/// active; failing: given up after the last try; gone: the other side said so (410). The latter two
/// stand still where they are until someone enables them.
enum class WebhookState { active, failing, gone };
std::string_view name_of(WebhookState state);
std::optional<WebhookState> webhook_state_of(std::string_view name);

struct WebhookRow {
    WebhookId id;
    OfficeNo office;
    Bytes sealed; // address and secrets
    WebhookState state = WebhookState::active;
    std::uint64_t position = 0; // of the newest event it is through with
    std::uint32_t attempts = 0; // failed, of the event after that
    Time next_at{};             // not before
    std::uint64_t version = 0;  // grows with each change that is not a try
    Time added_at{};
    std::optional<Time> delivered_at, failed_at; // the newest of each
    std::string failure;                         // why, of the newest try; empty when it was good
};

/// Declined when the office has `most` of them already.
struct AddWebhookOp {
    WebhookRow row;
    std::size_t most = 0;
    std::string leaf;
};
/// Declined for an unknown one, and one of another office.
struct RemoveWebhookOp {
    WebhookId id;
    OfficeNo office;
    std::string leaf;
};
/// Declined for an unknown one, one of another office, or one that is not at `version` any more.
/// enable: active again from where it stands, at once. replace: other sealed bytes.
enum class WebhookChange { enable, replace };
struct ChangeWebhookOp {
    WebhookId id;
    OfficeNo office;
    std::uint64_t version = 0;
    WebhookChange change{};
    Bytes sealed; // replace only
    Time time{};
    std::string leaf;
};
/// What came of a try. No leaf. Declined when the webhook is not at `version` any more.
struct WebhookTriedOp {
    WebhookId id;
    std::uint64_t version = 0;
    WebhookState state{};
    std::uint64_t position = 0;
    std::uint32_t attempts = 0;
    Time next_at{};
    Time time{};
    std::string failure; // empty: delivered
};

} // namespace cpg::store
