#include "gateway/app/webhooks.hpp"

#include "adapters/client/post.hpp"
#include "adapters/webhook/address.hpp"
#include "adapters/webhook/signature.hpp"
#include "gateway/exchange/events.hpp"
#include "gateway/ops/log.hpp"
#include "spec/base/digest.hpp"

#include <algorithm>
#include <atomic>
#include <boost/json/serialize.hpp>
#include <condition_variable>
#include <deque>
#include <random>
#include <set>
#include <thread>

namespace cpg::app {
namespace {

using store::WebhookRow;
using store::WebhookState;

constexpr std::chrono::milliseconds look_every{1000}; // retries, and what the command line changed
constexpr std::size_t events_a_turn = 16;  // of one webhook, before others have their turn
constexpr std::size_t due_at_once = 64;    // read from the store, beside those in a turn
constexpr std::size_t max_tests = 16;      // waiting
constexpr std::size_t max_failure = 200;   // bytes kept of a reason
constexpr std::size_t max_answer = 16'384; // bytes of an answer's head; its body is not read
constexpr double most_jitter = 0.2;
constexpr int gone = 410;

bool is_success(int status) {
    return status >= 200 && status <= 299;
}

/// Why a try was no success; empty when it was one.
std::string failure_of(const Result<int>& answer) {
    if (!answer) return answer.error().detail.substr(0, max_failure);
    return is_success(*answer) ? std::string() : "HTTP " + std::to_string(*answer);
}

} // namespace

std::optional<Time> next_try(const std::vector<std::chrono::seconds>& retries, std::uint32_t failed,
                             Time now, double jitter) {
    if (failed == 0) return now;
    if (failed > retries.size()) return std::nullopt;
    const std::chrono::milliseconds wait = retries[failed - 1];
    const auto more =
        static_cast<double>(wait.count()) * most_jitter * std::clamp(jitter, 0.0, 1.0);
    return now + wait + std::chrono::milliseconds(static_cast<std::int64_t>(more));
}

WebhookMessage message_of(const store::EventRow& event) {
    return {event.bundle.str() + "_" + std::to_string(event.position), exchange::event_json(event)};
}

WebhookMessage test_message(const WebhookRow& row, Time now) {
    return {"test_" + hex(random_bytes(16)),
            boost::json::serialize(boost::json::object{{"type", "webhook.test"},
                                                       {"timestamp", rfc3339(now)},
                                                       {"data", {{"webhook", row.id.view()}}}})};
}

Result<void> check_webhook_url(const WebhookSettings& settings, const std::string& url) {
    if (url.size() > exchange::max_webhook_url)
        return Error{Errc::malformed, "the address is too long"};
    const auto scheme = client::scheme_of(url);
    if (!scheme) return Error{Errc::malformed, "not an address that can be posted to"};
    if (*scheme == "https" || settings.allow_private) return {};
    return Error{Errc::malformed, "https is needed"};
}

PostWebhook post_webhook(const WebhookSettings& settings, const std::atomic<bool>* cancelled) {
    return [settings, cancelled](const exchange::WebhookTarget& target,
                                 const WebhookMessage& message, Time now) -> Result<int> {
        if (const auto good = check_webhook_url(settings, target.url); !good) return good.error();
        const auto timestamp = std::chrono::floor<std::chrono::seconds>(now);
        std::string signatures;
        for (const auto& secret : exchange::secrets_of(target, now)) {
            const auto key = webhook::parse_secret(secret);
            if (!key) return key.error();
            if (!signatures.empty()) signatures += ' ';
            signatures += webhook::sign(*key, message.id, timestamp, message.body);
        }
        client::PostRequest request;
        request.url = target.url;
        request.ca = settings.ca;
        request.content_type = "application/json";
        request.body = message.body;
        request.max_answer = max_answer;
        request.timeout = settings.timeout;
        request.headers = {
            {"webhook-id", message.id},
            {"webhook-timestamp", std::to_string(timestamp.time_since_epoch().count())},
            {"webhook-signature", signatures}};
        request.head_alone = true;
        request.cancelled = cancelled;
        if (!settings.allow_private) request.may_connect = webhook::is_public_address;
        const auto answer = client::post_once(request);
        if (!answer) return answer.error();
        return answer->status;
    };
}

struct Webhooks::Impl {
    Impl(WebhookSettings chosen, WebhookServices given, PostWebhook other)
        : settings(std::move(chosen)), services(given),
          post(other ? std::move(other) : post_webhook(settings, &stopping)) {}

