// Submitting: plan (pure but for random salts and ids) -> one job -> answer.
#include "gateway/exchange/exchange.hpp"
#include "gateway/identity/actor.hpp"

#include "spec/base/digest.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace cpg::exchange {

/// One bundle on its way in.
struct Exchange::Draft {
    store::BundleRow row;
    BundleReport report;
    Parcel parcel;
    std::vector<UserKey> keys;
    std::string title;
    bool is_sound = true; // by the standard's rules alone, before the store is asked
    SignatureLevel signature_level{};
    bool receiver_known = true;
    std::string leaf; // as committed
};

struct Exchange::Plan {
    Submission submission;
    CatalogPtr catalog;
    CheckPolicy policy;
    identity::DirectoryPtr directory;
    Time now{};
    std::vector<Draft> drafts;
    std::vector<Finding> findings; // of no bundle
};

/// Holds a key of a request that is being worked on; gives it back when the last copy goes.
class Exchange::InFlight {
  public:
    InFlight(const Exchange& owner, std::pair<OfficeNo, std::string> key)
        : owner_(owner), key_(std::move(key)) {}
    ~InFlight() {
        const std::lock_guard lock(owner_.mutex_);
        owner_.in_flight_.erase(key_);
    }
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;

  private:
    const Exchange& owner_;
    std::pair<OfficeNo, std::string> key_;
};

