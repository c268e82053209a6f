// The threads of storage: a bounded queue in front of Store::commit with group commit.
// submit() from any thread; callbacks run on the gate's writer thread and must be quick (post
// elsewhere) and must not throw.
#pragma once

#include "gateway/store/store.hpp"

#include <chrono>
#include <exception>
#include <memory>

namespace cpg::store {

struct GateLimits {
    std::size_t max_queued_jobs = 4096;        // more = overloaded (503)
    std::size_t max_queued_bytes = 512u << 20; // sealed bytes waiting
    std::size_t max_batch_ops = 64;            // in one transaction
    /// How long to wait for company once a job is there. Short beside a commit; see README.
    std::chrono::microseconds gather{300};
};

struct GateStats {
    std::uint64_t commits = 0, jobs = 0, ops = 0; // that were kept
    std::uint64_t queued = 0;                     // now
    std::uint64_t dropped = 0;                    // answered overloaded
    double commit_seconds = 0;                    // sum
};

class StoreGate {
  public:
    /// Either a result, or (with an exception) an error of no meaning.
    using Done = std::function<void(Result<JobResult>, std::exception_ptr)>;
    /// Told on the writer thread that the store is broken (StoreBroken); must end the process.
    using OnFatal = std::function<void(std::exception_ptr)>;

    /// Without on_fatal the gate writes a line to stderr and aborts.
    StoreGate(Store& store, GateLimits limits, OnFatal on_fatal = {});
    ~StoreGate(); // stops: what is queued is still committed
    StoreGate(const StoreGate&) = delete;
    StoreGate& operator=(const StoreGate&) = delete;

    /// overloaded at once when the queue is full (done is called before submit returns). A job
    /// whose deadline passed before it started is dropped: overloaded. A started commit finishes.
    /// A job is never split; one with more ops than a batch has goes alone. When a batch fails and
    /// the environment is not to blame, its jobs are tried one by one: a bad one fails alone.
    void submit(Job job, std::chrono::steady_clock::time_point deadline, Done done);
    JobResult submit_and_wait(Job job); // for start-up and tools, never in a callback; throws
    void drain();                       // waits until the queue is empty; never in a callback
    GateStats stats() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace cpg::store
