// What only the SQLite backend has: its file, its schema, its query plans, and what it does when
// someone changed a row.
#include "gateway/store/seal.hpp"
#include "gateway/store/sqlite/migrations.hpp"
#include "gateway/store/sqlite/sql.hpp"
#include "tests/store/world.hpp"

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace store_tests;
namespace sql = cpg::store::sqlite::sql;

namespace {

/// A connection of the test's own.
class Shell {
  public:
    explicit Shell(const std::filesystem::path& file) {
        BOOST_REQUIRE(sqlite3_open(file.c_str(), &handle_) == SQLITE_OK);
    }
    Shell(const Shell&) = delete;
    Shell& operator=(const Shell&) = delete;
    ~Shell() { sqlite3_close(handle_); }
    void run(const std::string& text) {
        BOOST_TEST_REQUIRE(sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr) ==
                           SQLITE_OK);
    }
    /// The last column of each row.
    std::vector<std::string> rows(const std::string& text) {
        sqlite3_stmt* statement = nullptr;
        BOOST_REQUIRE(sqlite3_prepare_v2(handle_, text.c_str(), -1, &statement, nullptr) ==
                      SQLITE_OK);
        std::vector<std::string> out;
        const int last = sqlite3_column_count(statement) - 1;
        while (sqlite3_step(statement) == SQLITE_ROW)
            out.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, last)));
        sqlite3_finalize(statement);
        return out;
    }
    std::string value(const std::string& text) { return rows(text).at(0); }

  private:
    sqlite3* handle_ = nullptr;
};

/// A store with a log over two tiles, closed, so that its rows can be changed.
struct ClosedWorld {
    World<SqliteBackend> world;
    ClosedWorld() {
        Job job;
        for (int i = 0; i < 300; ++i) job.ops.emplace_back(leaf_op("leaf " + std::to_string(i)));
        world.run(std::move(job));
        world.accept(usual_pair, 1);
        world.store.reset();
    }
    void change(const std::string& text) { Shell(world.backend.file()).run(text); }
    bool opens() {
        try {
            world.reopen();
        } catch (const StoreFailure&) {
            return false;
        }
        return true;
    }
};

/// While it lives, no file of this process can grow over the limit: writes fail with EFBIG.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(std::uintmax_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        BOOST_REQUIRE(getrlimit(RLIMIT_FSIZE, &before_) == 0);
        const rlimit limit{static_cast<rlim_t>(bytes), before_.rlim_max};
        BOOST_REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;
    ~FileSizeLimit() {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

  private:
    rlimit before_{};
    void (*handler_)(int);
};

Bytes contents_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

bool occurs_in_files(const std::filesystem::path& folder, std::string_view text) {
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (contents_of(entry.path()).find(text) != Bytes::npos) return true;
    return false;
}

} // namespace

BOOST_AUTO_TEST_SUITE(sqlite_store)

BOOST_AUTO_TEST_CASE(the_file_is_made_when_asked_for_and_for_its_owner_only) {
    TemporaryFolder folder;
    const auto file = folder.path() / "gateway.db";
    BOOST_CHECK_THROW(open_sqlite_store({file, false, 1}, make_test_signer()), StoreFailure);
    BOOST_TEST(!std::filesystem::exists(file));
    const auto store = open_sqlite_store({file, true, 1}, make_test_signer());
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
        struct stat status {};
        BOOST_REQUIRE(stat(entry.path().c_str(), &status) == 0);
        BOOST_TEST((status.st_mode & 0777) == 0600u);
    }
}

BOOST_AUTO_TEST_CASE(the_file_is_strict_and_uses_a_write_ahead_log) {
    World<SqliteBackend> world;
    Shell shell(world.backend.file());
    BOOST_TEST(shell.value("PRAGMA journal_mode") == "wal");
    BOOST_TEST(shell.value("PRAGMA integrity_check") == "ok");
    BOOST_TEST(shell
                   .rows("SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0"
                         " AND name NOT LIKE 'sqlite_%'")
                   .empty());
    BOOST_TEST(shell.rows("SELECT name FROM pragma_table_list WHERE strict = 1").size() == 20u);
}

BOOST_AUTO_TEST_CASE(a_migrated_file_opens_without_asking_to_create) {
    TemporaryFolder folder;
    const auto file = folder.path() / "gateway.db";
    BOOST_CHECK_THROW(migrate_sqlite(file), StoreFailure);
    std::ofstream(file).close();
    BOOST_TEST(migrate_sqlite(file).before == 0);
    BOOST_TEST(migrate_sqlite(file).before == sqlite::schema_version());
    BOOST_TEST(migrate_sqlite(file).after == sqlite::schema_version());
    const auto signer = make_test_signer();
    open_sqlite_store({file, true, 1}, signer);
    BOOST_TEST(open_sqlite_store({file, false, 1}, signer)->tree_size() == 0u);
}

