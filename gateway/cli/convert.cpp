#include "adapters/client/save_folder.hpp"
#include "gateway/cli/catalog.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/text.hpp"
#include "spec/records/unpack.hpp"
#include "spec/render/canonical.hpp"

#include <iostream>

namespace cpg::cli {

const Usage convert_usage{
    "convert",
    "CSV を正準 JSON に、JSON を CSV に変えます（何も失いません）",
    "turns CSV into canonical JSON and back, without loss",
    {"PATH…", 1, any_number},
    with({{"--to", "json|csv", "変換先", "what to make"},
          {"--out", "DIR", "書き出すフォルダー（ファイルが一つなら省略でき、標準出力に書きます）",
           "folder to write into (one file alone goes to standard output without it)"}},
         spec_dir_option())};

namespace {

struct Output {
    std::string name;
    Bytes bytes;
};

std::string place_of(const Normalised& item) {
    std::string place;
    if (item.line != 0) place += " " + std::to_string(item.line) + " 行目 / line";
    if (item.column != 0) place += ", 項目 / column " + std::to_string(item.column);
    if (item.count > 1) place += ", 計 / in all " + std::to_string(item.count);
    return place;
}

void tell_changes(const std::string& file, const std::vector<Normalised>& changes) {
    for (const Normalised& item : changes)
        std::cerr << printable(file) << ": " << words_of_change(item.change, true) << " / "
                  << words_of_change(item.change, false) << place_of(item) << "\n";
}

/// Nothing for a file that is no CSV: it is named and left out.
std::optional<Output> json_of(const Catalog& catalog, const InputFile& file) {
    const ParsedName parsed = parse_file_name(catalog, file.name);
    const FileName* const name = std::get_if<FileName>(&parsed);
    if (!name)
        throw Failure(exit_usage, "標準のファイル名ではありません: " + printable(file.name) +
                                      " / not a file name of the standard");
    if (!name->type->is_csv()) {
        std::cerr << printable(file.name)
                  << ": CSV ではないので変換しません / not a CSV file, left out\n";
        return std::nullopt;
    }
    Canonical canonical =
        value_or_fail(to_canonical(*name, file.bytes), "変換できません: " + printable(file.name));
    tell_changes(file.name, canonical.normalised);
    return Output{file.name + ".json", std::move(canonical.json)};
}

std::optional<Output> csv_of(const Catalog& catalog, const InputFile& file) {
    Result<Restored> restored = from_canonical(catalog, file.bytes);
    if (!restored && restored.error().code == Errc::not_acceptable)
        throw Failure(exit_not_good, "MS932 に無い文字があります: " + printable(file.name) + " / " +
                                         restored.error().detail);
    if (!restored)
        throw Failure("正準 JSON として読めません: " + printable(file.name), restored.error());
    std::cerr << printable(restored->name.text)
              << (restored->same_as_source
                      ? ": 元のファイルと同じバイト列 / the bytes of the source\n"
                      : ": 元のファイルと異なります / differs from the source\n");
    return Output{restored->name.text, std::move(restored->bytes)};
}

} // namespace

int convert_command(const Arguments& given) {
    const bool to_json = given.required("--to") == "json";
    const CatalogPtr catalog = catalog_of(given);
    UnpackLimits limits;
    if (!to_json) {
        limits.max_file = max_canonical_bytes;
        limits.max_total = 2 * max_canonical_bytes;
    }
    const auto files = value_or_fail(
        read_paths({given.operands().begin(), given.operands().end()}, limits), "読めません");
    const bool to_folder = given.has("--out");
    if (!to_folder && files.size() != 1)
        throw UsageError("ファイルが一つでないときは --out が要ります / --out is needed unless "
                         "there is one file");
    const std::filesystem::path folder = given.text("--out");
    std::size_t written = 0;
    for (const InputFile& file : files) {
        const auto output = to_json ? json_of(*catalog, file) : csv_of(*catalog, file);
        if (!output) continue;
        ++written;
        if (to_folder)
            client::save_file(folder / output->name, output->bytes);
        else
            std::cout << output->bytes;
    }
    if (to_folder) std::cout << folder.string() << ": " << written << " ファイル / files\n";
    return exit_done;
}

} // namespace cpg::cli
