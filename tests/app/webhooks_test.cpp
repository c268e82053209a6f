// Delivering events: order, retries, giving up, going on from the store after any end.
#include "adapters/webhook/verify.hpp"
#include "gateway/app/webhooks.hpp"
#include "gateway/store/sqlite/sqlite_store.hpp"
#include "spec/base/digest.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <stdlib.h>

using namespace cpg;
using namespace cpg::app;
using std::chrono::seconds;
using store::WebhookState;

namespace {

class StillClock : public Clock {
  public:
    Time now() const override { return now_.load(); }
    void advance(std::chrono::milliseconds by) { now_ = now_.load() + by; }

  private:
    std::atomic<Time> now_{Time(std::chrono::milliseconds(1'795'345'600'000))};
};

struct Folder {
    std::filesystem::path path;
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "cpgw-hooks-XXXXXX").string();
        if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
};

const OfficeNo care = OfficeNo::parse("0370100017").value();
const OfficeNo visit = OfficeNo::parse("0370100025").value();

/// A store, and a receiver that answers as it is told.
struct World {
    Folder folder;
    StillClock clock;
    std::shared_ptr<const audit::Signer> signer =
        audit::make_signer("localhost/cpgw/2026", audit::make_signer_key());
    std::unique_ptr<store::Store> store =
        store::open_sqlite_store({folder.path / "gateway.db", true, 6, &clock}, signer);
    store::Sealer sealer{store::MasterKey::of(Bytes(32, 'k')), *store};
    std::unique_ptr<store::StoreGate> gate =
        std::make_unique<store::StoreGate>(*store, store::GateLimits{});
    Metrics metrics;
    WebhookSettings settings = quick();
    std::mutex mutex;
    std::vector<std::string> ids; // of messages that were posted, in order
    std::function<Result<int>(const std::string& id)> answer = [](const auto&) { return 200; };
    std::unique_ptr<Webhooks> webhooks = make();
    int serial = 0;

    World() { set_office(true); }
    void set_office(bool enabled) {
        store::OfficeRow row;
        row.office = visit;
        row.enabled = enabled;
        store->put_offices(std::vector{row});
    }

