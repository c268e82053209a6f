#include "spec/check/checker.hpp"

#include "spec/check/file_pass.hpp"
#include "spec/check/rules/rules.hpp"

#include <algorithm>
#include <set>

namespace cpg {
namespace {

using namespace checking;

std::set<std::string_view> types_of(const Bundle& bundle) {
    std::set<std::string_view> types;
    for (const BundleFile& file : bundle.files) types.insert(file.name.type->id);
    return types;
}

/// The kind whose required files are all there, and no file that it does not know.
const BundleKind* kind_of(const Edition& edition, const std::set<std::string_view>& types) {
    const auto all_known = [&](const BundleKind& kind) {
        return std::all_of(types.begin(), types.end(), [&](std::string_view type) {
            const auto in = [&](const std::vector<std::string>& list) {
                return std::find(list.begin(), list.end(), type) != list.end();
            };
            return in(kind.required) || in(kind.attached);
        });
    };
    for (const BundleKind& kind : edition.bundles) {
        const bool whole =
            std::all_of(kind.required.begin(), kind.required.end(),
                        [&](const std::string& type) { return types.contains(type); });
        if (whole && all_known(kind)) return &kind;
    }
    return nullptr;
}

/// What 利用者補足情報 is for in this bundle, also when the set is not whole.
Purpose purpose_of(const Bundle& bundle, const std::set<std::string_view>& types) {
    const auto any = [&](std::initializer_list<std::string_view> wanted) {
        return std::any_of(wanted.begin(), wanted.end(),
                           [&](std::string_view type) { return types.contains(type); });
    };
    const bool plan = any({"UP1KYO", "UP2KYO", "UP3KYO"});
    const bool schedule = any({"UPPLAN", "UPSIKYU"});
    if (plan != schedule) return plan ? Purpose::care_plan : Purpose::schedule;
    if (plan || !types.contains("UPHOSOKU")) return Purpose::other;
    return bundle.files.front().name.zero_month ? Purpose::care_plan : Purpose::schedule;
}

bool is_care_manager(const ServiceTypes& services, const OfficeRef& end) {
    return end.service_type && services.scope(end.service_type->view()) == Scope::care_management;
}

Envelope envelope_of(const Catalog& catalog, const Bundle& bundle, const CheckOptions& options,
                     const HeapContext& heap) {
    const std::set<std::string_view> types = types_of(bundle);
    Envelope envelope{.catalog = catalog,
                      .options = options,
                      .bundle = bundle,
                      .edition = *bundle.edition,
                      .heap = heap,
                      .kind = kind_of(*bundle.edition, types),
                      .purpose = purpose_of(bundle, types),
                      .services = ServiceTypes(*bundle.edition)};
    envelope.from_care_manager = is_care_manager(envelope.services, bundle.from);
    envelope.to_care_manager = is_care_manager(envelope.services, bundle.to);
    return envelope;
}

Month month_of(const Bundle& bundle) {
    for (const BundleFile& file : bundle.files)
        if (file.name.month) return *file.name.month;
    return {};
}

FileSummary summary_of(const FileFacts& facts) {
    return {.name = facts.file->input.name,
            .type = facts.file->name.type->id,
            .records = facts.records,
            .bytes = facts.file->input.size(),
            .digest = facts.file->digest};
}

/// Whether the delete file of this type names サービス事業者コード and サービス種類コード beside
/// the user's key (実績情報_削除): then the rows are told apart by them too.
bool is_deleted_by_service(const Edition& edition, const FileType& type) {
    return std::any_of(
        edition.cascades.begin(), edition.cascades.end(), [&](const Cascade& cascade) {
            return !cascade.removes.empty() && cascade.removes.front() == type.id &&
                   cascade.key.size() > type.keys.size() && cascade.key.back() == "service_type";
        });
}

void add_keys_by_service(const BundleFacts& facts, const FileFacts& file,
                         std::vector<UserKey>& keys) {
    for (const Table6Row& row : file.table6) {
        std::string key(facts.keys.text(row.key));
        key += key_separator;
        key += view(row.office);
        key += key_separator;
        key += row.type();
        if (keys.empty() || keys.back().key != key)
            keys.push_back({file.file->name.type->id, std::move(key)});
    }
}

void add_keys(const BundleFacts& facts, std::vector<UserKey>& keys) {
    for (const FileFacts& file : facts.files) {
        const FileType& type = *file.file->name.type;
        if (is_deleted_by_service(*facts.envelope.bundle.edition, type)) {
            add_keys_by_service(facts, file, keys);
            continue;
        }
        for (const KeyUse& use : file.keys)
            keys.push_back({type.id, std::string(facts.keys.text(use.key))});
    }
}

/// How far the readings of one bundle are.
using ReadingDone = std::function<void(unsigned reading, std::uint64_t bytes)>;
/// Sees the users of each reading.
using UsersSeen = std::function<void(const BundleFacts&)>;

void read_files(BundleFacts& facts, unsigned reading, Collector& findings,
                const ReadingDone& reading_done) {
    std::uint64_t bytes_before = 0;
    for (std::size_t i = 0; i < facts.files.size(); ++i) {
        const auto done = [&](std::uint64_t bytes) { reading_done(reading, bytes_before + bytes); };
        if (reading == 1)
            read_file(facts, i, findings, done);
        else
            read_users(facts, i, done);
        bytes_before += facts.files[i].file->input.size();
        done(0);
    }
    facts.group_rows();
}

/// What a byte of a file usually leaves in rows and keys, in bytes.
double facts_per_byte(const FileType& type) {
    if (type.id == "UPPLAN" || type.id == "UPJSK") return 0.65;
    return type.id == "UPSIKYU" ? 0.75 : 0.25;
}

/// The users of the first reading: all, unless far more than the budget is to be expected. The
/// readers make the range smaller when that was wrong.
UserRange first_users(const Bundle& bundle, std::size_t budget) {
    constexpr double sure_to_exceed = 1.25;
    double expected = 0;
    for (const BundleFile& file : bundle.files)
        expected += facts_per_byte(*file.name.type) * static_cast<double>(file.input.size());
    const double share = static_cast<double>(budget) / std::max(expected, 1.0);
    return UserRange::starting(0, share * sure_to_exceed >= 1 ? 1 : share);
}

/// The users of the reading after: as many as fill the budget, by what the last ones took.
UserRange next_users(const BundleFacts& facts, std::size_t budget) {
    constexpr double nearly_full = 0.95, steepest = 4; // change from one reading to the next
    const double used = static_cast<double>(facts.size());
    const double change = used == 0 ? steepest : nearly_full * static_cast<double>(budget) / used;
    return facts.users.next(facts.users.share() * std::clamp(change, 1 / steepest, steepest));
}

BundleReport check_in_heap(const Catalog& catalog, const Bundle& bundle,
                           const CheckOptions& options, const HeapContext& heap,
                           const UsersSeen& users_seen, const ReadingDone& reading_done) {
    const Envelope envelope = envelope_of(catalog, bundle, options, heap);
    Collector findings(catalog, bundle, options);
    BundleFacts facts{.envelope = envelope,
                      .files = {},
                      .keys = {},
                      .users = first_users(bundle, options.max_facts)};
    for (std::size_t i = 0; i < bundle.files.size(); ++i)
        facts.files.push_back(unread_file(envelope, i));
    for (unsigned reading = 1;; ++reading) {
        read_files(facts, reading, findings, reading_done);
        for (const BundleRule rule : user_rules()) rule(facts, findings);
        add_to_totals(facts);
        users_seen(facts);
        if (!facts.users.has_rest()) break;
        facts.begin_reading(next_users(facts, options.max_facts));
    }
    for (const BundleRule rule : bundle_rules()) rule(facts, findings);

    BundleReport report;
    report.kind = envelope.kind ? envelope.kind->id : "unknown";
    report.edition = bundle.edition->id;
    report.profile = options.profile;
    report.from = bundle.from;
    report.to = bundle.to;
    report.serial = bundle.serial;
    report.month = month_of(bundle);
    for (const FileFacts& file : facts.files) report.files.push_back(summary_of(file));
    findings.move_into(report);
    return report;
}

/// What the bundles of one heap tell about each other; null pointers into it stay valid while it
/// lives.
class HeapKnowledge {
  public:
    explicit HeapKnowledge(const Heap& heap) : heap_(heap), contexts_(heap.bundles.size()) {
        for (const Bundle& bundle : heap.bundles) {
            types_.push_back(types_of(bundle));
            if (types_.back().contains("UP1KYO")) plans_.insert(pair_of(bundle));
        }
        count_bundles_of_month();
        find_split_sets();
    }