namespace {

constexpr std::size_t max_rules_in_leaf = 20;

std::string findings_context(std::string_view key) {
    return "findings/" + std::string(key);
}

Finding plain_finding(const Catalog& catalog, const CheckPolicy& policy, std::string_view rule,
                      std::string_view variant, std::map<std::string, std::string> args = {}) {
    const RuleText& text = catalog.rule(rule);
    Finding finding;
    finding.rule = std::string(rule);
    finding.severity =
        policy.profile ? chosen_severity(text, policy.profile->severities) : own_severity(text);
    finding.variant = std::string(variant);
    finding.args = std::move(args);
    return finding;
}

CheckOptions options_of(const CheckPolicy& policy) {
    CheckOptions options;
    if (policy.profile) options.take(*policy.profile);
    options.service_codes = policy.service_codes;
    return options;
}

/// Months around today in which a schedule says that a user is the receiver's: plans are sent when
/// the services of a month begin, or change.
constexpr int months_looked_back = 2, months_looked_ahead = 2;

std::vector<Month> months_around(Time now) {
    const std::string today = rfc3339(now + std::chrono::hours(9)); // Japan's calendar
    const int month = std::stoi(today.substr(0, 4)) * 12 + std::stoi(today.substr(5, 2)) - 1;
    std::vector<Month> months;
    for (int each = month - months_looked_back; each <= month + months_looked_ahead; ++each)
        months.push_back(Month::of(each / 12, each % 12 + 1));
    return months;
}

constexpr char key_separator = '\x1f';

/// The user's part of a key of insurer, insured and more.
std::string_view user_of(std::string_view key) {
    const auto insured = key.find(key_separator);
    return insured == key.npos ? key : key.substr(0, key.find(key_separator, insured + 1));
}

bool has_file(const Bundle& bundle, std::string_view type) {
    return std::any_of(bundle.files.begin(), bundle.files.end(),
                       [&](const BundleFile& file) { return file.name.type->id == type; });
}

std::string error_rules(const std::vector<Finding>& findings) {
    std::set<std::string> rules;
    for (const auto& finding : findings)
        if (finding.severity == Severity::error && rules.size() < max_rules_in_leaf)
            rules.insert(finding.rule);
    std::string text;
    for (const auto& rule : rules) text += (text.empty() ? "" : ",") + rule;
    return text;
}

Verdict verdict_of(const store::BundleRow& row) {
    return row.state == State::rejected ? Verdict::rejected : Verdict::accepted;
}

/// What is left of a report that retention has erased: no file, no finding, their counts.
BundleReport outline_of(const store::BundleRow& row) {
    BundleReport report;
    report.kind = row.kind;
    report.edition = row.edition;
    report.from = row.pair.from;
    report.to = row.pair.to;
    report.serial = row.serial;
    report.month = row.month;
    report.verdict = verdict_of(row);
    report.errors = row.errors;
    report.warnings = row.warnings;
    report.findings_dropped = row.errors + row.warnings;
    return report;
}

ParcelFile to_parcel_file(std::string name, std::string type, Bytes bytes, const Digest& digest) {
    return {std::move(name), std::move(type), std::move(bytes), digest, random_bytes(32)};
}

Bytes content_of(const Parcel& parcel) {
    std::vector<std::string> lines;
    for (const auto& file : parcel.files)
        lines.push_back(file.name + '\n' + hex(file.digest.view()) + '\n');
    for (const auto& signature : parcel.signatures)
        lines.push_back(signature.name + '\n' + hex(sha256(signature.bytes).view()) + '\n');
    std::sort(lines.begin(), lines.end());
    Bytes content;
    for (const auto& line : lines) content += line;
    return content;
}

// YYYYMMDDHHMMSS of an instant in Japan's time.
Serial japan_serial(Time time) {
    std::string digits;
    for (const char c : rfc3339(time + std::chrono::hours(9)).substr(0, 19))
        if (c >= '0' && c <= '9') digits.push_back(c);
    return Serial::parse(digits).value();
}

std::vector<audit::EntryFile> entry_files(const Parcel& parcel) {
    std::vector<audit::EntryFile> files;
    for (const auto& file : parcel.files)
        files.push_back({static_cast<int>(files.size()) + 1, file.type, file.bytes.size(),
                         audit::commit_file(file.salt, file.digest)});
    return files;
}

std::vector<Bytes> salts_of(const Parcel& parcel) {
    std::vector<Bytes> salts;
    for (const auto& file : parcel.files) salts.push_back(file.salt);
    return salts;
}

/// Takes the signatures of papers out of the list: each name once, the rest stays and is refused as
/// no paper.
std::vector<InputFile> take_paper_signatures(std::vector<InputFile>& papers) {
    std::map<std::string, InputFile> signatures;
    std::set<std::string> names;
    for (const auto& paper : papers) names.insert(paper.name);
    std::vector<InputFile> rest;
    for (auto& paper : papers) {
        const std::string signed_name(signed_name_of(paper.name));
        const bool of_a_paper = names.count(signed_name) > 0 && signed_name_of(signed_name).empty();
        if (of_a_paper && signatures.count(paper.name) == 0)
            signatures.emplace(paper.name, std::move(paper));
        else
            rest.push_back(std::move(paper));
    }
    papers = std::move(rest);
    std::vector<InputFile> out;
    for (auto& [name, signature] : signatures) out.push_back(std::move(signature));
    return out;
}

bool is_principal(const Edition& edition, std::string_view file_type) {
    return std::any_of(edition.cascades.begin(), edition.cascades.end(),
                       [&](const Cascade& cascade) {
                           return !cascade.removes.empty() && cascade.removes.front() == file_type;
                       });
}

std::string_view principal_of_delete(const Edition& edition, std::string_view delete_type) {
    for (const auto& cascade : edition.cascades)
        if (cascade.delete_type == delete_type && !cascade.removes.empty())
            return cascade.removes.front();
    return {};
}

} // namespace

Report Exchange::check(const identity::Identity& sender, std::vector<InputFile> files,
                       const std::string& edition) const {
    const auto catalog = services_.catalog();
    CheckOptions options = options_of(policy());
    options.edition = edition;
    options.max_findings = limits_.max_findings;
    options.now = services_.clock.now();
    options.sender_offices = sender.offices;
    options.has_schedule = [&](const Bundle& bundle, std::string_view user) {
        return has_schedule({bundle.from, bundle.to}, user, *options.now);
    };
    const Heap heap = group_files(*catalog, std::move(files));
    Report report = check_heap(*catalog, heap, options);
    const auto trust = signers();
    add_signatures(report,
                   exchange::judge_signatures(
                       heap, {*catalog, trust.get(), *services_.directory(), *options.now}),
                   limits_.max_findings);
    return report;
}

