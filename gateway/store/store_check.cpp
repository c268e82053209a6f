#include "gateway/store/store_check.hpp"

#include <algorithm>
#include <set>

namespace cpg::store {
namespace {

using audit::EntryType;
using audit::Findings;
using audit::Words;
using exchange::State;
using exchange::Step;

constexpr std::size_t bundles_at_once = 256;

EntryType type_of(Step step) {
    switch (step) {
    case Step::fetch:
        return EntryType::fetch;
    case Step::ack_imported:
    case Step::ack_failed:
        return EntryType::ack;
    case Step::recall:
        return EntryType::recall;
    case Step::unclaimed:
        return EntryType::unclaimed;
    case Step::reject:
        return EntryType::reject;
    case Step::submit:
    case Step::supersede:
        break;
    }
    return EntryType::submit;
}

bool is_of_a_bundles_life(const audit::Entry& entry) {
    if (!entry.bundle) return false;
    switch (entry.type) {
    case EntryType::submit:
    case EntryType::reject:
    case EntryType::fetch:
    case EntryType::ack:
    case EntryType::recall:
    case EntryType::unclaimed:
        return true;
    default:
        return false;
    }
}

/// The result an acknowledgement's leaf has.
std::string_view result_of(Step step) {
    return step == Step::ack_imported ? "imported"
           : step == Step::ack_failed ? "import_failed"
                                      : "";
}

/// Where the steps lead. A bundle that a newer one took the place of is ahead of its own steps.
bool leads_to(const std::vector<StepRow>& steps, const BundleRow& row) {
    if (steps.empty()) return false;
    State state = steps.front().step == Step::reject ? State::rejected : State::accepted;
    for (auto step = steps.begin() + 1; step != steps.end(); ++step) {
        const auto next = exchange::next_state(state, step->step);
        if (!next) return false;
        state = *next;
    }
    if (!row.superseded_by) return row.state == state;
    return row.state == State::superseded ||
           exchange::next_state(state, Step::supersede) == row.state;
}

// -- a log as it was when the check began, while the gateway goes on --

bool has_grown(Store& store, const ShardRow& then) {
    for (const ShardRow& now : store.shards())
        if (now.year == then.year) return now.size > then.size;
    return false;
}

std::uint64_t size_of(const std::string& note) {
    const auto parsed = audit::parse_note(note);
    const auto checkpoint = parsed ? audit::Checkpoint::parse(parsed->text) : parsed.error();
    return checkpoint ? checkpoint->size : 0;
}

std::optional<Bytes> tile_at(Store& store, const ShardRow& then, audit::TileId id) {
    constexpr unsigned tile_height = 8;
    auto tile = store.tile(then.year, id);
    const std::uint64_t nodes = then.size >> (tile_height * id.level);
    const std::uint64_t first = id.index * audit::tile_width;
    const std::uint64_t width =
        first < nodes ? std::min<std::uint64_t>(audit::tile_width, nodes - first) : 0;
    if (!tile || tile->size() <= width * sizeof(Digest) || !has_grown(store, then)) return tile;
    if (width == 0) return std::nullopt;
    tile->resize(static_cast<std::size_t>(width) * sizeof(Digest));
    return tile;
}

class BundleCheck {
  public:
    BundleCheck(Store& store, Findings& findings, ShardRow newest)
        : store_(store), findings_(findings), newest_(std::move(newest)) {}

    /// A leaf of the log at a position over all years.
    void take(std::uint64_t position, const audit::Entry& entry) {
        if (entry.type == EntryType::erase && entry.bundle) erased_.insert(*entry.bundle);
        if (is_of_a_bundles_life(entry)) leaves_.insert(position);
    }

    void run(const std::function<void(const Findings&)>& on_progress) {
        std::uint64_t after = 0;
        while (true) {
            const auto rows = store_.bundles_since(after, bundles_at_once);
            for (const BundleRow& row : rows) check(row);
            if (on_progress) on_progress(findings_);
            if (rows.size() < bundles_at_once) break;
            after = rows.back().arrival;
        }
        for (const std::uint64_t position : leaves_) check_leaf_without_a_step(position);
    }

  private:
    void flaw(const BundleRow& row, const Words& what) {
        findings_.add("bundle " + row.id.str(), what);
    }

