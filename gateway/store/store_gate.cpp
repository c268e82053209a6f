#include "gateway/store/store_gate.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

namespace cpg::store {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::size_t bytes_of(const RejectOp& op) {
    return op.leaf.size() + op.sealed_report.size();
}
std::size_t bytes_of(const AcceptOp& op) {
    return op.leaf.size() + op.sealed_report.size() + op.sealed_parcel.size();
}
std::size_t bytes_of(const StepOp& op) {
    return op.leaf.size() + op.sealed_note.size();
}
std::size_t bytes_of(const EraseOp& op) {
    return op.leaf.size();
}
std::size_t bytes_of(const LeafOp& op) {
    return op.leaf.size();
}
std::size_t bytes_of(const DirectoryOp& op) {
    return op.leaf.size() + op.offices.size() * sizeof(OfficeRow) +
           op.certificates.size() * sizeof(CertificateRow);
}
std::size_t bytes_of(const AttestOp& op) {
    return op.leaf.size() + op.row.bytes.size();
}
std::size_t bytes_of(const RememberOp& op) {
    return op.row.sealed_findings.size();
}
/// Ops about people and tokens are small; they count by number.
template<class Op> std::size_t bytes_of(const Op&) {
    return 0;
}

std::size_t bytes_of(const Job& job) {
    std::size_t bytes = 0;
    for (const WriteOp& op : job.ops)
        bytes += std::visit([](const auto& one) { return bytes_of(one); }, op);
    return bytes;
}

Error overloaded(const char* why) {
    return {Errc::overloaded, why};
}

/// Beside an exception, which is the answer.
Error failed() {
    return {Errc::overloaded, "the store failed"};
}

[[noreturn]] void abort_with_a_line(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "store.broken: %s; the process ends\n", error.what());
    }
    std::abort();
}

/// One transaction: results, or what was thrown.
struct Attempt {
    std::vector<JobResult> results;
    std::exception_ptr failure;
    bool may_fare_better_alone = false;
};

} // namespace

struct StoreGate::Impl {
    struct Waiting {
        Job job;
        SteadyClock::time_point deadline;
        Done done;
        std::size_t bytes = 0;
    };
    using Batch = std::vector<Waiting>;

    Impl(Store& the_store, GateLimits the_limits, OnFatal the_end)
        : store(the_store), limits(the_limits), on_fatal(std::move(the_end)) {
        if (!on_fatal) on_fatal = abort_with_a_line;
        writer = std::thread([this] { run(); });
    }

    // -- the queue --
    bool push(Waiting& waiting);
    void run();
    Batch next_batch();
    Batch take_batch();
    void gather(std::unique_lock<std::mutex>& lock);

    // -- the writer thread --
    void drop_late(Batch& batch);
    void commit(Batch batch) noexcept;
    Attempt attempt(std::span<const Job> jobs);
    void count_kept(std::span<const Job> jobs, SteadyClock::duration took);
    void end_of_the_store(std::exception_ptr failure);

    Store& store;
    const GateLimits limits;
    OnFatal on_fatal;

    std::mutex mutex;
    std::condition_variable arrived, idle;
    std::deque<Waiting> queue;
    std::size_t queued_bytes = 0, queued_ops = 0;
    bool stopping = false, working = false;
    std::exception_ptr broken; // what broke the store
    GateStats stats;
    std::thread writer; // last: everything else is there when it starts
};

/// False when there is no room. A parcel larger than the whole room may wait alone.
bool StoreGate::Impl::push(Waiting& waiting) {
    const std::lock_guard lock(mutex);
    const bool no_room = queue.size() >= limits.max_queued_jobs ||
                         (!queue.empty() && queued_bytes + waiting.bytes > limits.max_queued_bytes);
    if (stopping || broken || no_room) {
        ++stats.dropped;
        return false;
    }
    queued_bytes += waiting.bytes;
    queued_ops += waiting.job.ops.size();
    queue.push_back(std::move(waiting));
    arrived.notify_one();
    return true;
}

void StoreGate::Impl::run() {
    while (true) {
        Batch batch = next_batch();
        if (batch.empty()) return;
        commit(std::move(batch));
        const std::lock_guard lock(mutex);
        working = false;
        if (queue.empty()) idle.notify_all();
    }
}

/// Empty when the gate stops and nothing is left.
StoreGate::Impl::Batch StoreGate::Impl::next_batch() {
    std::unique_lock lock(mutex);
    arrived.wait(lock, [this] { return stopping || !queue.empty(); });
    gather(lock);
    return take_batch();
}

void StoreGate::Impl::gather(std::unique_lock<std::mutex>& lock) {
    if (limits.gather.count() <= 0) return;
    arrived.wait_for(lock, limits.gather,
                     [this] { return stopping || queued_ops >= limits.max_batch_ops; });
}

