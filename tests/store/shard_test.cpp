// One log a calendar year: what every backend promises at the turn of the year.
#include "tests/store/world.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <sys/wait.h>

using namespace store_tests;

namespace {

#define CONTRACT(name) BOOST_AUTO_TEST_CASE_TEMPLATE(name, Backend, Backends)

audit::VerifierKey key_of_year(const audit::Signer& signer, int year) {
    return audit::renamed(signer.verifier(), audit::origin_in_year(signer.verifier().name, year));
}

/// By whoever trusts the key under the name of the first year only.
bool proves_in_year(const audit::Signer& signer, const audit::Proof& proof, std::string_view leaf,
                    int year) {
    const auto note = audit::open_note(proof.checkpoint, {key_of_year(signer, year)});
    if (!note) return false;
    const auto checkpoint = audit::Checkpoint::parse(note->text).value();
    return checkpoint.origin == audit::origin_in_year(signer.verifier().name, year) &&
           checkpoint.size == proof.size &&
           audit::verify_inclusion(proof.index, proof.size, audit::leaf_hash(leaf), proof.hashes,
                                   checkpoint.root);
}

template<class World> audit::Proof write_leaf(World& world, const std::string& leaf) {
    return std::get<Written>(world.write(leaf_op(leaf))).proof;
}

audit::Entry entry_at(Store& store, int year, std::uint64_t index) {
    return audit::parse_entry(store.leaves(year, index, 1).at(0)).value();
}

} // namespace

BOOST_AUTO_TEST_SUITE(shards)

CONTRACT(the_first_leaf_of_a_year_closes_the_old_log_and_names_its_end) {
    World<Backend> world;
    write_leaf(world, "old\n");
    const auto old_rows = world.store->shards();
    world.backend.clock.set("2026-12-31T23:59:59.999Z");
    write_leaf(world, "last\n");
    BOOST_TEST(world.store->shards().size() == 1u);
    world.backend.clock.set("2027-01-01T00:00:00.000Z");
    const auto proof = write_leaf(world, "new\n");
    BOOST_TEST(proof.index == 1u); // after the leaf that names the old log's end
    BOOST_TEST(proves_in_year(*world.signer, proof, "new\n", 2027));

    const auto rows = world.store->shards();
    BOOST_TEST_REQUIRE(rows.size() == 2u);
    BOOST_TEST((rows[0].year == 2026 && rows[0].closed && rows[0].size == 3u));
    BOOST_TEST((rows[1].year == 2027 && !rows[1].closed && rows[1].first == 3u));
    BOOST_TEST(rows[1].origin == "gateway.example/cpgw/2027");

    const auto closing = entry_at(*world.store, 2026, 2);
    BOOST_TEST((closing.type == audit::EntryType::shard_close));
    BOOST_TEST(audit::detail_of(closing, audit::next_log_detail) == rows[1].origin);
    const auto note = audit::open_note(world.store->checkpoint(2026), {world.signer->verifier()});
    const auto first = entry_at(*world.store, 2027, 0);
    BOOST_TEST(audit::previous_log_of(first).value() == note->text);
    BOOST_TEST(world.store->leaves(2026, 0, 99).size() == 3u);
    BOOST_TEST(world.store->leaves(2026, 3, 1).empty());
    BOOST_TEST(world.store->checkpoints_since(2026, 0, 99).size() == 3u);
    BOOST_TEST(world.store->checkpoints_since(2027, 0, 99).size() == 1u);
    world.reopen();
    BOOST_TEST(world.store->shards().size() == 2u);
}

CONTRACT(steps_of_an_old_year_are_proven_by_the_log_of_that_year) {
    World<Backend> world;
    const auto bundle = world.accept(usual_pair, 1);
    world.backend.clock.set("2027-01-02T00:00:00.000Z");
    BOOST_TEST(world.step(bundle, Step::fetch));
    const auto check = [&] {
        const auto steps = world.store->steps(bundle);
        BOOST_TEST_REQUIRE(steps.size() == 2u);
        for (std::size_t i = 0; i < 2; ++i)
            BOOST_TEST(proves_in_year(*world.signer,
                                      world.store->proof(steps[i].leaf_index, steps[i].tree_size),
                                      steps[i].leaf, i == 0 ? 2026 : 2027));
    };
    check();
    world.reopen();
    check();
}