std::shared_ptr<Exchange::Plan> Exchange::plan(Submission submission) const {
    auto plan = std::make_shared<Plan>();
    plan->submission = std::move(submission);
    plan->catalog = services_.catalog();
    plan->policy = policy();
    plan->directory = services_.directory();
    plan->now = services_.clock.now();

    auto heap = group_files(*plan->catalog, std::move(plan->submission.files));
    for (const auto& stray : heap.strays)
        plan->findings.push_back(stray_finding(*plan->catalog, stray));

    auto checks = check_all(*plan, heap);
    for (std::size_t i = 0; i < heap.bundles.size(); ++i) {
        auto& bundle = heap.bundles[i];
        auto& checked = checks[i];
        auto& draft = plan->drafts.emplace_back();
        draft.report = std::move(checked.report);
        draft.keys = std::move(checked.keys);
        draft.row.pair = {bundle.from, bundle.to};
        draft.row.serial = bundle.serial;
        for (auto& file : bundle.files)
            draft.parcel.files.push_back(to_parcel_file(std::move(file.input.name),
                                                        file.name.type->id,
                                                        std::move(file.input.bytes), file.digest));
        draft.parcel.signatures = take_signatures_of(draft.parcel.files, heap.signatures);
    }
    take_papers(*plan);
    for (auto& draft : plan->drafts) draft.is_sound = draft.report.verdict == Verdict::accepted;
    for (auto& draft : plan->drafts) finish_draft(*plan, draft);
    return plan;
}

CheckPolicy Exchange::policy() const {
    return services_.policy ? services_.policy() : CheckPolicy{};
}

// Schedules first: they tell which users a plan's receiver knows (R-PRIV-02).
std::vector<CheckedBundle> Exchange::check_all(const Plan& plan, const Heap& heap) const {
    std::set<std::pair<store::Pair, std::string>> scheduled;
    CheckOptions options = options_of(plan.policy);
    options.max_findings = limits_.max_findings;
    options.now = plan.now;
    options.sender_offices = plan.submission.sender.offices;
    options.has_schedule = [&](const Bundle& bundle, std::string_view user) {
        const store::Pair pair{bundle.from, bundle.to};
        return scheduled.contains({pair, std::string(user)}) || has_schedule(pair, user, plan.now);
    };
    std::vector<CheckedBundle> checks(heap.bundles.size());
    for (const bool schedules : {true, false})
        for (std::size_t i = 0; i < heap.bundles.size(); ++i) {
            const Bundle& bundle = heap.bundles[i];
            if (has_file(bundle, "UPPLAN") != schedules) continue;
            checks[i] = check_bundle(*plan.catalog, bundle, options);
            for (const auto& key : checks[i].keys)
                if (key.file_type == "UPPLAN")
                    scheduled.emplace(store::Pair{bundle.from, bundle.to}, user_of(key.key));
        }
    return checks;
}

bool Exchange::has_schedule(const store::Pair& pair, std::string_view user, Time now) const {
    const auto months = months_around(now);
    return std::any_of(months.begin(), months.end(), [&](const Month& month) {
        return services_.store.holds(
            pair, tag_of("UPPLAN", std::string(user) + key_separator + month.str()));
    });
}

