// A gateway's life in small, stopped at every write, sync, truncation, file made and file removed:
// killed, killed in the middle of a write, cut from power, refused by the disk. Afterwards the log
// opens, proves whatever was answered, has nothing twice and nothing refused, and goes on.
#include "gateway/store/sqlite/backup.hpp"
#include "gateway/store/store_check.hpp"
#include "tests/fault/disk.hpp"
#include "tests/store/world.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <sys/wait.h>

using namespace store_tests;
namespace fs = std::filesystem;

namespace {

constexpr int pages_before_copying_back = 20; // so that the log is copied back within a phase

struct PromiseBroken : std::runtime_error {
    using std::runtime_error::runtime_error;
};
void require(bool holds, const std::string& otherwise) {
    if (!holds) throw PromiseBroken(otherwise);
}

/// One thing that the gateway asks of its store. Done twice it must be the same, or have a leaf.
struct Act {
    std::string name;
    std::function<Job(Store&)> job; // committed; else `other` is done
    std::function<void(Store&, const fs::path& folder)> other = {};
    std::function<bool(Store&)> holds = {}; // once it is done; empty: the log says all
    std::function<void(const fs::path& folder)> clear = {}; // before it is done again
    std::string now = "2026-11-18T00:00:00.000Z";
};

/// Acts of one process.
struct Phase {
    std::string name;
    std::vector<Act> acts;
    bool closes = false; // the store is closed at the end, which copies everything back
};

const std::string* leaf_in(const WriteOp& op) {
    return std::visit(
        [](const auto& one) -> const std::string* {
            if constexpr (requires { one.leaf; })
                return one.leaf.empty() ? nullptr : &one.leaf;
            else
                return nullptr;
        },
        op);
}

/// The receipts of what was done.
std::vector<std::string> perform(const Act& act, Store& store, const fs::path& folder) {
    if (act.other) {
        act.other(store, folder);
        return {};
    }
    const Job job = act.job(store);
    const JobResult results = store.commit({&job, 1}).front();
    std::vector<std::string> receipts;
    for (std::size_t i = 0; i < job.ops.size(); ++i) {
        const std::string* leaf = leaf_in(job.ops[i]);
        if (leaf == nullptr) continue;
        const auto* written = std::get_if<Written>(&results[i]);
        require(written != nullptr, "an op was not written");
        receipts.push_back(audit::make_receipt(*leaf, {}, written->proof));
    }
    return receipts;
}

/// Each with its year and its place.
std::vector<std::string> all_leaves(Store& store) {
    std::vector<std::string> all;
    for (const ShardRow& shard : store.shards())
        for (auto& leaf : store.leaves(shard.year, 0, static_cast<std::size_t>(shard.size)))
            all.push_back(std::to_string(shard.year) + "\n" + std::move(leaf));
    return all;
}

// -- the script --

template<class... Ops> std::function<Job(Store&)> job_of(Ops... ops) {
    Job job;
    (job.ops.emplace_back(std::move(ops)), ...);
    return [job](Store&) { return job; };
}

AcceptOp accepted(int number, Tags tags, std::size_t bytes) {
    AcceptOp op = accept_op(usual_pair, number, std::move(tags));
    op.leaf = leaf_of(op.bundle, audit::EntryType::submit, op.bundle.accepted_at, "accepted");
    op.sealed_parcel = random_bytes(bytes);
    return op;
}

StepOp stepped(const BundleRow& row, Step step, audit::EntryType type, const std::string& result) {
    StepOp op = step_op(row.id, step);
    op.leaf = leaf_of(row, type, op.time, result);
    return op;
}

EraseOp erased(const BundleRow& row) {
    const Time time = at(5000);
    return {row.id, time, leaf_of(row, audit::EntryType::erase, time, "-")};
}

std::string noted(std::string_view what) {
    audit::Entry entry;
    entry.type = audit::EntryType::admin;
    entry.time = at(0);
    entry.details = {{"action", std::string(what)}};
    return audit::format_entry(entry);
}

DirectoryOp directory() {
    OfficeRow row;
    row.office = care_manager;
    row.service_types = {service("43")};
    row.name = "見本";
    return {{row}, {{"CN=CA", "01", {care_manager}, true, false}}, noted("directory")};
}

PersonRow person() {
    PersonRow row;
    row.id = PersonId::of(random_bytes(16));
    row.office = care_manager;
    row.user_tag = Bytes(sha256("hanako").view());
    row.sealed_user = "sealed";
    row.password = "$argon2id$first";
    row.added_at = at(1);
    return row;
}

TokenRow token() {
    TokenRow row;
    row.id = TokenId::of(random_bytes(16));
    row.office = care_manager;
    row.hash = sha256("secret");
    row.prefix = "cpgw_abc";
    row.scopes = {Scope::send};
    row.added_at = at(1);
    row.expires_at = at(100);
    return row;
}

WebhookRow webhook() {
    WebhookRow row;
    row.id = WebhookId::of(random_bytes(16));
    row.office = care_manager;
    row.sealed = "sealed";
    row.added_at = at(1);
    return row;
}

/// A delivery that worked.
WebhookTriedOp tried(const WebhookRow& row) {
    return {row.id, row.version, WebhookState::active, 3, 0, at(9), at(9), {}};
}

fs::path copy_in(const fs::path& folder) {
    return folder / "copy.db";
}

std::vector<Phase> script() {
    const AcceptOp a = accepted(1, plan_for({"one"}), 3000),
                   c = accepted(3, plan_for({"two"}), 3000),
                   d = accepted(4, plan_for({"two"}), 40'000), e = accepted(5, {}, 100);
    RejectOp b = reject_op(usual_pair, 2);
    b.leaf =
        leaf_of(b.bundle, audit::EntryType::reject, b.bundle.accepted_at, "rejected R-NAME-01");
    const PersonRow who = person();
    const TokenRow machine = token();
    const WebhookRow hook = webhook();
    const Bytes wrapped = random_bytes(60), rewrapped = random_bytes(60);
    const auto keeps = [](const AcceptOp& op) {
        return [id = op.bundle.id, parcel = op.sealed_parcel](Store& store) {
            return store.sealed_parcel(id) == parcel;
        };
    };
    const auto stamp = [](Store& store) {
        const ShardRow log = store.shards().front();
        AttestOp op;
        op.row = {log.year, log.size, AttestationKind::timestamp, "tsa", at(9), "stamp"};
        op.leaf = noted("stamp");
        return Job{{std::move(op)}};
    };
    const std::string new_year = "2027-01-01T00:00:00.000Z";
    return {
        {"made", {{"start", job_of(leaf_op(plain_leaf(audit::EntryType::start)))}}},
        {"sent",
         {{"directory",
           job_of(directory()),
           {},
           [](Store& store) { return store.offices().size() == 1; }},
          {"accept",
           job_of(a, remember_op(care_manager, "key")),
           {},
           [keeps = keeps(a)](Store& store) {
               return keeps(store) && store.remembered(care_manager, "key");
           }},
          {"reject",
           job_of(b),
           {},
           [id = b.bundle.id](Store& store) { return store.sealed_report(id).has_value(); }}}},
        {"delivered",
         {{"fetch", job_of(stepped(a.bundle, Step::fetch, audit::EntryType::fetch, "-"))},
          {"ack",
           job_of(stepped(a.bundle, Step::ack_imported, audit::EntryType::ack, "imported")),
           {},
           [id = a.bundle.id](Store& store) {
               return store.steps(id).back().sealed_note == "note";
           }}}},
        {"copied back",
         {{"accept", job_of(c), {}, keeps(c)},
          {"supersede", job_of(d), {}, keeps(d)},
          {"note", job_of(leaf_op(noted("note")))}}},
        {"taken back",
         {{"recall", job_of(stepped(d.bundle, Step::recall, audit::EntryType::recall, "-"))},
          {"erase",
           job_of(erased(a.bundle)),
           {},
           [id = a.bundle.id](Store& store) {
               return !store.sealed_parcel(id) && !store.sealed_report(id);
           }}},
         true},
        {"people",
         {{"add",
           job_of(AddPersonOp{who, noted("person")}, AddTokenOp{machine, noted("token")}),
           {},
           [id = who.id](Store& store) { return store.person(id).has_value(); }},
          {"use",
           job_of(TokenUsedOp{machine.id, at(7)}),
           {},
           [hash = machine.hash](Store& store) {
               return store.token(hash).value().used_at == at(7);
           }}}},
        {"told",
         {{"add", job_of(AddWebhookOp{hook, 5, noted("webhook")})},
          {"try",
           job_of(tried(hook)),
           {},
           [id = hook.id](Store& store) { return store.webhook(id).value().position == 3; }}}},
        {"next year", {{"turn", job_of(e), {}, keeps(e), {}, new_year}}},
        {"attested",
         {{"stamp",
           stamp,
           {},
           [](Store& store) { return store.newest_attested(2026, AttestationKind::timestamp) > 0; },
           {},
           new_year}}},
        {"kept up",
         {{"key",
           {},
           [=](Store& store, const fs::path&) { store.put_office_key(provider, wrapped); },
           [](Store& store) { return store.office_key(provider).has_value(); }},
          {"rewrap",
           {},
           [=](Store& store, const fs::path&) {
               store.rewrap_office_keys([&](const OfficeNo&, BytesView) { return rewrapped; });
           },
           [=](Store& store) { return store.office_key(provider) == rewrapped; }},
          {"forget",
           {},
           [](Store& store, const fs::path&) { store.forget_answers(at(6)); },
           [](Store& store) { return !store.remembered(care_manager, "key"); }}},
         true},
        {"backup",
         {{"copy",
           {},
           [](Store&, const fs::path& folder) {
               backup_sqlite(folder / "gateway.db", copy_in(folder), {});
           },
           {},
           [](const fs::path& folder) {
               for (const char* tail : {"", "-journal", "-wal", "-shm"})
                   fs::remove(copy_in(folder).string() + tail);
           }}}},
    };
}

// -- what stays of a child --

enum class Said : std::uint32_t { done, refused, stopped, ended, flaw };

void tell(int out, Said what, const std::vector<std::string>& texts = {}) {
    std::string message;
    for (const auto& text : texts) message += text + '\0';
    const std::uint32_t head[] = {static_cast<std::uint32_t>(what),
                                  static_cast<std::uint32_t>(message.size())};
    message.insert(0, reinterpret_cast<const char*>(head), sizeof head);
    if (::write(out, message.data(), message.size()) != static_cast<ssize_t>(message.size()))
        std::_Exit(1);
}

struct Outcome {
    std::vector<std::vector<std::string>> done; // receipts of each act that was answered
    int refused = 0;
    bool stopped = false; // the store said that the process must end, or did not open
    bool fired = true;    // false: the child ran to its end before the boundary came
    std::string flaw;
};

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t end = text.find('\0');
        parts.emplace_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    return parts;
}

Outcome read_outcome(int in) {
    std::string all;
    char buffer[65536];
    for (ssize_t count = 0; (count = ::read(in, buffer, sizeof buffer)) > 0;)
        all.append(buffer, static_cast<std::size_t>(count));
    Outcome outcome;
    for (std::string_view rest = all; !rest.empty();) {
        std::uint32_t head[2];
        if (rest.size() < sizeof head) throw std::logic_error("a message was cut");
        std::copy_n(rest.data(), sizeof head, reinterpret_cast<char*>(head));
        const auto texts = split(rest.substr(sizeof head, head[1]));
        rest.remove_prefix(sizeof head + head[1]);
        switch (static_cast<Said>(head[0])) {
        case Said::done:
            outcome.done.push_back(texts);
            break;
        case Said::refused:
            ++outcome.refused;
            break;
        case Said::stopped:
            outcome.stopped = true;
            break;
        case Said::ended:
            outcome.fired = texts.at(0) == "fired";
            break;
        case Said::flaw:
            outcome.flaw = texts.at(0);
            break;
        }
    }
    return outcome;
}

// -- a run --

struct Totals {
    std::uint64_t cases = 0, refused = 0, stopped = 0;
};

class Rehearsal {
  public:
    Rehearsal() : phases_(script()) {
        fault::watch(root_.path()); // nothing is synced for real
        fs::create_directory(folder());
        fs::create_directory(image(0));
        leaves_.push_back({});
        std::unique_ptr<Store> store;
        for (std::size_t i = 0; i < phases_.size(); ++i) {
            if (!store) store = open(i);
            for (const Act& act : phases_[i].acts) {
                clock_.set(act.now);
                perform(act, *store, folder());
                leaves_.push_back(all_leaves(*store));
            }
            fs::copy(folder(), image(i + 1)); // as a kill would leave it
        }
    }