CONTRACT(a_proof_does_not_reach_over_the_turn_of_a_year) {
    World<Backend> world;
    write_leaf(world, "old\n");
    world.backend.clock.set("2027-06-01T00:00:00.000Z");
    write_leaf(world, "new\n");
    const auto rows = world.store->shards();
    BOOST_CHECK_THROW(world.store->proof(0, rows[1].first + rows[1].size), std::out_of_range);
    BOOST_TEST(proves_in_year(*world.signer, world.store->proof(0, rows[1].first), "old\n", 2026));
}

CONTRACT(a_year_without_leaves_has_no_log) {
    World<Backend> world;
    write_leaf(world, "2026\n");
    world.backend.clock.set("2029-03-01T00:00:00.000Z");
    write_leaf(world, "2029\n");
    const auto rows = world.store->shards();
    BOOST_TEST_REQUIRE(rows.size() == 2u);
    BOOST_TEST(rows[1].year == 2029);
    for (const int year : {2027, 2028, 2030}) {
        BOOST_TEST(world.store->checkpoint(year).empty());
        BOOST_TEST(world.store->leaves(year, 0, 1).empty());
        BOOST_TEST(!world.store->tile(year, {0, 0}).has_value());
    }
    BOOST_TEST(audit::previous_log_of(entry_at(*world.store, 2029, 0))
                   .value()
                   .starts_with("gateway.example/cpgw/2026\n"));
    world.reopen();
}

CONTRACT(a_log_that_was_never_written_is_closed_by_its_only_leaf) {
    World<Backend> world;
    world.backend.clock.set("2027-01-01T00:00:00.000Z");
    write_leaf(world, "first\n");
    BOOST_TEST(world.store->shards().at(0).size == 1u);
    world.reopen();
}

CONTRACT(a_clock_that_goes_back_does_not_reopen_a_year) {
    World<Backend> world;
    world.backend.clock.set("2027-01-01T00:00:00.000Z");
    write_leaf(world, "new\n");
    world.backend.clock.set("2026-12-31T00:00:00.000Z");
    BOOST_TEST(proves_in_year(*world.signer, write_leaf(world, "late\n"), "late\n", 2027));
    BOOST_TEST(world.store->shards().size() == 2u);
}

CONTRACT(a_batch_that_fails_at_the_turn_leaves_the_old_year_open) {
    World<Backend> world;
    write_leaf(world, "old\n");
    const auto before = world.store->checkpoint();
    world.backend.clock.set("2027-01-01T00:00:00.000Z");
    Job job;
    job.ops.emplace_back(leaf_op("new\n"));
    job.ops.emplace_back(step_op(next_id(), Step::fetch)); // of an unknown bundle
    BOOST_CHECK_THROW(world.run(std::move(job)), StoreFailure);
    BOOST_TEST(world.store->shards().size() == 1u);
    BOOST_TEST(world.store->checkpoint() == before);
    BOOST_TEST(proves_in_year(*world.signer, write_leaf(world, "new\n"), "new\n", 2027));
    world.reopen();
}

CONTRACT(another_process_that_turned_the_year_is_followed) {
    World<Backend> world;
    write_leaf(world, "old\n");
    const auto other = world.backend.open(world.signer);
    world.backend.clock.set("2027-01-01T00:00:00.000Z");
    Job job;
    job.ops.emplace_back(leaf_op("theirs\n"));
    other->commit({&job, 1});
    const auto proof = write_leaf(world, "ours\n");
    BOOST_TEST(proof.index == 2u);
    BOOST_TEST(proves_in_year(*world.signer, proof, "ours\n", 2027));
    BOOST_TEST(world.store->shards().size() == 2u);
}

