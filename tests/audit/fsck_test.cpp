// A log that was changed anywhere is found out; one that was not, never.
#include "gateway/audit/export.hpp"
#include "tests/audit/damage.hpp"
#include "tests/audit/sample_log.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

using namespace cpg;
using namespace cpg::audit;

namespace {

/// A year's log in memory, as a writer leaves it.
struct MemoryLog {
    std::string origin;
    bool closed = false;
    std::vector<std::string> leaves;
    std::map<TileId, Bytes> tiles;
    std::map<std::uint64_t, std::string> checkpoints;
    std::uint64_t size = 0;

    LogSource source() const {
        LogSource log;
        log.origin = origin;
        log.size = size;
        log.closed = closed;
        log.leaves = [this](std::uint64_t first, std::size_t count) {
            std::vector<std::string> texts;
            for (std::size_t i = first; i < leaves.size() && texts.size() < count; ++i)
                texts.push_back(leaves[i]);
            return texts;
        };
        log.tile = [this](TileId id) {
            const auto found = tiles.find(id);
            return found == tiles.end() ? std::nullopt : std::optional(found->second);
        };
        log.checkpoints_since = [this](std::uint64_t after, std::size_t count) {
            std::vector<std::string> notes;
            for (auto at = checkpoints.upper_bound(after);
                 at != checkpoints.end() && notes.size() < count; ++at)
                notes.push_back(at->second);
            return notes;
        };
        return log;
    }
};

std::string plain_leaf(EntryType type, int number,
                       std::vector<std::pair<std::string, std::string>> details = {}) {
    Entry entry;
    entry.type = type;
    entry.time = *parse_rfc3339("2026-11-22T09:30:00.123Z") + std::chrono::seconds(number);
    entry.details = std::move(details);
    return format_entry(entry);
}

/// Two years' logs, the first closed; a checkpoint after every `batch` leaves.
class Years {
  public:
    Years(std::size_t first_year, std::size_t second_year, std::size_t batch)
        : signer_(make_signer("gateway.example/cpgw/2026", make_signer_key())) {
        Checkpoint last;
        for (int year = 2026; year < 2028; ++year) {
            const auto signer = signer_->named(origin_in_year(signer_->verifier().name, year));
            MemoryLog& log = logs.emplace_back();
            log.origin = signer->verifier().name;
            log.closed = year == 2026;
            Tree tree(0, [](TileId) { return Bytes(); });
            const std::size_t count = year == 2026 ? first_year : second_year;
            for (std::size_t i = 0; i < count; ++i) {
                log.leaves.push_back(leaf(year, i, count, last));
                tree.append(leaf_hash(log.leaves.back()));
                if ((i + 1) % batch != 0 && i + 1 != count) continue;
                for (auto& [id, hashes] : tree.take_dirty_tiles()) log.tiles[id] = hashes;
                const Checkpoint checkpoint{log.origin, tree.size(), tree.root(), {}};
                log.checkpoints[tree.size()] = sign_note(checkpoint.body(), {signer.get()});
                last = checkpoint;
            }
            log.size = tree.size();
        }
    }

    std::uint64_t flaws() const { return flaws_of({logs[0].source(), logs[1].source()}); }
    std::uint64_t flaws_of(const std::vector<LogSource>& sources) const {
        Findings findings;
        check_logs(sources, {{signer_->verifier()}, {}, {}}, findings);
        return findings.count();
    }
    const VerifierKey& key() const { return signer_->verifier(); }

    std::vector<MemoryLog> logs;

  private:
    static std::string leaf(int year, std::size_t index, std::size_t count,
                            const Checkpoint& last) {
        if (year == 2027 && index == 0)
            return plain_leaf(EntryType::start, 0, details_of_previous_log(last));
        if (year == 2026 && index + 1 == count)
            return plain_leaf(EntryType::shard_close, 0,
                              {{std::string(next_log_detail), "gateway.example/cpgw/2027"}});
        return plain_leaf(EntryType::admin, static_cast<int>(index));
    }

