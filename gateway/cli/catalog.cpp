#include "gateway/cli/catalog.hpp"

#include "spec/tables/service_codes.hpp"

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

std::vector<ProfilePtr> profiles_of(const Arguments& given, const Catalog& catalog,
                                    std::vector<LoadProblem>& problems) {
    const std::string folder = given.text("--spec-dir");
    try {
        return load_profiles(catalog, profile_sources_of(folder), problems);
    } catch (const std::exception& error) {
        throw Failure(exit_usage, "検査の厳しさの設定を読めません: " + folder +
                                      " / cannot read the profiles: " + error.what());
    }
}

ProfilePtr profile_of(const Arguments& given, const Catalog& catalog) {
    const std::string wanted = given.text("--profile", standard_profile);
    ProfileOutcome outcome;
    try {
        outcome = choose_profile(catalog, wanted, given.text("--spec-dir"));
    } catch (const std::exception& error) {
        throw Failure(exit_usage, "検査の厳しさの設定を読めません: " + wanted +
                                      " / cannot read the profile: " + error.what());
    }
    if (outcome.profile) return outcome.profile;
    const bool is_name = !wanted.ends_with(".yaml");
    throw Failure(is_name ? exit_usage : exit_configuration,
                  "検査の厳しさの設定に誤りがあります / the profile cannot be used:\n" +
                      problems_text(outcome.problems));
}

ServiceCodeTablePtr service_codes_of(const Arguments& given) {
    if (!given.has("--service-codes")) return nullptr;
    const std::string path = given.text("--service-codes");
    std::vector<SourceFile> sources;
    try {
        sources = service_code_sources(path);
    } catch (const std::exception& error) {
        throw Failure(exit_usage, "サービスコード表を読めません: " + path +
                                      " / cannot read the service codes: " + error.what());
    }
    ServiceCodeOutcome outcome = load_service_codes(sources);
    if (outcome.table) return outcome.table;
    throw Failure(exit_configuration,
                  "サービスコード表に誤りがあります / the service codes are wrong:\n" +
                      problems_text(outcome.problems));
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