void Exchange::take_papers(Plan& plan) const {
    auto& submission = plan.submission;
    const auto refuse = [&](std::string_view variant) {
        plan.findings.push_back(plain_finding(*plan.catalog, plan.policy, "R-PAPER-04", variant));
    };
    if (submission.papers.empty() && !submission.cover) return;
    if (!submission.cover) return refuse("missing");
    if (submission.papers.empty()) return refuse("no_papers");
    auto signatures = take_paper_signatures(submission.papers);
    const auto cover = parse_cover(*submission.cover, limits_.papers);
    if (!cover) return refuse("unreadable");

    const auto draft = cover->serial ? draft_for(plan, *cover) : new_papers_draft(plan, *cover);
    if (!draft) return refuse("no_bundle");
    for (auto& finding : check_papers(*plan.catalog, submission.papers, limits_.papers))
        add_finding(draft->report, std::move(finding), limits_.max_findings);
    draft->title = cover->title;
    for (auto& signature : signatures) draft->parcel.signatures.push_back(std::move(signature));
    for (auto& paper : submission.papers) {
        const auto digest = sha256(paper.bytes);
        std::string type(name_of(sniff_paper(paper.bytes)));
        if (type.empty()) type = "UNKNOWN";
        draft->report.files.push_back({paper.name, type, 0, paper.bytes.size(), digest});
        draft->parcel.files.push_back(
            to_parcel_file(std::move(paper.name), std::move(type), std::move(paper.bytes), digest));
    }
}

Exchange::Draft* Exchange::draft_for(Plan& plan, const Cover& cover) const {
    for (auto& draft : plan.drafts) {
        const auto& to = draft.row.pair.to;
        const bool same_type = !cover.to.service_type || cover.to.service_type == to.service_type;
        if (to.office == cover.to.office && same_type && draft.row.serial == *cover.serial)
            return &draft;
    }
    return nullptr;
}

Exchange::Draft* Exchange::new_papers_draft(Plan& plan, const Cover& cover) const {
    const auto& sender = plan.submission.sender;
    auto& draft = plan.drafts.emplace_back();
    draft.row.pair.from.office = cover.from.value_or(sender.first());
    draft.row.pair.to = cover.to;
    draft.row.serial = next_paper_serial();
    draft.report.kind = "papers";
    draft.report.profile = options_of(plan.policy).profile;
    draft.report.from = draft.row.pair.from;
    draft.report.to = cover.to;
    draft.report.serial = draft.row.serial;
    draft.report.month = cover.month;
    if (!sender.owns(draft.row.pair.from.office))
        add_finding(draft.report, plain_finding(*plan.catalog, plan.policy, "R-AUTH-01", "from"),
                    limits_.max_findings);
    return &draft;
}

// Papers have no serial of their own: the second of their acceptance in Japan's time, never the
// same one twice.
Serial Exchange::next_paper_serial() const {
    const std::lock_guard lock(mutex_);
    const auto second = std::chrono::floor<std::chrono::seconds>(services_.clock.now());
    last_paper_serial_ = std::max<Time>(second, last_paper_serial_ + std::chrono::seconds(1));
    return japan_serial(last_paper_serial_);
}

void Exchange::judge_route(const Plan& plan, Draft& draft) const {
    const auto* receiver = plan.directory->find(draft.row.pair.to.office);
    draft.receiver_known = receiver && receiver->enabled;
    if (draft.receiver_known) return;
    add_finding(draft.report,
                plain_finding(*plan.catalog, plan.policy, "R-AUTH-01",
                              receiver ? "receiver_disabled" : "receiver_unknown"),
                limits_.max_findings);
}

// R-SEQ-02: a delete names something delivered before.
void Exchange::judge_deletes(const Plan& plan, Draft& draft) const {
    const auto* edition = plan.catalog->edition(draft.report.edition);
    if (!edition || draft.report.verdict == Verdict::rejected) return;
    for (const auto& key : draft.keys) {
        const auto principal = principal_of_delete(*edition, key.file_type);
        if (principal.empty() || services_.store.holds(draft.row.pair, tag_of(principal, key.key)))
            continue;
        auto finding = plain_finding(*plan.catalog, plan.policy, "R-SEQ-02", "");
        if (!draft.report.files.empty()) finding.where.file = draft.report.files.front().name;
        add_finding(draft.report, std::move(finding), limits_.max_findings);
    }
}

