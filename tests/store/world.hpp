// What the tests of the store share: a folder that goes away, a backend by factory, ops by default
// values.
#pragma once

#include "gateway/store/sqlite/sqlite_store.hpp"
#include "spec/base/digest.hpp"

#include <atomic>
#include <filesystem>
#include <ostream>
#include <stdlib.h>
#include <tuple>
#include <unistd.h>

namespace cpg {

inline std::ostream& operator<<(std::ostream& out, const BundleId& id) {
    return out << id.str();
}

} // namespace cpg

namespace cpg::exchange {

inline std::ostream& operator<<(std::ostream& out, State state) {
    return out << name_of(state);
}

} // namespace cpg::exchange

namespace store_tests {

using namespace cpg;
using namespace cpg::store;
using exchange::SequenceProblem;
using exchange::State;
using exchange::Step;

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "cpg-store-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

inline std::shared_ptr<const audit::Signer> make_test_signer() {
    return audit::make_signer("gateway.example/cpgw/2026", audit::make_signer_key());
}

/// Stands in the year of the test signer's log until it is moved.
class MovedClock final : public Clock {
  public:
    Time now() const override { return Time(std::chrono::milliseconds(now_)); }
    void set(std::string_view rfc3339_text) {
        now_ = parse_rfc3339(rfc3339_text).value().time_since_epoch().count();
    }

  private:
    std::atomic<std::int64_t> now_{1'795'000'000'000}; // 2026-11-18
};

/// A backend under test: open() gives a store over the same data each time it is called.
class SqliteBackend {
  public:
    std::unique_ptr<Store> open(std::shared_ptr<const audit::Signer> signer) {
        return open_sqlite_store({file(), true, 2, &clock}, std::move(signer));
    }
    MovedClock clock;
    std::filesystem::path file() const { return folder_.path() / "gateway.db"; }
    const std::filesystem::path& folder() const { return folder_.path(); }

