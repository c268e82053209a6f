// The seam of storage: what the gateway needs to keep, said as intent. Each operation is atomic.
// Writes go in jobs; a batch of jobs is ONE transaction with its audit leaves, the tiles they
// change and one signed checkpoint (group commit). Outcomes that depend on data are results; a
// database that fails throws StoreFailure. The first leaf of a new calendar year (UTC) closes the
// old year's log and begins the new one, in the same transaction. Threads: commit() from one thread
// at a time (StoreGate owns it); every read from any thread.
#pragma once

#include "gateway/audit/receipt.hpp"
#include "gateway/exchange/states.hpp"
#include "gateway/store/people.hpp"
#include "gateway/store/rows.hpp"
#include "gateway/store/webhooks.hpp"

#include <functional>
#include <span>
#include <stdexcept>
#include <variant>

namespace cpg::store {

/// Nothing was kept. Thrown as such: this batch cannot be done (a bug, an op that contradicts what
/// is kept); its jobs may be tried one by one.
struct StoreFailure : std::runtime_error {
    using std::runtime_error::runtime_error;
};
/// The environment refuses for now (disk full, locked by another process): any other write would
/// fail alike, a later one may succeed.
struct StoreUnavailable : StoreFailure {
    using StoreFailure::StoreFailure;
};
/// An I/O error or damage. What the disk holds is not known before the store is opened anew: the
/// process must end (after a failed fsync the kernel may show pages that were never written).
struct StoreBroken : StoreFailure {
    using StoreFailure::StoreFailure;
};

/// Who owns a serial of a pair already.
struct SerialOwner {
    BundleId bundle;
    bool same_content = false;
};

/// Keeps a bundle that was refused: no payload, no delivery; its report and leaf stay for the
/// sender.
struct RejectOp {
    BundleRow bundle;
    std::string leaf;
    Bytes sealed_report;
};

/// Takes a bundle in and places it in the receiver's mailbox.
struct AcceptOp {
    BundleRow bundle;
    std::string leaf;
    Bytes sealed_report;
    Bytes sealed_parcel;
    std::vector<Bytes> holds; // key tags the bundle stands for (HMAC, 16 bytes): no personal data
    /// Key tags of earlier bundles of the same pair that it ends. Earlier is by serial: where a
    /// live bundle of a higher serial holds the tag already, this bundle's own hold ends at once.
    std::vector<Bytes> replaces;
    /// Called inside the transaction when the serial is taken by other bytes or lies behind a
    /// bundle that was already handed over (R-SEQ-01): makes the rejection to keep instead. Pure,
    /// quick; must not write to the store.
    std::function<RejectOp(exchange::SequenceProblem)> on_sequence_problem;
};

/// A step of a delivery: fetch, ack, recall, unclaimed (once a bundle). Refused (no leaf) when the
/// state machine does not allow it. A superseded bundle may be acknowledged as far as it had got
/// before: not when it was never fetched, not twice. A recalled bundle stands for nothing any more:
/// its holds are gone.
struct StepOp {
    BundleId bundle;
    exchange::Step step{};
    Time time{};
    std::string leaf;
    Bytes sealed_note; // ack note; may be empty
};

/// Retention: destroys what a bundle says about persons (parcel, report, notes, key tags) and keeps
/// what proves the exchange: its row, its steps, its leaves. A bundle that is erased already is
/// Refused (no leaf). The database overwrites what it frees.
struct EraseOp {
    BundleId bundle;
    Time time{};
    std::string leaf;
};

/// A leaf that belongs to no bundle state: access, admin, key, start, stop, refused request.
struct LeafOp {
    std::string leaf;
    std::optional<BundleId> bundle;
};

/// A change of the directory by an administrator, with the leaf that says so. Inserts or replaces.
struct DirectoryOp {
    std::vector<OfficeRow> offices;
    std::vector<CertificateRow> certificates;
    std::string leaf;
};

/// Keeps what another party said of a checkpoint that is there; the newest word of a name counts.
struct AttestOp {
    AttestationRow row;
    std::string leaf; // empty: none
};

/// Remembers the answer of a request with an Idempotency-Key. Must be the last op of its job;
/// `bundles` is filled by the store with the ids that the job's accept and reject ops ended in.
struct RememberOp {
    IdempotencyRow row;
};

using WriteOp =
    std::variant<AcceptOp, RejectOp, StepOp, EraseOp, LeafOp, DirectoryOp, AttestOp, RememberOp,
                 AddPersonOp, ChangePersonOp, TryLoginOp, LoginOp, AddTokenOp, RevokeTokenOp,
                 TokenUsedOp, AddWebhookOp, RemoveWebhookOp, ChangeWebhookOp, WebhookTriedOp>;
struct Job {
    std::vector<WriteOp> ops;
};

struct Written { // done, with its proof
    BundleId bundle;
    audit::Proof proof;
};
struct Repeated { // same pair, serial and bytes as a bundle that is here already: its first receipt
                  // is the answer
    BundleId bundle;
};
struct Refused { // the state machine says no; nothing was written
    exchange::State state{};
};
struct RejectedBySequence { // on_sequence_problem was kept
    BundleId bundle;
    audit::Proof proof;
};
struct Declined {}; // an op about people or tokens that does not apply; nothing was written
struct Counted {    // a login's place
    int failures = 0;
};
using WriteResult = std::variant<Written, Repeated, RejectedBySequence, Refused, Declined, Counted>;
using JobResult = std::vector<WriteResult>; // one an op

class Store {
  public:
    virtual ~Store() = default;

