#include "gateway/audit/fsck.hpp"

#include <algorithm>
#include <cstring>
#include <deque>

namespace cpg::audit {
namespace {

constexpr std::size_t page = tile_width; // leaves and checkpoints read at once
constexpr std::size_t hash_size = 32;

Digest digest_at(BytesView hashes, std::size_t position) {
    Digest digest;
    std::memcpy(digest.bytes.data(), hashes.data() + position * hash_size, hash_size);
    return digest;
}

/// The tree over the leaves so far, by its complete subtrees alone: root() at any moment.
class GrowingRoot {
  public:
    void append(const Digest& leaf) {
        Digest node = leaf;
        for (std::uint64_t rest = size_; rest % 2 == 1; rest /= 2) {
            node = node_hash(complete_.back(), node);
            complete_.pop_back();
        }
        complete_.push_back(node);
        ++size_;
    }
    Digest root() const {
        if (complete_.empty()) return empty_root();
        Digest root = complete_.back();
        for (std::size_t i = complete_.size() - 1; i-- > 0;) root = node_hash(complete_[i], root);
        return root;
    }
    std::uint64_t size() const { return size_; }

  private:
    std::vector<Digest> complete_; // largest first
    std::uint64_t size_ = 0;
};

/// One log from its first leaf to its last.
class LogCheck {
  public:
    LogCheck(const LogSource& log, const LogChecks& checks, Findings& findings)
        : log_(log), checks_(checks), findings_(findings),
          keys_(keys_for_log(checks.trusted, log.origin)) {}

    void run() {
        compare_checkpoints();
        for (std::uint64_t first = 0; first < log_.size; first += page) {
            const auto count =
                static_cast<std::size_t>(std::min<std::uint64_t>(page, log_.size - first));
            const auto texts = log_.leaves(first, count);
            if (texts.size() != count)
                return flaw("leaf " + std::to_string(first + texts.size()),
                            {"記録がありません", "the leaf is missing"});
            for (const std::string& text : texts) take_leaf(text);
            if (checks_.on_progress) checks_.on_progress(findings_);
        }
        end_tiles();
        end_checkpoints();
    }

    const std::optional<Entry>& first() const { return first_; }
    const std::optional<Entry>& last() const { return last_; }
    /// Body of the checkpoint over all leaves, as computed.
    std::string end() const {
        return Checkpoint{log_.origin, tree_.size(), tree_.root(), {}}.body();
    }

  private:
    void flaw(const std::string& where, const Words& what) {
        findings_.add(log_.origin + ", " + where, what);
    }

    void take_leaf(const std::string& text) {
        const std::uint64_t index = tree_.size();
        ++findings_.leaves;
        auto entry = parse_entry(text);
        if (!entry)
            flaw("leaf " + std::to_string(index),
                 {"記録の形をしていません", "the leaf has not the form of a record"});
        else if (checks_.on_entry)
            checks_.on_entry(log_, index, *entry);
        last_ = entry ? std::optional(*std::move(entry)) : std::nullopt;
        if (index == 0) first_ = last_;
        const Digest hash = leaf_hash(text);
        tree_.append(hash);
        add_to_tile(0, hash);
        compare_checkpoints();
    }

    // -- tiles --

    struct Row {                 // of a level of tiles
        Bytes hashes;            // of the tile that is being filled
        std::uint64_t index = 0; // of that tile
    };

    void add_to_tile(unsigned level, const Digest& hash) {
        if (rows_.size() == level) rows_.emplace_back();
        rows_[level].hashes += hash.view();
        if (rows_[level].hashes.size() < tile_width * hash_size) return;
        compare_tile(level);
        GrowingRoot above;
        for (std::size_t i = 0; i < tile_width; ++i)
            above.append(digest_at(rows_[level].hashes, i));
        rows_[level].hashes.clear();
        ++rows_[level].index;
        add_to_tile(level + 1, above.root());
    }

    void compare_tile(unsigned level) {
        const Row& row = rows_[level];
        ++findings_.tiles;
        const auto kept = log_.tile({level, row.index});
        if (kept && *kept == row.hashes) return;
        const std::string where = "tile " + std::to_string(level) + "/" + std::to_string(row.index);
        if (kept)
            flaw(where, {"記録から計算したものと違います", "the tile is not that of the leaves"});
        else
            flaw(where, {"タイルがありません", "the tile is missing"});
    }

    void end_tiles() {
        for (unsigned level = 0; level < rows_.size(); ++level) {
            if (!rows_[level].hashes.empty()) compare_tile(level);
            expect_no_tile({level, rows_[level].index + (rows_[level].hashes.empty() ? 0 : 1)});
        }
        expect_no_tile({static_cast<unsigned>(rows_.size()), 0});
    }

