// A client notices a log that forked or went back.
#include "gateway/audit/entry.hpp"
#include "gateway/audit/pin.hpp"
#include "gateway/audit/tiles.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace cpg;
using namespace cpg::audit;

namespace {

std::string leaf_text(const std::string& words,
                      std::vector<std::pair<std::string, std::string>> details = {}) {
    Entry entry;
    entry.type = EntryType::start;
    entry.details = std::move(details);
    entry.details.emplace_back("words", words);
    return format_entry(entry);
}

/// A gateway's logs as they are served.
class Served {
  public:
    explicit Served(std::shared_ptr<const Signer> signer) : signer_(std::move(signer)) {}

    void add(int year, int leaves, const std::string& words) {
        newest_ = year;
        Year& log = years_[year];
        for (int i = 0; i < leaves; ++i)
            log.leaves.push_back(leaf_text(words + std::to_string(log.leaves.size())));
    }
    /// The next year's log; it names the end of the present one.
    void turn(int year) {
        const Checkpoint end = checkpoint(newest_);
        years_[year].leaves.push_back(leaf_text("first", details_of_previous_log(end)));
        newest_ = year;
    }
    void cut(int year, std::size_t leaves) { years_[year].leaves.resize(leaves); }
    void forget(int year) { years_.erase(year); }
    void newest(int year) { newest_ = year; }

    Checkpoint checkpoint(int year) {
        Tree tree(0, [](TileId) { return Bytes(); });
        for (const auto& leaf : years_[year].leaves) tree.append(leaf_hash(leaf));
        years_[year].tiles = tree.take_dirty_tiles();
        return {origin_in_year(signer_->verifier().name, year), tree.size(), tree.root(), {}};
    }

    LogFetch fetch() {
        return [this](const std::string& path) -> Result<std::string> {
            ++fetched;
            if (unreachable) return Error{Errc::unreachable, "no answer"};
            const Error gone{Errc::not_found, path};
            if (path == "checkpoint") return note(newest_);
            const int year = std::stoi(path);
            if (!years_.contains(year)) return gone;
            const std::string rest = path.substr(5);
            if (rest == "checkpoint") return note(year);
            const auto tile = TilePath::parse(rest.substr(5));
            checkpoint(year);
            const Year& log = years_[year];
            if (!tile) return gone;
            if (tile->entries)
                return entry_bundle(
                    {log.leaves.begin(),
                     log.leaves.begin() + static_cast<std::ptrdiff_t>(tile->width)});
            const auto found = log.tiles.find(tile->id);
            if (found == log.tiles.end() || found->second.size() < tile->width * 32) return gone;
            return found->second.substr(0, tile->width * 32);
        };
    }

    std::vector<VerifierKey> trusted() const { return {signer_->verifier()}; }
    int fetched = 0;
    bool unreachable = false;

  private:
    struct Year {
        std::vector<std::string> leaves;
        std::map<TileId, Bytes> tiles;
    };
    Result<std::string> note(int year) {
        const Checkpoint end = checkpoint(year);
        if (end.size == 0) return Error{Errc::not_found, "empty"};
        return sign_note(end.body(), {signer_->named(end.origin).get()});
    }

    std::shared_ptr<const Signer> signer_;
    std::map<int, Year> years_;
    int newest_ = 2026;
};

struct Fixture {
    std::shared_ptr<const Signer> signer =
        make_signer("gateway.example/cpgw/2026", make_signer_key());
    Served served{signer};
    Pins pins;

