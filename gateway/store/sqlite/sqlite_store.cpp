#include "gateway/store/sqlite/sqlite_store.hpp"

#include "gateway/store/sqlite/batch.hpp"
#include "gateway/store/sqlite/counters.hpp"
#include "gateway/store/sqlite/migrations.hpp"
#include "gateway/store/sqlite/reader_pool.hpp"
#include "gateway/store/sqlite/sql.hpp"
#include "gateway/store/sqlite/values.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <set>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace cpg::store {
namespace {

using namespace sqlite;

constexpr std::size_t max_list = 1000; // interfaces of BundleQuery

class SqliteStore final : public Store {
  public:
    SqliteStore(const SqliteOptions& options, std::shared_ptr<const audit::Signer> signer)
        : writer_(options.file, Access::read_write),
          log_(writer_, std::move(signer), *options.clock), readers_(options.file, options.readers),
          copy_back_after_pages_(options.copy_back_after_pages) {}

    std::vector<JobResult> commit(std::span<const Job> jobs) override {
        if (!log_.has_signer()) throw std::logic_error("a store without a signer writes no log");
        std::vector<JobResult> results;
        write([&] {
            log_.resume();
            Batch batch(writer_, log_);
            for (const Job& job : jobs) batch.run(job);
            results = batch.finish();
        });
        log_.committed();
        return results;
    }

    std::optional<BundleRow> bundle(const BundleId& id) override {
        return first<BundleRow>(sql::bundle, {Blob{id.view()}}, read_bundle);
    }
    std::vector<StepRow> steps(const BundleId& id) override {
        return all<StepRow>(sql::steps, {Blob{id.view()}}, read_step);
    }
    audit::Proof proof(std::uint64_t leaf_index, std::uint64_t tree_size) override;
    std::optional<Bytes> sealed_parcel(const BundleId& id) override {
        return first<Bytes>(sql::sealed_parcel, {Blob{id.view()}}, blob);
    }
    std::optional<Bytes> sealed_report(const BundleId& id) override {
        return first<Bytes>(sql::sealed_report, {Blob{id.view()}}, blob);
    }
    std::vector<BundleRow> list(const BundleQuery& query) override;
    std::vector<BundleRow> quiet_since(Time before, std::uint64_t after,
                                       std::size_t limit) override {
        return all<BundleRow>(sql::quiet_bundles, {before, after, std::min(limit, max_list)},
                              read_bundle);
    }
    std::uint64_t forget_answers(Time before) override;
    std::vector<BundleRow> bundles_since(std::uint64_t arrival, std::size_t count) override {
        return all<BundleRow>(sql::bundles_since, {arrival, count}, read_bundle);
    }
    std::optional<IdempotencyRow> remembered(const OfficeNo& office, std::string_view key) override;
    bool holds(const Pair& pair, BytesView tag) override {
        ReaderPool::Reader reader(readers_);
        return reader
            ->query(sql::live_hold, {pair.from.office.view(), service_text(pair.from),
                                     pair.to.office.view(), service_text(pair.to), Blob{tag}})
            .next();
    }
    std::uint64_t live_bundles(const MonthOfPair& unit) override {
        const Pair& pair = unit.pair;
        return number(sql::live_bundles,
                      {pair.from.office.view(), service_text(pair.from), pair.to.office.view(),
                       service_text(pair.to), unit.serial.view(), unit.kind, unit.month.str()});
    }

    std::vector<ShardRow> shards() override;
    std::string checkpoint(int year) override;
    std::optional<Bytes> tile(int year, audit::TileId id) override;
    std::vector<std::string> leaves(int year, std::uint64_t first_leaf, std::size_t count) override;
    std::vector<std::string> checkpoints_since(int year, std::uint64_t size,
                                               std::size_t count) override;

    std::vector<AttestationRow> attestations(int year, AttestationKind kind, std::uint64_t size,
                                             std::size_t count) override;
    std::uint64_t newest_attested(int year, AttestationKind kind) override;

    std::optional<Bytes> office_key(const OfficeNo& office) override {
        return first<Bytes>(sql::office_key, {office.view()}, blob);
    }
    void put_office_key(const OfficeNo& office, BytesView wrapped) override {
        write([&] { writer_.run(sql::insert_office_key, {office.view(), Blob{wrapped}}); });
    }
    std::uint64_t rewrap_office_keys(const Rewrap& rewrap) override;
    std::vector<OfficeRow> offices() override {
        return all<OfficeRow>(sql::offices, {}, read_office);
    }
    std::vector<CertificateRow> certificates() override {
        return all<CertificateRow>(sql::certificates, {}, read_certificate);
    }
    void put_offices(std::span<const OfficeRow> offices) override;
    void put_certificates(std::span<const CertificateRow> certificates) override;
    std::uint64_t directory_version() override {
        return number(sql::counter, {std::string_view(counters::directory_version)});
    }