    // -- writing (one thread) --
    /// One transaction. On an exception (StoreFailure) nothing of the batch is kept. Each proof is
    /// in the tree as the batch leaves it; a RememberOp answers Written without bundle and proof.
    virtual std::vector<JobResult> commit(std::span<const Job> jobs) = 0;

    // -- reading (any thread) --
    virtual std::optional<BundleRow> bundle(const BundleId& id) = 0;
    virtual std::vector<StepRow>
    steps(const BundleId& id) = 0; // in order; each with leaf text and proof place
    /// The same bytes as commit() answered, for any checkpoint there is. Both are counted over the
    /// logs of all years, as StepRow has them; the proof itself speaks of its year's log. Throws
    /// std::out_of_range for other places.
    virtual audit::Proof proof(std::uint64_t leaf_index, std::uint64_t tree_size) = 0;
    virtual std::optional<Bytes> sealed_parcel(const BundleId& id) = 0;
    virtual std::optional<Bytes> sealed_report(const BundleId& id) = 0;
    virtual std::vector<BundleRow> list(const BundleQuery& query) = 0;
    /// Bundles that are not erased and whose last step lies before `before`, by arrival, after the
    /// cursor (exclusive).
    virtual std::vector<BundleRow> quiet_since(Time before, std::uint64_t after,
                                               std::size_t limit) = 0;
    /// Every bundle in order of arrival, after a cursor (BundleRow::arrival).
    virtual std::vector<BundleRow> bundles_since(std::uint64_t arrival, std::size_t count) = 0;
    /// Accepted before `before`, not fetched, and nobody was told of it yet (Step::unclaimed); the
    /// oldest first. None that is erased.
    virtual std::vector<BundleRow> unclaimed(Time before, std::size_t limit) = 0;

    // -- events and who wants them posted --
    /// What any of these offices is told of, after a position (exclusive), in order.
    virtual std::vector<EventRow> events(std::span<const OfficeNo> offices, std::uint64_t after,
                                         std::size_t limit) = 0;
    /// The position that every later event stands behind.
    std::uint64_t newest_position() {
        const ShardRow newest = shards().back();
        return newest.first + newest.size;
    }
    virtual std::optional<WebhookRow> webhook(const WebhookId& id) = 0;
    virtual std::vector<WebhookRow> webhooks() = 0;                       // by office, oldest first
    virtual std::vector<WebhookRow> webhooks(const OfficeNo& office) = 0; // oldest first
    /// Active ones of enabled offices, due and with an event waiting; longest waiting first.
    virtual std::vector<WebhookRow> webhooks_due(Time now, std::size_t limit) = 0;