    bool is_schedule(std::size_t bundle) const { return types_[bundle].contains("UPPLAN"); }

    /// Keeps the users of a schedule when a plan of the same pair is in the heap.
    void learn(std::size_t bundle, const BundleFacts& facts) {
        if (!is_schedule(bundle) || !plans_.contains(pair_of(heap_.bundles[bundle]))) return;
        auto& users = scheduled_[pair_of(heap_.bundles[bundle])];
        for (const FileFacts& file : facts.files) {
            if (file.file->name.type->id != "UPPLAN") continue;
            for (const KeyUse& use : file.keys) {
                const std::string_view key = facts.keys.text(use.key);
                users.emplace(key.substr(0, key.rfind(key_separator)));
            }
        }
    }

    const HeapContext& context(std::size_t bundle) {
        const auto users = scheduled_.find(pair_of(heap_.bundles[bundle]));
        if (users != scheduled_.end()) contexts_[bundle].scheduled_users = &users->second;
        return contexts_[bundle];
    }

  private:
    /// Bundles compared for R-BND-01; a heap of more broken ones than this is broken otherwise.
    static constexpr std::size_t max_compared = 500;

    static std::string pair_of(const Bundle& bundle) {
        return bundle.from.office.str() + bundle.to.office.str();
    }

    void count_bundles_of_month() {
        using Unit = std::tuple<std::string, OfficeRef, OfficeRef, Month>;
        std::map<Unit, std::vector<std::size_t>> units;
        for (std::size_t i = 0; i < heap_.bundles.size(); ++i) {
            const Bundle& bundle = heap_.bundles[i];
            const Month month = month_of(bundle);
            for (const char* const type : {"UPPLAN", "UPJSK"})
                if (types_[i].contains(type) && month.has_value())
                    units[{type, bundle.from, bundle.to, month}].push_back(i);
        }
        for (const auto& [unit, bundles] : units)
            for (const std::size_t i : bundles) contexts_[i].bundles_of_month = bundles.size();
    }