    const std::vector<Phase>& phases() const { return phases_; }

    /// Strikes at one boundary after the other until the phase runs through.
    Totals strike_everywhere(std::size_t phase, fault::Fault fault) {
        Totals totals;
        for (std::uint64_t at = 1;; ++at) {
            put_back(image(phase));
            const Outcome outcome = run_child(phase, fault, at);
            try {
                require(outcome.flaw.empty(), outcome.flaw);
                look(phase, outcome);
            } catch (const std::exception& error) {
                BOOST_ERROR("phase '" << phases_[phase].name << "', boundary " << at << ": "
                                      << error.what());
                if (++flaws_ >= 10) throw;
            }
            if (!outcome.fired) return totals;
            ++totals.cases;
            totals.refused += static_cast<std::uint64_t>(outcome.refused);
            totals.stopped += outcome.stopped ? 1 : 0;
        }
    }

    /// The boundaries of a phase that nothing disturbs.
    fault::Seen boundaries(std::size_t phase) {
        put_back(image(phase));
        fault::watch(folder());
        clock_.set(phases_[phase].acts.front().now);
        {
            const auto store = open(phase);
            for (const Act& act : phases_[phase].acts) perform(act, *store, folder());
        }
        const fault::Seen seen = fault::seen();
        fault::watch(root_.path());
        return seen;
    }

