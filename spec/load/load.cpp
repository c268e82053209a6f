#include "spec/load/load.hpp"

#include "spec/base/digest.hpp"
#include "spec/load/edition_loader.hpp"
#include "spec/load/findings_loader.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace cpg {
namespace {

constexpr std::string_view findings_name = "findings.yaml";
constexpr std::uintmax_t max_source_size = 4u << 20; // the largest of ours is 100 KiB
constexpr std::size_t max_sources = 20;

/// Independent of the order of the list and unambiguous: each file as "<name>\n<size>\n<bytes>".
Digest digest_of(std::vector<const SourceFile*> sources) {
    std::sort(sources.begin(), sources.end(), [](const SourceFile* left, const SourceFile* right) {
        return left->name < right->name;
    });
    Sha256 digest;
    for (const SourceFile* source : sources)
        digest.update(source->name + "\n" + std::to_string(source->text.size()) + "\n")
            .update(source->text);
    return digest.finish();
}

void check_editions(const Catalog& catalog, const std::vector<std::string>& files,
                    std::vector<LoadProblem>& problems) {
    for (std::size_t i = 0; i < catalog.editions.size(); ++i) {
        const std::string& id = catalog.editions[i]->id;
        if (!id.empty() && catalog.edition(id) != catalog.editions[i].get())
            problems.push_back({files[i], 0, "edition " + id + " twice"});
    }
    if (catalog.editions.empty()) problems.push_back({"", 0, "no edition among the files"});
}

void sort_by_name(std::vector<SourceFile>& sources) {
    std::sort(sources.begin(), sources.end(), [](const SourceFile& left, const SourceFile& right) {
        return left.name < right.name;
    });
}

} // namespace

SourceFile read_source_file(const std::filesystem::path& path) {
    if (std::filesystem::file_size(path) > max_source_size)
        throw std::runtime_error(path.string() + ": larger than 4 MiB");
    std::ifstream file(path, std::ios::binary);
    SourceFile source;
    source.name = path.filename().string();
    source.text.assign(std::istreambuf_iterator<char>(file), {});
    if (!file) throw std::runtime_error(path.string() + ": cannot be read");
    return source;
}

std::vector<SourceFile> yaml_sources_of(const std::filesystem::path& folder) {
    std::vector<SourceFile> sources;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (!entry.is_regular_file() || entry.path().extension() != ".yaml") continue;
        if (sources.size() == max_sources)
            throw std::runtime_error(folder.string() + ": more than 20 files");
        sources.push_back(read_source_file(entry.path()));
    }
    sort_by_name(sources);
    return sources;
}

std::vector<SourceFile> sources_of(const std::filesystem::path& folder) {
    const bool has_editions = std::filesystem::is_directory(folder / "editions");
    std::vector<SourceFile> sources = yaml_sources_of(has_editions ? folder / "editions" : folder);
    if (has_editions) sources.push_back(read_source_file(folder / findings_name));
    sort_by_name(sources);
    return sources;
}

LoadOutcome load_catalog(const std::vector<SourceFile>& sources) {
    LoadOutcome outcome;
    auto catalog = std::make_shared<Catalog>();
    std::vector<std::string> edition_files;
    std::vector<const SourceFile*> all;
    bool has_findings = false;
    for (const SourceFile& source : sources) {
        all.push_back(&source);
        if (source.name == findings_name) {
            has_findings = true;
            catalog->rules = load_findings(source, outcome.problems);
        } else {
            catalog->editions.push_back(load_edition(source, outcome.problems));
            edition_files.push_back(source.name);
        }
    }
    check_editions(*catalog, edition_files, outcome.problems);
    if (!has_findings) outcome.problems.push_back({"findings.yaml", 0, "is missing"});
    std::sort(catalog->editions.begin(), catalog->editions.end(),
              [](const auto& left, const auto& right) {
                  return left->applies_from > right->applies_from;
              });
    catalog->digest = digest_of(std::move(all));
    if (outcome.problems.empty()) outcome.catalog = std::move(catalog);
    return outcome;
}

CatalogPtr embedded_catalog() {
    static const CatalogPtr catalog = [] {
        LoadOutcome outcome = load_catalog(embedded_sources());
        if (outcome.catalog) return outcome.catalog;
        const LoadProblem& first = outcome.problems.front();
        throw std::logic_error("the embedded catalogue is broken: " + first.file + ":" +
                               std::to_string(first.line) + ": " + first.text);
    }();
    return catalog;
}

} // namespace cpg
