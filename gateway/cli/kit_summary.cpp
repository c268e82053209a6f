// The signed summary of the conformance kit: key, summary, verify.
#include "adapters/client/save_folder.hpp"
#include "gateway/audit/key_file.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/connection.hpp"
#include "gateway/cli/files.hpp"
#include "gateway/cli/text.hpp"
#include "spec/base/clock.hpp"
#include "spec/kit/summary.hpp"

#include <algorithm>
#include <iostream>

namespace cpg::cli {

const Usage kit_key_usage{
    "kit key",
    "結果の要約に署名する鍵を作ります",
    "makes a key that signs summaries of results",
    {"", 0, 0},
    {{"--name", "NAME", "鍵の名前（空白と + を除く。例 kit.example.jp/vendor-test）",
      "name of the key, without blanks and plus"},
     {"--out", "FILE", "秘密鍵のファイル（新しく作ります）", "file of the secret (must be new)"}}};

const Usage kit_summary_usage{
    "kit summary",
    "結果（kit check・import-check の JSON）をまとめ、署名した一枚の文書にします",
    "gathers results (JSON of kit check and import-check) into one signed text",
    {"", 0, 0},
    {{"--results", "DIR", "結果の JSON のフォルダー", "folder of the results' JSON"},
     {"--key", "FILE", "署名の鍵（kit key）", "key that signs (kit key)"},
     {"--out", "FILE", "書き出すファイル", "file to write"},
     {"--vendor", "NAME", "ベンダ名", "name of the vendor"},
     {"--product", "NAME", "製品名", "name of the product"},
     {"--version", "TEXT", "製品の版", "version of the product"},
     {"--date", "YYYY-MM-DD", "日付（既定 今日）", "date (default: today in Japan)"}}};

const Usage kit_verify_usage{
    "kit verify",
    "署名した要約を、通信なしで確かめます",
    "verifies a signed summary offline",
    {"SUMMARY", 1, 1},
    {{"--pub", "KEY", "信頼する鍵（VKEY またはそのファイル。繰り返せます）",
      "key to trust: a vkey or a file of it (may be repeated)", Takes::many_values}}};

namespace {

constexpr std::size_t most_results = 100; // 7 patterns, 2 editions, 2 directions: 28

std::string today() {
    const std::string day = japan_day(system_clock().now());
    return day.substr(0, 4) + "-" + day.substr(4, 2) + "-" + day.substr(6, 2);
}

std::vector<std::filesystem::path> result_files(const std::filesystem::path& folder) {
    std::error_code failed;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
        if (!entry.is_regular_file() || entry.path().extension() != ".json") continue;
        if (files.size() == most_results)
            throw Failure(exit_usage, "結果が多すぎます / too many results in: " + folder.string());
        files.push_back(entry.path());
    }
    if (failed || files.empty())
        throw Failure(exit_usage, "結果の JSON がありません / no results in: " + folder.string());
    std::sort(files.begin(), files.end());
    return files;
}

std::vector<kit::ResultDocument> results_in(const std::filesystem::path& folder) {
    std::vector<kit::ResultDocument> results;
    for (const std::filesystem::path& file : result_files(folder)) {
        auto result = kit::read_result(*kit::embedded_kit(), *embedded_catalog(), read_file(file));
        if (!result)
            throw Failure(exit_usage, "結果として読めません: " + printable(file.string()) + " / " +
                                          result.error().detail);
        results.push_back(std::move(*result));
    }
    return results;
}

/// VKEY, or the first line of a file that holds one.
std::string vkey_of(const std::string& given) {
    std::error_code failed;
    if (!std::filesystem::is_regular_file(given, failed)) return given;
    const Bytes text = read_file(given);
    return text.substr(0, text.find_first_of("\r\n"));
}

int exit_of_proof(Errc code) {
    if (code == Errc::tampered) return 1;
    return code == Errc::unknown_key ? 3 : 2;
}

std::string_view words_of_proof(Errc code) {
    switch (code) {
    case Errc::tampered:
        return "改ざんされています / tampered";
    case Errc::unknown_key:
        return "信頼する鍵の署名ではありません / not signed by a key to trust";
    default:
        return "署名した要約ではありません / not a signed summary";
    }
}

} // namespace

int kit_key_command(const Arguments& given) {
    const std::string name = given.required("--name");
    const auto vkey =
        value_or_fail(audit::create_key_file(given.required("--out"), name), "鍵を作れません");
    std::cout << vkey << "\n";
    return exit_done;
}

int kit_summary_command(const Arguments& given) {
    const std::string out = given.required("--out");
    const kit::Maker maker{given.required("--vendor"), given.required("--product"),
                           given.required("--version"), given.text("--date", today())};
    const auto results = results_in(given.required("--results"));
    const auto signer =
        value_or_fail(audit::read_key_file(given.required("--key")), "鍵を読めません");
    const std::string text =
        value_or_fail(kit::summary_text(*kit::embedded_kit(), *embedded_catalog(), maker, results),
                      "まとめられません");
    client::save_file(out, audit::sign_note(text, {signer.get()}));
    std::cout << out << ": " << results.size() << " 件 / results\n"
              << "確認 / verify: cpgw kit verify " << out << " --pub " << signer->verifier().text()
              << "\n";
    return exit_done;
}

int kit_verify_command(const Arguments& given) {
    std::vector<std::string> vkeys = given.all("--pub");
    if (vkeys.empty()) throw UsageError("--pub が要ります / --pub is needed");
    for (std::string& vkey : vkeys) vkey = vkey_of(vkey);
    const auto keys = keys_of(vkeys);
    const Bytes file = read_file(given.operands().front());
    auto note = audit::open_note(file, keys);
    if (note && !kit::is_summary(note->text))
        note = Error{Errc::malformed, "signed, but no summary"};
    if (!note) {
        std::cerr << given.operands().front() << ": " << words_of_proof(note.error().code) << " ("
                  << note.error().detail << ")\n";
        return exit_of_proof(note.error().code);
    }
    std::cout << note->text << "署名を確かめました / signed by " << note->signatures.front().name
              << "\n";
    return exit_done;
}

} // namespace cpg::cli