// R-BND-05: one bundle a receiver and month. One that names users of an earlier one corrects it,
// and is no split.
void Exchange::judge_split(const Plan& plan, Draft& draft) const {
    const auto* edition = plan.catalog->edition(draft.report.edition);
    const auto& report = draft.report;
    const bool has_rows =
        std::any_of(report.files.begin(), report.files.end(), [](const FileSummary& file) {
            return file.type == "UPPLAN" || file.type == "UPJSK";
        });
    if (!edition || !has_rows || !report.month.has_value() || report.verdict == Verdict::rejected)
        return;
    const store::MonthOfPair unit{draft.row.pair, report.kind, report.month, draft.row.serial};
    const auto beside = static_cast<std::uint64_t>(
        std::count_if(plan.drafts.begin(), plan.drafts.end(), [&](const Draft& other) {
            return other.is_sound && other.row.pair == unit.pair &&
                   other.report.kind == unit.kind && other.report.month == unit.month &&
                   other.row.serial != unit.serial;
        }));
    auto earlier = services_.store.live_bundles(unit);
    const auto corrects = [&] {
        return std::any_of(draft.keys.begin(), draft.keys.end(), [&](const UserKey& key) {
            return is_principal(*edition, key.file_type) &&
                   services_.store.holds(unit.pair, tag_of(key.file_type, key.key));
        });
    };
    if (earlier != 0 && corrects()) earlier = 0;
    if (earlier + beside == 0) return;
    add_finding(draft.report,
                plain_finding(*plan.catalog, plan.policy, "R-BND-05", "",
                              {{"found", std::to_string(earlier + beside + 1)}}),
                limits_.max_findings);
}

Bytes Exchange::tag_of(std::string_view principal, std::string_view key) const {
    return services_.sealer.tag("hold", std::string(principal) + key_separator + std::string(key))
        .substr(0, 16);
}

std::shared_ptr<const audit::SignerTrust> Exchange::signers() const {
    static const auto nobody = audit::SignerTrust::make({}, {}).value();
    auto configured = services_.signers ? services_.signers() : nullptr;
    return configured ? configured : nobody;
}

void Exchange::judge_signatures(const Plan& plan, Draft& draft) const {
    if (draft.parcel.signatures.empty()) return;
    const auto trust = signers();
    auto judged =
        exchange::judge_signatures(draft.parcel, draft.row.pair.from.office,
                                   {*plan.catalog, trust.get(), *plan.directory, plan.now});
    draft.signature_level = judged.level;
    draft.report.signatures = std::move(judged.signatures);
    for (auto& finding : judged.findings)
        add_finding(draft.report, std::move(finding), limits_.max_findings);
}

void Exchange::finish_draft(Plan& plan, Draft& draft) const {
    judge_route(plan, draft);
    judge_deletes(plan, draft);
    judge_split(plan, draft);
    judge_signatures(plan, draft);
    // A leaf lists files in the order of their names (audit::list_files).
    std::sort(
        draft.parcel.files.begin(), draft.parcel.files.end(),
        [](const ParcelFile& left, const ParcelFile& right) { return left.name < right.name; });
    auto& row = draft.row;
    row.id = BundleId::make(plan.now, random_bytes(10));
    row.edition = draft.report.edition;
    row.kind = draft.report.kind;
    row.month = draft.report.month;
    row.accepted_at = plan.now;
    row.files = static_cast<int>(draft.parcel.files.size());
    for (const auto& file : draft.parcel.files) row.bytes += file.bytes.size();
    row.content_tag = services_.sealer.tag("content", content_of(draft.parcel));
    row.catalog = plan.catalog->digest;
    row.state = draft.report.verdict == Verdict::accepted ? State::accepted : State::rejected;
    row.errors = static_cast<std::uint32_t>(draft.report.errors);
    row.warnings = static_cast<std::uint32_t>(draft.report.warnings);
    // A refused bundle belongs to whoever sent it, not to the office its name claims.
    if (!plan.submission.sender.owns(row.pair.from.office))
        row.pair.from = {plan.submission.sender.first(), std::nullopt};
}