  private:
    TemporaryFolder folder_;
};

using Backends = std::tuple<SqliteBackend>;

inline OfficeNo office(std::string_view text) {
    return OfficeNo::parse(text).value();
}
inline ServiceType service(std::string_view text) {
    return ServiceType::parse(text).value();
}
inline Serial serial(int number) {
    return Serial::parse(std::to_string(20261100000000 + number)).value();
}
inline Time at(int seconds) {
    return Time(std::chrono::milliseconds(1'764'000'000'000)) + std::chrono::seconds(seconds);
}
inline Bytes key_tag(std::string_view name) {
    return Bytes(sha256(name).view().substr(0, 16));
}

const inline OfficeNo care_manager = office("0370100017");
const inline OfficeNo provider = office("0370100025");
const inline OfficeNo other_provider = office("0370100033");

inline Pair pair_of(const OfficeNo& from, const OfficeNo& to) {
    return {{from, service("43")}, {to, service("11")}};
}
const inline Pair usual_pair = pair_of(care_manager, provider);

/// Ids that grow, as those of the gateway do.
inline BundleId next_id() {
    static int count = 0;
    return BundleId::make(at(++count), random_bytes(10));
}

inline BundleRow bundle_row(const Pair& pair, int serial_number, std::string_view content) {
    BundleRow row;
    row.id = next_id();
    row.pair = pair;
    row.serial = serial(serial_number);
    row.edition = "4.1";
    row.kind = "schedule";
    row.month = Month::of(2026, 12);
    row.accepted_at = at(serial_number);
    row.bytes = content.size();
    row.files = 2;
    row.content_tag = Bytes(sha256(content).view());
    row.catalog = sha256("catalog");
    row.warnings = 3;
    return row;
}

inline RejectOp reject_op(const Pair& pair, int serial_number, std::string_view content = "bad") {
    RejectOp op;
    op.bundle = bundle_row(pair, serial_number, content);
    op.bundle.errors = 1;
    op.leaf = "reject " + op.bundle.id.str() + "\n";
    op.sealed_report = "report of " + op.bundle.id.str();
    return op;
}

struct Tags {
    std::vector<Bytes> holds, replaces;
};
inline Tags no_tags() {
    return {};
}
/// What a plan for these persons does: stands for them, and ends what stood for them before.
inline Tags plan_for(std::initializer_list<std::string_view> names) {
    Tags tags;
    for (const auto name : names) tags.holds.push_back(key_tag(name));
    tags.replaces = tags.holds;
    return tags;
}
inline Tags delete_of(std::initializer_list<std::string_view> names) {
    return {{}, plan_for(names).replaces};
}

inline AcceptOp accept_op(const Pair& pair, int serial_number, Tags tags = {},
                          std::string_view content = {}) {
    AcceptOp op;
    op.bundle = bundle_row(pair, serial_number,
                           content.empty() ? std::to_string(serial_number) : std::string(content));
    op.leaf = "submit " + op.bundle.id.str() + "\n";
    op.sealed_report = "report of " + op.bundle.id.str();
    op.sealed_parcel = "parcel of " + op.bundle.id.str();
    op.holds = std::move(tags.holds);
    op.replaces = std::move(tags.replaces);
    op.on_sequence_problem = [bundle = op.bundle](SequenceProblem problem) {
        RejectOp rejection;
        rejection.bundle = bundle;
        rejection.bundle.errors = 1;
        rejection.leaf = problem == SequenceProblem::serial_reused ? "reused\n" : "behind\n";
        rejection.sealed_report = rejection.leaf;
        return rejection;
    };
    return op;
}

inline StepOp step_op(const BundleId& id, Step step, int seconds = 1000) {
    return {id, step, at(seconds), std::string(exchange::name_of(step)) + " " + id.str() + "\n",
            "note"};
}

/// Records as the gateway writes them: what `cpgw audit fsck` looks for.
inline std::string leaf_of(const BundleRow& row, audit::EntryType type, Time time,
                           const std::string& result) {
    audit::Entry entry;
    entry.type = type;
    entry.time = time;
    entry.bundle = row.id;
    entry.from = row.pair.from.office;
    entry.certificate = sha256("certificate");
    entry.to = row.pair.to.office;
    entry.edition = row.edition;
    entry.kind = row.kind;
    entry.month = row.month;
    entry.rules = row.catalog;
    entry.result = result;
    return audit::format_entry(entry);
}
inline std::string plain_leaf(audit::EntryType type,
                              std::optional<BundleId> bundle = std::nullopt) {
    audit::Entry entry;
    entry.type = type;
    entry.time = at(0);
    entry.bundle = bundle;
    return audit::format_entry(entry);
}

inline LeafOp leaf_op(std::string leaf) {
    return {std::move(leaf), std::nullopt};
}

inline RememberOp remember_op(const OfficeNo& who, std::string key, int status = 201) {
    RememberOp op;
    op.row = {who, std::move(key), sha256("request"), status, "ja", {}, "sealed findings", at(5)};
    return op;
}

/// A store with shorthands.
template<class Backend> struct World {
    Backend backend;
    std::shared_ptr<const audit::Signer> signer = make_test_signer();
    std::unique_ptr<Store> store = backend.open(signer);

    void reopen() {
        store.reset();
        store = backend.open(signer);
    }
    JobResult run(Job job) { return std::move(store->commit({&job, 1}).front()); }
    template<class Op> WriteResult write(Op op) {
        Job job;
        job.ops.emplace_back(std::move(op));
        return run(std::move(job)).front();
    }
    /// Accepts and expects it to be kept.
    BundleId accept(const Pair& pair, int serial_number, Tags tags = {}) {
        return std::get<Written>(write(accept_op(pair, serial_number, std::move(tags)))).bundle;
    }
    bool step(const BundleId& id, Step step) {
        return std::holds_alternative<Written>(write(step_op(id, step)));
    }
    State state(const BundleId& id) { return store->bundle(id).value().state; }
    std::optional<BundleId> superseded_by(const BundleId& id) {
        return store->bundle(id).value().superseded_by;
    }
    bool holds(const Pair& pair, std::string_view name) {
        return store->holds(pair, key_tag(name));
    }

    audit::Checkpoint opened(const std::string& note) {
        return audit::Checkpoint::parse(audit::open_note(note, {signer->verifier()}).value().text)
            .value();
    }
    bool proves(const audit::Proof& proof, std::string_view leaf) {
        const auto checkpoint = opened(proof.checkpoint);
        return checkpoint.origin == signer->verifier().name && checkpoint.size == proof.size &&
               audit::verify_inclusion(proof.index, proof.size, audit::leaf_hash(leaf),
                                       proof.hashes, checkpoint.root);
    }
    /// The log fits together: every leaf there is gives the root of the newest checkpoint.
    bool log_is_whole() {
        const std::uint64_t size = store->tree_size();
        if (size == 0) return store->checkpoint().empty();
        const auto leaves = store->leaves(0, static_cast<std::size_t>(size + 1));
        audit::Tree tree(0, [](audit::TileId) -> Bytes { throw std::logic_error("no tile"); });
        for (const auto& leaf : leaves) tree.append(audit::leaf_hash(leaf));
        const auto checkpoint = opened(store->checkpoint());
        return leaves.size() == size && checkpoint.size == size && checkpoint.root == tree.root();
    }
};

} // namespace store_tests
