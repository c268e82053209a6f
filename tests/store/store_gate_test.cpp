#include "gateway/store/store_gate.hpp"

#include "tests/store/world.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

using namespace store_tests;

namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr auto never = SteadyClock::time_point::max();

/// Passes everything to a real store; commit() can be held up and made to fail.
class Gauge final : public Store {
  public:
    explicit Gauge(Store& inner) : inner_(inner) {}

    std::vector<JobResult> commit(std::span<const Job> jobs) override {
        std::unique_lock lock(mutex_);
        batches_.push_back(jobs.size());
        changed_.notify_all();
        changed_.wait(lock, [this] { return open_; });
        if (fail_with_ && failures_left_-- > 0) fail_with_();
        lock.unlock();
        return inner_.commit(jobs);
    }

    void close() {
        const std::lock_guard lock(mutex_);
        open_ = false;
    }
    void open() {
        {
            const std::lock_guard lock(mutex_);
            open_ = true;
        }
        changed_.notify_all();
    }
    void wait_for_batches(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return batches_.size() >= count; });
    }
    std::vector<std::size_t> batches() {
        const std::lock_guard lock(mutex_);
        return batches_;
    }
    template<class Exception> void fail_next(int count, Exception exception) {
        const std::lock_guard lock(mutex_);
        failures_left_ = count;
        fail_with_ = [exception] { throw exception; };
    }

    std::optional<BundleRow> bundle(const BundleId& id) override { return inner_.bundle(id); }
    std::vector<StepRow> steps(const BundleId& id) override { return inner_.steps(id); }
    audit::Proof proof(std::uint64_t leaf, std::uint64_t size) override {
        return inner_.proof(leaf, size);
    }
    std::optional<Bytes> sealed_parcel(const BundleId& id) override {
        return inner_.sealed_parcel(id);
    }
    std::optional<Bytes> sealed_report(const BundleId& id) override {
        return inner_.sealed_report(id);
    }
    std::vector<BundleRow> list(const BundleQuery& query) override { return inner_.list(query); }
    std::vector<BundleRow> unclaimed(Time before, std::size_t limit) override {
        return inner_.unclaimed(before, limit);
    }
    std::vector<EventRow> events(std::span<const OfficeNo> offices, std::uint64_t after,
                                 std::size_t limit) override {
        return inner_.events(offices, after, limit);
    }
    std::optional<WebhookRow> webhook(const WebhookId& id) override { return inner_.webhook(id); }
    std::vector<WebhookRow> webhooks() override { return inner_.webhooks(); }
    std::vector<WebhookRow> webhooks(const OfficeNo& office) override {
        return inner_.webhooks(office);
    }
    std::vector<WebhookRow> webhooks_due(Time now, std::size_t limit) override {
        return inner_.webhooks_due(now, limit);
    }
    std::vector<BundleRow> quiet_since(Time before, std::uint64_t after,
                                       std::size_t limit) override {
        return inner_.quiet_since(before, after, limit);
    }
    std::uint64_t live_bundles(const MonthOfPair& unit) override {
        return inner_.live_bundles(unit);
    }
    std::uint64_t forget_answers(Time before) override { return inner_.forget_answers(before); }
    std::vector<BundleRow> bundles_since(std::uint64_t arrival, std::size_t count) override {
        return inner_.bundles_since(arrival, count);
    }
    std::optional<IdempotencyRow> remembered(const OfficeNo& who, std::string_view key) override {
        return inner_.remembered(who, key);
    }
    bool holds(const Pair& pair, BytesView tag) override { return inner_.holds(pair, tag); }
    std::vector<ShardRow> shards() override { return inner_.shards(); }
    std::string checkpoint(int year) override { return inner_.checkpoint(year); }
    std::optional<Bytes> tile(int year, audit::TileId id) override { return inner_.tile(year, id); }
    std::vector<std::string> leaves(int year, std::uint64_t first, std::size_t count) override {
        return inner_.leaves(year, first, count);
    }
    std::vector<std::string> checkpoints_since(int year, std::uint64_t size,
                                               std::size_t count) override {
        return inner_.checkpoints_since(year, size, count);
    }
    std::vector<AttestationRow> attestations(int year, AttestationKind kind, std::uint64_t size,
                                             std::size_t count) override {
        return inner_.attestations(year, kind, size, count);
    }
    std::uint64_t newest_attested(int year, AttestationKind kind) override {
        return inner_.newest_attested(year, kind);
    }
    std::optional<Bytes> office_key(const OfficeNo& who) override { return inner_.office_key(who); }
    void put_office_key(const OfficeNo& who, BytesView wrapped) override {
        inner_.put_office_key(who, wrapped);
    }
    std::uint64_t rewrap_office_keys(const Rewrap& rewrap) override {
        return inner_.rewrap_office_keys(rewrap);
    }
    std::vector<OfficeRow> offices() override { return inner_.offices(); }
    std::vector<CertificateRow> certificates() override { return inner_.certificates(); }
    void put_offices(std::span<const OfficeRow> rows) override { inner_.put_offices(rows); }
    void put_certificates(std::span<const CertificateRow> rows) override {
        inner_.put_certificates(rows);
    }
    std::uint64_t directory_version() override { return inner_.directory_version(); }
    std::optional<PersonRow> person(const PersonId& id) override { return inner_.person(id); }
    std::optional<PersonRow> person_of(const OfficeNo& who, BytesView tag) override {
        return inner_.person_of(who, tag);
    }
    std::vector<PersonRow> people(const OfficeNo& who) override { return inner_.people(who); }
    std::optional<TokenRow> token(const Digest& hash) override { return inner_.token(hash); }
    std::vector<TokenRow> tokens(const OfficeNo& who) override { return inner_.tokens(who); }
    StoreCounts counts() override { return inner_.counts(); }
    void ping() override { inner_.ping(); }

  private:
    Store& inner_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::size_t> batches_;
    bool open_ = true;
    int failures_left_ = 0;
    std::function<void()> fail_with_;
};