    /// Two broken sets that would be one whole set, and differ in one part of their names: a slip
    /// in the name.
    void find_split_sets() {
        std::vector<std::size_t> broken;
        for (std::size_t i = 0; i < heap_.bundles.size() && broken.size() < max_compared; ++i)
            if (!kind_of(*heap_.bundles[i].edition, types_[i])) broken.push_back(i);
        for (const std::size_t left : broken)
            for (const std::size_t right : broken)
                if (left != right && contexts_[left].missing_file.empty()) compare(left, right);
    }

    void compare(std::size_t left, std::size_t right) {
        const Bundle& one = heap_.bundles[left];
        const Bundle& other = heap_.bundles[right];
        if (one.edition != other.edition) return;
        const std::string_view difference = difference_of(one, other);
        if (difference.empty()) return;
        std::set<std::string_view> together = types_[left];
        together.insert(types_[right].begin(), types_[right].end());
        if (together.size() != types_[left].size() + types_[right].size()) return;
        if (!kind_of(*one.edition, together)) return;
        contexts_[left].missing_file = other.files.front().input.name;
        contexts_[left].difference = difference;
    }

    /// The one part of the names that differs; empty when more than one does.
    static std::string_view difference_of(const Bundle& one, const Bundle& other) {
        std::vector<std::string_view> parts;
        if (one.serial != other.serial) parts.push_back("serial");
        if (one.from.office != other.from.office) parts.push_back("office");
        if (one.to.office != other.to.office) parts.push_back("office");
        if (one.from.service_type != other.from.service_type) parts.push_back("service_type");
        if (one.to.service_type != other.to.service_type) parts.push_back("service_type");
        return parts.size() == 1 ? parts.front() : std::string_view();
    }

