// The use cases of the gateway: check, submit, list, hand over, acknowledge, recall, receipts.
// Knows the store's seam and the standard; knows no HTTP, no SQL, no socket. Any thread; every call
// that writes answers through a callback on the pool given in Services::post, after the commit.
#pragma once

#include "gateway/exchange/notifier.hpp"
#include "gateway/exchange/papers.hpp"
#include "gateway/exchange/parcel.hpp"
#include "gateway/exchange/signatures.hpp"
#include "gateway/identity/directory.hpp"
#include "gateway/store/seal.hpp"
#include "gateway/store/store_gate.hpp"
#include "spec/base/clock.hpp"
#include "spec/check/checker.hpp"
#include "spec/render/report_json.hpp"

#include <set>

namespace cpg::exchange {

using Deadline = std::chrono::steady_clock::time_point;

struct ExchangeLimits {
    std::size_t max_findings = 500; // kept in a bundle's report
    PaperLimits papers;
};

/// How bundles are judged beside the catalogue.
struct CheckPolicy {
    ProfilePtr profile;                // null = the standard one
    ServiceCodeTablePtr service_codes; // null = none is loaded
};

struct Services {
    store::Store& store;
    store::StoreGate& gate;
    store::Sealer& sealer;
    const Clock& clock;
    Notifier& notifier;
    std::function<CatalogPtr()> catalog;
    std::function<identity::DirectoryPtr()> directory;
    std::function<void(std::function<void()>)> post; // runs work on the worker pool
    std::function<CheckPolicy()> policy = {};        // empty = the standard profile, no codes
    /// Empty, or gives null: no authority is configured.
    std::function<std::shared_ptr<const audit::SignerTrust>()> signers = {};
};

/// A request to send: files of the standard, and papers with their cover.
struct Submission {
    identity::Identity sender;
    std::vector<InputFile> files;
    std::vector<InputFile> papers;
    std::optional<std::string> cover; // JSON text as sent
    Lang lang = Lang::ja;
    std::string idempotency_key;               // empty = none
    Digest request;                            // over what makes two requests the same
    std::optional<Conversion> conversion = {}; // at the sender; into the leaf of every bundle
};

struct AnswerBundle {
    BundleId id;
    Verdict verdict{};
    std::string report;  // JSON of one bundle
    std::string receipt; // tlog-proof text
};

struct SubmitAnswer {
    int status = 201; // 201 when at least one bundle was accepted, else 422
    std::vector<AnswerBundle> bundles;
    std::string findings = "[]"; // JSON: files that belong to no bundle
};

struct ReceiptOfStep {
    std::string step; // accepted, rejected, fetched, imported, import_failed, recalled, unclaimed
    Time time{};
    std::string event;
    std::string text;
    std::string note; // of an acknowledgement; sealed at rest, shown to both sides
    Bytes timestamp;  // over the receipt's checkpoint, when it was asked for and there is one
};

/// A bundle as its sender or receiver sees it.
struct BundleView {
    store::BundleRow row;
    bool is_sender = false, is_receiver = false;
};

struct ListedFile {
    std::string name, type;
    std::uint64_t bytes = 0;
    Digest digest;
};

struct StepAnswer {
    store::BundleRow row;
    std::string receipt;
};

class Exchange {
  public:
    Exchange(Services services, ExchangeLimits limits);

    /// Validates, senders' signatures included; stores nothing.
    Report check(const identity::Identity& sender, std::vector<InputFile> files,
                 const std::string& edition) const;
    const Services& services() const { return services_; }

    /// conflict of idempotency, unknown_receiver (no bundle of the request has a known receiver),
    /// overloaded; else the answer, after the commit.
    using SubmitDone = std::function<void(Result<SubmitAnswer>, std::exception_ptr)>;
    void submit(Submission submission, Deadline deadline, SubmitDone done);

    /// Bundles of the caller's offices, by arrival; per sender in serial order inside a page.
    std::vector<store::BundleRow> list(const store::BundleQuery& query) const;

    /// not_found unless the caller is its sender or its receiver; a rejected or recalled bundle is
    /// its sender's alone. What needs the files or the report of a bundle that retention has erased
    /// is Errc::erased; its receipts stay, without salts.
    Result<BundleView> find(const identity::Identity& caller, const BundleId& id) const;
    Result<std::string> report(const BundleView& view, Lang lang) const;
    std::string title(const BundleView& view) const;
    /// What the sender's signatures were worth at acceptance: "L0", "L1", "L2".
    std::string signature_level(const store::BundleRow& row) const;
    Result<std::vector<ListedFile>> file_list(const BundleView& view) const;
    /// Without `with` the same bytes at any time: by the checkpoint that proved the step first.
    /// With it, by the first checkpoint after the step that has such a word of another party; while
    /// there is none, as without.
    Result<std::vector<ReceiptOfStep>>
    receipts(const BundleView& view,
             std::optional<store::AttestationKind> with = std::nullopt) const;