  private:
    fs::path folder() const { return root_.path() / "data"; }
    fs::path image(std::size_t phase) const {
        return root_.path() / ("before " + std::to_string(phase));
    }
    void put_back(const fs::path& from) {
        for (const auto& entry : fs::directory_iterator(folder())) fs::remove(entry);
        fs::copy(from, folder());
    }
    std::unique_ptr<Store> open(std::size_t phase) {
        return open_sqlite_store(
            {folder() / "gateway.db", phase == 0, 1, &clock_, pages_before_copying_back}, signer_);
    }

    Outcome run_child(std::size_t phase, fault::Fault fault, std::uint64_t at) {
        int ends[2];
        require(::pipe(ends) == 0, "pipe");
        const pid_t child = ::fork();
        require(child >= 0, "fork");
        if (child == 0) {
            ::close(ends[0]);
            act_out(phase, fault, at, ends[1]);
        }
        ::close(ends[1]);
        Outcome outcome = read_outcome(ends[0]);
        ::close(ends[0]);
        int status = 0;
        ::waitpid(child, &status, 0);
        const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        if (!killed && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
            outcome.flaw = "the process ended by itself";
        return outcome;
    }

    [[noreturn]] void act_out(std::size_t phase, fault::Fault fault, std::uint64_t at, int out) {
        try {
            fault::watch(folder(), fault, at);
            go_through(phase, out);
            tell(out, Said::ended, {fault::seen().fired ? "fired" : "quiet"});
        } catch (const StoreBroken&) {
            tell(out, Said::stopped);
        } catch (const std::exception& error) {
            tell(out, Said::flaw, {error.what()});
        }
        std::_Exit(0);
    }

    void go_through(std::size_t phase, int out) {
        std::unique_ptr<Store> store;
        try {
            clock_.set(phases_[phase].acts.front().now);
            store = open(phase);
        } catch (const StoreUnavailable&) {
            throw StoreBroken("not opened"); // a gateway that cannot open its store ends, too
        }
        for (std::size_t i = 0; i < phases_[phase].acts.size(); ++i) {
            const Act& act = phases_[phase].acts[i];
            clock_.set(act.now);
            const auto& before = leaves_[acts_before(phase) + i];
            tell(out, Said::done, perform_in_spite(act, *store, before, out));
        }
        if (phases_[phase].closes)
            store.reset();
        else
            (void)store.release(); // as a kill: what is open stays open
    }

    /// What is refused for now leaves nothing behind, and can be done a moment later.
    std::vector<std::string> perform_in_spite(const Act& act, Store& store,
                                              const std::vector<std::string>& before, int out) {
        try {
            return perform(act, store, folder());
        } catch (const StoreBroken&) {
            throw;
        } catch (const StoreUnavailable&) {
            require(fault::seen().fired, "refused without a reason");
            require(all_leaves(store) == before, "what was refused is in the log");
            tell(out, Said::refused);
        }
        return perform(act, store, folder());
    }

    /// Everything that is promised about what the child left.
    void look(std::size_t phase, const Outcome& outcome) {
        const std::vector<Act>& acts = phases_[phase].acts;
        const std::size_t done = outcome.done.size(), first = acts_before(phase);
        const Act* const next = done < acts.size() ? &acts[done] : nullptr;
        const auto store = open(phase);
        const auto leaves = all_leaves(*store);
        const auto& answered = leaves_[first + done];
        const bool next_is_there =
            next != nullptr && leaves != answered && leaves == leaves_[first + done + 1];
        require(leaves == answered || next_is_there, "the log is another one");
        is_sound(*store);
        for (std::size_t i = 0; i < done; ++i) {
            for (const auto& receipt : outcome.done[i]) is_proven(*store, receipt);
            require(!acts[i].holds || acts[i].holds(*store),
                    acts[i].name + " was answered and lost");
        }
        copy_is_whole_or_none(leaves);
        goes_on(*store, next_is_there ? nullptr : next, leaves.size());
        if (next != nullptr && !next_is_there)
            require(all_leaves(*store) == leaves_[first + done + 1], "it went on with another log");
    }

    void goes_on(Store& store, const Act* next, std::size_t leaves) {
        const Act usual{"go on", job_of(leaf_op(noted("after " + std::to_string(leaves))))};
        const Act& act = next != nullptr ? *next : usual;
        clock_.set(act.now);
        if (act.clear) act.clear(folder());
        for (const auto& receipt : perform(act, store, folder())) is_proven(store, receipt);
        require(!act.holds || act.holds(store), act.name + " was done again and is not there");
    }

    std::vector<audit::VerifierKey> keys() const { return {signer_->verifier()}; }

    void is_sound(Store& store) const {
        const auto findings = check_store(store, keys());
        for (const auto& flaw : findings.flaws())
            throw PromiseBroken("fsck: " + flaw.where + ": " + flaw.what.en);
    }

    void is_proven(Store& store, const std::string& text) const {
        const auto receipt = audit::open_receipt(text, keys());
        require(receipt.has_value(), "a receipt does not prove");
        const auto year = audit::year_of_origin(receipt->checkpoint.origin);
        const auto there = store.leaves(year.value(), receipt->proof.proof.index, 1);
        require(there == std::vector{audit::format_entry(receipt->entry)},
                "a receipt's leaf is not at its place");
    }

    /// A copy that a backup left behind is everything, or does not open at all.
    void copy_is_whole_or_none(const std::vector<std::string>& leaves) const {
        const fs::path copy = copy_in(folder());
        if (!fs::exists(copy)) return;
        std::unique_ptr<Store> store;
        try {
            store = open_sqlite_store({copy, false, 1, &clock_}, signer_);
        } catch (const StoreFailure&) {
            return;
        }
        require(all_leaves(*store) == leaves, "half a backup opens");
        is_sound(*store);
    }

    std::size_t acts_before(std::size_t phase) const {
        std::size_t count = 0;
        for (std::size_t i = 0; i < phase; ++i) count += phases_[i].acts.size();
        return count;
    }

    TemporaryFolder root_;
    MovedClock clock_;
    std::shared_ptr<const audit::Signer> signer_ = make_test_signer();
    std::vector<Phase> phases_;
    std::vector<std::vector<std::string>> leaves_; // after so many acts, undisturbed
    int flaws_ = 0;
};

Rehearsal& rehearsal() {
    static Rehearsal only;
    return only;
}

Totals strike_all_phases(fault::Fault fault) {
    Totals totals;
    for (std::size_t i = 0; i < rehearsal().phases().size(); ++i) {
        const Totals one = rehearsal().strike_everywhere(i, fault);
        BOOST_TEST(one.cases > 0u);
        totals.cases += one.cases;
        totals.refused += one.refused;
        totals.stopped += one.stopped;
    }
    BOOST_TEST_MESSAGE(totals.cases << " boundaries, " << totals.refused << " refused, "
                                    << totals.stopped << " stopped");
    return totals;
}

} // namespace

BOOST_AUTO_TEST_SUITE(write_boundary)

/// Else the cases below would prove less than they say.
BOOST_AUTO_TEST_CASE(every_kind_of_boundary_occurs) {
    fault::Seen all;
    for (std::size_t i = 0; i < rehearsal().phases().size(); ++i) {
        const fault::Seen seen = rehearsal().boundaries(i);
        BOOST_TEST_MESSAGE(rehearsal().phases()[i].name
                           << ": " << seen.writes << " writes, " << seen.syncs << " syncs, "
                           << seen.truncations << " truncations, " << seen.names << " names");
        BOOST_TEST(seen.writes > 0u);
        BOOST_TEST(seen.syncs > 0u);
        all.truncations += seen.truncations;
        all.names += seen.names;
    }
    BOOST_TEST(all.truncations > 0u);
    BOOST_TEST(all.names > 0u);
}

BOOST_AUTO_TEST_CASE(killed_before_any_write_the_log_opens_proves_and_goes_on) {
    strike_all_phases(fault::Fault::cut_before);
}

BOOST_AUTO_TEST_CASE(killed_in_the_middle_of_any_write_the_log_opens_proves_and_goes_on) {
    strike_all_phases(fault::Fault::cut_torn);
}

BOOST_AUTO_TEST_CASE(cut_from_power_at_any_write_nothing_answered_is_lost) {
    strike_all_phases(fault::Fault::power_loss);
}

BOOST_AUTO_TEST_CASE(an_io_error_of_any_call_stops_the_process_or_refuses_and_loses_nothing) {
    BOOST_TEST(strike_all_phases(fault::Fault::io_error).stopped > 0u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_at_any_write_refuses_for_now_and_loses_nothing) {
    BOOST_TEST(strike_all_phases(fault::Fault::no_space).refused > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
