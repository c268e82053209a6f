// Others' words about the log, fetched on a cadence and kept in the store: time stamps of an
// RFC 3161 authority and cosignatures of C2SP witnesses. One thread of its own; nothing that takes
// submissions waits for it.
#pragma once

#include "gateway/audit/note.hpp"
#include "gateway/ops/metrics.hpp"
#include "gateway/store/store_gate.hpp"

#include <filesystem>
#include <memory>
#include <optional>

namespace cpg::app {

struct TsaSettings {
    std::string url;          // http or https; application/timestamp-query is posted there
    std::filesystem::path ca; // PEM: whom the stamps must lead to; of https also the server
    std::chrono::seconds every{3600};
    bool stop_on_outage = false; // on_outage: stop
    unsigned missed = 3;         // cadences without a stamp after which it stops
};

struct WitnessSettings {
    std::string url;          // submission prefix; add-checkpoint is posted under it
    audit::VerifierKey key;   // its cosignatures verify by it
    std::filesystem::path ca; // PEM, of https; empty = the system's
};

struct EvidenceSettings {
    std::optional<TsaSettings> tsa;
    std::vector<WitnessSettings> witnesses;
    std::chrono::seconds witness_every{300};
    bool refuse_smaller_than_witness = false;
};

class Attester {
  public:
    Attester(EvidenceSettings settings, store::Store& store, store::StoreGate& gate,
             Metrics& metrics);
    ~Attester(); // stops
    Attester(const Attester&) = delete;
    Attester& operator=(const Attester&) = delete;

    /// Whether a witness has seen a larger log than this one: a restored old backup. The reason in
    /// words; a witness that cannot be asked counts for nothing but a warning in the log.
    std::optional<std::string> larger_log_seen();
    void start();
    /// Ends the thread; a request that runs is waited for (at most its time-out). Idempotent.
    void stop();
    /// suspended, with the reason: too many stamps were missed (on_outage: stop), or a witness saw
    /// a larger or another log. Any thread.
    Result<void> may_submit() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace cpg::app
