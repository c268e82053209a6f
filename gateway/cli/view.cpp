#include "adapters/client/save_folder.hpp"
#include "gateway/cli/catalog.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/signers.hpp"
#include "spec/records/unpack.hpp"
#include "spec/render/form_view.hpp"
#include "spec/render/report_words.hpp"

#include <set>

#include <iostream>

namespace cpg::cli {

const Usage view_usage{
    "view",
    "ファイルを見慣れた帳票（印刷できる HTML）にします",
    "shows files as the printed forms (HTML)",
    {"PATH…", 1, any_number},
    with(with({{"--out", "PATH", "書き出すファイル（.html）またはフォルダー（既定 標準出力）",
                "file (.html) or folder to write into (default: standard output)"}},
              with(signer_options(), lang_option())),
         spec_dir_option())};

namespace {

/// A folder gets the file forms.html.
std::filesystem::path target_of(const std::filesystem::path& out) {
    return out.extension() == ".html" ? out : out / "forms.html";
}

/// Takes the signatures out; a line for each bundle that has any.
std::vector<std::string> take_signatures(const Catalog& catalog, std::vector<InputFile>& files,
                                         const Arguments& given, Lang lang) {
    const Heap heap = group_files(catalog, files);
    std::set<std::string> names;
    for (const auto& signature : heap.signatures) names.insert(signature.name);
    std::erase_if(files, [&](const InputFile& file) { return names.count(file.name) > 0; });
    std::vector<std::string> lines;
    const auto judged = signatures_in(catalog, heap, given);
    for (std::size_t i = 0; i < judged.size(); ++i) {
        if (judged[i].signatures.empty()) continue;
        const Bundle& bundle = heap.bundles[i];
        lines.push_back(office_words(bundle.from, lang) + " → " + office_words(bundle.to, lang) +
                        " " + bundle.serial.str() +
                        std::string(in(lang, "：電子署名の水準 ", ": level of signatures ")) +
                        signature_level_words(name_of(judged[i].level), lang));
        for (const auto& finding : judged[i].findings) {
            const auto text = text_of(catalog, finding, lang);
            lines.push_back(text.message);
        }
    }
    return lines;
}

} // namespace

int view_command(const Arguments& given) {
    const CatalogPtr catalog = catalog_of(given);
    auto files =
        value_or_fail(read_paths({given.operands().begin(), given.operands().end()}), "読めません");
    if (files.empty())
        throw Failure(exit_usage,
                      "ファイルがありません / no files in: " + given.operands().front());
    const Lang lang = given.text("--lang") == "en" ? Lang::en : Lang::ja;
    const auto above = take_signatures(*catalog, files, given, lang);
    const std::string html = form_html(*catalog, files, lang, {}, above);
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
