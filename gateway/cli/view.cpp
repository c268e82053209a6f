#include "adapters/client/save_folder.hpp"
#include "gateway/cli/catalog.hpp"
#include "gateway/cli/commands.hpp"
#include "spec/records/unpack.hpp"
#include "spec/render/form_view.hpp"

#include <iostream>

namespace cpg::cli {

const Usage view_usage{
    "view",
    "ファイルを見慣れた帳票（印刷できる HTML）にします",
    "shows files as the printed forms (HTML)",
    {"PATH…", 1, any_number},
    with(with({{"--out", "PATH", "書き出すファイル（.html）またはフォルダー（既定 標準出力）",
                "file (.html) or folder to write into (default: standard output)"}},
              lang_option()),
         spec_dir_option())};

namespace {

/// A folder gets the file forms.html.
std::filesystem::path target_of(const std::filesystem::path& out) {
    return out.extension() == ".html" ? out : out / "forms.html";
}

} // namespace

int view_command(const Arguments& given) {
    const CatalogPtr catalog = catalog_of(given);
    const auto files =
        value_or_fail(read_paths({given.operands().begin(), given.operands().end()}), "読めません");
    if (files.empty())
        throw Failure(exit_usage,
                      "ファイルがありません / no files in: " + given.operands().front());
    const Lang lang = given.text("--lang") == "en" ? Lang::en : Lang::ja;
    const std::string html = form_html(*catalog, files, lang);
    if (!given.has("--out")) {
        std::cout << html;
        return exit_done;
    }
    const std::filesystem::path target = target_of(given.text("--out"));
    client::save_file(target, html);
    std::cout << target.string() << "\n";
    return exit_done;
}

} // namespace cpg::cli
