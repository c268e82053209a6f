#include "gateway/store/sqlite/batch.hpp"

#include "gateway/store/sqlite/counters.hpp"
#include "gateway/store/sqlite/sql.hpp"
#include "gateway/store/sqlite/values.hpp"

#include <set>

namespace cpg::store::sqlite {
namespace {

using exchange::SequenceProblem;
using exchange::State;
using exchange::Step;

bool exists(Database& database, const char* sql, std::initializer_list<Value> values) {
    return database.query(sql, values).next();
}

/// A superseded bundle goes on from where it was: the state its own last step had led to.
State state_after(Step step) {
    switch (step) {
    case Step::fetch:
        return State::fetched;
    case Step::ack_imported:
        return State::imported;
    case Step::ack_failed:
        return State::import_failed;
    case Step::recall:
        return State::recalled;
    case Step::reject:
        return State::rejected;
    case Step::submit:
    case Step::supersede:
    case Step::unclaimed:
        break;
    }
    return State::accepted;
}

bool is_step_of_delivery(Step step) {
    return step == Step::fetch || step == Step::ack_imported || step == Step::ack_failed ||
           step == Step::recall || step == Step::unclaimed;
}

void give_proof(WriteResult& result, audit::Proof proof) {
    if (auto* written = std::get_if<Written>(&result)) written->proof = std::move(proof);
    if (auto* rejected = std::get_if<RejectedBySequence>(&result))
        rejected->proof = std::move(proof);
}

} // namespace

void put_directory(Database& database, std::span<const OfficeRow> offices,
                   std::span<const CertificateRow> certificates) {
    for (const OfficeRow& office : offices)
        database.run(sql::put_office, {office.office.view(), joined(office.service_types),
                                       office.name, office.enabled, office.reachable});
    for (const CertificateRow& certificate : certificates)
        database.run(sql::put_certificate,
                     {certificate.issuer, certificate.serial, joined(certificate.offices),
                      certificate.enabled, certificate.machine});
    database.run(sql::add_to_counter, {std::string_view(counters::directory_version), 1});
}

// -- a batch --

void Batch::run(const Job& job) {
    JobOutcome& outcomes = outcomes_.emplace_back();
    outcomes.reserve(job.ops.size());
    for (const WriteOp& op : job.ops) {
        const auto* remember_op = std::get_if<RememberOp>(&op);
        if (remember_op && &op != &job.ops.back())
            throw std::invalid_argument("a RememberOp is the last op of its job");
        outcomes.push_back(std::visit(
            [&](const auto& one) {
                if constexpr (std::is_same_v<decltype(one), const RememberOp&>)
                    return remember(one, outcomes);
                else
                    return apply(one);
            },
            op));
    }
}

std::vector<JobResult> Batch::finish() {
    log_.finish();
    for (const auto& [name, change] : counter_changes_)
        if (change != 0) database_.run(sql::add_to_counter, {name, change});
    std::vector<JobResult> results;
    results.reserve(outcomes_.size());
    for (JobOutcome& outcomes : outcomes_) {
        JobResult& result = results.emplace_back();
        result.reserve(outcomes.size());
        for (Outcome& outcome : outcomes) {
            if (outcome.leaf) give_proof(outcome.result, log_.proof(*outcome.leaf));
            result.push_back(std::move(outcome.result));
        }
    }
    return results;
}

// -- accept and reject --

Batch::Outcome Batch::apply(const AcceptOp& op) {
    const std::int64_t pair = pair_number(op.bundle.pair);
    if (const auto owner = serial_owner(pair, op.bundle)) {
        if (owner->same_content) return {Repeated{owner->bundle}, std::nullopt, owner->bundle};
        return reject_by_sequence(op, SequenceProblem::serial_reused);
    }
    if (lies_behind(pair, op.bundle.serial))
        return reject_by_sequence(op, SequenceProblem::serial_behind);

    const Placed placed{insert_bundle(op.bundle, pair, State::accepted), pair, op.bundle.serial};
    database_.run(sql::insert_parcel, {placed.arrival, Blob{op.sealed_parcel}});
    database_.run(sql::insert_report, {placed.arrival, Blob{op.sealed_report}});
    counter_changes_[counters::parcel_bytes] += static_cast<std::int64_t>(op.sealed_parcel.size());
    const std::uint64_t leaf = log_.append(op.leaf);
    insert_step({placed.arrival,
                 Step::submit,
                 op.bundle.accepted_at,
                 leaf,
                 {},
                 op.bundle.pair.to.office.view()});
    insert_holds(op, placed);
    end_earlier_holds(op, placed);
    return {Written{op.bundle.id, {}}, leaf, op.bundle.id};
}

Batch::Outcome Batch::apply(const RejectOp& op) {
    return {Written{op.bundle.id, {}}, keep_rejected(op), op.bundle.id};
}

Batch::Outcome Batch::reject_by_sequence(const AcceptOp& op, SequenceProblem problem) {
    const RejectOp rejection = op.on_sequence_problem(problem);
    const BundleId& id = rejection.bundle.id;
    return {RejectedBySequence{id, {}}, keep_rejected(rejection), id};
}

std::uint64_t Batch::keep_rejected(const RejectOp& op) {
    const std::int64_t arrival =
        insert_bundle(op.bundle, pair_number(op.bundle.pair), State::rejected);
    database_.run(sql::insert_report, {arrival, Blob{op.sealed_report}});
    const std::uint64_t leaf = log_.append(op.leaf);
    insert_step({arrival, Step::reject, op.bundle.accepted_at, leaf, {}, std::nullopt});
    return leaf;
}

std::int64_t Batch::pair_number(const Pair& pair) {
    const std::initializer_list<Value> columns{pair.from.office.view(), service_text(pair.from),
                                               pair.to.office.view(), service_text(pair.to)};
    {
        Query row = database_.query(sql::pair, columns);
        if (row.next()) return row.integer(0);
    }
    database_.run(sql::insert_pair, columns);
    return database_.last_row();
}

std::optional<SerialOwner> Batch::serial_owner(std::int64_t pair, const BundleRow& bundle) {
    Query row = database_.query(sql::serial_owner, {pair, bundle.serial.view()});
    if (!row.next()) return std::nullopt;
    return SerialOwner{bundle_id_of(row.blob(0)), row.blob(1) == bundle.content_tag};
}

bool Batch::lies_behind(std::int64_t pair, const Serial& serial) {
    return exists(database_, sql::handed_over_after, {pair, serial.view()});
}

std::int64_t Batch::insert_bundle(const BundleRow& bundle, std::int64_t pair, State state) {
    database_.run(sql::insert_bundle,
                  {Blob{bundle.id.view()}, pair, bundle.pair.from.office.view(),
                   bundle.pair.to.office.view(), bundle.serial.view(), bundle.edition, bundle.kind,
                   bundle.month.str(), exchange::name_of(state), bundle.accepted_at, bundle.bytes,
                   bundle.files, Blob{bundle.content_tag}, Blob{bundle.catalog.view()},
                   bundle.errors, bundle.warnings});
    count(state, 1);
    return database_.last_row();
}

void Batch::insert_step(const NewStep& step) {
    database_.run(sql::insert_step, {step.leaf, step.bundle, exchange::name_of(step.step),
                                     step.time, Blob{step.sealed_note}, step.told});
}

// -- holds --

void Batch::insert_holds(const AcceptOp& op, const Placed& placed) {
    for (const Bytes& tag : op.holds)
        database_.run(sql::insert_hold, {placed.arrival, Blob{tag}, placed.pair});
}

void Batch::end_earlier_holds(const AcceptOp& op, const Placed& placed) {
    struct Holder {
        std::int64_t bundle = 0;
        std::string serial;
    };
    std::set<std::int64_t> ended;
    std::optional<Holder> newer; // the highest serial that ended a hold of this bundle
    for (const Bytes& tag : op.replaces) {
        std::vector<Holder> holders;
        {
            Query row =
                database_.query(sql::live_holders, {placed.pair, Blob{tag}, placed.arrival});
            while (row.next()) holders.push_back({row.integer(0), row.text(1)});
        }
        for (const Holder& holder : holders) {
            if (holder.serial < placed.serial.view()) {
                database_.run(sql::end_hold, {holder.bundle, Blob{tag}, placed.arrival});
                ended.insert(holder.bundle);
                continue;
            }
            database_.run(sql::end_hold, {placed.arrival, Blob{tag}, holder.bundle});
            const bool held_it = database_.changed_rows() > 0;
            if (held_it && (!newer || newer->serial < holder.serial)) newer = holder;
        }
    }
    for (const std::int64_t bundle : ended) supersede_when_nothing_is_live(bundle, placed.arrival);
    if (newer) supersede_when_nothing_is_live(placed.arrival, newer->bundle);
}

void Batch::supersede_when_nothing_is_live(std::int64_t bundle, std::int64_t newer) {
    if (exists(database_, sql::live_hold_of_bundle, {bundle})) return;
    State state{};
    {
        Query row = database_.query(sql::bundle_state, {bundle});
        if (!row.next()) throw StoreBroken("a hold of a bundle that is not there");
        state = state_in(row, 0);
    }
    const auto next = exchange::next_state(state, Step::supersede);
    if (!next) return;
    database_.run(sql::supersede_bundle, {bundle, exchange::name_of(*next), newer});
    count(state, -1);
    count(*next, 1);
}

// -- steps, leaves, remembered answers --

Batch::Outcome Batch::apply(const StepOp& op) {
    std::int64_t bundle = 0;
    State state{};
    bool was_told = false; // that nobody fetched it
    std::string told;
    {
        Query row = database_.query(sql::bundle_by_id, {Blob{op.bundle.view()}});
        if (!row.next()) throw std::invalid_argument("a step of an unknown bundle");
        bundle = row.integer(0);
        state = state_in(row, 1);
        was_told = !row.is_null(2);
        told = row.text(op.step == Step::recall ? 4 : 3);
    }
    if (!allows(bundle, state, op.step) || (op.step == Step::unclaimed && was_told))
        return {Refused{state}, std::nullopt, std::nullopt};

    const State next = exchange::next_state(state, op.step).value();
    const std::optional<Time> time(op.time), none;
    const bool fetches = op.step == Step::fetch, waits = op.step == Step::unclaimed;
    database_.run(sql::advance_bundle, {bundle, exchange::name_of(next), fetches ? time : none,
                                        fetches || waits ? none : time, waits ? time : none});
    if (op.step == Step::recall) database_.run(sql::delete_holds, {bundle});
    count(state, -1);
    count(next, 1);
    const std::uint64_t leaf = log_.append(op.leaf);
    insert_step({bundle, op.step, op.time, leaf, op.sealed_note, std::string_view(told)});
    return {Written{op.bundle, {}}, leaf, std::nullopt};
}

bool Batch::allows(std::int64_t bundle, State state, Step step) {
    if (!is_step_of_delivery(step) || !exchange::next_state(state, step)) return false;
    if (state != State::superseded) return true;
    Query row = database_.query(sql::last_step, {bundle});
    if (!row.next()) throw StoreBroken("a bundle without a step");
    return exchange::next_state(state_after(step_in(row, 0)), step).has_value();
}

Batch::Outcome Batch::apply(const EraseOp& op) {
    std::int64_t bundle = 0, parcel_size = 0;
    {
        Query row = database_.query(sql::bundle_to_erase, {Blob{op.bundle.view()}});
        if (!row.next()) throw std::invalid_argument("to erase an unknown bundle");
        if (!row.is_null(2)) return {Refused{state_in(row, 1)}, std::nullopt, std::nullopt};
        bundle = row.integer(0);
        parcel_size = row.is_null(3) ? 0 : row.integer(3);
    }
    for (const char* const statement :
         {sql::delete_parcel, sql::delete_report, sql::delete_holds, sql::empty_notes})
        database_.run(statement, {bundle});
    database_.run(sql::mark_erased, {bundle, op.time});
    counter_changes_[counters::parcel_bytes] -= parcel_size;
    return {Written{op.bundle, {}}, log_.append(op.leaf), std::nullopt};
}

Batch::Outcome Batch::apply(const LeafOp& op) {
    return {Written{op.bundle.value_or(BundleId()), {}}, log_.append(op.leaf), std::nullopt};
}

Batch::Outcome Batch::apply(const DirectoryOp& op) {
    put_directory(database_, op.offices, op.certificates);
    return {Written{}, log_.append(op.leaf), std::nullopt};
}

Batch::Outcome Batch::apply(const AttestOp& op) {
    const auto shard = shard_of_year(database_, op.row.year);
    if (!shard || op.row.size == 0 || op.row.size > shard->size())
        throw std::invalid_argument("a word about a checkpoint that is not there");
    database_.run(sql::put_attestation, {shard->first + op.row.size, name_of(op.row.kind),
                                         op.row.name, op.row.time, Blob{op.row.bytes}});
    if (op.leaf.empty()) return {Written{}, std::nullopt, std::nullopt};
    return {Written{}, log_.append(op.leaf), std::nullopt};
}

Batch::Outcome Batch::remember(const RememberOp& op, const JobOutcome& earlier) {
    std::vector<BundleId> bundles;
    for (const Outcome& outcome : earlier)
        if (outcome.taken_in) bundles.push_back(*outcome.taken_in);
    const IdempotencyRow& row = op.row;
    database_.run(sql::remember,
                  {row.office.view(), row.key, Blob{row.request.view()}, row.status, row.lang,
                   Blob{joined(bundles)}, Blob{row.sealed_findings}, row.time});
    return {Written{}, std::nullopt, std::nullopt};
}

// -- people and tokens --

Batch::Outcome Batch::changed(const std::string& leaf) {
    if (database_.changed_rows() == 0) return {Declined{}, std::nullopt, std::nullopt};
    return {Written{}, log_.append(leaf), std::nullopt};
}

Batch::Outcome Batch::apply(const AddPersonOp& op) {
    const PersonRow& person = op.person;
    database_.run(sql::insert_person, {person.id.view(), person.office.view(),
                                       Blob{person.user_tag}, Blob{person.sealed_user},
                                       name_of(person.role), person.password, person.added_at});
    return changed(op.leaf);
}

Batch::Outcome Batch::apply(const ChangePersonOp& op) {
    switch (op.change) {
    case PersonChange::reset:
        database_.run(sql::reset_person, {op.id.view(), op.password, op.version});
        break;
    case PersonChange::lock:
        database_.run(sql::lock_person, {op.id.view()});
        break;
    case PersonChange::unlock:
        database_.run(sql::unlock_person, {op.id.view()});
        break;
    case PersonChange::disable:
        database_.run(sql::disable_person, {op.id.view()});
        break;
    }
    return changed(op.leaf);
}

Batch::Outcome Batch::apply(const TryLoginOp& op) {
    std::optional<PersonRow> person;
    {
        Query row = database_.query(sql::person_of, {op.office.view(), Blob{op.user_tag}});
        if (row.next()) person = read_person(row);
    }
    if (!person || person->state != PersonState::active ||
        is_locked_out(*person, op.rule, op.time)) {
        counter_changes_[counters::logins_declined] += 1;
        return {Declined{}, std::nullopt, std::nullopt};
    }
    // A lock that has ended starts the count anew.
    const int failures = person->failures >= op.rule.max_failures ? 1 : person->failures + 1;
    database_.run(sql::count_try, {person->id.view(), failures, op.time});
    return {Counted{failures}, std::nullopt, std::nullopt};
}

Batch::Outcome Batch::apply(const LoginOp& op) {
    const auto rehashed = op.rehashed.empty() ? std::nullopt : std::optional(op.rehashed);
    database_.run(sql::login_person, {op.id.view(), op.version, op.time, rehashed});
    return changed(op.leaf);
}

Batch::Outcome Batch::apply(const AddTokenOp& op) {
    const TokenRow& token = op.token;
    database_.run(sql::insert_token,
                  {token.id.view(), token.office.view(), Blob{token.hash.view()}, token.prefix,
                   joined(token.scopes), token.added_at, token.expires_at});
    return changed(op.leaf);
}

Batch::Outcome Batch::apply(const RevokeTokenOp& op) {
    database_.run(sql::revoke_token, {op.id.view(), op.office.view(), op.time});
    return changed(op.leaf);
}

Batch::Outcome Batch::apply(const TokenUsedOp& op) {
    database_.run(sql::token_used, {op.id.view(), op.time});
    return {Written{}, std::nullopt, std::nullopt};
}

// -- webhooks --

Batch::Outcome Batch::apply(const AddWebhookOp& op) {
    const WebhookRow& row = op.row;
    database_.run(sql::insert_webhook, {row.id.view(), row.office.view(), Blob{row.sealed},
                                        row.position, row.added_at, op.most});
    return changed(op.leaf);
}

Batch::Outcome Batch::apply(const RemoveWebhookOp& op) {
    database_.run(sql::delete_webhook, {op.id.view(), op.office.view()});
    return changed(op.leaf);
}

Batch::Outcome Batch::apply(const ChangeWebhookOp& op) {
    if (op.change == WebhookChange::enable)
        database_.run(sql::enable_webhook, {op.id.view(), op.office.view(), op.version, op.time});
    else
        database_.run(sql::replace_webhook,
                      {op.id.view(), op.office.view(), op.version, Blob{op.sealed}});
    return changed(op.leaf);
}

Batch::Outcome Batch::apply(const WebhookTriedOp& op) {
    const std::optional<Time> time(op.time), none;
    const bool delivered = op.failure.empty();
    database_.run(sql::webhook_tried,
                  {op.id.view(), op.version, name_of(op.state), op.position, op.attempts,
                   op.next_at, delivered ? time : none, delivered ? none : time, op.failure});
    if (database_.changed_rows() == 0) return {Declined{}, std::nullopt, std::nullopt};
    return {Written{}, std::nullopt, std::nullopt};
}

void Batch::count(State state, std::int64_t change) {
    counter_changes_[counters::bundles_in(state)] += change;
}

} // namespace cpg::store::sqlite