    const Heap& heap_;
    std::vector<HeapContext> contexts_;
    std::vector<std::set<std::string_view>> types_;
    std::set<std::string> plans_; // pairs with a care plan
    std::map<std::string, std::unordered_set<std::string>> scheduled_;
};

std::string_view variant_of(const NameProblem& problem) {
    switch (problem.kind) {
    case NameProblem::Kind::unknown_prefix:
        return problem.looks_like.empty() ? "unknown_prefix" : "unknown_prefix_like";
    case NameProblem::Kind::parts:
        return "parts";
    case NameProblem::Kind::separator:
        return "separator";
    case NameProblem::Kind::extension:
        return "extension";
    case NameProblem::Kind::month:
        return "not_a_month";
    case NameProblem::Kind::serial:
        return "not_real";
    case NameProblem::Kind::branch:
        return "branch";
    case NameProblem::Kind::office:
        return problem.part;
    case NameProblem::Kind::service_type:
        return problem.three_character_service_type ? std::string_view("three_characters")
                                                    : std::string_view(problem.part);
    }
    return {};
}

std::uint64_t size_of(const Bundle& bundle) {
    std::uint64_t bytes = 0;
    for (const BundleFile& file : bundle.files) bytes += file.input.size();
    return bytes;
}

/// Tells how far a check is, each time it is further.
class HeapProgress {
  public:
    HeapProgress(const Heap& heap, const std::function<void(const CheckProgress&)>& told)
        : told_(told) {
        for (const Bundle& bundle : heap.bundles) total_ += size_of(bundle);
        for (const StrayFile& stray : heap.strays) total_ += stray.input.size();
    }
    void tell(const Bundle& bundle, unsigned reading, std::uint64_t bytes) {
        if (reading == 1)
            tell({.done = done_ + bytes, .total = total_, .reading = 1});
        else
            tell({.done = bytes, .total = size_of(bundle), .reading = reading});
    }
    void add(std::uint64_t bytes) {
        done_ += bytes;
        tell({.done = done_, .total = total_, .reading = 1});
    }

  private:
    void tell(const CheckProgress& progress) {
        if (!told_ || (progress.reading == last_.reading && progress.done <= last_.done)) return;
        last_ = progress;
        told_(progress);
    }

    const std::function<void(const CheckProgress&)>& told_;
    std::uint64_t total_ = 0, done_ = 0;
    CheckProgress last_;
};

} // namespace

CheckedBundle check_bundle(const Catalog& catalog, const Bundle& bundle,
                           const CheckOptions& options) {
    CheckedBundle checked;
    std::vector<UserKey>& keys = checked.keys;
    checked.report = check_in_heap(
        catalog, bundle, options, HeapContext{},
        [&](const BundleFacts& facts) { add_keys(facts, keys); }, [](unsigned, std::uint64_t) {});
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return checked;
}

Report check_heap(const Catalog& catalog, const Heap& heap, const CheckOptions& options,
                  const std::function<void(const CheckProgress&)>& progress) {
    Report report;
    report.catalog = catalog.digest;
    report.profile = options.profile;
    HeapProgress done(heap, progress);

    // Schedules first: they tell which users a plan's receiver knows (R-PRIV-02).
    HeapKnowledge knowledge(heap);
    std::vector<BundleReport> reports(heap.bundles.size());
    for (const bool schedules : {true, false})
        for (std::size_t i = 0; i < heap.bundles.size(); ++i) {
            const Bundle& bundle = heap.bundles[i];
            if (knowledge.is_schedule(i) != schedules) continue;
            reports[i] = check_in_heap(
                catalog, bundle, options, knowledge.context(i),
                [&](const BundleFacts& facts) { knowledge.learn(i, facts); },
                [&](unsigned reading, std::uint64_t bytes) { done.tell(bundle, reading, bytes); });
            done.add(size_of(bundle));
        }
    report.bundles = std::move(reports);

    bool stray_errors = false;
    for (const StrayFile& stray : heap.strays) {
        Finding finding = stray_finding(catalog, stray);
        finding.severity = chosen_severity(catalog.rule(finding.rule), options.severities);
        done.add(stray.input.size());
        if (finding.severity == Severity::off) continue;
        stray_errors = stray_errors || finding.severity == Severity::error;
        report.findings.push_back(std::move(finding));
    }
    const bool rejected =
        stray_errors ||
        std::any_of(report.bundles.begin(), report.bundles.end(),
                    [](const BundleReport& bundle) { return bundle.verdict == Verdict::rejected; });
    report.verdict = rejected ? Verdict::rejected : Verdict::accepted;
    return report;
}

Finding stray_finding(const Catalog& catalog, const StrayFile& stray) {
    Finding finding;
    finding.rule = stray.problem.rule;
    finding.severity = catalog.rule(finding.rule).severity;
    finding.variant = variant_of(stray.problem);
    finding.where.file = stray.input.name;
    if (!stray.problem.looks_like.empty()) finding.args["looks_like"] = stray.problem.looks_like;
    return finding;
}

const std::vector<std::string>& implemented_rules() {
    static const std::vector<std::string> ids(rule_ids.begin(), rule_ids.end());
    return ids;
}

} // namespace cpg