CONTRACT(several_tiles_a_year_over_several_years_open_again) {
    World<Backend> world;
    for (int year = 2026; year < 2030; ++year) {
        world.backend.clock.set(std::to_string(year) + "-11-30T00:00:00.000Z");
        for (int batch = 0; batch < 3; ++batch) {
            Job job;
            for (int i = 0; i < 100; ++i)
                job.ops.emplace_back(leaf_op(std::to_string(year * 1000 + i) + "\n"));
            world.run(std::move(job));
        }
    }
    world.reopen();
    const auto rows = world.store->shards();
    BOOST_TEST_REQUIRE(rows.size() == 4u);
    for (const auto& row : rows) {
        const audit::TileReader tiles = [&](audit::TileId id) {
            return world.store->tile(row.year, id).value();
        };
        const auto note = audit::open_note(world.store->checkpoint(row.year),
                                           {key_of_year(*world.signer, row.year)});
        const auto newest = audit::Checkpoint::parse(note->text).value();
        BOOST_TEST((audit::root_of(row.size, tiles) == newest.root));
        for (const auto& kept : world.store->checkpoints_since(row.year, 0, 10)) {
            const auto earlier =
                audit::Checkpoint::parse(audit::parse_note(kept).value().text).value();
            BOOST_TEST(audit::verify_consistency(
                earlier.size, newest.size,
                audit::consistency_proof(earlier.size, newest.size, tiles), earlier.root,
                newest.root));
        }
    }
}

// -- kill at the turn --

/// Commits one leaf after another, each some months later than the one before, and says each number
/// once it is committed. Runs until it is killed.
[[noreturn]] void write_through_the_years(const std::filesystem::path& file,
                                          const std::shared_ptr<const audit::Signer>& signer,
                                          int out) {
    MovedClock clock;
    const auto store = open_sqlite_store({file, false, 1, &clock}, signer);
    int year = store->shards().back().year;
    for (std::uint32_t i = 0;; ++i) {
        if (i % 2 == 1) ++year; // every other commit turns the year
        if (year > 9998) std::_Exit(0);
        clock.set(std::to_string(year) + "-05-05T00:00:00.000Z");
        Job job;
        job.ops.emplace_back(leaf_op("leaf " + std::to_string(i) + "\n"));
        const auto results = store->commit({&job, 1});
        const auto& proof = std::get<Written>(results[0][0]).proof;
        const std::uint64_t said[] = {static_cast<std::uint64_t>(year), proof.index};
        if (::write(out, said, sizeof said) != sizeof said) std::_Exit(1);
    }
}

BOOST_AUTO_TEST_CASE(a_process_killed_at_the_turn_leaves_a_log_that_opens_and_goes_on) {
    const auto seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random(seed);
    World<SqliteBackend> world;
    for (int round = 0; round < 12; ++round) {
        world.store.reset();
        int ends[2];
        BOOST_TEST_REQUIRE(::pipe(ends) == 0);
        const pid_t child = ::fork();
        if (child == 0) write_through_the_years(world.backend.file(), world.signer, ends[1]);
        ::close(ends[1]);
        std::uint64_t said[2] = {0, 0};
        for (auto left = 1 + random() % 12; left > 0; --left)
            BOOST_TEST_REQUIRE(::read(ends[0], said, sizeof said) ==
                               static_cast<ssize_t>(sizeof said));
        for (auto spin = random() % 20'000; spin > 0; --spin) (void)random();
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        ::close(ends[0]);

        world.reopen(); // checks every shard, and how they follow on each other
        const auto year = static_cast<int>(said[0]);
        BOOST_TEST(world.store->leaves(year, said[1], 1).size() == 1u); // what was said is there
        world.backend.clock.set(std::to_string(world.store->shards().back().year + 1) +
                                "-01-01T00:00:00.000Z");
        write_leaf(world, "after the crash\n");
    }
    world.reopen();
}

BOOST_AUTO_TEST_SUITE_END()