/// What became of the jobs of a test, by the order of submission.
class Answers {
  public:
    enum class Kind { none, kept, overloaded, failed };
    StoreGate::Done next() {
        const std::lock_guard lock(mutex_);
        const std::size_t place = kinds_.size();
        kinds_.push_back(Kind::none);
        return [this, place](Result<JobResult> result, std::exception_ptr failure) {
            const std::lock_guard guard(mutex_);
            called_twice_ = called_twice_ || kinds_[place] != Kind::none;
            if (failure)
                kinds_[place] = Kind::failed;
            else if (result)
                kinds_[place] = Kind::kept;
            else if (result.error().code == Errc::overloaded)
                kinds_[place] = Kind::overloaded;
        };
    }
    Kind operator[](std::size_t place) {
        const std::lock_guard lock(mutex_);
        return kinds_.at(place);
    }
    std::size_t count(Kind kind) {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::count(kinds_.begin(), kinds_.end(), kind));
    }
    bool called_twice() {
        const std::lock_guard lock(mutex_);
        return called_twice_;
    }

  private:
    std::mutex mutex_;
    std::vector<Kind> kinds_;
    bool called_twice_ = false;
};

using Kind = Answers::Kind;
using Sizes = std::vector<std::size_t>; // jobs in each batch

Job leaves(int count, const std::string& name = "leaf") {
    Job job;
    for (int i = 0; i < count; ++i) job.ops.emplace_back(leaf_op(name + "\n"));
    return job;
}

struct GateWorld {
    World<SqliteBackend> world;
    Gauge gauge{*world.store};
    Answers answers; // outlives the gate
    std::atomic<int> fatal = 0;
    std::unique_ptr<StoreGate> gate;

    explicit GateWorld(GateLimits limits = {})
        : gate(std::make_unique<StoreGate>(gauge, limits,
                                           [this](const std::exception_ptr&) { ++fatal; })) {}
    ~GateWorld() { gauge.open(); }

    void submit(Job job, SteadyClock::time_point deadline = never) {
        gate->submit(std::move(job), deadline, answers.next());
    }
    /// The writer is inside the commit of one job; what comes now has to wait.
    void hold_up() {
        const std::size_t before = gauge.batches().size();
        gauge.close();
        submit(leaves(1, "first"));
        gauge.wait_for_batches(before + 1);
    }
};

GateLimits at_most(std::size_t batch_ops) {
    GateLimits limits;
    limits.max_batch_ops = batch_ops;
    return limits;
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_gate)

BOOST_AUTO_TEST_CASE(a_job_is_committed_and_answered) {
    GateWorld t;
    const auto results = t.gate->submit_and_wait(leaves(2));
    BOOST_TEST(results.size() == 2u);
    BOOST_TEST(t.world.proves(std::get<Written>(results[1]).proof, "leaf\n"));
    const GateStats stats = t.gate->stats();
    BOOST_TEST(stats.commits == 1u);
    BOOST_TEST(stats.jobs == 1u);
    BOOST_TEST(stats.ops == 2u);
    BOOST_TEST(stats.queued == 0u);
    BOOST_TEST(stats.commit_seconds > 0);
}