/// What the first version of this program wrote: one log, no shards.
constexpr const char* back_to_the_first_schema = R"sql(
CREATE TABLE one_log (level INTEGER NOT NULL, number INTEGER NOT NULL, hashes BLOB NOT NULL,
    PRIMARY KEY (level, number)) STRICT, WITHOUT ROWID;
INSERT INTO one_log SELECT level, number, hashes FROM tile;
DROP TABLE tile;
ALTER TABLE one_log RENAME TO tile;
DROP TABLE attestation;
DROP TABLE shard;
DROP INDEX bundle_not_erased;
ALTER TABLE bundle DROP COLUMN erased_at;
DROP INDEX bundle_unfetched;
ALTER TABLE bundle DROP COLUMN unclaimed_at;
DROP INDEX step_told;
ALTER TABLE step DROP COLUMN told;
DROP TABLE webhook;
DROP TABLE person;
DROP TABLE token;
ALTER TABLE certificate DROP COLUMN machine;
ALTER TABLE certificate ADD COLUMN may_submit_for_many INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 1;
)sql";

BOOST_AUTO_TEST_CASE(a_log_of_the_first_schema_is_the_first_shard_after_the_upgrade) {
    ClosedWorld t;
    t.change(back_to_the_first_schema);
    BOOST_CHECK_THROW(open_sqlite_store({t.world.backend.file(), false, 1}, t.world.signer),
                      StoreFailure);
    BOOST_TEST(migrate_sqlite(t.world.backend.file()).before == 1);
    t.world.store = open_sqlite_store({t.world.backend.file(), false, 1, &t.world.backend.clock},
                                      t.world.signer);
    const auto shards = t.world.store->shards();
    BOOST_TEST_REQUIRE(shards.size() == 1u);
    BOOST_TEST(shards[0].year == 2026);
    BOOST_TEST(shards[0].origin == t.world.signer->verifier().name);
    BOOST_TEST(shards[0].size == 301u);
    BOOST_TEST(t.world.log_is_whole());
    t.world.write(leaf_op("one more\n"));
    BOOST_TEST(t.world.log_is_whole());
}

BOOST_AUTO_TEST_CASE(a_file_of_the_first_schema_keeps_its_rows) {
    TemporaryFolder folder;
    const auto file = folder.path() / "gateway.db";
    std::ofstream(file).close();
    {
        sqlite::Database database(file, sqlite::Access::read_write);
        sqlite::prepare_file(database);
        sqlite::migrate(database, 1);
    }
    Shell(file).run(
        "INSERT INTO certificate VALUES ('CN=vendor', '0A', '03701000170370100025', 1, 1);"
        "INSERT INTO meta VALUES ('origin', 'gateway.example/cpgw/2026')");
    BOOST_CHECK_THROW(open_sqlite_store({file, false, 1}, make_test_signer()), StoreFailure);
    BOOST_TEST(migrate_sqlite(file).after == sqlite::schema_version());
    const auto store = open_sqlite_store({file, false, 1}, make_test_signer());
    const auto certificate = store->certificates().at(0);
    BOOST_TEST((certificate.offices == std::vector{care_manager, provider}));
    BOOST_TEST(certificate.enabled);
    BOOST_TEST(!certificate.machine);
    BOOST_TEST(store->people(care_manager).empty());
}