StoreGate::Impl::Batch StoreGate::Impl::take_batch() {
    Batch batch;
    std::size_t ops = 0;
    while (!queue.empty()) {
        Waiting& first = queue.front();
        const std::size_t more = first.job.ops.size();
        if (!batch.empty() && ops + more > limits.max_batch_ops) break;
        ops += more;
        queued_ops -= more;
        queued_bytes -= first.bytes;
        batch.push_back(std::move(first));
        queue.pop_front();
    }
    working = !batch.empty();
    return batch;
}

void StoreGate::Impl::drop_late(Batch& batch) {
    const auto now = SteadyClock::now();
    const auto late = std::stable_partition(batch.begin(), batch.end(),
                                            [&](const Waiting& one) { return one.deadline > now; });
    {
        const std::lock_guard lock(mutex);
        stats.dropped += static_cast<std::uint64_t>(batch.end() - late);
    }
    for (auto one = late; one != batch.end(); ++one)
        one->done(overloaded("the request waited too long to be stored"), nullptr);
    batch.erase(late, batch.end());
}

/// noexcept: a callback that throws ends the process, it never leaves others unanswered.
void StoreGate::Impl::commit(Batch batch) noexcept {
    drop_late(batch);
    if (batch.empty()) return;
    std::vector<Job> jobs;
    jobs.reserve(batch.size());
    for (Waiting& waiting : batch) jobs.push_back(std::move(waiting.job));

    Attempt whole = attempt(jobs);
    const bool one_by_one = whole.may_fare_better_alone && jobs.size() > 1;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        Attempt alone;
        if (one_by_one) alone = attempt({&jobs[i], 1});
        const Attempt& counts = one_by_one ? alone : whole;
        if (counts.failure)
            batch[i].done(failed(), counts.failure);
        else
            batch[i].done(std::move(one_by_one ? alone.results[0] : whole.results[i]), nullptr);
    }
}

Attempt StoreGate::Impl::attempt(std::span<const Job> jobs) {
    if (broken) return {{}, broken, false};
    const auto start = SteadyClock::now();
    try {
        Attempt kept{store.commit(jobs), nullptr, false};
        count_kept(jobs, SteadyClock::now() - start);
        return kept;
    } catch (const StoreBroken&) {
        end_of_the_store(std::current_exception());
        return {{}, std::current_exception(), false};
    } catch (const StoreUnavailable&) {
        return {{}, std::current_exception(), false};
    } catch (...) {
        return {{}, std::current_exception(), true};
    }
}

void StoreGate::Impl::count_kept(std::span<const Job> jobs, SteadyClock::duration took) {
    const std::lock_guard lock(mutex);
    ++stats.commits;
    stats.jobs += jobs.size();
    for (const Job& job : jobs) stats.ops += job.ops.size();
    stats.commit_seconds += std::chrono::duration<double>(took).count();
}

/// From here on nothing is taken and nothing is tried.
void StoreGate::Impl::end_of_the_store(std::exception_ptr failure) {
    {
        const std::lock_guard lock(mutex);
        broken = failure;
    }
    on_fatal(std::move(failure));
}

// -- StoreGate --

StoreGate::StoreGate(Store& store, GateLimits limits, OnFatal on_fatal)
    : impl_(std::make_unique<Impl>(store, limits, std::move(on_fatal))) {}

StoreGate::~StoreGate() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
    }
    impl_->arrived.notify_all();
    impl_->writer.join();
}

void StoreGate::submit(Job job, SteadyClock::time_point deadline, Done done) {
    Impl::Waiting waiting{std::move(job), deadline, std::move(done), 0};
    waiting.bytes = bytes_of(waiting.job);
    if (!impl_->push(waiting))
        waiting.done(overloaded("the queue in front of the store is full"), nullptr);
}

JobResult StoreGate::submit_and_wait(Job job) {
    std::promise<JobResult> promise;
    auto answer = promise.get_future();
    submit(std::move(job), SteadyClock::time_point::max(),
           [&promise](Result<JobResult> result, const std::exception_ptr& failure) {
               if (failure)
                   promise.set_exception(failure);
               else if (result)
                   promise.set_value(*std::move(result));
               else
                   promise.set_exception(
                       std::make_exception_ptr(StoreUnavailable(result.error().detail)));
           });
    return answer.get();
}

void StoreGate::drain() {
    std::unique_lock lock(impl_->mutex);
    impl_->idle.wait(lock, [this] { return impl_->queue.empty() && !impl_->working; });
}

GateStats StoreGate::stats() const {
    const std::lock_guard lock(impl_->mutex);
    GateStats stats = impl_->stats;
    stats.queued = impl_->queue.size();
    return stats;
}

} // namespace cpg::store