    virtual std::optional<IdempotencyRow> remembered(const OfficeNo& office,
                                                     std::string_view key) = 0;
    /// Forgets the answers remembered before `before`; how many. One transaction, no leaf.
    virtual std::uint64_t forget_answers(Time before) = 0;
    /// Whether any of the pair's live bundles holds this tag (R-SEQ-02).
    virtual bool holds(const Pair& pair, BytesView tag) = 0;
    /// How many bundles of this pair, kind and month, with another serial, hold any tag still
    /// (R-BND-05).
    virtual std::uint64_t live_bundles(const MonthOfPair& unit) = 0;

    // -- the log: one a calendar year; places are those within a year's log --
    virtual std::vector<ShardRow> shards() = 0; // oldest first; never empty
    /// Newest signed note; empty before the first and for a year without a log.
    virtual std::string checkpoint(int year) = 0;
    virtual std::optional<Bytes> tile(int year, audit::TileId id) = 0; // its hashes so far
    virtual std::vector<std::string> leaves(int year, std::uint64_t first, std::size_t count) = 0;
    /// Signed notes of trees larger than `size`, smallest first.
    virtual std::vector<std::string> checkpoints_since(int year, std::uint64_t size,
                                                       std::size_t count) = 0;
    /// Of checkpoints of trees larger than `size`, smallest first.
    virtual std::vector<AttestationRow> attestations(int year, AttestationKind kind,
                                                     std::uint64_t size, std::size_t count) = 0;
    /// Size of the newest checkpoint that has one; 0: none has.
    virtual std::uint64_t newest_attested(int year, AttestationKind kind) = 0;
    /// Of the newest year's log.
    std::string checkpoint() { return checkpoint(shards().back().year); }
    std::uint64_t tree_size() { return shards().back().size; }
    std::optional<Bytes> tile(audit::TileId id) { return tile(shards().back().year, id); }
    std::vector<std::string> leaves(std::uint64_t first, std::size_t count) {
        return leaves(shards().back().year, first, count);
    }
    std::vector<std::string> checkpoints_since(std::uint64_t size, std::size_t count) {
        return checkpoints_since(shards().back().year, size, count);
    }

    // -- keys, offices, certificates --
    virtual std::optional<Bytes>
    office_key(const OfficeNo& office) = 0; // wrapped by the master key
    virtual void put_office_key(const OfficeNo& office,
                                BytesView wrapped) = 0; // thread-safe; first one wins: read it back
    /// Replaces every wrapped key by what `rewrap` makes of it (nullopt = leave it). How many. One
    /// transaction; what `rewrap` throws leaves all as they were.
    using Rewrap = std::function<std::optional<Bytes>(const OfficeNo&, BytesView wrapped)>;
    virtual std::uint64_t rewrap_office_keys(const Rewrap& rewrap) = 0;
    virtual std::vector<OfficeRow> offices() = 0;
    virtual std::vector<CertificateRow> certificates() = 0;
    virtual void
    put_offices(std::span<const OfficeRow> offices) = 0; // insert or replace; one transaction
    virtual void put_certificates(std::span<const CertificateRow> certificates) = 0;
    virtual std::uint64_t
    directory_version() = 0; // changes with every put_offices/put_certificates

    // -- people and tokens --
    virtual std::optional<PersonRow> person(const PersonId& id) = 0;
    virtual std::optional<PersonRow> person_of(const OfficeNo& office, BytesView user_tag) = 0;
    virtual std::vector<PersonRow> people(const OfficeNo& office) = 0; // oldest first
    virtual std::optional<TokenRow> token(const Digest& hash) = 0;     // also expired, revoked
    virtual std::vector<TokenRow> tokens(const OfficeNo& office) = 0;  // oldest first

    /// Statistics for /metrics: rows by state, payload bytes, tree size.
    virtual StoreCounts counts() = 0;
    /// Cheap round trip for /readyz; throws StoreFailure.
    virtual void ping() = 0;
};

} // namespace cpg::store