    std::unique_ptr<Signer> signer_;
};

/// Changes one thing; says what, for the message.
std::string damage(MemoryLog& log, Damage& random) {
    const std::size_t leaf = random.below(log.leaves.size());
    auto tile =
        std::next(log.tiles.begin(), static_cast<std::ptrdiff_t>(random.below(log.tiles.size())));
    auto note = std::next(log.checkpoints.begin(),
                          static_cast<std::ptrdiff_t>(random.below(log.checkpoints.size())));
    switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
        log.leaves[leaf] = random(log.leaves[leaf]);
        return "leaf " + std::to_string(leaf);
    case 3:
        log.leaves.erase(log.leaves.begin() + static_cast<std::ptrdiff_t>(leaf));
        return "leaf taken out";
    case 4:
        log.leaves.insert(log.leaves.begin() + static_cast<std::ptrdiff_t>(leaf),
                          plain_leaf(EntryType::erase, 1));
        return "leaf put in";
    case 5:
    case 6:
    case 7:
        tile->second = random(tile->second);
        return "tile";
    case 8:
        log.tiles.erase(tile);
        return "tile taken out";
    case 9:
    case 10:
        note->second = random(note->second);
        return "checkpoint " + std::to_string(note->first);
    default:
        log.checkpoints.erase(log.size);
        return "newest checkpoint taken out";
    }
}

void find_all_damages(const Years& intact, int rounds, Damage& random) {
    for (int round = 0; round < rounds; ++round) {
        std::vector<MemoryLog> logs = intact.logs;
        const std::string what = damage(logs[random.below(2)], random);
        BOOST_TEST(intact.flaws_of({logs[0].source(), logs[1].source()}) > 0u,
                   "not found: " << what << " in round " << round);
    }
}

using Files = std::map<std::string, Bytes>;

Files exported(const Years& years) {
    Files files;
    const auto write = [&](const std::string& path, BytesView bytes) {
        files[path] = Bytes(bytes);
    };
    for (const auto& log : years.logs) {
        const std::string year = log.origin.substr(log.origin.size() - 4);
        export_log(log.source(), year, log.checkpoints.rbegin()->second,
                   {{log.checkpoints.begin()->first, log.checkpoints.begin()->second, "stamp"}},
                   write, {});
    }
    return files;
}

std::uint64_t flaws_of(const Years& years, const Files& files) {
    const FileReader read = [&](const std::string& path) {
        const auto found = files.find(path);
        return found == files.end() ? std::nullopt : std::optional(found->second);
    };
    std::vector<LogSource> logs;
    for (const auto& log : years.logs) {
        auto source = exported_log(log.origin.substr(log.origin.size() - 4), read,
                                   {log.checkpoints.begin()->first}, log.closed);
        if (!source) return 1;
        logs.push_back(std::move(*source));
    }
    return years.flaws_of(logs);
}

std::uint32_t printed_seed() {
    const std::uint32_t seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    return seed;
}

} // namespace

BOOST_AUTO_TEST_SUITE(fsck)

BOOST_AUTO_TEST_CASE(a_log_that_was_not_changed_has_no_flaw) {
    for (const std::size_t size : {1, 2, 3, 255, 256, 257, 511, 512, 513, 700})
        for (const std::size_t batch : {1, 7, 1000}) BOOST_TEST_CONTEXT(size << " by " << batch) {
                const Years years(size, size, batch);
                BOOST_TEST(years.flaws() == 0u);
                BOOST_TEST(flaws_of(years, exported(years)) == 0u);
            }
}

BOOST_AUTO_TEST_CASE(a_log_of_more_than_two_levels_of_tiles_has_no_flaw) {
    const Years years(65'537 + 300, 1, 10'000);
    BOOST_TEST(years.logs[0].tiles.contains(TileId{2, 0}));
    BOOST_TEST(years.flaws() == 0u);
    BOOST_TEST(flaws_of(years, exported(years)) == 0u);
}

BOOST_AUTO_TEST_CASE(every_damage_to_a_log_is_found) {
    const auto seed = printed_seed();
    Damage random(seed);
    BOOST_TEST_CONTEXT("seed " << seed) {
        find_all_damages(Years(20, 4, 5), 9000, random);
        find_all_damages(Years(258, 3, 60), 2000, random);
    }
}

