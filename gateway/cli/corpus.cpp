#include "gateway/cli/corpus.hpp"

#include "gateway/cli/failure.hpp"
#include "spec/base/digest.hpp"
#include "spec/check/checker.hpp"
#include "spec/records/csv_reader.hpp"
#include "spec/records/unpack.hpp"

#include <algorithm>

namespace cpg::cli {
namespace {

constexpr std::size_t all_findings = 1'000'000; // of one bundle: more would be one mistake repeated
constexpr std::string_view planner_type = "43";
constexpr std::string_view other_type = "11"; // when no row tells

/// An error, whatever column numbers say.
struct Mark {
    std::string rule, variant, key;
    std::uint32_t record = 0;
    auto operator<=>(const Mark&) const = default;
};
using Marks = std::map<std::string, std::multiset<Mark>>; // by file

/// `names` gives the name a file has in the corpus.
Marks errors_of(const Catalog& catalog, const Bundle& bundle,
                const std::map<std::string, std::string>& names) {
    CheckOptions options;
    options.max_findings = all_findings;
    Marks marks;
    for (const Finding& finding : check_bundle(catalog, bundle, options).report.findings) {
        if (finding.severity != Severity::error) continue;
        const auto name = names.find(finding.where.file);
        marks[name == names.end() ? finding.where.file : name->second].insert(
            {finding.rule, finding.variant, finding.key, finding.where.record});
    }
    return marks;
}

/// 種類 of the first row of 第6表 that is this office's.
std::optional<ServiceType> type_in_rows(const Bundle& bundle, const OfficeNo& office) {
    std::optional<ServiceType> found;
    for (const BundleFile& file : bundle.files) {
        const int office_column = file.name.type->column("service_office_no");
        const int code_column = file.name.type->column("service_code");
        if (office_column < 0 || code_column < 0) continue;
        const auto last = static_cast<std::size_t>(std::max(office_column, code_column));
        read_csv(file.input.bytes,
                 {[&](const Record& record) {
                      if (found || record.cells.size() <= last) return;
                      const auto& cells = record.cells;
                      const auto at = static_cast<std::size_t>(office_column);
                      if (cells[at].raw != office.view()) return;
                      found = ServiceType::parse(
                          cells[static_cast<std::size_t>(code_column)].raw.substr(0, 2));
                  },
                  {}});
    }
    return found;
}

bool is_sent_by_service_office(const Bundle& bundle) {
    if (bundle.files.empty()) return false;
    const auto& directions = bundle.files.front().name.type->direction;
    return !directions.empty() && directions.front().sender != "care_manager" &&
           directions.front().receiver == "care_manager";
}

OfficeRef with_type(const Bundle& bundle, const OfficeRef& office, bool plans) {
    if (office.service_type) return office;
    OfficeRef out = office;
    if (plans)
        out.service_type = ServiceType::parse(planner_type);
    else if (auto type = type_in_rows(bundle, office.office))
        out.service_type = type;
    else
        out.service_type = ServiceType::parse(other_type);
    return out;
}

bool has_service_types(const Edition& edition) {
    const auto& parts = edition.files.front().name_parts;
    return std::any_of(parts.begin(), parts.end(), [](const NamePart& part) {
        return part.kind == NamePart::Kind::from_service_type;
    });
}

/// Writes the version over that of the older edition, record by record; both are six digits.
void set_version(Bytes& bytes, const Edition& from, const Edition& to) {
    std::vector<std::size_t> places;
    read_csv(bytes,
             {[&](const Record& record) {
                  const BytesView version = record.cells.front().raw;
                  if (version == from.csv_version)
                      places.push_back(static_cast<std::size_t>(version.data() - bytes.data()));
              },
              {}});
    for (const std::size_t place : places)
        bytes.replace(place, from.csv_version.size(), to.csv_version);
}

struct CorpusHeap {
    std::string place;
    std::vector<InputFile> files;
};

std::vector<CorpusHeap> heaps_of(const std::filesystem::path& corpus) {
    namespace fs = std::filesystem;
    std::map<std::string, std::vector<fs::path>> folders;
    std::vector<CorpusHeap> heaps;
    const auto read = [](const std::vector<fs::path>& paths) {
        return value_or_fail(read_paths(paths), "コーパスを読めません");
    };
    const auto take = [&](const fs::path& file) {
        const std::string place = fs::relative(file.parent_path(), corpus).generic_string();
        if (file.extension() == ".zip" || file.extension() == ".ZIP")
            heaps.push_back({fs::relative(file, corpus).generic_string(), read({file})});
        else
            folders[place].push_back(file);
    };
    std::error_code error;
    if (!fs::is_directory(corpus, error))
        throw Failure(exit_usage, "フォルダーがありません: " + corpus.string() +
                                      " / no such folder: " + corpus.string());
    for (const auto& entry : fs::recursive_directory_iterator(corpus))
        if (entry.is_regular_file()) take(entry.path());
    for (auto& [place, paths] : folders) {
        std::sort(paths.begin(), paths.end());
        heaps.push_back({place, read(paths)});
    }
    std::sort(heaps.begin(), heaps.end(),
              [](const auto& left, const auto& right) { return left.place < right.place; });
    return heaps;
}

/// The bundle's marks under both catalogues, compared.
class BundleComparison {
  public:
    BundleComparison(const CorpusRequest& request, const std::string& place, const Bundle& bundle)
        : request_(request), place_(place), bundle_(bundle) {}

