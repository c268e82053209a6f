// An office's webhooks as it manages them: adding, removing, enabling, a new secret; each with its
// leaf. What is delivered, when and how is gateway/app/webhooks.hpp. Any thread; sealing may write
// the office's key, so not inside a store's batch.
#pragma once

#include "gateway/identity/people.hpp"

namespace cpg::exchange {

/// What is sealed: where to, and what messages are signed with.
struct WebhookTarget {
    std::string url, secret;
    std::string old_secret; // signs too until old_until, so that the receiver can change over
    Time old_until{};
    std::string host() const; // of the URL, for lists and the log
};

constexpr std::size_t max_webhook_url = 2000; // bytes: what every server and proxy takes

/// Throws StoreFailure when it does not open.
WebhookTarget target_of(store::Sealer& sealer, const store::WebhookRow& row);
/// The newest first: one, or two during an overlap.
std::vector<std::string> secrets_of(const WebhookTarget& target, Time now);

struct WebhookSecret {
    std::string text; // "whsec_…", shown once
};
struct NewWebhook {
    store::AddWebhookOp op;
    WebhookSecret secret;
};
/// Events behind `position` go to `url`; the office may have `most`.
NewWebhook add_webhook(store::Sealer& sealer, const OfficeNo& office, const std::string& url,
                       std::uint64_t position, std::size_t most, const identity::Administrator& by,
                       Time now);
store::RemoveWebhookOp remove_webhook(const store::WebhookRow& row,
                                      const identity::Administrator& by, Time now);
store::ChangeWebhookOp enable_webhook(const store::WebhookRow& row,
                                      const identity::Administrator& by, Time now);
struct RotatedWebhook {
    store::ChangeWebhookOp op;
    WebhookSecret secret;
};
/// The secret so far signs beside the new one for `overlap`; one before that does not any more.
RotatedWebhook rotate_webhook(store::Sealer& sealer, const store::WebhookRow& row,
                              std::chrono::seconds overlap, const identity::Administrator& by,
                              Time now);

} // namespace cpg::exchange