    void expect_no_tile(TileId id) {
        if (log_.tile(id))
            flaw("tile " + std::to_string(id.level) + "/" + std::to_string(id.index),
                 {"記録にないタイルです", "there are no leaves for this tile"});
    }

    // -- checkpoints --

    void compare_checkpoints() {
        while (const Checkpoint* next = next_checkpoint()) {
            if (next->size > tree_.size()) return;
            if (next->size < tree_.size())
                flaw_of_checkpoint(*next, {"順序が違います", "it is not in order"});
            else if (next->root != tree_.root())
                flaw_of_checkpoint(*next, {"根が記録から計算したものと違います",
                                           "its root is not that of the leaves"});
            newest_ = next->size;
            pending_.pop_front();
        }
    }

    void flaw_of_checkpoint(const Checkpoint& checkpoint, const Words& what) {
        flaw("checkpoint " + std::to_string(checkpoint.size), what);
    }

    const Checkpoint* next_checkpoint() {
        if (pending_.empty() && !all_read_) read_checkpoints();
        return pending_.empty() ? nullptr : &pending_.front();
    }

    void read_checkpoints() {
        const auto notes = log_.checkpoints_since(read_up_to_, page);
        all_read_ = notes.size() < page;
        for (const std::string& note : notes) {
            ++findings_.checkpoints;
            const auto checkpoint = open(note);
            if (!checkpoint) continue;
            if (checkpoint->size <= read_up_to_) {
                flaw_of_checkpoint(*checkpoint,
                                   {"大きさの順序が違います", "its size is not in order"});
                all_read_ = true;
                continue;
            }
            read_up_to_ = checkpoint->size;
            pending_.push_back(*checkpoint);
        }
        if (pending_.empty()) all_read_ = true; // nothing here can be read: it is said, and ends
    }

    std::optional<Checkpoint> open(const std::string& note) {
        const std::string where = "checkpoint after " + std::to_string(read_up_to_);
        const auto opened = open_note(note, keys_);
        if (!opened) {
            flaw(where, {"署名が正しくありません", "it is not signed as it should be"});
            return std::nullopt;
        }
        const auto checkpoint = Checkpoint::parse(opened->text);
        const bool by_log =
            std::any_of(opened->signatures.begin(), opened->signatures.end(),
                        [&](const Signature& signature) { return signature.name == log_.origin; });
        if (!checkpoint || checkpoint->origin != log_.origin || !by_log) {
            flaw(where, {"このログの確認点ではありません", "it is no checkpoint of this log"});
            return std::nullopt;
        }
        return *checkpoint;
    }

    void end_checkpoints() {
        while (const Checkpoint* next = next_checkpoint()) {
            flaw_of_checkpoint(
                *next, {"記録より多くを数えています", "it counts more leaves than there are"});
            pending_.pop_front();
        }
        if (newest_ != tree_.size())
            flaw("checkpoint " + std::to_string(tree_.size()),
                 {"すべての記録を含む確認点がありません", "no checkpoint covers all leaves"});
    }

    const LogSource& log_;
    const LogChecks& checks_;
    Findings& findings_;
    const std::vector<VerifierKey> keys_;
    GrowingRoot tree_;
    std::vector<Row> rows_;
    std::optional<Entry> first_, last_;
    std::deque<Checkpoint> pending_;
    std::uint64_t read_up_to_ = 0, newest_ = 0;
    bool all_read_ = false;
};

} // namespace

void Findings::add(std::string where, Words what) {
    ++count_;
    if (flaws_.size() < max_flaws) flaws_.push_back({std::move(where), std::move(what)});
}

void check_logs(const std::vector<LogSource>& logs, const LogChecks& checks, Findings& findings) {
    std::string end_before;
    for (std::size_t i = 0; i < logs.size(); ++i) {
        LogCheck log(logs[i], checks, findings);
        try {
            log.run();
        } catch (const std::exception& error) {
            findings.add(logs[i].origin, {std::string("読めません: ") + error.what(),
                                          std::string("cannot be read: ") + error.what()});
        }
        if (i > 0 && (!log.first() || previous_log_of(*log.first()) != end_before))
            findings.add(logs[i].origin + ", leaf 0",
                         {"前の年のログの終わりと続いていません",
                          "it does not continue the log of the year before"});
        const bool closes = log.last() && log.last()->type == EntryType::shard_close;
        if (logs[i].closed != closes ||
            (closes && i + 1 < logs.size() &&
             detail_of(*log.last(), next_log_detail) != logs[i + 1].origin))
            findings.add(logs[i].origin,
                         {"年の閉じ方が正しくありません", "the log is not closed as it should be"});
        end_before = log.end();
    }
}

} // namespace cpg::audit