BOOST_AUTO_TEST_CASE(every_damage_to_an_exported_tree_is_found) {
    const auto seed = printed_seed();
    Damage random(seed);
    BOOST_TEST_CONTEXT("seed " << seed)
    for (const std::size_t size : {20, 258}) {
        const Years years(size, 3, 11);
        const Files intact = exported(years);
        BOOST_TEST(flaws_of(years, intact) == 0u);
        for (int round = 0; round < (size == 20 ? 3000 : 800); ++round) {
            Files files = intact;
            auto file =
                std::next(files.begin(), static_cast<std::ptrdiff_t>(random.below(files.size())));
            if (file->second == "stamp") continue; // checked with the authority's certificate
            file->second = random(file->second);
            BOOST_TEST(flaws_of(years, files) > 0u, "not found: " << file->first);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_damage_to_a_receipt_is_found) {
    const auto seed = printed_seed();
    Damage random(seed);
    SampleLog log;
    const auto files = sample_files(3);
    const std::string receipt = log.receipt(sample_entry(), files);
    BOOST_TEST((verify_receipt(receipt, at_hand(files), log.trusted()).result == Verified::proven));
    BOOST_TEST_CONTEXT("seed " << seed)
    for (int round = 0; round < 8000; ++round) {
        const auto changed = random(receipt);
        BOOST_TEST(
            (verify_receipt(changed, at_hand(files), log.trusted()).result != Verified::proven),
            "not found in round " << round);
    }
}

BOOST_AUTO_TEST_CASE(a_log_signed_by_another_key_is_found) {
    const Years years(5, 3, 2), others(5, 3, 2);
    BOOST_TEST(others.flaws_of({years.logs[0].source(), years.logs[1].source()}) > 0u);
}

BOOST_AUTO_TEST_CASE(a_year_that_does_not_continue_the_one_before_is_found) {
    const Years years(5, 3, 2);
    BOOST_TEST(years.flaws_of({years.logs[0].source()}) ==
               0u); // the next one is asked for by closed
    BOOST_TEST(years.flaws_of({years.logs[1].source()}) == 0u);
    auto open = years.logs;
    open[0].closed = false;
    BOOST_TEST(years.flaws_of({open[0].source()}) > 0u);
    BOOST_TEST(years.flaws_of({years.logs[1].source(), years.logs[0].source()}) > 0u);
}

BOOST_AUTO_TEST_CASE(a_path_of_a_tile_is_read_as_it_is_written) {
    for (const std::uint64_t index : {0ull, 7ull, 999ull, 1000ull, 1234067ull, 999999999ull})
        for (const std::size_t width : {1u, 255u, 256u}) {
            const TilePath path{false, {3, index}, width};
            const auto read = TilePath::parse(path.text());
            BOOST_TEST_REQUIRE(read.has_value());
            BOOST_TEST((read->id == path.id && read->width == width && !read->entries));
        }
    BOOST_TEST((TilePath{false, {0, 1234067}, 256}.text()) == "0/x001/x234/067");
    BOOST_TEST((TilePath{true, {0, 5}, 9}.text()) == "entries/005.p/9");
    for (const char* odd : {"",
                            "0",
                            "0/",
                            "0/1",
                            "0/01",
                            "8/000",
                            "00/000",
                            "0/x000/001",
                            "0/x001",
                            "0/000.p",
                            "0/000.p/",
                            "0/000.p/0",
                            "0/000.p/256",
                            "0/000.p/01",
                            "0/000/",
                            "entries",
                            "x/000",
                            "0/x01/001",
                            "0/000.p/5/6",
                            "0/x999/x999/x999/x999/x999/x999/x999/999"})
        BOOST_TEST(!TilePath::parse(odd).has_value(), odd);
}

BOOST_AUTO_TEST_CASE(a_bundle_of_entries_is_read_as_it_is_written) {
    const std::vector<std::string> entries{"a", "", std::string(300, 'x')};
    BOOST_TEST(read_entry_bundle(entry_bundle(entries)).value() == entries);
    BOOST_TEST(!read_entry_bundle("\x01").has_value());
    BOOST_TEST(!read_entry_bundle(std::string_view("\0\x02x", 3)).has_value());
    BOOST_TEST(!read_entry_bundle(entry_bundle(std::vector<std::string>(257, "x"))).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