    std::vector<CorpusFailure> run() {
        const Bundle moved = as_of_edition(bundle_, request_.new_edition);
        std::map<std::string, std::string> names;
        std::size_t next = 0;
        for (const BundleFile& file : bundle_.files) {
            if (!request_.new_edition.file(file.name.type->id))
                failures_.push_back({place_, file.input.name, {}, true});
            else
                names.emplace(moved.files.at(next++).input.name, file.input.name);
        }
        if (moved.files.empty()) return std::move(failures_);
        const Marks before = errors_of(request_.old_catalog, bundle_, {});
        const Marks after = errors_of(request_.new_catalog, moved, names);
        for (const auto& [file, marks] : after) {
            const auto known = before.find(file);
            add_new(file, marks, known == before.end() ? std::multiset<Mark>{} : known->second);
        }
        return std::move(failures_);
    }

  private:
    void add_new(const std::string& file, const std::multiset<Mark>& after,
                 const std::multiset<Mark>& before) {
        std::vector<Mark> fresh;
        std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                            std::back_inserter(fresh));
        if (fresh.empty()) return;
        CorpusFailure failure{place_, file, {}, false};
        for (const Mark& mark : fresh) ++failure.rules[mark.rule];
        failures_.push_back(std::move(failure));
    }

    const CorpusRequest& request_;
    const std::string& place_;
    const Bundle& bundle_;
    std::vector<CorpusFailure> failures_;
};

} // namespace

Bundle as_of_edition(const Bundle& bundle, const Edition& edition) {
    Bundle out;
    out.edition = &edition;
    out.serial = bundle.serial;
    out.from = bundle.from;
    out.to = bundle.to;
    if (has_service_types(edition)) {
        const bool answers = is_sent_by_service_office(bundle);
        out.from = with_type(bundle, bundle.from, !answers);
        out.to = with_type(bundle, bundle.to, answers);
    } else {
        out.from.service_type.reset();
        out.to.service_type.reset();
    }
    for (const BundleFile& file : bundle.files) {
        const FileType* const type = edition.file(file.name.type->id);
        if (!type) continue;
        BundleFile moved = file;
        moved.name.edition = &edition;
        moved.name.type = type;
        moved.name.from = out.from;
        moved.name.to = out.to;
        if (bundle.edition->id != edition.id && type->is_csv()) {
            set_version(moved.input.bytes, *bundle.edition, edition);
            moved.digest = sha256(moved.input.bytes);
            moved.input.name = make_file_name(*type, out.from, out.to, out.serial, file.name.month,
                                              file.name.branch);
        }
        moved.name.text = moved.input.name;
        out.files.push_back(std::move(moved));
    }
    return out;
}

CorpusOutcome compare_corpus(const CorpusRequest& request, const std::filesystem::path& corpus,
                             const std::function<void(std::uint64_t)>& progress) {
    CorpusOutcome outcome;
    for (CorpusHeap& heap : heaps_of(corpus)) {
        const Heap groups = group_files(request.old_catalog, std::move(heap.files));
        outcome.other += groups.strays.size();
        for (const Bundle& bundle : groups.bundles) {
            if (bundle.edition != &request.old_edition) {
                outcome.other += bundle.files.size();
                continue;
            }
            ++outcome.bundles;
            outcome.files += bundle.files.size();
            auto failures = BundleComparison(request, heap.place, bundle).run();
            std::move(failures.begin(), failures.end(), std::back_inserter(outcome.failures));
            progress(outcome.files);
        }
    }
    return outcome;
}

} // namespace cpg::cli
