#include "adapters/client/save_folder.hpp"
#include "gateway/audit/cms.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/files.hpp"
#include "spec/records/bundle.hpp"

#include <algorithm>
#include <iostream>

namespace cpg::cli {

const Usage sign_usage{
    "sign",
    "ファイルごとに電子署名（CAdES、<名前>.p7s）を作ります",
    "writes a detached signature (CAdES, <name>.p7s) beside each file",
    {"PATH…", 1, any_number},
    {{"--cert", "FILE", "署名者の証明書（PEM、中間証明書も可）",
      "signer's certificate (PEM, with its chain if there is one)"},
     {"--key", "FILE", "その秘密鍵（PEM）", "its secret key (PEM)"},
     {"--force", "", "すでにある署名を作り直します", "replaces signatures that are there"}}};

namespace {

namespace fs = std::filesystem;

bool is_signable(const fs::path& file) {
    const std::string name = file.filename().string();
    return !name.starts_with(".") && signed_name_of(name).empty();
}

/// A file, or the files at the top of a folder, by name.
std::vector<fs::path> files_at(const fs::path& path) {
    std::error_code failed;
    if (fs::is_regular_file(path, failed)) return {path};
    std::vector<fs::path> files;
    for (fs::directory_iterator entry(path, failed), end; !failed && entry != end;
         entry.increment(failed))
        if (entry->is_regular_file() && is_signable(entry->path())) files.push_back(entry->path());
    if (failed) throw Failure(exit_usage, path.string() + ": 読めません / cannot be read");
    std::sort(files.begin(), files.end());
    return files;
}

fs::path signature_of(const fs::path& file) {
    return fs::path(file).concat(".p7s");
}

} // namespace

int sign_command(const Arguments& given) {
    const Bytes certificate = read_file(given.required("--cert"));
    const Bytes key = read_file(given.required("--key"));
    std::vector<fs::path> files;
    for (const auto& path : given.operands())
        for (auto& file : files_at(path)) files.push_back(std::move(file));
    if (files.empty()) throw Failure(exit_usage, "署名するファイルがありません / nothing to sign");
    for (const auto& file : files)
        if (!given.has("--force") && fs::exists(signature_of(file)))
            throw Failure(exit_usage, signature_of(file).string() +
                                          ": すでにあります / exists already (--force)");
    for (const auto& file : files) {
        const Bytes signature =
            value_or_fail(audit::sign_cms(read_file(file), certificate, key), "署名できません");
        client::save_file(signature_of(file), signature);
        std::cout << signature_of(file).string() << "\n";
    }
    return exit_done;
}

} // namespace cpg::cli