    std::optional<PersonRow> person(const PersonId& id) override {
        return first<PersonRow>(sql::person, {id.view()}, read_person);
    }
    std::optional<PersonRow> person_of(const OfficeNo& office, BytesView user_tag) override {
        return first<PersonRow>(sql::person_of, {office.view(), Blob{user_tag}}, read_person);
    }
    std::vector<PersonRow> people(const OfficeNo& office) override {
        return all<PersonRow>(sql::people, {office.view()}, read_person);
    }
    std::optional<TokenRow> token(const Digest& hash) override {
        return first<TokenRow>(sql::token, {Blob{hash.view()}}, read_token);
    }
    std::vector<TokenRow> tokens(const OfficeNo& office) override {
        return all<TokenRow>(sql::tokens, {office.view()}, read_token);
    }

    std::vector<BundleRow> unclaimed(Time before, std::size_t limit) override {
        return all<BundleRow>(sql::unclaimed, {before, std::min(limit, max_list)}, read_bundle);
    }
    std::vector<EventRow> events(std::span<const OfficeNo> offices, std::uint64_t after,
                                 std::size_t limit) override;
    std::optional<WebhookRow> webhook(const WebhookId& id) override {
        return first<WebhookRow>(sql::webhook, {id.view()}, read_webhook);
    }
    std::vector<WebhookRow> webhooks() override {
        return all<WebhookRow>(sql::all_webhooks, {}, read_webhook);
    }
    std::vector<WebhookRow> webhooks(const OfficeNo& office) override {
        return all<WebhookRow>(sql::webhooks_of, {office.view()}, read_webhook);
    }
    std::vector<WebhookRow> webhooks_due(Time now, std::size_t limit) override {
        return all<WebhookRow>(sql::webhooks_due, {now, std::min(limit, max_list)}, read_webhook);
    }

    StoreCounts counts() override;
    void ping() override { number(sql::tree_size, {}); }

  private:
    static std::string text(const Query& row) { return row.text(0); }
    static Bytes blob(const Query& row) { return row.blob(0); }

    template<class T, class Read>
    std::optional<T> first(const char* sql, std::initializer_list<Value> values, Read read) {
        ReaderPool::Reader reader(readers_);
        Query row = reader->query(sql, values);
        return row.next() ? std::optional<T>(read(row)) : std::nullopt;
    }
    template<class T, class Read>
    std::vector<T> all(const char* sql, std::initializer_list<Value> values, Read read) {
        ReaderPool::Reader reader(readers_);
        Query row = reader->query(sql, values);
        std::vector<T> out;
        while (row.next()) out.push_back(read(row));
        return out;
    }
    std::uint64_t number(const char* sql, std::initializer_list<Value> values) {
        ReaderPool::Reader reader(readers_);
        return static_cast<std::uint64_t>(reader->integer(sql, values));
    }

    void write(const std::function<void()>& work);
    void copy_back_when_due();