    Continuity look() {
        const auto check = check_pins(pins, served.trusted(), served.fetch());
        if (check.continuity == Continuity::continues) pins = check.pins;
        BOOST_TEST((check.continuity == Continuity::continues || check.pins == pins));
        last = check;
        return check.continuity;
    }
    bool continues() { return look() == Continuity::continues; }
    PinCheck last;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(pins, Fixture)

BOOST_AUTO_TEST_CASE(a_log_that_grows_continues) {
    BOOST_TEST(continues()); // empty, nothing seen
    BOOST_TEST(pins.empty());
    for (const int more : {1, 2, 252, 1, 1, 300, 0}) {
        served.add(2026, more, "leaf ");
        BOOST_TEST(continues());
        BOOST_TEST(pins.size() == 1u);
    }
    served.fetched = 0;
    BOOST_TEST(continues());
    BOOST_TEST(served.fetched == 1); // the same checkpoint needs no tile
}

BOOST_AUTO_TEST_CASE(a_fork_is_noticed_at_any_size) {
    for (const int size : {1, 5, 256, 300}) {
        Fixture t;
        t.served.add(2026, size, "leaf ");
        BOOST_TEST(t.continues());
        Served forked(t.signer);
        forked.add(2026, size, "other ");
        t.served = forked;
        BOOST_TEST((t.look() == Continuity::forked));
        BOOST_TEST(!t.last.pinned.empty());
        BOOST_TEST(!t.last.offered.empty());
        t.served.add(2026, 20, "leaf ");
        BOOST_TEST((t.look() == Continuity::forked));
    }
}

BOOST_AUTO_TEST_CASE(tiles_that_contradict_each_other_hide_no_fork) {
    served.add(2026, 300, "leaf ");
    BOOST_TEST(continues());
    Served forked(signer);
    forked.add(2026, 256, "leaf ");
    forked.add(2026, 344, "other ");
    served.add(2026, 300, "leaf ");
    // The one tile that holds what was seen is of the old log; the signed root does not reach it.
    const LogFetch old = served.fetch(), now = forked.fetch();
    const auto check =
        check_pins(pins, served.trusted(), [&](const std::string& path) -> Result<std::string> {
            return path == "2026/tile/0/001" ? old(path) : now(path);
        });
    BOOST_TEST((check.continuity == Continuity::forked));
}

BOOST_AUTO_TEST_CASE(a_log_that_went_back_is_noticed) {
    served.add(2026, 300, "leaf ");
    BOOST_TEST(continues());
    served.cut(2026, 299);
    BOOST_TEST((look() == Continuity::rolled_back));
    served.cut(2026, 0);
    BOOST_TEST((look() == Continuity::rolled_back));
    served.add(2026, 310, "leaf ");
    BOOST_TEST(continues());
}

BOOST_AUTO_TEST_CASE(the_turn_of_a_year_is_followed) {
    served.add(2026, 10, "leaf ");
    BOOST_TEST(continues());
    served.add(2026, 4, "later ");
    served.turn(2027);
    served.add(2027, 3, "new ");
    BOOST_TEST(continues());
    BOOST_TEST(pins.size() == 2u);
    served.turn(2028);
    served.turn(2031); // two years later
    served.add(2031, 300, "newer ");
    BOOST_TEST(continues());
    served.newest(2028);
    BOOST_TEST((look() == Continuity::rolled_back));
}

BOOST_AUTO_TEST_CASE(a_new_year_that_forgets_the_old_one_is_a_fork) {
    served.add(2026, 10, "leaf ");
    BOOST_TEST(continues());
    served.add(2027, 3, "new "); // names no previous log
    BOOST_TEST((look() == Continuity::forked));
}

BOOST_AUTO_TEST_CASE(an_old_year_that_was_changed_before_it_closed_is_a_fork) {
    served.add(2026, 10, "leaf ");
    BOOST_TEST(continues());
    Served other(signer);
    other.add(2026, 12, "other ");
    other.turn(2027);
    served = other;
    BOOST_TEST((look() == Continuity::forked));
}

BOOST_AUTO_TEST_CASE(an_old_year_that_is_gone_is_a_fork) {
    served.add(2026, 10, "leaf ");
    BOOST_TEST(continues());
    served.turn(2027);
    served.forget(2026);
    BOOST_TEST((look() == Continuity::forked));
}

BOOST_AUTO_TEST_CASE(another_key_is_not_trusted_and_changes_no_pin) {
    served.add(2026, 10, "leaf ");
    BOOST_TEST(continues());
    Served forger(make_signer("gateway.example/cpgw/2026", make_signer_key()));
    forger.add(2026, 20, "leaf ");
    const auto check = check_pins(pins, served.trusted(), forger.fetch());
    BOOST_TEST((check.continuity == Continuity::unknown_key));
    BOOST_TEST((check.pins == pins));
}

BOOST_AUTO_TEST_CASE(a_gateway_that_does_not_answer_teaches_nothing) {
    served.add(2026, 10, "leaf ");
    served.unreachable = true;
    BOOST_TEST((look() == Continuity::unknown));
    BOOST_TEST(pins.empty());
}

BOOST_AUTO_TEST_CASE(pins_are_read_as_they_are_written) {
    served.add(2026, 10, "leaf ");
    BOOST_TEST(continues());
    BOOST_TEST((read_pins(pins_text(pins)).value() == pins));
    BOOST_TEST((read_pins(pins_text({})).value() == Pins()));
    for (const char* odd : {"", "{}", "[]", "{\"checkpoints\":[]}", "{\"checkpoints\":{\"a\":1}}",
                            "{\"checkpoints\":{\"a\":\"x\"}}"})
        BOOST_TEST(!read_pins(odd).has_value(), odd);
    Pins misplaced{{"other.example/cpgw/2026", pins.begin()->second}};
    BOOST_TEST(!read_pins(pins_text(misplaced)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