std::string Exchange::leaf_of(const Plan& plan, const Draft& draft) const {
    const bool accepted = draft.report.verdict == Verdict::accepted;
    audit::Entry entry;
    entry.type = accepted ? audit::EntryType::submit : audit::EntryType::reject;
    entry.time = plan.now;
    entry.bundle = draft.row.id;
    entry.from = draft.row.pair.from.office;
    entry.certificate = plan.submission.sender.certificate.fingerprint;
    entry.to = draft.row.pair.to.office;
    entry.edition = draft.row.edition;
    entry.kind = draft.row.kind;
    entry.month = draft.row.month;
    audit::list_files(entry, entry_files(draft.parcel));
    entry.result = accepted ? "accepted" : "rejected " + error_rules(draft.report.findings);
    entry.event = std::string(event_of(accepted ? Step::submit : Step::reject));
    entry.rules = plan.catalog->digest;
    identity::name_actor(entry, plan.submission.sender);
    entry.cms = digest_of_signatures(draft.parcel);
    if (entry.cms)
        entry.details.emplace_back(signature_level_detail, name_of(draft.signature_level));
    entry.conversion = plan.submission.conversion;
    return audit::format_entry(entry);
}

Bytes Exchange::dossier_of(const Plan& plan, const Draft& draft) const {
    Dossier dossier;
    dossier.report_ja = boost::json::serialize(to_json(*plan.catalog, draft.report, Lang::ja));
    dossier.report_en = boost::json::serialize(to_json(*plan.catalog, draft.report, Lang::en));
    dossier.salts = salts_of(draft.parcel);
    dossier.title = draft.title;
    return services_.sealer.seal(report_owner(draft.row), report_context(draft.row.id),
                                 write_dossier(dossier));
}

store::RejectOp Exchange::rejection(const Plan& plan, Draft& draft) const {
    draft.row.state = State::rejected;
    draft.row.errors = static_cast<std::uint32_t>(draft.report.errors);
    draft.leaf = leaf_of(plan, draft);
    return {draft.row, draft.leaf, dossier_of(plan, draft)};
}

store::WriteOp Exchange::to_op(const std::shared_ptr<Plan>& plan, std::size_t index) const {
    auto& draft = plan->drafts[index];
    if (draft.report.verdict == Verdict::rejected) return rejection(*plan, draft);
    draft.leaf = leaf_of(*plan, draft);
    store::AcceptOp op;
    op.bundle = draft.row;
    op.leaf = draft.leaf;
    op.sealed_report = dossier_of(*plan, draft);
    op.sealed_parcel = services_.sealer.seal(draft.row.pair.to.office, parcel_context(draft.row.id),
                                             write_parcel(draft.parcel));
    if (const auto* edition = plan->catalog->edition(draft.report.edition)) {
        for (const auto& key : draft.keys) {
            if (is_principal(*edition, key.file_type)) {
                op.holds.push_back(tag_of(key.file_type, key.key));
                op.replaces.push_back(op.holds.back());
            } else if (const auto principal = principal_of_delete(*edition, key.file_type);
                       !principal.empty()) {
                op.replaces.push_back(tag_of(principal, key.key));
            }
        }
    }
    services_.sealer.ensure_key(draft.row.pair.from.office); // a rejection is sealed for its sender
    op.on_sequence_problem = [this, plan, index](SequenceProblem problem) {
        auto& late = plan->drafts[index];
        const auto variant = problem == SequenceProblem::serial_reused ? "reused" : "order";
        add_finding(late.report, plain_finding(*plan->catalog, plan->policy, "R-SEQ-01", variant),
                    limits_.max_findings);
        return rejection(*plan, late);
    };
    return op;
}

