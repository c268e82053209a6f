#include "gateway/cli/catalog.hpp"

namespace cpg::cli {

const std::vector<Option>& spec_dir_option() {
    static const std::vector<Option> options{
        {"--spec-dir", "DIR", "標準仕様の表を読むフォルダー（既定 組み込み）",
         "folder of the standard's tables (default: the embedded ones)"}};
    return options;
}

namespace {

LoadOutcome load_folder(const std::string& folder) {
    try {
        return load_catalog(sources_of(folder));
    } catch (const std::exception& error) {
        throw Failure(exit_usage, "標準仕様の表を読めません: " + folder +
                                      " / cannot read the tables: " + error.what());
    }
}

} // namespace

LoadOutcome load_chosen(const Arguments& given) {
    return given.has("--spec-dir") ? load_folder(given.text("--spec-dir"))
                                   : load_catalog(embedded_sources());
}

CatalogPtr catalog_in(const std::string& folder) {
    LoadOutcome outcome = load_folder(folder);
    if (!outcome.catalog)
        throw Failure(exit_configuration,
                      "標準仕様の表に誤りがあります / the tables of the standard are wrong:\n" +
                          problems_text(outcome.problems));
    return outcome.catalog;
}

CatalogPtr catalog_of(const Arguments& given) {
    return given.has("--spec-dir") ? catalog_in(given.text("--spec-dir")) : embedded_catalog();
}

std::string problems_text(const std::vector<LoadProblem>& problems) {
    std::string text;
    for (const auto& problem : problems) {
        text += problem.file;
        if (problem.line > 0) text += ":" + std::to_string(problem.line);
        text += ": " + problem.text + "\n";
    }
    return text;
}

} // namespace cpg::cli
