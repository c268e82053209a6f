// The receiver's and the sender's view of what was accepted, and the steps of a delivery.
#include "gateway/exchange/exchange.hpp"
#include "gateway/identity/actor.hpp"

#include "spec/base/digest.hpp"

#include <algorithm>

namespace cpg::exchange {

namespace {

constexpr std::size_t max_attestations = 100; // of one checkpoint: a note has no more signatures

audit::EntryType entry_type_of(Step step) {
    switch (step) {
    case Step::fetch:
        return audit::EntryType::fetch;
    case Step::ack_imported:
    case Step::ack_failed:
        return audit::EntryType::ack;
    case Step::recall:
        return audit::EntryType::recall;
    case Step::unclaimed:
        return audit::EntryType::unclaimed;
    case Step::submit:
        return audit::EntryType::submit;
    case Step::reject:
        return audit::EntryType::reject;
    case Step::supersede:
        return audit::EntryType::submit;
    }
    return audit::EntryType::access;
}

std::string result_of(Step step) {
    switch (step) {
    case Step::ack_imported:
        return "imported";
    case Step::ack_failed:
        return "import_failed";
    case Step::submit:
    case Step::reject:
    case Step::fetch:
    case Step::recall:
    case Step::supersede:
    case Step::unclaimed:
        return "-";
    }
    return "-";
}

// The word of a step in the API: the state it leads to.
std::string word_of(Step step) {
    switch (step) {
    case Step::submit:
        return "accepted";
    case Step::reject:
        return "rejected";
    case Step::fetch:
        return "fetched";
    case Step::ack_imported:
        return "imported";
    case Step::ack_failed:
        return "import_failed";
    case Step::recall:
        return "recalled";
    case Step::supersede:
        return "superseded";
    case Step::unclaimed:
        return "unclaimed";
    }
    return {};
}

Error erased() {
    return {Errc::erased, "the time of keeping is over; receipts remain"};
}

constexpr std::chrono::minutes refusal_quiet{1};
constexpr std::size_t max_refusals_remembered = 10'000;

} // namespace

Exchange::Exchange(Services services, ExchangeLimits limits)
    : services_(std::move(services)), limits_(limits) {}

std::string Exchange::report_context(const BundleId& id) {
    return "report/" + id.str();
}
std::string Exchange::parcel_context(const BundleId& id) {
    return "parcel/" + id.str();
}
std::string Exchange::note_context(const BundleId& id) {
    return "note/" + id.str();
}

std::vector<store::BundleRow> Exchange::list(const store::BundleQuery& query) const {
    auto rows = services_.store.list(query);
    // A sender's bundles in serial order: each takes one of the places its sender's bundles have in
    // the page.
    std::map<OfficeRef, std::vector<std::size_t>> places;
    for (std::size_t i = 0; i < rows.size(); ++i) places[rows[i].pair.from].push_back(i);
    std::vector<store::BundleRow> ordered(rows.size());
    for (const auto& [sender, indexes] : places) {
        auto sorted = indexes;
        std::stable_sort(sorted.begin(), sorted.end(), [&](std::size_t left, std::size_t right) {
            return rows[left].serial < rows[right].serial;
        });
        for (std::size_t i = 0; i < indexes.size(); ++i) ordered[indexes[i]] = rows[sorted[i]];
    }
    return ordered;
}

Result<BundleView> Exchange::find(const identity::Identity& caller, const BundleId& id) const {
    const Error unknown{Errc::not_found, "no such bundle"};
    auto row = services_.store.bundle(id);
    if (!row) return unknown;
    BundleView view{*row, caller.owns(row->pair.from.office), caller.owns(row->pair.to.office)};
    const bool for_receiver = row->state != State::rejected && row->state != State::recalled;
    if (!view.is_sender && !(view.is_receiver && for_receiver)) return unknown;
    return view;
}

Result<std::string> Exchange::report(const BundleView& view, Lang lang) const {
    if (view.row.erased_at) return erased();
    const auto kept = dossier(view.row);
    return lang == Lang::en ? kept.report_en : kept.report_ja;
}

std::string Exchange::title(const BundleView& view) const {
    return view.row.erased_at ? std::string() : dossier(view.row).title;
}

std::string Exchange::signature_level(const store::BundleRow& row) const {
    const std::string none(name_of(SignatureLevel::connection));
    if (!services_.signers || !services_.signers())
        return none; // nobody could be told from a stranger: not worth a look
    const auto steps = services_.store.steps(row.id);
    const auto first =
        steps.empty() ? Result<audit::Entry>(Error{}) : audit::parse_entry(steps.front().leaf);
    if (!first) return none;
    for (const auto& [name, value] : first->details)
        if (name == signature_level_detail) return value;
    return none;
}

Result<std::vector<ListedFile>> Exchange::file_list(const BundleView& view) const {
    if (view.row.state == State::rejected || view.row.erased_at) return std::vector<ListedFile>{};
    auto kept = parcel(view.row);
    if (!kept) return kept.error();
    std::vector<ListedFile> files;
    for (const auto& file : kept->files)
        files.push_back({file.name, file.type, file.bytes.size(), file.digest});
    for (const auto& signature : kept->signatures)
        files.push_back({signature.name, "P7S", signature.bytes.size(), sha256(signature.bytes)});
    return files;
}

/// The log that holds a leaf, by the leaf's position.
store::ShardRow shard_of(store::Store& store, std::uint64_t position) {
    for (auto& shard : store.shards())
        if (position >= shard.first && position < shard.first + shard.size) return shard;
    throw store::StoreFailure("a step without its log");
}

void Exchange::add_proof(ReceiptOfStep& receipt, const store::StepRow& step,
                         const std::vector<Bytes>& salts,
                         std::optional<store::AttestationKind> with) const {
    auto& store = services_.store;
    std::vector<store::AttestationRow> words;
    std::uint64_t covered = step.tree_size;
    if (with) {
        const auto shard = shard_of(store, step.leaf_index);
        const std::uint64_t index = step.leaf_index - shard.first;
        words = store.attestations(shard.year, *with, index, max_attestations);
        std::erase_if(words, [&](const auto& word) { return word.size != words.front().size; });
        if (!words.empty()) covered = shard.first + words.front().size;
    }
    auto proof = store.proof(step.leaf_index, covered);
    for (const auto& word : words) {
        if (word.kind == store::AttestationKind::cosignature)
            proof.checkpoint += word.bytes;
        else
            receipt.timestamp = word.bytes;
    }
    receipt.text = audit::make_receipt(step.leaf, salts, proof);
}

Result<std::vector<ReceiptOfStep>>
Exchange::receipts(const BundleView& view, std::optional<store::AttestationKind> with) const {
    const auto salts = kept_salts(view.row);
    std::vector<ReceiptOfStep> receipts;
    for (const auto& step : services_.store.steps(view.row.id)) {
        ReceiptOfStep receipt{
            word_of(step.step), step.time, std::string(event_of(step.step)), {}, {}, {}};
        add_proof(receipt, step, salts, with);
        if (!step.sealed_note.empty()) {
            auto note = services_.sealer.open(view.row.pair.to.office, note_context(view.row.id),
                                              step.sealed_note);
            if (!note) return note.error();
            receipt.note = *note;
        }
        receipts.push_back(std::move(receipt));
    }
    return receipts;
}

Result<Parcel> Exchange::parcel(const store::BundleRow& row) const {
    const auto sealed = services_.store.sealed_parcel(row.id);
    if (!sealed) return Error{Errc::not_found, "the bundle's files are not kept any more"};
    const auto plain = services_.sealer.open(row.pair.to.office, parcel_context(row.id), *sealed);
    if (!plain) throw store::StoreFailure("a sealed parcel does not open");
    return read_parcel(*plain);
}

audit::Entry Exchange::entry_for(const identity::Identity& caller, const BundleView& view,
                                 audit::EntryType type) const {
    const auto& row = view.row;
    audit::Entry entry;
    entry.type = type;
    entry.time = services_.clock.now();
    entry.bundle = row.id;
    entry.from = row.pair.from.office;
    entry.certificate = caller.certificate.fingerprint;
    entry.to = row.pair.to.office;
    entry.edition = row.edition;
    entry.kind = row.kind;
    entry.month = row.month;
    entry.rules = row.catalog;
    identity::name_actor(entry, caller);
    return entry;
}

// A step's leaf names the files by the commitments of the first leaf: the salts of one receipt fit
// all of them.
void Exchange::name_files(audit::Entry& entry) const {
    const auto steps = services_.store.steps(*entry.bundle);
    if (steps.empty()) return;
    auto first = audit::parse_entry(steps.front().leaf);
    if (!first) throw store::StoreFailure("a leaf does not have its form");
    entry.files = std::move(first->files);
    entry.cms = first->cms;
    for (auto& detail : first->details)
        if (detail.first == "files-digest") entry.details.push_back(std::move(detail));
}

void Exchange::commit(store::WriteOp op, Deadline deadline,
                      std::function<void(Result<store::WriteResult>, std::exception_ptr)> done) {
    store::Job job;
    job.ops.push_back(std::move(op));
    services_.gate.submit(std::move(job), deadline,
                          [this, done = std::move(done)](Result<store::JobResult> result,
                                                         std::exception_ptr failure) {
                              services_.post([done, result = std::move(result), failure] {
                                  if (failure || !result)
                                      return done(failure
                                                      ? Error{Errc::overloaded, "the store failed"}
                                                      : result.error(),
                                                  failure);
                                  done(result->front(), nullptr);
                              });
                          });
}

void Exchange::hand_over(const identity::Identity& caller, const BundleView& view,
                         Deadline deadline, HandOverDone done) {
    if (view.row.state == State::rejected)
        return done(Error{Errc::not_found, "a rejected bundle keeps no files"}, nullptr);
    if (view.row.erased_at) return done(erased(), nullptr);
    const bool handing = view.is_receiver && view.row.state == State::accepted;
    auto entry =
        entry_for(caller, view, handing ? audit::EntryType::fetch : audit::EntryType::access);
    if (handing) {
        entry.event = std::string(event_of(Step::fetch));
        name_files(entry);
    }
    const auto leaf = audit::format_entry(entry);
    store::WriteOp op = store::LeafOp{leaf, view.row.id};
    if (handing) op = store::StepOp{view.row.id, Step::fetch, entry.time, leaf, {}};
    commit(std::move(op), deadline,
           [this, caller, view, deadline, done = std::move(done)](Result<store::WriteResult> result,
                                                                  std::exception_ptr failure) {
               if (failure || !result) return done(result.error(), failure);
               if (std::holds_alternative<store::Refused>(*result)) {
                   // It moved meanwhile: recalled, superseded, or fetched by a second window. Look
                   // again.
                   auto again = find(caller, view.row.id);
                   if (!again) return done(again.error(), nullptr);
                   return hand_over(caller, *again, deadline, done);
               }
               services_.notifier.notify(view.row.pair.from.office);
               std::exception_ptr broken;
               Result<Parcel> files = Error{Errc::not_found, ""};
               try {
                   files = parcel(view.row);
               } catch (...) {
                   broken = std::current_exception();
               }
               done(std::move(files), broken);
           });
}

StepAnswer Exchange::step_answer(const BundleView& view, const std::string& leaf,
                                 const audit::Proof& proof) const {
    const auto row = services_.store.bundle(view.row.id);
    return {row.value_or(view.row),
            audit::make_receipt(leaf, kept_salts(row.value_or(view.row)), proof)};
}

void Exchange::step(const identity::Identity& caller, const BundleView& view, Step step,
                    const std::string& note, Deadline deadline, StepDone done) {
    auto entry = entry_for(caller, view, entry_type_of(step));
    entry.result = result_of(step);
    entry.event = std::string(event_of(step));
    name_files(entry);
    const auto leaf = audit::format_entry(entry);
    Bytes sealed_note;
    if (!note.empty())
        sealed_note =
            services_.sealer.seal(view.row.pair.to.office, note_context(view.row.id), note);
    commit(store::StepOp{view.row.id, step, entry.time, leaf, std::move(sealed_note)}, deadline,
           [this, view, leaf, done = std::move(done)](Result<store::WriteResult> result,
                                                      std::exception_ptr failure) {
               if (failure || !result) return done(result.error(), failure);
               if (const auto* refused = std::get_if<store::Refused>(&*result))
                   return done(Error{Errc::conflict,
                                     "the bundle is " + std::string(name_of(refused->state))},
                               nullptr);
               services_.notifier.notify(view.row.pair.from.office);
               services_.notifier.notify(view.row.pair.to.office);
               std::exception_ptr broken;
               Result<StepAnswer> answer = Error{Errc::conflict, ""};
               try {
                   answer = step_answer(view, leaf, std::get<store::Written>(*result).proof);
               } catch (...) {
                   broken = std::current_exception();
               }
               done(std::move(answer), broken);
           });
}

void Exchange::acknowledge(const identity::Identity& caller, const BundleView& view, bool imported,
                           std::string note, Deadline deadline, StepDone done) {
    if (!view.is_receiver)
        return done(Error{Errc::forbidden, "only the receiver acknowledges"}, nullptr);
    step(caller, view, imported ? Step::ack_imported : Step::ack_failed, note, deadline,
         std::move(done));
}

void Exchange::recall(const identity::Identity& caller, const BundleView& view, Deadline deadline,
                      StepDone done) {
    if (!view.is_sender) return done(Error{Errc::forbidden, "only the sender recalls"}, nullptr);
    step(caller, view, Step::recall, {}, deadline, std::move(done));
}

void Exchange::note_refusal(const Digest& certificate, std::string_view reason) {
    const auto now = services_.clock.now();
    {
        const std::lock_guard lock(mutex_);
        const auto found = refusals_.find(certificate);
        if (found != refusals_.end() && now - found->second < refusal_quiet) return;
        if (refusals_.size() >= max_refusals_remembered) refusals_.clear();
        refusals_[certificate] = now;
    }
    audit::Entry entry;
    entry.type = audit::EntryType::access;
    entry.time = now;
    entry.certificate = certificate;
    entry.result = "rejected -";
    entry.details = {{"reason", std::string(reason)}};
    commit(store::LeafOp{audit::format_entry(entry), std::nullopt},
           std::chrono::steady_clock::now() + std::chrono::seconds(10),
           [](const Result<store::WriteResult>&, const std::exception_ptr&) {});
}

void Exchange::note_admin(audit::EntryType type,
                          std::vector<std::pair<std::string, std::string>> details) {
    audit::Entry entry;
    entry.type = type;
    entry.time = services_.clock.now();
    entry.rules = services_.catalog()->digest;
    entry.details = std::move(details);
    store::Job job;
    job.ops.push_back(store::LeafOp{audit::format_entry(entry), std::nullopt});
    services_.gate.submit_and_wait(std::move(job));
}

} // namespace cpg::exchange
