// What others say of checkpoints, and changes of the directory with their leaves: what every
// backend promises.
#include "tests/store/world.hpp"

#include <boost/test/unit_test.hpp>

using namespace store_tests;

namespace {

#define CONTRACT(name) BOOST_AUTO_TEST_CASE_TEMPLATE(name, Backend, Backends)

AttestOp word_of(int year, std::uint64_t size, AttestationKind kind, const std::string& name,
                 const std::string& bytes, const std::string& leaf = {}) {
    return {{year, size, kind, name, at(1), bytes}, leaf};
}

constexpr auto timestamp = AttestationKind::timestamp;
constexpr auto cosignature = AttestationKind::cosignature;

} // namespace

BOOST_AUTO_TEST_SUITE(attestations)

CONTRACT(words_about_checkpoints_come_back_in_order) {
    World<Backend> world;
    for (int i = 0; i < 4; ++i) world.write(leaf_op("leaf\n"));
    BOOST_TEST(world.store->newest_attested(2026, cosignature) == 0u);
    world.write(word_of(2026, 3, cosignature, "w2", "line 2\n"));
    world.write(word_of(2026, 3, cosignature, "w1", "line 1\n"));
    world.write(word_of(2026, 1, cosignature, "w1", "line 0\n"));
    world.write(word_of(2026, 4, timestamp, "tsa", "stamp"));
    BOOST_TEST(world.store->tree_size() == 4u); // without a leaf of its own nothing is appended
    const auto check = [&] {
        const auto words = world.store->attestations(2026, cosignature, 0, 10);
        BOOST_TEST_REQUIRE(words.size() == 3u);
        BOOST_TEST((words[0].size == 1 && words[0].bytes == "line 0\n"));
        BOOST_TEST((words[1].size == 3 && words[1].name == "w1" && words[1].year == 2026));
        BOOST_TEST((words[2].size == 3 && words[2].name == "w2" && words[2].time == at(1)));
        BOOST_TEST(world.store->attestations(2026, cosignature, 1, 1).at(0).size == 3u);
        BOOST_TEST(world.store->attestations(2026, cosignature, 3, 10).empty());
        BOOST_TEST(world.store->attestations(2026, timestamp, 0, 10).size() == 1u);
        BOOST_TEST(world.store->newest_attested(2026, cosignature) == 3u);
        BOOST_TEST(world.store->newest_attested(2026, timestamp) == 4u);
        BOOST_TEST(world.store->newest_attested(2027, timestamp) == 0u);
    };
    check();
    world.reopen();
    check();
}

CONTRACT(a_word_may_leave_a_leaf_and_the_newest_of_a_name_counts) {
    World<Backend> world;
    world.write(leaf_op("leaf\n"));
    const auto written =
        std::get<Written>(world.write(word_of(2026, 1, timestamp, "tsa", "first", "stamped\n")));
    BOOST_TEST(world.proves(written.proof, "stamped\n"));
    world.write(word_of(2026, 1, timestamp, "tsa", "second"));
    const auto words = world.store->attestations(2026, timestamp, 0, 10);
    BOOST_TEST_REQUIRE(words.size() == 1u);
    BOOST_TEST(words[0].bytes == "second");
}

CONTRACT(a_word_about_no_checkpoint_is_refused) {
    World<Backend> world;
    Job job;
    job.ops.emplace_back(leaf_op("one\n"));
    job.ops.emplace_back(leaf_op("two\n"));
    world.run(std::move(job)); // a checkpoint over two leaves, none over one
    BOOST_CHECK_THROW(world.write(word_of(2026, 1, timestamp, "tsa", "x")), StoreFailure);
    BOOST_CHECK_THROW(world.write(word_of(2026, 3, timestamp, "tsa", "x")), StoreFailure);
    BOOST_CHECK_THROW(world.write(word_of(2026, 0, timestamp, "tsa", "x")), StoreFailure);
    BOOST_CHECK_THROW(world.write(word_of(2027, 1, timestamp, "tsa", "x")), StoreFailure);
    BOOST_TEST(world.log_is_whole());
}

CONTRACT(words_belong_to_the_log_of_their_year) {
    World<Backend> world;
    world.write(leaf_op("old\n"));
    world.backend.clock.set("2027-03-01T00:00:00.000Z");
    world.write(leaf_op("new\n"));
    world.write(word_of(2026, 2, cosignature, "w", "of the old year"));
    world.write(word_of(2027, 2, cosignature, "w", "of the new year"));
    BOOST_TEST(world.store->attestations(2026, cosignature, 0, 9).at(0).bytes == "of the old year");
    BOOST_TEST(world.store->attestations(2027, cosignature, 0, 9).at(0).bytes == "of the new year");
    BOOST_TEST(world.store->attestations(2027, cosignature, 0, 9).size() == 1u);
    BOOST_TEST(world.store->newest_attested(2026, cosignature) == 2u);
}

CONTRACT(a_change_of_the_directory_is_kept_with_its_leaf_or_not_at_all) {
    World<Backend> world;
    OfficeRow row;
    row.office = care_manager;
    row.service_types = {service("43")};
    row.name = "見本";
    CertificateRow certificate{"CN=CA", "01", {care_manager}, true, false};
    const auto version = world.store->directory_version();
    const auto written =
        std::get<Written>(world.write(DirectoryOp{{row}, {certificate}, "admin\n"}));
    BOOST_TEST(world.proves(written.proof, "admin\n"));
    BOOST_TEST(world.store->offices().size() == 1u);
    BOOST_TEST(world.store->certificates().size() == 1u);
    BOOST_TEST(world.store->directory_version() != version);

    row.name = "変更";
    Job job;
    job.ops.emplace_back(DirectoryOp{{row}, {}, "admin\n"});
    job.ops.emplace_back(step_op(next_id(), Step::fetch)); // of an unknown bundle
    BOOST_CHECK_THROW(world.run(std::move(job)), StoreFailure);
    BOOST_TEST(world.store->offices().at(0).name == "見本");
    BOOST_TEST(world.store->tree_size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