    void check(BundleRow row) {
        ++findings_.others;
        auto steps = store_.steps(row.id);
        if (!leads_to(steps, row)) { // a step may have come in between the two look-ups
            steps = store_.steps(row.id);
            row = store_.bundle(row.id).value_or(row);
        }
        for (const StepRow& step : steps) check(row, step);
        if (!leads_to(steps, row))
            flaw(row, {"状態が記録された手順と合いません", "its state is not where its steps led"});
        if (erased_.contains(row.id) && !row.erased_at)
            flaw(row, {"消去の記録がありますが、消去されていません",
                       "its erasure is recorded, but it was not erased"});
        if (!erased_.contains(row.id) && row.erased_at && !has_grown(store_, newest_))
            flaw(row, {"消去の記録がありません", "it was erased without a record"});
        if (!steps.empty() && steps.front().time != row.accepted_at)
            flaw(row, {"受付の時刻が手順と違います", "its time of acceptance is not its step's"});
    }

    void check(const BundleRow& row, const StepRow& step) {
        leaves_.erase(step.leaf_index);
        const auto entry = audit::parse_entry(step.leaf);
        const std::string_view result = result_of(step.step);
        const bool fits = entry && entry->type == type_of(step.step) && entry->bundle == row.id &&
                          entry->time == step.time && entry->from == row.pair.from.office &&
                          entry->to == row.pair.to.office && entry->edition == row.edition &&
                          entry->kind == row.kind && entry->month == row.month &&
                          entry->rules == row.catalog &&
                          (result.empty() || entry->result == result);
        if (!fits)
            flaw(row, {"手順の記録（位置 " + std::to_string(step.leaf_index) +
                           "）と登録の内容が合いません",
                       "its row does not say what its leaf at position " +
                           std::to_string(step.leaf_index) + " says"});
    }

    void check_leaf_without_a_step(std::uint64_t position) {
        for (const ShardRow& shard : store_.shards()) {
            if (position < shard.first || position >= shard.first + shard.size) continue;
            findings_.add(shard.origin + ", leaf " + std::to_string(position - shard.first),
                          {"この記録に当たる送信単位または手順がありません",
                           "there is no bundle or step for this leaf"});
        }
    }

    Store& store_;
    Findings& findings_;
    const ShardRow newest_;          // as it was when the check began
    std::set<std::uint64_t> leaves_; // of bundles' lives that no step was found for yet
    std::set<BundleId> erased_;
};

} // namespace

std::vector<audit::LogSource> logs_of(Store& store) {
    std::vector<audit::LogSource> logs;
    for (const ShardRow& shard : store.shards()) {
        audit::LogSource log;
        log.origin = shard.origin;
        log.size = shard.size;
        log.closed = shard.closed;
        log.leaves = [&store, shard](std::uint64_t first, std::size_t count) {
            return store.leaves(shard.year, first, count);
        };
        log.tile = [&store, shard](audit::TileId id) { return tile_at(store, shard, id); };
        log.checkpoints_since = [&store, shard](std::uint64_t size, std::size_t count) {
            auto notes = store.checkpoints_since(shard.year, size, count);
            if (has_grown(store, shard))
                std::erase_if(notes,
                              [&](const std::string& note) { return size_of(note) > shard.size; });
            return notes;
        };
        logs.push_back(std::move(log));
    }
    return logs;
}

audit::Findings check_store(Store& store, const std::vector<audit::VerifierKey>& trusted,
                            const std::function<void(const audit::Findings&)>& on_progress) {
    Findings findings;
    const auto shards = store.shards();
    const auto logs = logs_of(store);
    BundleCheck bundles(store, findings, shards.back());
    std::uint64_t first = 0;
    const audit::LogSource* current = nullptr;
    audit::LogChecks checks;
    checks.trusted = trusted;
    checks.on_progress = on_progress;
    checks.on_entry = [&](const audit::LogSource& log, std::uint64_t index,
                          const audit::Entry& entry) {
        if (&log != current) {
            current = &log;
            first = shards[static_cast<std::size_t>(&log - logs.data())].first;
        }
        bundles.take(first + index, entry);
    };
    audit::check_logs(logs, checks, findings);
    try {
        bundles.run(on_progress);
    } catch (const std::exception& error) {
        findings.add("bundles", {std::string("読めません: ") + error.what(),
                                 std::string("cannot be read: ") + error.what()});
    }
    return findings;
}

} // namespace cpg::store