void Exchange::submit(Submission submission, Deadline deadline, SubmitDone done) {
    const auto key = std::pair(submission.sender.first(), submission.idempotency_key);
    std::shared_ptr<InFlight> in_flight;
    if (!key.second.empty()) {
        {
            const std::lock_guard lock(mutex_);
            const auto [place, fresh] = in_flight_.try_emplace(key, submission.request);
            if (!fresh)
                return done(
                    place->second == submission.request
                        ? Error{Errc::idempotency_in_flight, "the first request is still running"}
                        : Error{Errc::idempotency_key_reused, "the key was used for other bytes"},
                    nullptr);
        }
        in_flight = std::make_shared<InFlight>(*this, key);
        if (const auto row = services_.store.remembered(key.first, key.second)) {
            if (row->request != submission.request)
                return done(Error{Errc::idempotency_key_reused, "the key was used for other bytes"},
                            nullptr);
            return done(remembered_answer(*row), nullptr);
        }
    }

    auto plan = this->plan(std::move(submission));
    const bool routed = plan->drafts.empty() ||
                        std::any_of(plan->drafts.begin(), plan->drafts.end(),
                                    [](const Draft& draft) { return draft.receiver_known; });
    auto job = routed ? job_of(plan) : refusal_job(*plan);
    const auto finish = [this, plan, routed, done = std::move(done)](
                            const Result<store::JobResult>& result, std::exception_ptr failure) {
        if (failure || !result)
            return done(failure ? Error{Errc::overloaded, "the store failed"} : result.error(),
                        failure);
        if (!routed)
            return done(Error{Errc::unknown_receiver, "no receiver of the request is known here"},
                        nullptr);
        Result<SubmitAnswer> reply = Error{Errc::overloaded, ""};
        try {
            reply = answer(*plan, *result);
        } catch (...) {
            failure = std::current_exception();
        }
        done(std::move(reply), failure);
    };
    services_.gate.submit(std::move(job), deadline,
                          [this, finish, in_flight = std::move(in_flight)](
                              Result<store::JobResult> result, std::exception_ptr failure) mutable {
                              auto work = [finish, in_flight = std::move(in_flight),
                                           result = std::move(result), failure]() mutable {
                                  in_flight.reset(); // who has the answer may ask again at once
                                  finish(result, failure);
                              };
                              services_.post(std::move(work));
                          });
}

store::Job Exchange::job_of(const std::shared_ptr<Plan>& plan) const {
    store::Job job;
    for (std::size_t i = 0; i < plan->drafts.size(); ++i) job.ops.push_back(to_op(plan, i));
    if (plan->drafts.empty())
        job.ops.push_back(store::LeafOp{refusal_leaf(*plan, std::nullopt), std::nullopt});
    const auto& submission = plan->submission;
    if (submission.idempotency_key.empty()) return job;
    store::RememberOp remember;
    remember.row.office = submission.sender.first();
    remember.row.key = submission.idempotency_key;
    remember.row.request = submission.request;
    remember.row.lang = submission.lang == Lang::en ? "en" : "ja";
    remember.row.sealed_findings = services_.sealer.seal(
        remember.row.office, findings_context(remember.row.key), findings_json(*plan));
    remember.row.time = plan->now;
    job.ops.push_back(std::move(remember));
    return job;
}

// Nobody to deliver to: only the leaves stay.
store::Job Exchange::refusal_job(const Plan& plan) const {
    store::Job job;
    for (const auto& draft : plan.drafts)
        job.ops.push_back(
            store::LeafOp{refusal_leaf(plan, draft.row.pair.to.office), std::nullopt});
    return job;
}

std::string Exchange::refusal_leaf(const Plan& plan, std::optional<OfficeNo> to) const {
    audit::Entry entry;
    entry.type = audit::EntryType::reject;
    entry.time = plan.now;
    entry.from = plan.submission.sender.first();
    entry.certificate = plan.submission.sender.certificate.fingerprint;
    entry.to = to;
    const auto rules = to ? std::string("R-AUTH-01") : error_rules(plan.findings);
    entry.result = "rejected " + (rules.empty() ? std::string("R-NAME-01") : rules);
    entry.event = std::string(event_of(Step::reject));
    entry.rules = plan.catalog->digest;
    identity::name_actor(entry, plan.submission.sender);
    entry.conversion = plan.submission.conversion;
    return audit::format_entry(entry);
}

