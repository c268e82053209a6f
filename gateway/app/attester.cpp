#include "gateway/app/attester.hpp"

#include "adapters/client/post.hpp"
#include "gateway/audit/entry.hpp"
#include "gateway/audit/merkle.hpp"
#include "gateway/audit/timestamp.hpp"
#include "gateway/audit/witness.hpp"
#include "gateway/ops/log.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace cpg::app {
namespace {

using SteadyClock = std::chrono::steady_clock;
using store::AttestationKind;
using store::ShardRow;

constexpr std::chrono::seconds request_timeout{20};

/// What a witness made of a checkpoint.
struct WitnessWord {
    enum class Kind { cosigned, knows_size, fork, failed };
    Kind kind = Kind::failed;
    std::string lines;      // cosigned
    std::uint64_t size = 0; // knows_size
    std::string reason;     // failed
};

audit::TileReader tiles_of(store::Store& store, int year) {
    return [&store, year](audit::TileId id) { return store.tile(year, id).value_or(Bytes()); };
}

/// The note over all leaves of a year's log, of exactly the size of the row.
std::string newest_note(store::Store& store, const ShardRow& log) {
    const auto notes = store.checkpoints_since(log.year, log.size - 1, 1);
    return notes.empty() ? std::string() : notes.front();
}

std::string add_checkpoint_url(const std::string& prefix) {
    return prefix + (prefix.ends_with('/') ? "" : "/") + "add-checkpoint";
}

WitnessWord word_of(const client::PostAnswer& answer, const std::string& note,
                    const audit::VerifierKey& key) {
    using Kind = WitnessWord::Kind;
    if (answer.status == 200) {
        auto lines = audit::verified_cosignatures(note, answer.body, key);
        if (lines.empty()) return {Kind::failed, {}, 0, "no cosignature by the witness's key"};
        return {Kind::cosigned, std::move(lines), 0, {}};
    }
    if (answer.status == 409)
        if (const auto size = audit::size_in_conflict(answer.body))
            return {Kind::knows_size, {}, *size, {}};
    if (answer.status == 422) return {Kind::fork, {}, 0, {}};
    return {Kind::failed, {}, 0, "HTTP " + std::to_string(answer.status)};
}

} // namespace

struct Attester::Impl {
    Impl(EvidenceSettings given, store::Store& the_store, store::StoreGate& the_gate,
         Metrics& the_metrics)
        : settings(std::move(given)), store(the_store), gate(the_gate), metrics(the_metrics) {
        metrics.describe("cpgw_timestamps_total", "counter", "time stamps asked for, by result");
        metrics.describe("cpgw_cosignatures_total", "counter", "cosignatures asked for, by result");
        metrics.gauge("cpgw_timestamps_missed", "cadences in a row without a time stamp",
                      [this] { return static_cast<double>(missed.load()); });
        metrics.gauge("cpgw_log_contradicted",
                      "1 when a witness has seen a larger or another log than this one",
                      [this] { return contradicted ? 1.0 : 0.0; });
    }

    // -- the thread --

    void run() {
        auto next_stamp = SteadyClock::now(), next_round = next_stamp;
        while (true) {
            const auto now = SteadyClock::now();
            if (settings.tsa && now >= next_stamp) {
                guarded("evidence.tsa.failed", [this] { stamp(); });
                next_stamp = now + settings.tsa->every;
            }
            if (!settings.witnesses.empty() && now >= next_round) {
                for (const auto& witness : settings.witnesses)
                    guarded("evidence.witness.failed", [&] { ask(witness); });
                next_round = now + settings.witness_every;
            }
            const auto next = !settings.tsa                ? next_round
                              : settings.witnesses.empty() ? next_stamp
                                                           : std::min(next_stamp, next_round);
            std::unique_lock lock(mutex);
            if (wake.wait_until(lock, next, [this] { return stopping; })) return;
        }
    }

    template<class Work> void guarded(const char* event, Work work) {
        try {
            work();
        } catch (const std::exception& failed) {
            log::error(event, {{"why", std::string(failed.what())}});
        }
    }

    void keep(store::AttestationRow row, std::string leaf) {
        store::Job job;
        job.ops.emplace_back(store::AttestOp{std::move(row), std::move(leaf)});
        gate.submit_and_wait(std::move(job));
    }

    // -- time stamps --

    void stamp() {
        const ShardRow newest = store.shards().back();
        if (newest.size == 0) return;
        const std::string note = newest_note(store, newest);
        const auto stamped = request_stamp(newest, audit::parse_note(note).value().text);
        metrics.count("cpgw_timestamps_total", stamped ? "result=\"done\"" : "result=\"failed\"");
        if (stamped) {
            missed = 0;
            return;
        }
        ++missed;
        log::warning("evidence.tsa.failed", {{"why", stamped.error().detail},
                                             {"missed", static_cast<std::int64_t>(missed.load())}});
    }

    Result<void> request_stamp(const ShardRow& newest, const std::string& text) {
        const TsaSettings& tsa = *settings.tsa;
        const Digest imprint = sha256(text);
        const auto request = audit::make_timestamp_request(imprint);
        const auto answer =
            client::post_once({tsa.url, tsa.ca, "application/timestamp-query", request.der,
                               audit::max_timestamp_bytes, request_timeout});
        if (!answer) return answer.error();
        if (answer->status != 200)
            return Error{Errc::unreachable, "HTTP " + std::to_string(answer->status)};
        const auto stamp = audit::verify_timestamp(answer->body, imprint, request.nonce, tsa.ca);
        if (!stamp) return stamp.error();
        const Time now = system_clock().now();
        audit::Entry entry;
        entry.type = audit::EntryType::tsa;
        entry.time = now;
        entry.details = {{"checkpoint", newest.origin + " " + std::to_string(newest.size)},
                         {"imprint", prefixed_hex(imprint)},
                         {"stamp", prefixed_hex(sha256(answer->body))},
                         {"serial", stamp->serial},
                         {"stamp-time", rfc3339(stamp->time)}};
        keep({newest.year, newest.size, AttestationKind::timestamp, tsa.url, now, answer->body},
             audit::format_entry(entry));
        log::info("evidence.tsa.stamped", {{"size", static_cast<std::int64_t>(newest.size)}});
        return {};
    }

