// YAML -> Catalog. Strict: an unknown key, a duplicate or missing column, an unknown type, list,
// bundle or rule, a rule without text is an error that names file and line. yaml-cpp is seen by
// spec/load only.
#pragma once

#include "spec/model/catalog.hpp"

#include <filesystem>

namespace cpg {

struct SourceFile {
    std::string name; // "v4.1.yaml"
    Bytes text;
};

struct LoadProblem {
    std::string file;
    int line = 0;     // from 1; 0 = the file as a whole
    std::string text; // English
};

struct LoadOutcome {
    CatalogPtr catalog; // null when there are problems
    std::vector<LoadProblem> problems;
};

/// The YAML files embedded in this binary at build time: v4.1.yaml, v3.yaml, findings.yaml.
const std::vector<SourceFile>& embedded_sources();
/// Reads the three files of a folder (--spec-dir): editions/*.yaml and findings.yaml, or all in one
/// folder. Throws on I/O.
std::vector<SourceFile> sources_of(const std::filesystem::path& folder);
/// One file of at most 4 MiB; the .yaml files of a folder (at most 20), by name. Throw
/// std::runtime_error on I/O.
SourceFile read_source_file(const std::filesystem::path& path);
std::vector<SourceFile> yaml_sources_of(const std::filesystem::path& folder);

LoadOutcome load_catalog(const std::vector<SourceFile>& sources);
/// The embedded catalog, loaded once; throws when it is broken (a bug that the tests catch).
CatalogPtr embedded_catalog();

} // namespace cpg
