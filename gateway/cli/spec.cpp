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
    const LoadOutcome outcome = load_chosen(given);
    std::cout << problems_text(outcome.problems);
    if (!outcome.catalog) {
        std::cout << outcome.problems.size() << " 件の誤り / problems\n";
        return exit_not_good;
    }
    for (const auto& edition : outcome.catalog->editions)
        std::cout << "版 / edition " << edition->id << ": " << edition->files.size()
                  << " ファイル種別 / file types\n";
    std::cout << outcome.catalog->rules.size() << " 規則 / rules\n"
              << prefixed_hex(outcome.catalog->digest) << "\n正常 / fine\n";
    return exit_done;
}

int spec_doc_command(const Arguments& given) {
    std::cout << catalog_markdown(*catalog_of(given));
    return exit_done;
}

} // namespace cpg::cli
