// What one transaction does: the ops of a batch against the tables, then the log that proves them.
// Within a transaction on the writing connection.
#pragma once

#include "gateway/store/sqlite/log.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace cpg::store::sqlite {

/// Inserts or replaces rows of the directory and counts its version up.
void put_directory(Database& database, std::span<const OfficeRow> offices,
                   std::span<const CertificateRow> certificates);

/// The jobs of one transaction; made anew for each. Later ops see what earlier ones wrote.
class Batch {
  public:
    Batch(Database& database, LogWriter& log) : database_(database), log_(log) {}
    void run(const Job& job);
    /// Finishes the log and the counters; the results with their proofs.
    std::vector<JobResult> finish();

  private:
    struct Placed { // a bundle that was inserted
        std::int64_t arrival = 0, pair = 0;
        Serial serial;
    };
    struct Outcome {
        WriteResult result;
        std::optional<std::uint64_t> leaf; // that proves it
        std::optional<BundleId> taken_in;  // that an accept or reject op ended in
    };
    using JobOutcome = std::vector<Outcome>;

    Outcome apply(const AcceptOp& op);
    Outcome apply(const RejectOp& op);
    Outcome apply(const StepOp& op);
    Outcome apply(const EraseOp& op);
    Outcome apply(const LeafOp& op);
    Outcome apply(const DirectoryOp& op);
    Outcome apply(const AttestOp& op);
    Outcome remember(const RememberOp& op, const JobOutcome& earlier);
    Outcome apply(const AddPersonOp& op);
    Outcome apply(const ChangePersonOp& op);
    Outcome apply(const TryLoginOp& op);
    Outcome apply(const LoginOp& op);
    Outcome apply(const AddTokenOp& op);
    Outcome apply(const RevokeTokenOp& op);
    Outcome apply(const TokenUsedOp& op);
    Outcome apply(const AddWebhookOp& op);
    Outcome apply(const RemoveWebhookOp& op);
    Outcome apply(const ChangeWebhookOp& op);
    Outcome apply(const WebhookTriedOp& op);
    /// Written with the leaf when the last statement changed a row, else declined.
    Outcome changed(const std::string& leaf);

    std::int64_t pair_number(const Pair& pair);
    std::optional<SerialOwner> serial_owner(std::int64_t pair, const BundleRow& bundle);
    bool lies_behind(std::int64_t pair, const Serial& serial);
    Outcome reject_by_sequence(const AcceptOp& op, exchange::SequenceProblem problem);
    std::uint64_t keep_rejected(const RejectOp& op);
    std::int64_t insert_bundle(const BundleRow& bundle, std::int64_t pair, exchange::State state);
    struct NewStep {
        std::int64_t bundle = 0;
        exchange::Step step{};
        Time time{};
        std::uint64_t leaf = 0;
        BytesView sealed_note;
        std::optional<std::string_view> told; // the office that it is an event for
    };
    void insert_step(const NewStep& step);
    void insert_holds(const AcceptOp& op, const Placed& placed);
    void end_earlier_holds(const AcceptOp& op, const Placed& placed);
    void supersede_when_nothing_is_live(std::int64_t bundle, std::int64_t newer);
    bool allows(std::int64_t bundle, exchange::State state, exchange::Step step);
    void count(exchange::State state, std::int64_t change);

    Database& database_;
    LogWriter& log_;
    std::vector<JobOutcome> outcomes_;
    std::map<std::string, std::int64_t> counter_changes_;
};

} // namespace cpg::store::sqlite
