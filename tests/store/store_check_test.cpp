// `cpgw audit fsck` on a real database: what was changed in any row is found.
#include "gateway/store/store_check.hpp"
#include "tests/store/world.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <sqlite3.h>

using namespace store_tests;

namespace {

/// A gateway's life in small: bundles in every state, over two years.
struct Life : World<SqliteBackend> {
    Life() {
        const auto fetched = take_in(1, {}), imported = take_in(2, plan_for({"one"}));
        take_in(3, plan_for({"one"})); // supersedes the one before
        go(fetched, Step::fetch, audit::EntryType::fetch, "-");
        go(fetched, Step::ack_failed, audit::EntryType::ack, "import_failed");
        RejectOp refused = reject_op(usual_pair, 9);
        refused.leaf = leaf_of(refused.bundle, audit::EntryType::reject, refused.bundle.accepted_at,
                               "rejected R-NAME-01");
        write(refused);
        backend.clock.set("2027-02-01T00:00:00.000Z");
        go(take_in(5, {}), Step::unclaimed, audit::EntryType::unclaimed, "-");
        const auto recalled = take_in(4, {});
        go(recalled, Step::recall, audit::EntryType::recall, "-");
        write(leaf_op(plain_leaf(audit::EntryType::start)));
        for (int i = 0; i < 300; ++i) write(leaf_op(plain_leaf(audit::EntryType::admin)));
        go(imported, Step::fetch, audit::EntryType::fetch, "-", false);
        store.reset();
    }

    BundleRow take_in(int number, Tags tags) {
        AcceptOp op = accept_op(usual_pair, number, std::move(tags));
        op.leaf = leaf_of(op.bundle, audit::EntryType::submit, op.bundle.accepted_at, "accepted");
        write(op);
        return op.bundle;
    }
    void go(const BundleRow& row, Step step, audit::EntryType type, const std::string& result,
            bool expected = true) {
        StepOp op = step_op(row.id, step);
        op.leaf = leaf_of(row, type, op.time, result);
        BOOST_TEST(std::holds_alternative<Written>(write(op)) == expected);
    }

    audit::Findings check() {
        const auto opened = open_sqlite_store({backend.file(), false, 1}, nullptr);
        return check_store(*opened, {signer->verifier()});
    }
};

/// Rows changed behind the program's back.
class Hand {
  public:
    explicit Hand(const std::filesystem::path& file) {
        BOOST_TEST_REQUIRE(sqlite3_open(file.c_str(), &handle_) == SQLITE_OK);
    }
    Hand(const Hand&) = delete;
    Hand& operator=(const Hand&) = delete;
    ~Hand() { sqlite3_close(handle_); }
    void run(const std::string& text) {
        char* message = nullptr;
        const int code = sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, &message);
        BOOST_TEST(code == SQLITE_OK, text << ": " << (message ? message : ""));
        sqlite3_free(message);
    }

  private:
    sqlite3* handle_ = nullptr;
};

} // namespace

BOOST_AUTO_TEST_SUITE(store_check)

BOOST_AUTO_TEST_CASE(a_database_nobody_changed_has_no_flaw) {
    Life life;
    const auto findings = life.check();
    for (const auto& flaw : findings.flaws()) BOOST_TEST_MESSAGE(flaw.where << flaw.what.en);
    BOOST_TEST(findings.count() == 0u);
    BOOST_TEST(findings.others == 6u);
    BOOST_TEST(findings.leaves > 300u);
}

BOOST_AUTO_TEST_CASE(a_store_that_grows_meanwhile_has_no_flaw) {
    Life life;
    const auto writer = life.backend.open(life.signer);
    const auto reader = open_sqlite_store({life.backend.file(), false, 1}, nullptr);
    const auto findings =
        check_store(*reader, {life.signer->verifier()}, [&](const audit::Findings&) {
            Job job;
            for (int i = 0; i < 100; ++i)
                job.ops.emplace_back(leaf_op(plain_leaf(audit::EntryType::admin)));
            writer->commit({&job, 1});
        });
    for (const auto& flaw : findings.flaws()) BOOST_TEST_MESSAGE(flaw.where << flaw.what.en);
    BOOST_TEST(findings.count() == 0u);
}