    // -- the threads --

    void run() {
        std::unique_lock lock(mutex);
        while (!stopping) {
            if (!tests.empty()) {
                auto job = std::move(tests.front());
                tests.pop_front();
                lock.unlock();
                job();
                lock.lock();
            } else if (auto row = take_due(lock)) {
                lock.unlock();
                turn(*row);
                lock.lock();
                give_back(row->id);
            } else {
                changed.wait_for(lock, look_every);
            }
        }
    }

    /// One look at the store for each wake, or each time that is due; by one thread, and without
    /// the mutex: who wakes us does not wait for it.
    std::optional<WebhookRow> take_due(std::unique_lock<std::mutex>& lock) {
        const auto now = std::chrono::steady_clock::now();
        if (due.empty() && !looking &&
            (std::exchange(woken, false) || now >= looked_at + look_every)) {
            looking = true;
            looked_at = now;
            lock.unlock();
            auto rows = look();
            lock.lock();
            looking = false;
            for (auto& row : rows)
                if (!busy.contains(row.id)) due.push_back(std::move(row));
            if (due.size() > 1) changed.notify_all();
        }
        if (due.empty()) return std::nullopt;
        auto row = std::move(due.front());
        due.pop_front();
        busy.insert(row.id);
        return row;
    }

    std::vector<WebhookRow> look() {
        try {
            return services.store.webhooks_due(services.clock.now(),
                                               due_at_once + settings.workers);
        } catch (const store::StoreFailure& failed) {
            log::error("webhook.store.failed", {{"why", std::string(failed.what())}});
            return {};
        }
    }

    /// Under the mutex. More may wait for the same webhook.
    void give_back(const store::WebhookId& id) {
        busy.erase(id);
        woken = true;
        changed.notify_one();
    }

    // -- one webhook's turn --

    /// Events in order until one fails, or others have waited long enough.
    std::size_t turn(const WebhookRow& seen) {
        std::size_t tries = 0;
        try {
            auto row = services.store.webhook(seen.id);
            if (!row || row->state != WebhookState::active || row->next_at > services.clock.now())
                return 0; // changed while it waited for its turn
            const auto target = exchange::target_of(services.sealer, *row);
            const auto events =
                services.store.events(std::span(&row->office, 1), row->position, events_a_turn);
            for (const auto& event : events) {
                if (stopping) break;
                const auto answer = post(target, message_of(event), services.clock.now());
                if (stopping && !answer) break; // cut off: counts for nothing
                ++tries;
                if (!note(*row, event, answer)) break;
            }
        } catch (const std::exception& failed) {
            log::error("webhook.turn.failed",
                       {{"webhook", seen.id.str()}, {"why", std::string(failed.what())}});
            std::unique_lock lock(mutex);
            changed.wait_for(lock, look_every, [this] { return stopping.load(); });
        }
        return tries;
    }

    /// Keeps what came of a try, in the store and in `row`. False: the turn is over.
    bool note(WebhookRow& row, const store::EventRow& event, const Result<int>& answer) {
        const Time now = services.clock.now();
        store::WebhookTriedOp op;
        op.id = row.id;
        op.version = row.version;
        op.state = WebhookState::active;
        op.time = op.next_at = now;
        op.failure = failure_of(answer);
        const bool delivered = op.failure.empty();
        op.position = delivered ? event.position : row.position;
        if (!delivered) {
            op.attempts = row.attempts + 1;
            const auto next = next_try(settings.retries, op.attempts, now, random_share());
            op.next_at = next.value_or(now);
            if (!next) op.state = WebhookState::failing;
            if (answer && *answer == gone) op.state = WebhookState::gone;
        }
        services.metrics.count("cpgw_webhook_tries_total",
                               delivered ? "result=\"delivered\"" : "result=\"failed\"");
        log_try(op);
        row.position = op.position;
        row.attempts = op.attempts;
        store::Job job;
        job.ops.push_back(std::move(op));
        const auto kept = services.gate.submit_and_wait(std::move(job));
        return delivered && std::holds_alternative<store::Written>(kept.front());
    }

