// The power is cut before and after every step on disk, one run a step; the next run over the same
// folder must end as if nothing had happened.
#include "tests/hotfolder/world.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::hotfolder;
using namespace cpg::hotfolder::test;

namespace {

constexpr std::size_t most_steps = 2'000; // an endless run is a failure, not a hang

/// Cuts the power at the first step, the second …, until a run comes through uncut. `run` starts
/// the program and works until nothing is left to do; `judge` looks at what became of it all.
template<class Make, class Run, class Judge>
std::size_t cut_everywhere(Make make, Run run, Judge judge) {
    for (std::size_t burns_at = 1; burns_at < most_steps; ++burns_at) {
        BOOST_TEST_CONTEXT("power cut at step " << burns_at) {
            const auto desk = make();
            desk->fuse.burns_at = burns_at;
            bool cut = false;
            try {
                run(*desk);
            } catch (const PowerCut&) {
                cut = true;
            }
            if (cut) {
                desk->fuse.burns_at = 0;
                run(*desk);
            }
            judge(*desk);
            if (!cut) return burns_at;
        }
    }
    BOOST_FAIL("never came through");
    return 0;
}

void judge_sent_once(Desk& desk, const std::vector<std::vector<InputFile>>& sets) {
    BOOST_TEST(desk.gateway.accepted.size() == sets.size());
    for (std::size_t i = 0; i < std::min(sets.size(), desk.gateway.accepted.size()); ++i)
        BOOST_TEST((as_map(desk.gateway.accepted[i].files) == as_map(sets[i])));
    BOOST_TEST(all_below(desk.settings.folders.outgoing).empty());
    BOOST_TEST(all_below(desk.settings.folders.state / "work").empty());
    std::size_t originals = 0, receipts = 0;
    for (const auto& [path, bytes] : all_below(desk.settings.folders.archive)) {
        originals += path.find("/原本/") != std::string::npos ? 1 : 0;
        receipts += path.ends_with("accepted.receipt.txt") ? 1 : 0;
    }
    std::size_t files = 0;
    for (const auto& set : sets) files += set.size();
    BOOST_TEST(originals == files);
    BOOST_TEST(receipts == sets.size());
}

} // namespace

BOOST_AUTO_TEST_SUITE(hotfolder_crash)

BOOST_AUTO_TEST_CASE(two_dropped_bundles_are_sent_once_wherever_the_power_is_cut) {
    const std::vector<std::vector<InputFile>> sets{schedule(0), schedule(1)};
    const std::size_t steps = cut_everywhere(
        [&] {
            auto desk = std::make_unique<Desk>();
            for (const auto& set : sets) desk->drop(set);
            return desk;
        },
        [](Desk& desk) { desk.run_out(); }, [&](Desk& desk) { judge_sent_once(desk, sets); });
    BOOST_TEST(steps > 40u); // the fuse is where the steps are
    BOOST_TEST_MESSAGE("steps out: " << steps);
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_lost_besides_does_not_send_twice) {
    const std::vector<std::vector<InputFile>> sets{schedule(0)};
    cut_everywhere(
        [&] {
            auto desk = std::make_unique<Desk>();
            desk->drop(sets[0]);
            desk->gateway.loses_answers = 2;
            return desk;
        },
        [](Desk& desk) { desk.run_out(); }, [&](Desk& desk) { judge_sent_once(desk, sets); });
}

BOOST_AUTO_TEST_CASE(a_returned_bundle_keeps_its_originals_wherever_the_power_is_cut) {
    auto broken = schedule(0);
    for (auto& file : broken)
        if (file.name.starts_with("UPSIKYU")) file.bytes = "x" + file.bytes;
    cut_everywhere(
        [&] {
            auto desk = std::make_unique<Desk>();
            desk->drop(broken);
            return desk;
        },
        [](Desk& desk) { desk.run_out(); },
        [&](Desk& desk) {
            BOOST_TEST(desk.gateway.accepted.empty());
            const auto found = all_below(desk.settings.folders.returned);
            std::size_t originals = 0, reports = 0;
            for (const auto& [path, bytes] : found) {
                originals += path.find("/原本/") != std::string::npos ? 1 : 0;
                reports += path.ends_with("/報告.txt") ? 1 : 0;
            }
            BOOST_TEST(originals == broken.size());
            BOOST_TEST(reports == 1u);
            BOOST_TEST(all_below(desk.settings.folders.outgoing).empty());
        });
}

