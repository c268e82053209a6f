#include "gateway/cli/catalog.hpp"
#include "gateway/cli/commands.hpp"
#include "spec/load/doc.hpp"

#include <iostream>

namespace cpg::cli {

const Usage spec_lint_usage{"spec lint",
                            "標準仕様の表と規則の文を調べます",
                            "checks the standard's tables and the texts of the rules",
                            {},
                            spec_dir_option()};

const Usage spec_doc_usage{"spec doc",
                           "標準仕様の表と規則を一つの文書（Markdown）にします",
                           "prints the tables and the rules as one Markdown page",
                           {},
                           spec_dir_option()};

int spec_lint_command(const Arguments& given) {
    LoadOutcome outcome = load_chosen(given);
    std::vector<ProfilePtr> profiles;
    if (outcome.catalog) profiles = profiles_of(given, *outcome.catalog, outcome.problems);
    std::cout << problems_text(outcome.problems);
    if (!outcome.problems.empty()) {
        std::cout << outcome.problems.size() << " 件の誤り / problems\n";
        return exit_not_good;
    }
    for (const auto& edition : outcome.catalog->editions)
        std::cout << "版 / edition " << edition->id << ": " << edition->files.size()
                  << " ファイル種別 / file types\n";
    for (const ProfilePtr& profile : profiles)
        std::cout << "検査の厳しさ / profile " << profile->name << ": "
                  << profile->severities.size() << " 規則を変更 / rules changed\n";
    std::cout << outcome.catalog->rules.size() << " 規則 / rules\n"
              << prefixed_hex(outcome.catalog->digest) << "\n正常 / fine\n";
    return exit_done;
}

int spec_doc_command(const Arguments& given) {
    const CatalogPtr catalog = catalog_of(given);
    std::vector<LoadProblem> problems;
    const std::vector<ProfilePtr> profiles = profiles_of(given, *catalog, problems);
    if (!problems.empty())
        throw Failure(exit_configuration,
                      "検査の厳しさの設定に誤りがあります / the profiles are wrong:\n" +
                          problems_text(problems));
    std::cout << catalog_markdown(*catalog, profiles);
    return exit_done;
}

} // namespace cpg::cli