    static void log_try(const store::WebhookTriedOp& op) {
        if (op.failure.empty()) return;
        log::warning("webhook.failed", {{"webhook", op.id.str()},
                                        {"attempts", static_cast<std::int64_t>(op.attempts)},
                                        {"why", op.failure}});
        if (op.state != WebhookState::active)
            log::error("webhook.stopped", {{"webhook", op.id.str()},
                                           {"state", std::string(store::name_of(op.state))}});
    }

    static double random_share() {
        thread_local std::mt19937 generator{std::random_device{}()};
        return std::uniform_real_distribution<double>(0, 1)(generator);
    }

    const WebhookSettings settings;
    WebhookServices services;
    std::atomic<bool> stopping{false};
    const PostWebhook post;
    std::mutex mutex; // guards what follows
    std::condition_variable changed;
    std::deque<std::function<void()>> tests;
    std::deque<WebhookRow> due;
    std::set<store::WebhookId> busy; // in a turn
    bool woken = true, looking = false;
    std::chrono::steady_clock::time_point looked_at{};
    std::vector<std::thread> threads;
};

Webhooks::Webhooks(WebhookSettings settings, WebhookServices services, PostWebhook post)
    : impl_(std::make_unique<Impl>(std::move(settings), services, std::move(post))) {
    auto& metrics = services.metrics;
    metrics.describe("cpgw_webhook_tries_total", "counter",
                     "messages posted to webhooks by result");
    for (const auto state : {WebhookState::active, WebhookState::failing, WebhookState::gone})
        metrics.gauge(
            "cpgw_webhooks", "webhooks by state",
            [&store = services.store, state] {
                const auto rows = store.webhooks();
                return static_cast<double>(
                    std::count_if(rows.begin(), rows.end(),
                                  [&](const WebhookRow& row) { return row.state == state; }));
            },
            "state=\"" + std::string(store::name_of(state)) + "\"");
}

Webhooks::~Webhooks() {
    stop();
}

void Webhooks::start() {
    for (std::size_t i = 0; i < impl_->settings.workers; ++i)
        impl_->threads.emplace_back([this] { impl_->run(); });
}

void Webhooks::stop() {
    std::deque<std::function<void()>> dropped;
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
        dropped.swap(impl_->tests);
    }
    impl_->changed.notify_all();
    for (auto& thread : impl_->threads)
        if (thread.joinable()) thread.join();
}

void Webhooks::wake() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->woken = true;
    }
    impl_->changed.notify_one();
}

void Webhooks::test(const WebhookRow& row, std::function<void(Result<int>)> done) {
    {
        const std::lock_guard lock(impl_->mutex);
        if (!impl_->stopping && impl_->tests.size() < max_tests) {
            impl_->tests.push_back([impl = impl_.get(), row, done = std::move(done)] {
                Result<int> answer = Error{Errc::unreachable, "the test failed here"};
                try {
                    const Time now = impl->services.clock.now();
                    answer = impl->post(exchange::target_of(impl->services.sealer, row),
                                        test_message(row, now), now);
                } catch (const std::exception& failed) {
                    log::error("webhook.test.failed", {{"why", std::string(failed.what())}});
                }
                done(std::move(answer));
            });
            impl_->changed.notify_one();
            return;
        }
    }
    done(Error{Errc::overloaded, "too many tests at once"});
}

std::size_t Webhooks::run_once() {
    std::size_t tries = 0;
    for (const auto& row :
         impl_->services.store.webhooks_due(impl_->services.clock.now(), due_at_once))
        tries += impl_->turn(row);
    return tries;
}

} // namespace cpg::app