BOOST_AUTO_TEST_CASE(folders_on_two_disks_lose_nothing_either) {
    const std::vector<std::vector<InputFile>> sets{schedule(0)};
    std::unique_ptr<fs::path> elsewhere; // of the run before
    cut_everywhere(
        [&] {
            auto desk = std::make_unique<Desk>();
            if (elsewhere) fs::remove_all(*elsewhere);
            elsewhere = std::make_unique<fs::path>(fs::temp_directory_path() /
                                                   ("cpgw-test-" + hex(random_bytes(8))));
            fs::create_directory(*elsewhere);
            desk->settings.folders.state = *elsewhere;
            desk->drop(sets[0]);
            return desk;
        },
        [](Desk& desk) { desk.run_out(); }, [&](Desk& desk) { judge_sent_once(desk, sets); });
    fs::remove_all(*elsewhere);
}

BOOST_AUTO_TEST_CASE(a_file_of_which_one_half_is_good_sends_it_once_and_returns_the_other) {
    cut_everywhere(
        [&] {
            auto desk = std::make_unique<Desk>();
            desk->converter.read_dialects = [](const std::vector<InputFile>&, const Serial&) {
                Made good, bad;
                good.sources = bad.sources = {"今月.csv"};
                good.state = Made::State::ready;
                good.files = schedule(0);
                good.header = "web@1; report=sha256:00";
                good.report_json = "{}";
                bad.complaints = {
                    {"A-VAL-01", true, "今月.csv", 7, "", {"読めません", "cannot"}, {}}};
                return std::vector<Made>{good, bad};
            };
            desk->drop("今月.csv", "both");
            return desk;
        },
        [](Desk& desk) { desk.run_out(); },
        [&](Desk& desk) {
            BOOST_TEST(desk.gateway.accepted.size() == 1u);
            std::size_t kept = 0, returned = 0, reports = 0;
            for (const auto& [path, bytes] : all_below(desk.settings.folders.archive))
                kept += path.ends_with("/原本/今月.csv") ? 1 : 0;
            for (const auto& [path, bytes] : all_below(desk.settings.folders.returned)) {
                returned += path.ends_with("/原本/今月.csv") ? 1 : 0;
                reports += path.ends_with("/報告.txt") && bytes.find("A-VAL-01") != Bytes::npos &&
                                   bytes.find("ほかの 1 件は送りました") != Bytes::npos
                               ? 1
                               : 0;
            }
            BOOST_TEST(kept == 1u);
            BOOST_TEST(returned == 1u);
            BOOST_TEST(reports == 1u);
            BOOST_TEST(all_below(desk.settings.folders.outgoing).empty());
        });
}

namespace {

void run_in(Desk& desk, std::map<std::string, int>& seen) {
    Incoming incoming(desk.world(), {});
    for (int i = 0; i < 30; ++i) {
        const Turn turn = incoming.turn(std::chrono::seconds(0));
        desk.software_takes(seen);
        desk.clock.time = std::max(turn.next, desk.clock.time + Duration(10));
    }
}

void judge_received(Desk& desk, const std::map<std::string, int>& seen, std::size_t files) {
    BOOST_TEST(seen.size() == files);
    for (const auto& [path, times] : seen) BOOST_TEST(times == 1, path << " was placed " << times);
    for (const auto& waiting : desk.gateway.mailbox) {
        BOOST_TEST(waiting.arrival.state == "imported");
        BOOST_TEST(waiting.imported == 1u);
        for (const auto& file : waiting.files) {
            const auto taken = read_whole(desk.settings.folders.taken / file.name);
            BOOST_TEST((taken && *taken == file.bytes));
        }
    }
    BOOST_TEST(all_below(desk.settings.folders.incoming / ".cpgw").empty());
}

} // namespace

BOOST_AUTO_TEST_CASE(every_arrived_file_is_placed_once_wherever_the_power_is_cut) {
    for (const auto layout : {adapters::Layout::flat, adapters::Layout::one_at_a_time}) {
        std::map<std::string, int> seen;
        const std::size_t steps = cut_everywhere(
            [&] {
                seen.clear();
                auto desk = std::make_unique<Desk>();
                desk->settings.layout = layout;
                desk->put(schedule(1), "0370100017", "20261101090011");
                desk->put(schedule(0), "0370100017", "20261101090010");
                return desk;
            },
            [&](Desk& desk) { run_in(desk, seen); },
            [&](Desk& desk) {
                judge_received(desk, seen, 6);
                BOOST_TEST(desk.gateway.fetched.size() == 2u);
                BOOST_TEST((desk.gateway.fetched[0] == desk.gateway.mailbox[1].arrival.id));
            });
        BOOST_TEST(steps > 40u);
        BOOST_TEST_MESSAGE("steps in: " << steps);
    }
}

BOOST_AUTO_TEST_SUITE_END()
