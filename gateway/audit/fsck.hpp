// Everything a log says, computed again: leaves -> tiles -> roots -> signed checkpoints, and one
// year's log after the other. For a database (`cpgw audit fsck`), an exported tree
// (`cpgw audit verify-export`) or anything else that can be read as a LogSource. One thread.
#pragma once

#include "gateway/audit/entry.hpp"
#include "gateway/audit/merkle.hpp"
#include "gateway/audit/note.hpp"
#include "gateway/audit/words.hpp"

namespace cpg::audit {

/// One year's log to be read. A reader that cannot read throws std::exception: a flaw.
struct LogSource {
    std::string origin;
    std::uint64_t size = 0; // leaves it claims to have
    bool closed = false;    // another log follows
    /// At most `count` texts from leaf `first` on; fewer at the end.
    std::function<std::vector<std::string>(std::uint64_t first, std::size_t count)> leaves;
    /// nullopt: there is no such tile.
    std::function<std::optional<Bytes>(TileId)> tile;
    /// Signed notes of trees larger than `size`, smallest first; the newest must be among them.
    std::function<std::vector<std::string>(std::uint64_t size, std::size_t count)>
        checkpoints_since;
};

struct Flaw {
    std::string where; // "gateway.example/cpgw/2026, leaf 17"
    Words what;
};

/// What was looked at and what is wrong. Keeps the first max_flaws flaws and counts all.
class Findings {
  public:
    static constexpr std::size_t max_flaws = 1000; // more says nothing new to a reader

    void add(std::string where, Words what);
    const std::vector<Flaw>& flaws() const { return flaws_; }
    std::uint64_t count() const { return count_; }

    std::uint64_t leaves = 0, tiles = 0, checkpoints = 0, others = 0; // looked at

  private:
    std::vector<Flaw> flaws_;
    std::uint64_t count_ = 0;
};

struct LogChecks {
    std::vector<VerifierKey> trusted;
    /// Told of every leaf that is a record, with its log's origin.
    std::function<void(const LogSource&, std::uint64_t index, const Entry&)> on_entry;
    /// Told now and then.
    std::function<void(const Findings&)> on_progress;
};

/// Years in order, oldest first. What is proven when nothing is found: each checkpoint is signed by
/// a trusted key of its log and is the root over exactly the leaves before it, so that all of them
/// are consistent with each other; the tiles are those of the leaves, no more and no fewer; every
/// leaf is a record of the log's form; a closed log ends with its closing leaf, and the next one
/// begins by naming its end.
void check_logs(const std::vector<LogSource>& logs, const LogChecks& checks, Findings& findings);

} // namespace cpg::audit