BOOST_AUTO_TEST_CASE(what_was_changed_in_any_row_is_found) {
    const char* const changes[] = {
        "UPDATE bundle SET state = 'imported' WHERE state = 'import_failed'",
        "UPDATE bundle SET state = 'accepted' WHERE state = 'superseded'",
        "UPDATE bundle SET state = 'superseded' WHERE arrival = 1",
        "UPDATE bundle SET kind = 'plan' WHERE arrival = 2",
        "UPDATE bundle SET edition = '3' WHERE arrival = 3",
        "UPDATE bundle SET month = '202611' WHERE arrival = 1",
        "UPDATE bundle SET accepted_at = accepted_at + 1 WHERE arrival = 1",
        "UPDATE bundle SET catalog = zeroblob(32) WHERE arrival = 1",
        "UPDATE bundle SET id = randomblob(16) WHERE arrival = 1",
        "UPDATE pair SET to_office = '0370100033'",
        "UPDATE pair SET from_office = '0370100033'",
        "UPDATE step SET step = 'ack_imported' WHERE step = 'ack_failed'",
        "UPDATE step SET time = time + 1 WHERE step = 'fetch'",
        "UPDATE step SET bundle = 2 WHERE step = 'fetch'",
        "DELETE FROM step WHERE step = 'ack_failed'",
        "DELETE FROM step WHERE step = 'recall'",
        "UPDATE leaf SET text = text || ' ' WHERE number = 3",
        "UPDATE leaf SET text = replace(text, '0370100025', '0370100033') WHERE number = 0",
        "PRAGMA foreign_keys = OFF; DELETE FROM leaf WHERE number = 100",
        "UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE shard = 2 AND level = 0",
        "UPDATE tile SET hashes = zeroblob(32) WHERE level = 1",
        "DELETE FROM tile WHERE level = 1",
        "INSERT INTO tile VALUES (1, 1, 0, zeroblob(32))",
        "UPDATE tile SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE shard = 1",
        // One character of the signature, whichever it is.
        "UPDATE checkpoint SET note = substr(note, 1, length(note) - 10) ||"
        " CASE substr(note, length(note) - 9, 1) WHEN 'A' THEN 'B' ELSE 'A' END ||"
        " substr(note, length(note) - 8) WHERE tree_size = 3",
        "UPDATE checkpoint SET tree_size = 1000 WHERE tree_size = (SELECT max(tree_size) FROM "
        "checkpoint)",
        "PRAGMA foreign_keys = OFF; DELETE FROM checkpoint WHERE tree_size = (SELECT "
        "max(tree_size) FROM checkpoint)",
        "UPDATE shard SET first_leaf = first_leaf - 1 WHERE number = 2",
        "UPDATE shard SET origin = 'gateway.example/cpgw/2028' WHERE number = 2",
        "UPDATE shard SET origin = 'elsewhere.example/cpgw/2026' WHERE number = 1",
        "DELETE FROM shard WHERE number = 2",
    };
    Life life;
    const auto intact = life.backend.folder() / "intact.db";
    Hand(life.backend.file()).run("VACUUM INTO '" + intact.string() + "'");
    for (const char* change : changes) BOOST_TEST_CONTEXT(change) {
            for (const char* suffix : {"-wal", "-shm"})
                std::filesystem::remove(life.backend.file().string() + suffix);
            std::filesystem::copy_file(intact, life.backend.file(),
                                       std::filesystem::copy_options::overwrite_existing);
            Hand(life.backend.file()).run(change);
            BOOST_TEST(life.check().count() > 0u);
        }
}

BOOST_AUTO_TEST_CASE(a_bundle_is_erased_exactly_when_the_log_says_so) {
    Life life;
    life.store = life.backend.open(life.signer);
    const BundleRow erased = life.take_in(50, {}), kept = life.take_in(51, {});
    life.write(EraseOp{erased.id, at(60), plain_leaf(audit::EntryType::erase, erased.id)});
    BOOST_TEST(life.check().count() == 0u);
    Hand(life.backend.file()).run("UPDATE bundle SET erased_at = 1 WHERE erased_at IS NULL");
    BOOST_TEST(life.check().count() > 0u);
    Hand(life.backend.file()).run("UPDATE bundle SET erased_at = NULL");
    BOOST_TEST(life.check().count() == 1u);
    BOOST_TEST(life.store->bundle(kept.id).has_value());
}

BOOST_AUTO_TEST_CASE(a_leaf_of_a_bundles_life_needs_its_step) {
    Life life;
    life.store = life.backend.open(life.signer);
    const BundleRow row = bundle_row(usual_pair, 50, "never taken in");
    life.write(leaf_op(leaf_of(row, audit::EntryType::submit, at(1), "accepted")));
    BOOST_TEST(life.check().count() == 1u);
    life.write(leaf_op(plain_leaf(audit::EntryType::erase, row.id)));
    BOOST_TEST(life.check().count() == 1u); // erasing keeps the row and the steps
}

BOOST_AUTO_TEST_SUITE_END()