    static WebhookSettings quick() {
        WebhookSettings settings;
        settings.retries = {seconds(10), seconds(100)};
        return settings;
    }
    std::unique_ptr<Webhooks> make() {
        // Gauges of the one before must not be asked any more: each has metrics of its own.
        return std::make_unique<Webhooks>(
            settings, WebhookServices{*store, *gate, sealer, metrics, clock},
            [this](const exchange::WebhookTarget&, const WebhookMessage& message, Time) {
                const std::lock_guard lock(mutex);
                ids.push_back(message.id);
                return answer(message.id);
            });
    }
    store::WriteResult write(store::WriteOp op) {
        store::Job job;
        job.ops.push_back(std::move(op));
        return gate->submit_and_wait(std::move(job)).front();
    }
    store::WebhookId add(const OfficeNo& office = visit,
                         const std::string& url = "https://receiver.example/hook") {
        const auto made = exchange::add_webhook(sealer, office, url, store->newest_position(), 9,
                                                {}, clock.now());
        write(made.op);
        return made.op.row.id;
    }
    void enable(const store::WebhookId& id) {
        write(exchange::enable_webhook(row(id), {}, clock.now()));
    }
    store::WebhookRow row(const store::WebhookId& id) { return store->webhook(id).value(); }
    /// A bundle arrives: one event for `visit`.
    void arrive() {
        store::AcceptOp op;
        op.bundle.id = BundleId::make(clock.now(), random_bytes(10));
        op.bundle.pair = {{care, ServiceType::parse("43").value()},
                          {visit, ServiceType::parse("11").value()}};
        op.bundle.serial = Serial::parse(std::to_string(20261100000001 + serial++)).value();
        op.bundle.edition = "4.1";
        op.bundle.kind = "schedule";
        op.bundle.month = Month::of(2026, 12);
        op.bundle.accepted_at = clock.now();
        op.bundle.content_tag = "tag";
        op.leaf = "leaf\n";
        write(op);
    }
    /// The ids of all events, as a webhook has to hear them.
    std::vector<std::string> all_ids() {
        std::vector<std::string> all;
        for (const auto& event : store->events(std::vector{visit}, 0, 1000))
            all.push_back(message_of(event).id);
        return all;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(webhook_delivery)

BOOST_AUTO_TEST_CASE(waits_longer_after_each_failure_and_ends_after_three_days) {
    const WebhookSettings settings;
    const Time now(std::chrono::milliseconds(1'000'000));
    BOOST_TEST((next_try(settings.retries, 0, now, 1) == now));
    seconds sum{0};
    for (std::uint32_t failed = 1; failed <= settings.retries.size(); ++failed) {
        const std::chrono::milliseconds wait = settings.retries[failed - 1];
        BOOST_TEST((failed == 1 || wait > settings.retries[failed - 2]));
        BOOST_TEST((next_try(settings.retries, failed, now, 0) == now + wait));
        BOOST_TEST((next_try(settings.retries, failed, now, 1) == now + wait + wait / 5));
        BOOST_TEST((next_try(settings.retries, failed, now, 0.5) == now + wait + wait / 10));
        sum += settings.retries[failed - 1];
    }
    BOOST_TEST((sum > std::chrono::days(3) && sum < std::chrono::days(4)));
    BOOST_TEST(!next_try(settings.retries, 10, now, 0));
}

BOOST_AUTO_TEST_CASE(posts_each_event_once_and_in_order) {
    World world;
    world.arrive(); // before there was a webhook
    const auto id = world.add();
    BOOST_TEST(world.webhooks->run_once() == 0u);
    for (int i = 0; i < 40; ++i) world.arrive();
    while (world.webhooks->run_once() > 0) {
    }
    const auto all = world.all_ids();
    BOOST_TEST((world.ids == std::vector(all.begin() + 1, all.end())));
    BOOST_TEST(world.row(id).position == world.store->newest_position());
    BOOST_TEST(world.row(id).delivered_at.has_value());
    BOOST_TEST(world.metrics.text().find("cpgw_webhook_tries_total{result=\"delivered\"} 40") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(holds_later_events_back_until_the_one_before_is_delivered) {
    World world;
    const auto id = world.add();
    world.arrive();
    world.arrive();
    world.answer = [](const auto&) { return 503; };
    BOOST_TEST(world.webhooks->run_once() == 1u);
    BOOST_TEST(world.row(id).attempts == 1u);
    BOOST_TEST(world.row(id).failure == "HTTP 503");
    BOOST_TEST(world.webhooks->run_once() == 0u); // not before its time
    world.clock.advance(seconds(12));             // ten and a fifth
    BOOST_TEST(world.webhooks->run_once() == 1u);
    world.answer = [](const auto&) { return 202; };
    world.clock.advance(seconds(120));
    BOOST_TEST(world.webhooks->run_once() == 2u);
    const auto all = world.all_ids();
    BOOST_TEST((world.ids == std::vector{all[0], all[0], all[0], all[1]})); // the same id each time
    BOOST_TEST(world.row(id).attempts == 0u);
    BOOST_TEST(world.row(id).failure.empty());
}

BOOST_AUTO_TEST_CASE(gives_up_after_the_last_try_and_goes_on_from_there_when_enabled) {
    World world;
    const auto id = world.add();
    world.arrive();
    world.answer = [](const auto&) -> Result<int> {
        return Error{Errc::unreachable, "receiver.example: connect: refused"};
    };
    for (int i = 0; i < 5; ++i) {
        world.webhooks->run_once();
        world.clock.advance(seconds(200));
    }
    BOOST_TEST(world.ids.size() == 3u); // the first, and two retries
    BOOST_TEST((world.row(id).state == WebhookState::failing));
    BOOST_TEST(world.row(id).failure == "receiver.example: connect: refused");
    BOOST_TEST(world.metrics.text().find("cpgw_webhooks{state=\"failing\"} 1") !=
               std::string::npos);
    world.arrive(); // while it stands still
    world.ids.clear();
    world.answer = [](const auto&) { return 200; };
    BOOST_TEST(world.webhooks->run_once() == 0u);
    world.enable(id);
    BOOST_TEST(world.webhooks->run_once() == 2u);
    BOOST_TEST((world.ids == world.all_ids())); // nothing was dropped
    BOOST_TEST((world.row(id).state == WebhookState::active));
}

BOOST_AUTO_TEST_CASE(tells_a_disabled_office_nothing_until_it_is_enabled_again) {
    World world;
    const auto id = world.add();
    world.set_office(false);
    world.arrive();
    BOOST_TEST(world.webhooks->run_once() == 0u);
    BOOST_TEST(world.row(id).attempts == 0u);
    world.set_office(true);
    BOOST_TEST(world.webhooks->run_once() == 1u);
    BOOST_TEST((world.ids == world.all_ids()));
}

BOOST_AUTO_TEST_CASE(stops_at_once_when_the_other_side_is_gone) {
    World world;
    const auto id = world.add();
    world.arrive();
    world.answer = [](const auto&) { return 410; };
    BOOST_TEST(world.webhooks->run_once() == 1u);
    BOOST_TEST((world.row(id).state == WebhookState::gone));
    world.clock.advance(std::chrono::days(1));
    BOOST_TEST(world.webhooks->run_once() == 0u);
}

BOOST_AUTO_TEST_CASE(takes_two_hundreds_only_for_success) {
    World world;
    const auto id = world.add();
    world.arrive();
    const auto before = world.row(id).position;
    for (const int status : {100, 199, 300, 301, 302, 307, 308, 400, 500, 599}) {
        world.answer = [status](const auto&) { return status; };
        world.enable(id);
        BOOST_TEST(world.webhooks->run_once() == 1u);
        BOOST_TEST(world.row(id).position == before, status);
        BOOST_TEST(world.row(id).attempts == 1u, status);
    }
    world.answer = [](const auto&) { return 299; };
    world.enable(id);
    BOOST_TEST(world.webhooks->run_once() == 1u);
    BOOST_TEST(world.row(id).attempts == 0u);
}

BOOST_AUTO_TEST_CASE(goes_on_where_a_process_that_died_had_come_to) {
    World world;
    world.add();
    for (int i = 0; i < 6; ++i) world.arrive();
    int left = 3;
    world.answer = [&](const auto&) -> Result<int> {
        if (left-- > 0) return 200;
        throw std::runtime_error("the process ends here, before anything is kept");
    };
    world.webhooks->run_once();
    world.webhooks = world.make();
    world.answer = [](const auto&) { return 200; };
    world.webhooks->run_once();
    auto heard = world.ids;
    const auto all = world.all_ids();
    BOOST_TEST(heard.size() == all.size() + 1); // one came twice, with the same id
    heard.erase(std::unique(heard.begin(), heard.end()), heard.end());
    BOOST_TEST((heard == all));
}

BOOST_AUTO_TEST_CASE(does_not_let_one_that_hangs_hold_up_the_others) {
    World world;
    world.settings.workers = 2;
    world.webhooks.reset();
    std::mutex gate_mutex;
    std::condition_variable changed;
    bool released = false;
    std::atomic<int> delivered{0};
    world.webhooks = std::make_unique<Webhooks>(
        world.settings,
        WebhookServices{*world.store, *world.gate, world.sealer, world.metrics, world.clock},
        [&](const exchange::WebhookTarget& target, const WebhookMessage&, Time) -> Result<int> {
            if (target.host() == "slow.example") {
                std::unique_lock lock(gate_mutex);
                changed.wait_for(lock, seconds(20), [&] { return released; });
                return Error{Errc::unreachable, "time-out"};
            }
            if (++delivered == 30) {
                const std::lock_guard lock(gate_mutex);
                released = true;
                changed.notify_all();
            }
            return 200;
        });
    world.add(visit, "https://slow.example/");
    world.add(visit, "https://good.example:8443/hook?a=b");
    world.webhooks->start();
    for (int i = 0; i < 30; ++i) {
        world.arrive();
        world.webhooks->wake();
    }
    std::unique_lock lock(gate_mutex);
    BOOST_TEST(changed.wait_for(lock, seconds(20), [&] { return released; }));
    lock.unlock();
    world.webhooks->stop();
    BOOST_TEST(delivered.load() == 30);
}

BOOST_AUTO_TEST_CASE(signs_with_both_secrets_while_one_is_replaced) {
    World world;
    const auto id = world.add();
    const auto first = exchange::target_of(world.sealer, world.row(id)).secret;
    const auto rotated =
        exchange::rotate_webhook(world.sealer, world.row(id), seconds(60), {}, world.clock.now());
    BOOST_TEST(std::holds_alternative<store::Written>(world.write(rotated.op)));
    const auto target = exchange::target_of(world.sealer, world.row(id));
    BOOST_TEST(target.secret == rotated.secret.text);
    BOOST_TEST(target.url == "https://receiver.example/hook");
    BOOST_TEST((exchange::secrets_of(target, world.clock.now()) ==
                std::vector{rotated.secret.text, first}));
    world.clock.advance(seconds(60));
    BOOST_TEST(
        (exchange::secrets_of(target, world.clock.now()) == std::vector{rotated.secret.text}));
    BOOST_TEST(webhook::parse_secret(first)->size() == 32u);
    BOOST_TEST(world.row(id).sealed.find("receiver.example") == Bytes::npos);
}

BOOST_AUTO_TEST_CASE(goes_to_https_and_public_addresses_only_unless_told_otherwise) {
    WebhookSettings settings;
    settings.timeout = std::chrono::milliseconds(500);
    for (const auto* url : {"", "receiver.example", "ftp://receiver.example/", "https://",
                            "http://receiver.example/", "https://user:word@receiver.example/",
                            "https://receiver.example/#part", "file:///etc/passwd"})
        BOOST_TEST(!check_webhook_url(settings, url), url);
    BOOST_TEST(!check_webhook_url(settings, "https://a.example/" + std::string(2000, 'a')));
    BOOST_TEST(check_webhook_url(settings, "https://receiver.example:8443/hook?a=b").has_value());

    const auto post = post_webhook(settings, nullptr);
    const auto refusal = [&](const std::string& url) {
        const auto answer = post({url, "whsec_" + base64(Bytes(32, 's')), {}, {}}, {"id", "{}"},
                                 Time(std::chrono::seconds(1'795'345'600)));
        BOOST_REQUIRE(!answer);
        return answer.error().detail;
    };
    // Names are looked at by the address that would be connected to.
    for (const auto* url : {"https://localhost:1/", "https://127.0.0.1:1/", "https://[::1]:1/",
                            "https://169.254.169.254/latest", "https://10.0.0.1/",
                            "https://192.168.1.1/", "https://0.0.0.0/", "https://[fe80::1]/"})
        BOOST_TEST(refusal(url).find("not one that may be connected to") != std::string::npos,
                   url << ": " << refusal(url));
    BOOST_TEST(refusal("http://127.0.0.1:1/") == "https is needed");
    settings.allow_private = true;
    BOOST_TEST(check_webhook_url(settings, "http://127.0.0.1:1/").has_value());
    const auto open = post_webhook(settings, nullptr)(
        {"http://127.0.0.1:1/", "whsec_" + base64(Bytes(32, 's')), {}, {}}, {"id", "{}"},
        Time(std::chrono::seconds(1'795'345'600)));
    BOOST_TEST(open.error().detail.find("connect") != std::string::npos); // tried, nobody there
}

BOOST_AUTO_TEST_SUITE_END()
