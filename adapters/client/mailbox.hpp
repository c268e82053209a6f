// An office's mailbox at a gateway, for programs of vendors: typed sending, looking, fetching and
// acknowledging over Client. What waiting mends is tried again, and nothing happens twice by that.
// Blocking; one Mailbox belongs to one thread.
//
//     Mailbox mailbox(*read_settings("client.yaml"));
//     const auto sent = mailbox.send({.files = files});
//
// Errors are the Errc of a problem document (not_found, conflict, rate_limited …); unreachable when
// there was no answer after all tries; malformed when it cannot be read. Receipts are handed out as
// they came: verify them (gateway/audit/receipt.hpp, or `cpgw verify` over a saved folder).
#pragma once

#include "adapters/client/answer_text.hpp"
#include "adapters/client/client.hpp"
#include "adapters/client/save_folder.hpp"
#include "spec/records/bundle.hpp"

#include <functional>

namespace cpg::client {

/// How often and how long to wait for what waiting mends: no answer, 429, 503.
struct Patience {
    int tries = 5;                          // in all, at least 1
    std::chrono::milliseconds first{500};   // wait after the first try; doubled each time
    std::chrono::milliseconds most{60'000}; // longest wait, also when Retry-After asks for more
    std::function<void(std::chrono::milliseconds)> wait; // empty: sleeps
};

/// What papers travel with (`cover` of openapi.yaml).
struct Cover {
    OfficeRef to;
    Month month;
    std::string title;               // UTF-8, at most 200 characters
    std::optional<OfficeRef> from{}; // needed when the certificate is several offices'
    std::optional<Serial> serial{};  // of a bundle in the same parcel: they travel with it
};

/// What is sent at once: bundles to one or many receivers, and other papers.
struct Parcel {
    std::vector<InputFile> files;    // names of the standard; `<name>.p7s` beside them
    std::vector<InputFile> papers{}; // .pdf, .png, .jpg, .jpeg; with a cover
    std::optional<Cover> cover{};
    /// Empty: made from the bytes, so that the same parcel is the same submission, also after a
    /// restart.
    std::string idempotency_key{};
};

struct BoxQuery {
    std::string state{};          // "new", "fetched", "all" …; empty: the gateway's default
    std::string after{};          // cursor of the page before
    int limit = 100;              // bundles, 1-1000
    std::chrono::seconds wait{0}; // how long to wait for news when there is nothing, at most 60
};

enum class Import { imported, failed };

/// A bundle's state after a step, and the step's receipt.
struct StepTaken {
    ListedBundle bundle;
    std::string receipt;
};

struct Fetched {
    ListedBundle bundle;
    std::vector<InputFile> files;
    std::vector<ListedReceipt> receipts; // in the order of events
};

class Mailbox {
  public:
    /// Does not connect; throws std::runtime_error when a certificate or key cannot be used.
    explicit Mailbox(Settings settings, Patience patience = {});

    /// The report as openapi.yaml has it; stores nothing.
    Result<boost::json::object> check(const std::vector<InputFile>& files);
    /// The gateway has the bundles on disk, or said why it refuses them: a refused bundle is a
    /// value, not an error. malformed: a paper's name has another ending.
    Result<SubmitAnswer> send(const Parcel& parcel);
    Result<BundlePage> inbox(const BoxQuery& query = {});
    Result<BundlePage> outbox(const BoxQuery& query = {});
    Result<ListedBundle> bundle(const BundleId& id);
    Result<std::vector<ListedReceipt>> receipts(const BundleId& id);
    /// The first time is the step `fetched`. digest_mismatch: not the bytes announced.
    Result<Fetched> fetch(const BundleId& id);
    /// `note`: at most 2,000 bytes, shown to both sides. conflict: not fetched yet, or done before.
    Result<StepTaken> acknowledge(const BundleId& id, Import outcome, std::string_view note = {});
    /// conflict: it was fetched already.
    Result<StepTaken> recall(const BundleId& id);

    /// For routes without a method here; retries nothing.
    Client& client() { return client_; }

  private:
    using Call = std::function<Result<Answer>()>;
    Result<Answer> patiently(const Call& call);
    Result<std::string> get(const std::string& target);
    Result<BundlePage> page(std::string_view box, const BoxQuery& query);
    Result<StepTaken> step(const BundleId& id, std::string_view state, const Call& call);
    Result<StepTaken> step_taken_before(const BundleId& id, std::string_view state);

    Client client_;
    Patience patience_;
};

/// A fetched bundle as save_folder() takes it: the files, and receipts/<step>.receipt.txt, the
/// newest of each step; the layout that `cpgw verify` takes. The pieces refer to `fetched`.
std::vector<SavedFile> folder_of(const Fetched& fetched);

} // namespace cpg::client