BOOST_AUTO_TEST_CASE(an_older_a_newer_or_a_foreign_file_is_refused) {
    TemporaryFolder folder;
    const auto empty = folder.path() / "empty.db";
    std::ofstream(empty).close();
    BOOST_CHECK_THROW(open_sqlite_store({empty, false, 1}, make_test_signer()), StoreFailure);

    ClosedWorld newer;
    newer.change("PRAGMA user_version = 99");
    BOOST_TEST(!newer.opens());
    BOOST_CHECK_THROW(migrate_sqlite(newer.world.backend.file()), StoreFailure);

    const auto foreign = folder.path() / "foreign.db";
    Shell(foreign).run("CREATE TABLE bundle (id INTEGER)");
    BOOST_CHECK_THROW(open_sqlite_store({foreign, true, 1}, make_test_signer()), StoreFailure);
    BOOST_CHECK_THROW(migrate_sqlite(foreign), StoreFailure);

    const auto text = folder.path() / "text.db";
    std::ofstream(text) << std::string(10'000, 'x');
    BOOST_CHECK_THROW(open_sqlite_store({text, true, 1}, make_test_signer()), StoreFailure);
}

BOOST_AUTO_TEST_CASE(another_key_or_another_log_is_refused) {
    ClosedWorld t;
    const auto own = t.world.signer;
    t.world.signer = make_test_signer();
    BOOST_TEST(!t.opens());
    t.world.signer = audit::make_signer("gateway.example/cpgw/2027", audit::make_signer_key());
    BOOST_TEST(!t.opens());
    t.world.signer = own;
    BOOST_TEST(t.opens());
}

BOOST_AUTO_TEST_CASE(a_log_that_does_not_fit_together_is_refused) {
    const char* const changes[] = {
        "UPDATE leaf SET text = text || ' ' WHERE number = 0",
        "UPDATE leaf SET text = 'leaf 299 ' WHERE number = 299",
        "PRAGMA foreign_keys = OFF; DELETE FROM leaf WHERE number = 300",
        "DELETE FROM leaf WHERE number = 0",
        "DELETE FROM leaf WHERE number = 7",
        "INSERT INTO leaf VALUES (301, 'one more')",
        "UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0 AND number = 0",
        "UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE level = 0 AND number = 1",
        "UPDATE tile SET hashes = zeroblob(32) WHERE level = 1",
        "UPDATE tile SET hashes = CAST(hashes || hashes AS BLOB) WHERE level = 1",
        "DELETE FROM tile WHERE level = 0 AND number = 0",
        "DELETE FROM tile WHERE level = 1",
        "UPDATE checkpoint SET note = replace(note, 'gateway', 'gatewai') WHERE tree_size = 301",
        "UPDATE checkpoint SET note = 'x' WHERE tree_size = 301",
        "UPDATE checkpoint SET note = (SELECT note FROM checkpoint ORDER BY tree_size LIMIT 1)",
        "UPDATE checkpoint SET tree_size = 302 WHERE tree_size = 301",
        "DELETE FROM checkpoint WHERE tree_size = 301",
        "DELETE FROM checkpoint",
        "UPDATE meta SET value = 'elsewhere' WHERE name = 'origin'",
    };
    for (const char* change : changes) BOOST_TEST_CONTEXT(change) {
            ClosedWorld t;
            t.change(change);
            BOOST_TEST(!t.opens());
        }
    ClosedWorld untouched;
    BOOST_TEST(untouched.opens());
}

BOOST_AUTO_TEST_CASE(lists_and_look_ups_use_an_index) {
    World<SqliteBackend> world;
    Shell shell(world.backend.file());
    const std::pair<const char*, const char*> expected[] = {
        {sql::inbox, "USING COVERING INDEX bundle_in_inbox (to_office=? AND state=? AND arrival>? "
                     "AND arrival<?)"},
        {sql::outbox, "USING COVERING INDEX bundle_in_outbox (from_office=? AND state=? AND "
                      "arrival>? AND arrival<?)"},
        {sql::handed_over_after, "INDEX bundle_handed_over (pair=? AND serial>?)"},
        {sql::serial_owner, "INDEX bundle_by_serial (pair=? AND serial=?)"},
        {sql::live_holders, "INDEX hold_live (pair=? AND tag=?)"},
        {sql::live_hold, "INDEX hold_live (pair=? AND tag=?)"},
        {sql::last_step, "INDEX step_by_bundle (bundle=?)"},
        {sql::steps, "INDEX step_by_bundle (bundle=?)"},
        {sql::remembered, "(office=? AND key=?)"},
    };
    for (const auto& [query, index] : expected) BOOST_TEST_CONTEXT(query) {
            std::string plan;
            for (const auto& row : shell.rows("EXPLAIN QUERY PLAN " + std::string(query)))
                plan += row + "\n";
            BOOST_TEST(plan.find(index) != std::string::npos, plan);
        }
}

BOOST_AUTO_TEST_CASE(no_statement_reads_a_whole_table_of_bundles_or_sorts) {
    World<SqliteBackend> world;
    Shell shell(world.backend.file());
    for (const char* query : {sql::inbox,
                              sql::outbox,
                              sql::bundle,
                              sql::bundle_by_arrival,
                              sql::bundle_by_id,
                              sql::serial_owner,
                              sql::handed_over_after,
                              sql::live_hold,
                              sql::live_bundles,
                              sql::live_hold_of_bundle,
                              sql::end_hold,
                              sql::delete_holds,
                              sql::last_step,
                              sql::steps,
                              sql::leaves,
                              sql::tile,
                              sql::leaf_range,
                              sql::tree_size,
                              sql::newest_checkpoint,
                              sql::checkpoints_since,
                              sql::attestations,
                              sql::newest_attested,
                              sql::bundles_since,
                              sql::sealed_parcel,
                              sql::sealed_report,
                              sql::advance_bundle,
                              sql::supersede_bundle})
        for (const auto& row : shell.rows("EXPLAIN QUERY PLAN " + std::string(query)))
            BOOST_TEST_CONTEXT(query) {
                const bool scans = row.starts_with("SCAN") && row != "SCAN CONSTANT ROW";
                BOOST_TEST(!(scans && row.find("checkpoint") == std::string::npos), row);
                BOOST_TEST(row.find("TEMP B-TREE") == std::string::npos, row);
            }
}

BOOST_AUTO_TEST_CASE(a_sealed_marker_is_nowhere_in_the_files) {
    World<SqliteBackend> world;
    const std::string marker = "canary-見本花子-0000000001";
    Sealer sealer(MasterKey::of(random_bytes(32)), *world.store);
    AcceptOp op = accept_op(usual_pair, 1);
    op.sealed_parcel = sealer.seal(provider, "parcel", marker);
    op.sealed_report = sealer.seal(provider, "report", marker);
    op.holds = {sealer.tag("hold", marker).substr(0, 16)};
    StepOp step = step_op(op.bundle.id, Step::fetch);
    step.sealed_note = sealer.seal(provider, "note", marker);
    RememberOp remember = remember_op(care_manager, "k");
    remember.row.sealed_findings = sealer.seal(care_manager, "findings", marker);
    Job job;
    job.ops = {op, step, remember};
    world.run(std::move(job));
    BOOST_TEST(world.store->sealed_parcel(op.bundle.id).value() == op.sealed_parcel);
    BOOST_TEST(occurs_in_files(world.backend.folder(), op.leaf)); // the search does find things
    BOOST_TEST(!occurs_in_files(world.backend.folder(), marker));
    world.store.reset(); // copies the write-ahead log back
    BOOST_TEST(!occurs_in_files(world.backend.folder(), marker));
}

BOOST_AUTO_TEST_CASE(the_write_ahead_log_does_not_grow_without_end) {
    World<SqliteBackend> world;
    const auto log = world.backend.file().string() + "-wal";
    std::uintmax_t largest = 0;
    for (int i = 0; i < 60; ++i) {
        AcceptOp op = accept_op(usual_pair, i);
        op.sealed_parcel = random_bytes(4 << 20);
        world.write(std::move(op));
        largest = std::max(largest, std::filesystem::file_size(log));
    }
    BOOST_TEST(largest < (64u << 20)); // 240 MiB went through it
}

BOOST_AUTO_TEST_CASE(a_write_the_disk_refuses_breaks_the_store_and_keeps_nothing) {
    World<SqliteBackend> world;
    world.accept(usual_pair, 1);
    const std::string before = world.store->checkpoint();
    const AcceptOp op = accept_op(usual_pair, 2);
    {
        const FileSizeLimit limit(
            std::filesystem::file_size(world.backend.file().string() + "-wal"));
        BOOST_CHECK_THROW(world.write(op), StoreBroken);
    }
    world.reopen();
    BOOST_TEST(world.store->checkpoint() == before);
    BOOST_TEST(!world.store->bundle(op.bundle.id).has_value());
    BOOST_TEST(world.proves(std::get<Written>(world.write(op)).proof, op.leaf));
    BOOST_TEST(world.log_is_whole());
}

BOOST_AUTO_TEST_CASE(a_copy_of_the_files_taken_at_any_commit_opens) {
    World<SqliteBackend> world;
    for (int i = 0; i < 5; ++i) {
        world.accept(usual_pair, i);
        TemporaryFolder copy; // as a machine that lost power would find them
        for (const char* suffix : {"", "-wal"})
            std::filesystem::copy_file(world.backend.file().string() + suffix,
                                       copy.path() / ("gateway.db" + std::string(suffix)));
        const auto store = open_sqlite_store({copy.path() / "gateway.db", false, 1}, world.signer);
        BOOST_TEST(store->tree_size() == static_cast<std::uint64_t>(i + 1));
        BOOST_TEST(store->checkpoint() == world.store->checkpoint());
    }
}

BOOST_AUTO_TEST_SUITE_END()