BOOST_AUTO_TEST_CASE(jobs_that_wait_share_a_commit) {
    GateWorld t;
    t.hold_up();
    for (int i = 0; i < 10; ++i) t.submit(leaves(2));
    BOOST_TEST(t.gate->stats().queued == 10u);
    t.gauge.open();
    t.gate->drain();
    BOOST_TEST(t.gauge.batches() == Sizes({1, 10}), boost::test_tools::per_element());
    BOOST_TEST(t.answers.count(Kind::kept) == 11u);
    BOOST_TEST(t.gate->stats().commits == 2u);
    BOOST_TEST(t.gate->stats().ops == 21u);
    BOOST_TEST(t.world.store->checkpoints_since(0, 10).size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_batch_has_as_many_ops_as_are_allowed_and_never_half_a_job) {
    GateWorld t(at_most(5));
    t.hold_up();
    for (const int ops : {2, 2, 2, 9, 1, 4}) t.submit(leaves(ops));
    t.gauge.open();
    t.gate->drain();
    BOOST_TEST(t.gauge.batches() == Sizes({1, 2, 1, 1, 2}), boost::test_tools::per_element());
    BOOST_TEST(t.answers.count(Kind::kept) == 7u);
}

BOOST_AUTO_TEST_CASE(a_full_queue_is_overloaded_at_once) {
    GateLimits limits;
    limits.max_queued_jobs = 3;
    GateWorld t(limits);
    t.hold_up();
    for (int i = 0; i < 5; ++i) t.submit(leaves(1));
    BOOST_TEST((t.answers[3] == Kind::none));
    BOOST_TEST((t.answers[4] == Kind::overloaded));
    BOOST_TEST((t.answers[5] == Kind::overloaded));
    t.gauge.open();
    t.gate->drain();
    BOOST_TEST(t.answers.count(Kind::kept) == 4u);
    BOOST_TEST(t.gate->stats().dropped == 2u);
    t.submit(leaves(1));
    t.gate->drain();
    BOOST_TEST((t.answers[6] == Kind::kept));
}

BOOST_AUTO_TEST_CASE(a_queue_full_of_bytes_is_overloaded_but_one_large_job_may_wait) {
    GateLimits limits;
    limits.max_queued_bytes = 1000;
    GateWorld t(limits);
    t.hold_up();
    const auto with_parcel = [](int number, std::size_t bytes) {
        AcceptOp op = accept_op(usual_pair, number);
        op.sealed_parcel.assign(bytes, 'x');
        Job job;
        job.ops.emplace_back(std::move(op));
        return job;
    };
    t.submit(with_parcel(1, 5000));
    t.submit(with_parcel(2, 1));
    BOOST_TEST((t.answers[1] == Kind::none));
    BOOST_TEST((t.answers[2] == Kind::overloaded));
    t.gauge.open();
    t.gate->drain();
    t.hold_up();
    t.submit(with_parcel(3, 600));
    t.submit(with_parcel(4, 600));
    BOOST_TEST((t.answers[5] == Kind::overloaded));
    t.gauge.open();
    t.gate->drain();
    BOOST_TEST((t.answers[1] == Kind::kept));
    BOOST_TEST((t.answers[4] == Kind::kept));
}

BOOST_AUTO_TEST_CASE(a_job_past_its_deadline_is_dropped_before_it_starts) {
    GateWorld t;
    t.hold_up();
    t.submit(leaves(1, "late"), SteadyClock::now() - std::chrono::seconds(1));
    t.submit(leaves(1, "in time"));
    t.gauge.open();
    t.gate->drain();
    BOOST_TEST((t.answers[0] == Kind::kept));
    BOOST_TEST((t.answers[1] == Kind::overloaded));
    BOOST_TEST((t.answers[2] == Kind::kept));
    BOOST_TEST(t.gate->stats().dropped == 1u);
    BOOST_TEST(t.world.store->leaves(1, 1).at(0) == "in time\n");
}

BOOST_AUTO_TEST_CASE(a_bad_job_fails_alone) {
    GateWorld t;
    t.hold_up();
    t.submit(leaves(1));
    Job bad;
    bad.ops.emplace_back(step_op(next_id(), Step::fetch));
    t.submit(std::move(bad));
    t.submit(leaves(2));
    t.gauge.open();
    t.gate->drain();
    BOOST_TEST((t.answers[1] == Kind::kept));
    BOOST_TEST((t.answers[2] == Kind::failed));
    BOOST_TEST((t.answers[3] == Kind::kept));
    BOOST_TEST(t.gauge.batches() == Sizes({1, 3, 1, 1, 1}), boost::test_tools::per_element());
    BOOST_TEST(t.world.store->tree_size() == 4u);
    BOOST_TEST(t.world.log_is_whole());
    BOOST_TEST(t.fatal == 0);
}

BOOST_AUTO_TEST_CASE(a_store_that_is_unavailable_fails_the_batch_and_may_recover) {
    GateWorld t;
    t.hold_up();
    t.submit(leaves(1));
    t.submit(leaves(1));
    t.gauge.fail_next(2, StoreUnavailable("disk full"));
    t.gauge.open();
    t.gate->drain();
    BOOST_TEST(t.answers.count(Kind::failed) == 3u);
    BOOST_TEST(t.gauge.batches() == Sizes({1, 2}), boost::test_tools::per_element());
    t.submit(leaves(1));
    t.gate->drain();
    BOOST_TEST((t.answers[3] == Kind::kept));
    BOOST_TEST(t.fatal == 0);
}

BOOST_AUTO_TEST_CASE(a_broken_store_is_fatal_and_never_tried_again) {
    GateWorld t;
    t.hold_up();
    t.submit(leaves(1));
    t.gauge.fail_next(1, StoreBroken("I/O error"));
    t.gauge.open();
    t.gate->drain();
    t.submit(leaves(1));
    t.gate->drain();
    BOOST_TEST(t.fatal == 1);
    BOOST_TEST(t.answers.count(Kind::kept) == 0u);
    BOOST_TEST(t.answers.count(Kind::failed) == 2u);
    BOOST_TEST((t.answers[2] == Kind::overloaded));
    BOOST_TEST(t.gauge.batches() == Sizes({1}), boost::test_tools::per_element());
    BOOST_TEST(t.world.store->tree_size() == 0u);
}

BOOST_AUTO_TEST_CASE(submit_and_wait_throws_what_the_store_threw) {
    GateWorld t;
    t.gauge.fail_next(1, StoreUnavailable("disk full"));
    BOOST_CHECK_THROW(t.gate->submit_and_wait(leaves(1)), StoreUnavailable);
}

BOOST_AUTO_TEST_CASE(a_gate_that_ends_commits_what_is_queued) {
    GateWorld t;
    t.hold_up();
    for (int i = 0; i < 5; ++i) t.submit(leaves(1));
    std::thread ending([&] { t.gate.reset(); });
    t.gauge.open();
    ending.join();
    BOOST_TEST(t.answers.count(Kind::kept) == 6u);
    BOOST_TEST(t.world.store->tree_size() == 6u);
}

BOOST_AUTO_TEST_CASE(a_gathering_gate_waits_for_company_until_a_batch_is_full) {
    GateLimits limits = at_most(4);
    limits.gather = std::chrono::hours(1); // ended by the fourth op, not by the clock
    GateWorld t(limits);
    for (int i = 0; i < 4; ++i) t.submit(leaves(1));
    t.gate->drain();
    BOOST_TEST(t.gauge.batches() == Sizes({4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(submissions_of_many_threads_are_each_answered_once) {
    GateWorld t;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&, i] {
            for (int j = 0; j < 25; ++j) t.submit(leaves(1, std::to_string(i * 100 + j)));
        });
    for (auto& thread : threads) thread.join();
    t.gate->drain();
    BOOST_TEST(t.answers.count(Kind::kept) == 200u);
    BOOST_TEST(!t.answers.called_twice());
    BOOST_TEST(t.world.store->tree_size() == 200u);
    BOOST_TEST(t.gate->stats().jobs == 200u);
    BOOST_TEST(t.world.log_is_whole());
}

BOOST_AUTO_TEST_CASE(a_thousand_submissions_of_one_bundle_are_one_acceptance) {
    GateWorld t;
    std::atomic<int> written = 0, repeated = 0, rejected = 0;
    const AcceptOp first = accept_op(usual_pair, 1);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int j = 0; j < 250; ++j) {
                AcceptOp op = first;
                op.bundle.id = BundleId::make(at(0), random_bytes(10));
                Job job;
                job.ops.emplace_back(std::move(op));
                t.gate->submit(std::move(job), never,
                               [&](Result<JobResult> result, const std::exception_ptr&) {
                                   const WriteResult& one = result.value().front();
                                   written += std::holds_alternative<Written>(one);
                                   repeated += std::holds_alternative<Repeated>(one);
                                   rejected += std::holds_alternative<RejectedBySequence>(one);
                               });
            }
        });
    for (auto& thread : threads) thread.join();
    t.gate->drain();
    BOOST_TEST(written == 1);
    BOOST_TEST(repeated == 999);
    BOOST_TEST(rejected == 0);
}

BOOST_AUTO_TEST_SUITE_END()