    std::mutex writing_;
    std::atomic<std::thread::id> writing_thread_{};
    Database writer_;
    LogWriter log_;
    ReaderPool readers_;
    const int copy_back_after_pages_;
};

/// One transaction at a time. Whatever goes wrong in `work` comes out as a StoreFailure.
void SqliteStore::write(const std::function<void()>& work) {
    if (writing_thread_ == std::this_thread::get_id())
        throw StoreFailure("a write inside a write: a callback of a batch must not write");
    const std::lock_guard lock(writing_);
    struct Mark {
        std::atomic<std::thread::id>& thread;
        explicit Mark(std::atomic<std::thread::id>& marked) : thread(marked) {
            thread = std::this_thread::get_id();
        }
        ~Mark() { thread = std::thread::id(); }
    } const mark(writing_thread_);
    try {
        copy_back_when_due();
        Transaction transaction(writer_, Transaction::Kind::write);
        work();
        transaction.commit();
    } catch (const StoreFailure&) {
        throw;
    } catch (const std::exception& error) {
        std::throw_with_nested(StoreFailure(error.what()));
    } catch (...) {
        std::throw_with_nested(StoreFailure("an exception of no known type"));
    }
}

/// The write-ahead log is copied back before a batch, not after one: the answers of the batch that
/// filled it do not wait for it, and an I/O error stops the next batch before it starts.
void SqliteStore::copy_back_when_due() {
    const int pages = writer_.wal_pages();
    if (pages < copy_back_after_pages_) return;
    const bool readers_hold_it_open = pages > 4 * copy_back_after_pages_;
    writer_.copy_back(readers_hold_it_open ? Database::Wait::for_readers : Database::Wait::no);
}

// -- the log --

audit::Proof SqliteStore::proof(std::uint64_t leaf_index, std::uint64_t tree_size) {
    ReaderPool::Reader reader(readers_);
    const Transaction snapshot(*reader, Transaction::Kind::read);
    const Shard shard = shard_at(*reader, leaf_index);
    Query row = reader->query(sql::checkpoint, {tree_size});
    if (leaf_index >= tree_size || tree_size > shard.end || !row.next())
        throw std::out_of_range("no checkpoint of that size covers that leaf");
    const std::uint64_t index = leaf_index - shard.first, size = tree_size - shard.first;
    return {index, size, audit::inclusion_proof(index, size, tile_reader(*reader, shard.number)),
            row.text(0)};
}

std::vector<ShardRow> SqliteStore::shards() {
    ReaderPool::Reader reader(readers_);
    const Transaction snapshot(*reader, Transaction::Kind::read);
    std::vector<ShardRow> rows;
    for (Shard& shard : shards_of(*reader))
        rows.push_back(
            {shard.year, std::move(shard.origin), shard.first, shard.size(), shard.closed});
    return rows;
}

std::string SqliteStore::checkpoint(int year) {
    ReaderPool::Reader reader(readers_);
    const Transaction snapshot(*reader, Transaction::Kind::read);
    const auto shard = shard_of_year(*reader, year);
    if (!shard) return {};
    Query row = reader->query(sql::newest_checkpoint, {shard->first, shard->end});
    return row.next() ? row.text(0) : std::string();
}

std::optional<Bytes> SqliteStore::tile(int year, audit::TileId id) {
    ReaderPool::Reader reader(readers_);
    const Transaction snapshot(*reader, Transaction::Kind::read);
    const auto shard = shard_of_year(*reader, year);
    if (!shard) return std::nullopt;
    Query row = reader->query(sql::tile, {shard->number, id.level, id.index});
    return row.next() ? std::optional(row.blob(0)) : std::nullopt;
}

std::vector<std::string> SqliteStore::leaves(int year, std::uint64_t first_leaf,
                                             std::size_t count) {
    ReaderPool::Reader reader(readers_);
    const Transaction snapshot(*reader, Transaction::Kind::read);
    const auto shard = shard_of_year(*reader, year);
    std::vector<std::string> texts;
    if (!shard || first_leaf >= shard->size()) return texts;
    Query row =
        reader->query(sql::leaves, {shard->first + first_leaf,
                                    std::min<std::uint64_t>(count, shard->size() - first_leaf)});
    while (row.next()) {
        if (row.count(1) != shard->first + first_leaf + texts.size())
            throw StoreBroken("a leaf is missing");
        texts.push_back(row.text(0));
    }
    return texts;
}

std::optional<std::uint64_t> checkpoint_size(const std::string& note) {
    const auto parsed = audit::parse_note(note);
    if (!parsed) return std::nullopt;
    const auto checkpoint = audit::Checkpoint::parse(parsed->text);
    return checkpoint ? std::optional(checkpoint->size) : std::nullopt;
}

std::vector<std::string> SqliteStore::checkpoints_since(int year, std::uint64_t size,
                                                        std::size_t count) {
    ReaderPool::Reader reader(readers_);
    const Transaction snapshot(*reader, Transaction::Kind::read);
    const auto shard = shard_of_year(*reader, year);
    std::vector<std::string> notes;
    if (!shard || size >= shard->size()) return notes;
    Query row = reader->query(sql::checkpoints_since, {shard->first + size, shard->end, count});
    while (row.next()) {
        notes.push_back(row.text(1));
        // Where a row stands is what it says: look-ups go by it.
        if (checkpoint_size(notes.back()) != row.count(0) - shard->first)
            throw StoreBroken("a checkpoint does not stand where its size says");
    }
    return notes;
}

std::vector<AttestationRow> SqliteStore::attestations(int year, AttestationKind kind,
                                                      std::uint64_t size, std::size_t count) {
    ReaderPool::Reader reader(readers_);
    const Transaction snapshot(*reader, Transaction::Kind::read);
    const auto shard = shard_of_year(*reader, year);
    std::vector<AttestationRow> rows;
    if (!shard || size >= shard->size()) return rows;
    Query row =
        reader->query(sql::attestations, {name_of(kind), shard->first + size, shard->end, count});
    while (row.next())
        rows.push_back(
            {year, row.count(0) - shard->first, kind, row.text(1), row.time(2), row.blob(3)});
    return rows;
}

std::uint64_t SqliteStore::newest_attested(int year, AttestationKind kind) {
    ReaderPool::Reader reader(readers_);
    const Transaction snapshot(*reader, Transaction::Kind::read);
    const auto shard = shard_of_year(*reader, year);
    if (!shard) return 0;
    const auto newest = static_cast<std::uint64_t>(
        reader->integer(sql::newest_attested, {name_of(kind), shard->first, shard->end}));
    return newest == 0 ? 0 : newest - shard->first;
}

// -- lists --

/// The states a mailbox shows: a receiver never sees what was rejected or taken back.
std::vector<exchange::State> states_shown(const BundleQuery& query) {
    using exchange::State;
    std::vector<State> states = query.states;
    if (states.empty())
        states = {State::accepted, State::fetched,    State::imported, State::import_failed,
                  State::recalled, State::superseded, State::rejected};
    if (query.side == Side::inbox)
        std::erase_if(states, [](State state) {
            return state == State::rejected || state == State::recalled;
        });
    std::sort(states.begin(), states.end());
    states.erase(std::unique(states.begin(), states.end()), states.end());
    return states;
}

/// The first arrivals over several mailboxes: an index range for each office and state, each only
/// as far as it can still matter.
std::vector<std::int64_t> first_arrivals(Database& database, const BundleQuery& query) {
    const auto limit = std::clamp<std::size_t>(query.limit, 1, max_list);
    const char* sql = query.side == Side::inbox ? sql::inbox : sql::outbox;
    const auto month = query.month ? std::optional(query.month->str()) : std::nullopt;
    const auto after = static_cast<std::int64_t>(
        std::min<std::uint64_t>(query.after, std::numeric_limits<std::int64_t>::max()));
    const std::set<OfficeNo> offices(query.offices.begin(), query.offices.end());
    std::set<std::int64_t> arrivals;
    for (const exchange::State state : states_shown(query))
        for (const OfficeNo& office : offices) {
            const std::int64_t end = arrivals.size() < limit
                                         ? std::numeric_limits<std::int64_t>::max()
                                         : *arrivals.rbegin();
            Query row = database.query(
                sql, {office.view(), exchange::name_of(state), after, end, month, limit});
            while (row.next()) arrivals.insert(row.integer(0));
            while (arrivals.size() > limit) arrivals.erase(std::prev(arrivals.end()));
        }
    return {arrivals.begin(), arrivals.end()};
}

std::vector<BundleRow> SqliteStore::list(const BundleQuery& query) {
    ReaderPool::Reader reader(readers_);
    const Transaction snapshot(*reader, Transaction::Kind::read);
    std::vector<BundleRow> bundles;
    for (const std::int64_t arrival : first_arrivals(*reader, query)) {
        Query row = reader->query(sql::bundle_by_arrival, {arrival});
        if (row.next()) bundles.push_back(read_bundle(row));
    }
    return bundles;
}

/// The first leaves over several offices, each looked through only as far as it can still matter.
std::vector<EventRow> SqliteStore::events(std::span<const OfficeNo> offices, std::uint64_t after,
                                          std::size_t limit) {
    limit = std::clamp<std::size_t>(limit, 1, max_list);
    if (after > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return {};
    ReaderPool::Reader reader(readers_);
    const Transaction snapshot(*reader, Transaction::Kind::read);
    std::set<std::int64_t> leaves;
    for (const OfficeNo& office : offices) {
        Query row = reader->query(sql::leaves_told, {office.view(), after, limit});
        while (row.next()) {
            if (leaves.size() >= limit && row.integer(0) >= *leaves.rbegin()) break;
            leaves.insert(row.integer(0));
            if (leaves.size() > limit) leaves.erase(std::prev(leaves.end()));
        }
    }
    std::vector<EventRow> events;
    events.reserve(leaves.size());
    for (const std::int64_t leaf : leaves) {
        Query row = reader->query(sql::event, {leaf});
        if (!row.next()) throw StoreBroken("a step without its bundle");
        events.push_back(read_event(row));
    }
    return events;
}

std::optional<IdempotencyRow> SqliteStore::remembered(const OfficeNo& office,
                                                      std::string_view key) {
    return first<IdempotencyRow>(sql::remembered, {office.view(), key},
                                 [&](const Query& row) -> IdempotencyRow {
                                     return {office,
                                             std::string(key),
                                             digest_of(row.blob(0)),
                                             static_cast<int>(row.integer(1)),
                                             row.text(2),
                                             bundle_ids_of(row.blob(3)),
                                             row.blob(4),
                                             row.time(5)};
                                 });
}

std::uint64_t SqliteStore::forget_answers(Time before) {
    std::uint64_t forgotten = 0;
    write([&] {
        writer_.run(sql::forget_answers, {before});
        forgotten = static_cast<std::uint64_t>(writer_.changed_rows());
    });
    return forgotten;
}

std::uint64_t SqliteStore::rewrap_office_keys(const Rewrap& rewrap) {
    std::uint64_t replaced = 0;
    write([&] {
        std::vector<std::pair<OfficeNo, Bytes>> fresh;
        {
            Query row = writer_.query(sql::office_keys, {});
            while (row.next()) {
                const auto office = OfficeNo::parse(row.text(0));
                if (!office) throw StoreBroken("the database holds no valid office number");
                if (auto wrapped = rewrap(*office, row.blob(1)))
                    fresh.emplace_back(*office, *std::move(wrapped));
            }
        }
        for (const auto& [office, wrapped] : fresh)
            writer_.run(sql::replace_office_key, {office.view(), Blob{wrapped}});
        replaced = fresh.size();
    });
    return replaced;
}

// -- the directory --

void SqliteStore::put_offices(std::span<const OfficeRow> offices) {
    write([&] { put_directory(writer_, offices, {}); });
}

void SqliteStore::put_certificates(std::span<const CertificateRow> certificates) {
    write([&] { put_directory(writer_, {}, certificates); });
}

StoreCounts SqliteStore::counts() {
    StoreCounts counts;
    ReaderPool::Reader reader(readers_);
    const Transaction snapshot(*reader, Transaction::Kind::read);
    {
        Query row = reader->query(sql::counters, {});
        while (row.next()) {
            const std::string name = row.text(0);
            if (name == counters::parcel_bytes) counts.parcel_bytes = row.count(1);
            if (!name.starts_with(counters::bundle_prefix) || row.integer(1) == 0) continue;
            const auto state =
                exchange::state_of(std::string_view(name).substr(counters::bundle_prefix.size()));
            if (state) counts.bundles.emplace_back(*state, row.count(1));
        }
    }
    counts.tree_size = static_cast<std::uint64_t>(reader->integer(sql::tree_size));
    counts.offices = static_cast<std::uint64_t>(reader->integer(sql::office_count));
    return counts;
}

// -- opening --

void sync_folder(const std::filesystem::path& folder) {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
    if (descriptor >= 0) ::close(descriptor);
    if (!synced) throw StoreBroken("cannot sync the folder of the database");
}

/// An empty file that only its owner may read; SQLite gives its companions the same mode.
void make_file(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        if (errno == EEXIST) return; // another process was quicker
        throw StoreUnavailable("cannot make the database: " +
                               std::generic_category().message(errno));
    }
    ::close(descriptor);
    sync_folder(std::filesystem::absolute(file).parent_path());
}

void prepare_schema(Database& database, const SqliteOptions& options) {
    const int version = schema_version(database);
    if (version > schema_version())
        throw StoreFailure("the database was written by a newer version of this program");
    if (version == schema_version()) return;
    if (!options.create)
        throw StoreFailure("the database has an older schema: run `cpgw db upgrade`");
    if (version == 0) prepare_file(database);
    migrate(database);
}

void check_origin(Database& database, const std::string& origin, bool may_set) {
    if (may_set) {
        database.run(sql::insert_meta, {"origin", origin});
        begin_first_shard(database, origin);
    }
    Query row = database.query(sql::meta, {"origin"});
    if (!row.next() || row.text(0) != origin)
        throw StoreFailure("the log of this database is not " + origin);
}

} // namespace

std::unique_ptr<Store> open_sqlite_store(const SqliteOptions& options,
                                         std::shared_ptr<const audit::Signer> signer) {
    if (options.create && !std::filesystem::exists(options.file)) make_file(options.file);
    {
        Database database(options.file, Access::read_write);
        prepare_schema(database, options);
        if (signer) {
            check_origin(database, signer->verifier().name, options.create);
            verify_log(database, *signer);
        }
    }
    return std::make_unique<SqliteStore>(options, std::move(signer));
}

Migrated migrate_sqlite(const std::filesystem::path& file) {
    Database database(file, Access::read_write);
    const int before = schema_version(database);
    if (before == 0) prepare_file(database);
    migrate(database);
    return {before, schema_version(database)};
}

} // namespace cpg::store