    // -- witnesses --

    WitnessWord post(const WitnessSettings& witness, const ShardRow& log_row, std::uint64_t from,
                     const std::string& note) {
        const auto proof =
            from == 0 ? std::vector<Digest>{}
                      : audit::consistency_proof(from, log_row.size, tiles_of(store, log_row.year));
        const std::string body = audit::AddCheckpoint{from, proof, note}.text();
        const auto answer =
            client::post_once({add_checkpoint_url(witness.url), witness.ca, "text/plain", body,
                               audit::max_add_checkpoint_bytes, request_timeout});
        if (!answer) return {WitnessWord::Kind::failed, {}, 0, answer.error().detail};
        return word_of(*answer, note, witness.key);
    }

    /// Of every year's log that is not cosigned to its end: the newest, and for a while the one
    /// before it.
    void ask(const WitnessSettings& witness) {
        for (const ShardRow& log_row : store.shards()) {
            if (log_row.size == 0) continue;
            const auto done = store.newest_attested(log_row.year, AttestationKind::cosignature);
            if (log_row.closed && done == log_row.size && known[key_of(witness, log_row)] == done)
                continue;
            ask(witness, log_row);
        }
    }

    static std::string key_of(const WitnessSettings& witness, const ShardRow& log_row) {
        return witness.key.text() + " " + log_row.origin;
    }

    void ask(const WitnessSettings& witness, const ShardRow& log_row) {
        using Kind = WitnessWord::Kind;
        const std::string note = newest_note(store, log_row);
        std::uint64_t& from = known[key_of(witness, log_row)];
        WitnessWord word = post(witness, log_row, from, note);
        if (word.kind == Kind::knows_size && word.size != from && word.size <= log_row.size) {
            from = word.size; // it knows better where it is: once more from there
            word = post(witness, log_row, from, note);
        }
        metrics.count("cpgw_cosignatures_total",
                      word.kind == Kind::cosigned ? "result=\"done\"" : "result=\"failed\"");
        if (word.kind == Kind::cosigned) {
            from = log_row.size;
            keep({log_row.year, log_row.size, AttestationKind::cosignature, witness.key.name,
                  system_clock().now(), word.lines},
                 {});
            return;
        }
        if (word.kind == Kind::failed) {
            log::warning("evidence.witness.failed",
                         {{"witness", witness.key.name}, {"why", word.reason}});
            return;
        }
        contradicted = true;
        log::error("evidence.contradicted",
                   {{"witness", witness.key.name},
                    {"origin", log_row.origin},
                    {"own_size", static_cast<std::int64_t>(log_row.size)},
                    {"witness_size", static_cast<std::int64_t>(word.size)}});
    }

    const EvidenceSettings settings;
    store::Store& store;
    store::StoreGate& gate;
    Metrics& metrics;
    std::map<std::string, std::uint64_t> known; // size a witness cosigned last; of the thread
    std::atomic<unsigned> missed{0};
    std::atomic<bool> contradicted{false};
    std::mutex mutex;
    std::condition_variable wake;
    bool stopping = false;
    std::thread thread;
};

Attester::Attester(EvidenceSettings settings, store::Store& store, store::StoreGate& gate,
                   Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(settings), store, gate, metrics)) {}

Attester::~Attester() {
    stop();
}

std::optional<std::string> Attester::larger_log_seen() {
    const ShardRow newest = impl_->store.shards().back();
    if (newest.size == 0) return std::nullopt;
    const std::string note = newest_note(impl_->store, newest);
    for (const auto& witness : impl_->settings.witnesses) {
        const WitnessWord word = impl_->post(witness, newest, newest.size, note);
        if (word.kind == WitnessWord::Kind::knows_size && word.size >= newest.size)
            return "the witness " + witness.key.name + " has seen " + std::to_string(word.size) +
                   " leaves of " + newest.origin + ", this database has " +
                   std::to_string(newest.size) + ": an old backup, or another log";
        if (word.kind == WitnessWord::Kind::failed)
            log::warning("evidence.witness.failed",
                         {{"witness", witness.key.name}, {"why", word.reason}});
    }
    return std::nullopt;
}

void Attester::start() {
    if (impl_->settings.tsa || !impl_->settings.witnesses.empty())
        impl_->thread = std::thread([this] { impl_->run(); });
}

void Attester::stop() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
    }
    impl_->wake.notify_all();
    if (impl_->thread.joinable()) impl_->thread.join();
}

Result<void> Attester::may_submit() const {
    const auto& tsa = impl_->settings.tsa;
    if (impl_->contradicted)
        return Error{Errc::suspended,
                     "a witness has seen another log of this gateway; an administrator must look"};
    if (tsa && tsa->stop_on_outage && impl_->missed >= tsa->missed)
        return Error{Errc::suspended, "the time-stamping authority cannot be reached; nothing new "
                                      "is taken until it can"};
    return {};
}

} // namespace cpg::app
