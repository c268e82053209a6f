// Delivers events to webhooks (gateway/store/webhooks.hpp): signed by Standard Webhooks, in order,
// at least once, for as long as it takes. Threads of its own; nothing that takes submissions waits
// for it. All that it knows is in the store: whatever ends the process, the next one goes on from
// there.
#pragma once

#include "gateway/exchange/notifier.hpp"
#include "gateway/exchange/webhooks.hpp"
#include "gateway/ops/metrics.hpp"

#include <filesystem>

namespace cpg::app {

struct WebhookSettings {
    /// Plain http, and addresses that are not of the public internet. For tests, and where
    /// receivers stand in the same closed network.
    bool allow_private = false;
    std::filesystem::path ca; // PEM: whom https must lead to; empty = the system's
    /// Waits between the tries of an event: an hour's fault is bridged quickly, a long weekend's at
    /// all (three days in all). After the last one the webhook is failing.
    std::vector<std::chrono::seconds> retries{
        std::chrono::seconds(5), std::chrono::minutes(5), std::chrono::minutes(30),
        std::chrono::hours(2),   std::chrono::hours(5),   std::chrono::hours(10),
        std::chrono::hours(14),  std::chrono::hours(20),  std::chrono::hours(24)};
    std::chrono::milliseconds timeout{15'000}; // of a try in all: the standard's own number
    std::size_t workers = 4; // tries at once; a slow receiver holds one for `timeout`
    std::chrono::seconds overlap{std::chrono::hours(24)}; // in which a replaced secret signs too
};

/// When the next try may be, after `failed` ones: the table's wait and up to a fifth more, so that
/// receivers that failed together are not asked together. nullopt: that was the last. `jitter` lies
/// between 0 and 1.
std::optional<Time> next_try(const std::vector<std::chrono::seconds>& retries, std::uint32_t failed,
                             Time now, double jitter);

struct WebhookMessage {
    std::string id; // the same for each try of an event
    std::string body;
};
/// As it is posted to each webhook: the id is unique over gateways.
WebhookMessage message_of(const store::EventRow& event);

/// One try: the HTTP status, or why there was none (unreachable; configuration: the address or its
/// host is not allowed). Blocking; ends early when *cancelled.
using PostWebhook =
    std::function<Result<int>(const exchange::WebhookTarget&, const WebhookMessage&, Time now)>;
PostWebhook post_webhook(const WebhookSettings& settings, const std::atomic<bool>* cancelled);
/// A message of type webhook.test.
WebhookMessage test_message(const store::WebhookRow& row, Time now);

/// malformed: too long, not https (http where allow_private is set), or no address at all.
Result<void> check_webhook_url(const WebhookSettings& settings, const std::string& url);

struct WebhookServices {
    store::Store& store;
    store::StoreGate& gate;
    store::Sealer& sealer;
    Metrics& metrics;
    const Clock& clock;
};

class Webhooks {
  public:
    /// `post` is another one in tests.
    Webhooks(WebhookSettings settings, WebhookServices services, PostWebhook post = {});
    ~Webhooks(); // stops
    Webhooks(const Webhooks&) = delete;
    Webhooks& operator=(const Webhooks&) = delete;

    void start();
    /// Tries that run are cut off; they count for nothing and are made again. Idempotent.
    void stop();
    /// Something happened: looks at once. Any thread; quick.
    void wake();
    /// Posts a test message on one of the threads; overloaded when too many wait.
    void test(const store::WebhookRow& row, std::function<void(Result<int>)> done);
    /// Makes one round of what is due, on the caller's thread (tests); how many tries.
    std::size_t run_once();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace cpg::app