std::string Exchange::findings_json(const Plan& plan) const {
    boost::json::array findings;
    for (const auto& finding : plan.findings)
        findings.push_back(to_json(*plan.catalog, finding, plan.submission.lang));
    return boost::json::serialize(findings);
}

SubmitAnswer Exchange::answer(const Plan& plan, const store::JobResult& results) const {
    SubmitAnswer answer;
    answer.status = 422;
    answer.findings = findings_json(plan);
    for (std::size_t i = 0; i < plan.drafts.size(); ++i) {
        const auto& draft = plan.drafts[i];
        if (const auto* repeated = std::get_if<store::Repeated>(&results[i])) {
            answer.bundles.push_back(answer_from_store(repeated->bundle, plan.submission.lang));
        } else {
            const auto& proof = std::holds_alternative<store::Written>(results[i])
                                    ? std::get<store::Written>(results[i]).proof
                                    : std::get<store::RejectedBySequence>(results[i]).proof;
            answer.bundles.push_back(
                {draft.row.id, draft.report.verdict,
                 boost::json::serialize(to_json(*plan.catalog, draft.report, plan.submission.lang)),
                 audit::make_receipt(draft.leaf, salts_of(draft.parcel), proof)});
            if (draft.report.verdict == Verdict::accepted)
                services_.notifier.notify(draft.row.pair.to.office);
        }
        if (answer.bundles.back().verdict == Verdict::accepted) answer.status = 201;
    }
    return answer;
}

Result<SubmitAnswer> Exchange::remembered_answer(const store::IdempotencyRow& row) const {
    SubmitAnswer answer;
    answer.status = 422;
    const auto findings =
        services_.sealer.open(row.office, findings_context(row.key), row.sealed_findings);
    if (!findings) return findings.error();
    answer.findings = *findings;
    for (const auto& id : row.bundles) {
        answer.bundles.push_back(answer_from_store(id, row.lang == "en" ? Lang::en : Lang::ja));
        if (answer.bundles.back().verdict == Verdict::accepted) answer.status = 201;
    }
    return answer;
}

AnswerBundle Exchange::answer_from_store(const BundleId& id, Lang lang) const {
    const auto row = services_.store.bundle(id);
    const auto steps = services_.store.steps(id);
    if (!row || steps.empty()) throw store::StoreFailure("a bundle of an earlier answer is gone");
    const auto kept = row->erased_at ? Dossier{} : dossier(*row);
    std::string report = lang == Lang::en ? kept.report_en : kept.report_ja;
    if (row->erased_at)
        report = boost::json::serialize(to_json(*services_.catalog(), outline_of(*row), lang));
    const auto& first = steps.front();
    return {id, verdict_of(*row), std::move(report),
            audit::make_receipt(first.leaf, kept.salts,
                                services_.store.proof(first.leaf_index, first.tree_size))};
}

std::vector<Bytes> Exchange::kept_salts(const store::BundleRow& row) const {
    return row.erased_at ? std::vector<Bytes>{} : dossier(row).salts;
}

OfficeNo Exchange::report_owner(const store::BundleRow& row) const {
    return row.state == State::rejected ? row.pair.from.office : row.pair.to.office;
}

Dossier Exchange::dossier(const store::BundleRow& row) const {
    const auto sealed = services_.store.sealed_report(row.id);
    if (!sealed) throw store::StoreFailure("a bundle has no report");
    const auto plain = services_.sealer.open(report_owner(row), report_context(row.id), *sealed);
    if (!plain) throw store::StoreFailure("a sealed report does not open");
    auto read = read_dossier(*plain);
    if (!read) throw store::StoreFailure("a sealed report is damaged");
    return *read;
}

} // namespace cpg::exchange
