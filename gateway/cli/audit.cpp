// `cpgw audit head | fsck | export | verify-export`: the log, read from the database without the
// gateway, or from an exported folder.
#include "gateway/app/application.hpp"
#include "gateway/audit/export.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/connection.hpp"
#include "gateway/cli/progress.hpp"
#include "gateway/cli/text.hpp"
#include "gateway/store/sqlite/sqlite_store.hpp"
#include "gateway/store/store_check.hpp"

#include <boost/json.hpp>
#include <iostream>

namespace cpg::cli {

namespace {

namespace json = boost::json;

const Option config_option{"--config", "FILE", "ゲートウェイの設定ファイル（YAML）",
                           "the gateway's settings (YAML)"};

struct OpenedLog {
    std::shared_ptr<const audit::Signer> signer;
    std::unique_ptr<store::Store> store;
};

/// `verified`: the log is checked while it is opened; else as it is, for fsck to say what is wrong.
enum class Opening { verified, as_it_is };

OpenedLog open_log(const Arguments& given, Opening opening) {
    const auto config =
        value_or_fail(app::read_config(given.required("--config")), "設定ファイルが使えません");
    try {
        auto signer = app::read_log_key(config);
        auto store = store::open_sqlite_store({config.database(), false, 1},
                                              opening == Opening::verified ? signer : nullptr);
        return {std::move(signer), std::move(store)};
    } catch (const std::runtime_error& failed) {
        throw Failure(exit_configuration,
                      std::string("データベースを開けません / cannot open the database: ") +
                          failed.what());
    }
}

json::object json_of(const audit::Findings& findings) {
    json::array flaws;
    for (const auto& flaw : findings.flaws())
        flaws.push_back(
            json::object{{"where", flaw.where}, {"ja", flaw.what.ja}, {"en", flaw.what.en}});
    return {{"intact", findings.count() == 0}, {"leaves", findings.leaves},
            {"tiles", findings.tiles},         {"checkpoints", findings.checkpoints},
            {"bundles", findings.others},      {"flaws_found", findings.count()},
            {"flaws", std::move(flaws)}};
}

std::string counts_text(const audit::Findings& findings) {
    return std::to_string(findings.leaves) + " leaves, " + std::to_string(findings.tiles) +
           " tiles, " + std::to_string(findings.checkpoints) + " checkpoints, " +
           std::to_string(findings.others) + " bundles";
}

void print_text(const audit::Findings& findings, Lang lang) {
    for (const auto& flaw : findings.flaws())
        std::cout << audit::printable(flaw.where) << ": " << flaw.what.in(lang) << '\n';
    if (findings.count() > findings.flaws().size()) std::cout << "… " << findings.count() << '\n';
    std::cout << (findings.count() == 0
                      ? in(lang, "すべて正しく保たれています: ", "everything is intact: ")
                      : in(lang, "壊れているか、書き換えられています: ", "damaged or changed: "))
              << counts_text(findings) << '\n';
}

int report(const audit::Findings& findings, const Arguments& given) {
    if (given.text("--format") == "json")
        std::cout << json::serialize(json_of(findings)) << '\n';
    else
        print_text(findings, given.text("--lang") == "en" ? Lang::en : Lang::ja);
    return findings.count() == 0 ? exit_done : exit_not_good;
}

std::vector<audit::VerifierKey> keys_in(const Arguments& given) {
    const auto keys = keys_of(given.all("--trusted-key"));
    if (keys.empty()) throw UsageError("--trusted-key を指定してください / give --trusted-key");
    return keys;
}

/// Time-stamped checkpoints of a year's log.
std::vector<audit::StampedCheckpoint> stamped_of(store::Store& store, int year,
                                                 std::uint64_t size) {
    constexpr std::size_t page = 1000;
    std::vector<audit::StampedCheckpoint> stamped;
    std::uint64_t after = 0;
    while (true) {
        const auto words = store.attestations(year, store::AttestationKind::timestamp, after, page);
        for (const auto& word : words)
            if (word.size <= size)
                stamped.push_back(
                    {word.size, store.checkpoints_since(year, word.size - 1, 1).at(0), word.bytes});
        if (words.size() < page) return stamped;
        after = words.back().size;
    }
}

/// The note over a log's leaves, with what witnesses put under it.
std::string published_note(store::Store& store, int year, std::uint64_t size) {
    constexpr std::size_t most = 100; // signatures of a note
    std::string note = store.checkpoints_since(year, size - 1, 1).at(0);
    for (const auto& word :
         store.attestations(year, store::AttestationKind::cosignature, size - 1, most))
        if (word.size == size) note += word.bytes;
    return note;
}

} // namespace

const Usage audit_head_usage{
    "audit head",
    "記録のいちばん新しい確認点（署名付き）を表示します",
    "prints the newest signed checkpoint of the log",
    {"", 0, 0},
    {config_option, {"--year", "YYYY", "その年の記録（既定 最新の年）", "of that year's log"}}};

int audit_head_command(const Arguments& given) {
    const auto log = open_log(given, Opening::verified);
    const auto newest = log.store->shards().back().year;
    const auto year = static_cast<int>(given.number("--year", newest, 0, 9999));
    const auto checkpoint = log.store->checkpoint(year);
    if (checkpoint.empty())
        throw Failure(exit_usage, "その年の記録はありません / there is no log of that year");
    std::cout << checkpoint;
    return exit_done;
}

const Usage audit_fsck_usage{
    "audit fsck",
    "記録（全年分）と送信単位の登録をすべて計算し直し、違いを報告します",
    "computes every year's log again and compares every bundle with its leaves",
    {"", 0, 0},
    with(with({config_option}, lang_option()), format_option())};

int audit_fsck_command(const Arguments& given) {
    const auto log = open_log(given, Opening::as_it_is);
    audit::Findings findings;
    {
        Progress progress;
        findings = store::check_store(*log.store, {log.signer->verifier()},
                                      [&](const audit::Findings& so_far) {
                                          progress.show("audit fsck: " + counts_text(so_far));
                                      });
    }
    return report(findings, given);
}

const Usage audit_export_usage{
    "audit export",
    "記録（全年分）を、誰でも検査できるファイルの木（C2SP tlog-tiles）に書き出します",
    "writes every year's log as a static tree of files (C2SP tlog-tiles)",
    {"", 0, 0},
    {config_option, {"--out", "DIR", "書き出す先", "folder to write"}}};

int audit_export_command(const Arguments& given) {
    const std::filesystem::path out = given.required("--out");
    const auto log = open_log(given, Opening::verified);
    const auto write = audit::writer_into(out);
    Progress progress;
    try {
        for (const auto& source : store::logs_of(*log.store)) {
            if (source.size == 0) continue;
            const int year = audit::year_of_origin(source.origin).value();
            audit::export_log(source, std::to_string(year),
                              published_note(*log.store, year, source.size),
                              stamped_of(*log.store, year, source.size), write,
                              [&](const std::string& file) { progress.show(file); });
        }
    } catch (const store::StoreFailure&) {
        throw;
    } catch (const std::runtime_error& failed) {
        throw Failure(exit_usage, std::string("書き出せません / cannot export: ") + failed.what());
    }
    return exit_done;
}

const Usage audit_verify_export_usage{
    "audit verify-export",
    "書き出された記録を、通信もゲートウェイもなしで検査します",
    "checks an exported log without the gateway",
    {"DIR", 1, 1},
    with(with({{"--trusted-key", "VKEY", "信頼する鍵（繰り返せます）",
                "key to trust (may be repeated)", Takes::many_values}},
              lang_option()),
         format_option())};

int audit_verify_export_command(const Arguments& given) {
    const std::filesystem::path folder = given.operands().front();
    const auto years = audit::years_of_export(folder);
    if (years.empty())
        throw Failure(exit_usage, "書き出された記録がありません / there is no exported log");
    const auto read = audit::reader_from(folder);
    std::vector<audit::LogSource> logs;
    audit::Findings findings;
    for (const auto& [year, stamped] : years) {
        const bool closed = year != years.rbegin()->first;
        auto log = audit::exported_log(std::to_string(year), read, stamped, closed);
        if (log)
            logs.push_back(std::move(*log));
        else
            findings.add(std::to_string(year), {"確認点が読めません", "no readable checkpoint"});
    }
    {
        Progress progress;
        audit::check_logs(logs,
                          {keys_in(given),
                           {},
                           [&](const audit::Findings& so_far) {
                               progress.show("audit verify-export: " + counts_text(so_far));
                           }},
                          findings);
    }
    return report(findings, given);
}

} // namespace cpg::cli