    /// Hands the files over: the receiver's first time is the step `fetched`, any other look leaves
    /// an access leaf. Nothing is handed out before the leaf is committed.
    using HandOverDone = std::function<void(Result<Parcel>, std::exception_ptr)>;
    void hand_over(const identity::Identity& caller, const BundleView& view, Deadline deadline,
                   HandOverDone done);

    /// conflict when the state does not allow it.
    using StepDone = std::function<void(Result<StepAnswer>, std::exception_ptr)>;
    void acknowledge(const identity::Identity& caller, const BundleView& view, bool imported,
                     std::string note, Deadline deadline, StepDone done);
    void recall(const identity::Identity& caller, const BundleView& view, Deadline deadline,
                StepDone done);

    /// Tells the senders of bundles that nobody fetched within `after` of their acceptance, once a
    /// bundle: a leaf, a receipt, an event; nothing is dropped. How many. Waits for the store: not
    /// in a callback of it.
    std::uint64_t tell_unclaimed(std::chrono::milliseconds after);

    /// A leaf about something refused at the door (unknown certificate …). At most one a minute per
    /// certificate.
    void note_refusal(const Digest& certificate, std::string_view reason);
    /// start, stop.
    void note_admin(audit::EntryType type,
                    std::vector<std::pair<std::string, std::string>> details);

    static std::string report_context(const BundleId& id);
    static std::string parcel_context(const BundleId& id);
    static std::string note_context(const BundleId& id);

  private:
    void add_proof(ReceiptOfStep& receipt, const store::StepRow& step,
                   const std::vector<Bytes>& salts,
                   std::optional<store::AttestationKind> with) const;
    struct Draft;
    struct Plan;
    class InFlight;

    // planning a submission
    std::shared_ptr<Plan> plan(Submission submission) const;
    CheckPolicy policy() const;
    std::vector<CheckedBundle> check_all(const Plan& plan, const Heap& heap) const;
    bool has_schedule(const store::Pair& pair, std::string_view user, Time now) const;
    void take_papers(Plan& plan) const;
    Draft* draft_for(Plan& plan, const Cover& cover) const;
    Draft* new_papers_draft(Plan& plan, const Cover& cover) const;
    Serial next_paper_serial() const;
    void judge_route(const Plan& plan, Draft& draft) const;
    void judge_deletes(const Plan& plan, Draft& draft) const;
    void judge_split(const Plan& plan, Draft& draft) const;
    void judge_signatures(const Plan& plan, Draft& draft) const;
    std::shared_ptr<const audit::SignerTrust> signers() const; // never null
    void finish_draft(Plan& plan, Draft& draft) const;
    Bytes tag_of(std::string_view principal, std::string_view key) const;

    // what is written
    store::Job job_of(const std::shared_ptr<Plan>& plan) const;
    store::Job refusal_job(const Plan& plan) const;
    store::WriteOp to_op(const std::shared_ptr<Plan>& plan, std::size_t index) const;
    store::RejectOp rejection(const Plan& plan, Draft& draft) const;
    std::string leaf_of(const Plan& plan, const Draft& draft) const;
    std::string refusal_leaf(const Plan& plan, std::optional<OfficeNo> to) const;
    Bytes dossier_of(const Plan& plan, const Draft& draft) const;
    std::string findings_json(const Plan& plan) const;

    // what is answered
    SubmitAnswer answer(const Plan& plan, const store::JobResult& results) const;
    Result<SubmitAnswer> remembered_answer(const store::IdempotencyRow& row) const;
    AnswerBundle answer_from_store(const BundleId& id, Lang lang) const;
    OfficeNo report_owner(const store::BundleRow& row) const; // whose key seals the report
    Dossier dossier(const store::BundleRow& row) const;
    std::vector<Bytes> kept_salts(const store::BundleRow& row) const; // none when erased

    // steps of a delivery
    audit::Entry entry_for(const identity::Identity& caller, const BundleView& view,
                           audit::EntryType type) const;
    audit::Entry unclaimed_entry(const store::BundleRow& row) const;
    void name_files(audit::Entry& entry) const;
    Result<Parcel> parcel(const store::BundleRow& row) const;
    void step(const identity::Identity& caller, const BundleView& view, Step step,
              const std::string& note, Deadline deadline, StepDone done);
    StepAnswer step_answer(const BundleView& view, const std::string& leaf,
                           const audit::Proof& proof) const;
    void commit(store::WriteOp op, Deadline deadline,
                std::function<void(Result<store::WriteResult>, std::exception_ptr)> done);

    Services services_;
    ExchangeLimits limits_;
    mutable std::mutex mutex_; // guards the three below
    mutable std::map<std::pair<OfficeNo, std::string>, Digest> in_flight_;
    mutable std::map<Digest, Time> refusals_;
    mutable Time last_paper_serial_{};
};

} // namespace cpg::exchange
