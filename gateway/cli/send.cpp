#include "adapters/client/save_folder.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/connection.hpp"
#include "gateway/cli/files.hpp"
#include "gateway/cli/office_ref.hpp"
#include "gateway/cli/progress.hpp"
#include "gateway/cli/remote.hpp"
#include "gateway/cli/text.hpp"
#include "spec/base/conversion.hpp"
#include "spec/load/load.hpp"
#include "spec/records/unpack.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <iostream>
#include <thread>

namespace cpg::cli {

const Usage send_usage{
    "send",
    "ファイル、フォルダー、ZIP を送り、受付票を確かめて保存します",
    "sends files, folders and ZIPs; verifies and keeps the receipts",
    {"PATH…", 1, any_number},
    with({{"--wait", "", "相手が受領するまで待ちます", "waits until each bundle is fetched"},
          {"--receipts", "DIR", "控えと受付票を置くフォルダー（既定 receipts）",
           "folder for what was sent and its receipts (default receipts)"},
          {"--cover-to", "OFFICE[:TYPE]", "文書（PDF、JPEG、PNG）の送信先",
           "receiver of the papers (PDF, JPEG, PNG)"},
          {"--cover-from", "OFFICE", "文書の送信元（複数の事業所をもつ証明書）",
           "sender of the papers, for a certificate of several offices"},
          {"--title", "TEXT", "文書の表題", "title of the papers"},
          {"--month", "YYYYMM", "文書の対象年月", "month of the papers"},
          {"--with-serial", "SERIAL", "同時に送る送信単位の通番に文書を添えます",
           "attaches the papers to the bundle of this serial in the same request"},
          {"--conversion", "TEXT",
           "変換の申告（方言@版; fills=件数; lookups=件数; report=sha256:…）。受付票に残ります",
           "what an adapter did: dialect@version; fills=N; lookups=N; report=sha256:… (kept in the "
           "receipt)"}},
         connection_options())};

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using client::SentBundle;

constexpr int max_tries = 4;
constexpr int max_retry_after_seconds = 60;

/// One request, ready to be repeated byte for byte.
struct Outgoing {
    client::Body body;
    std::vector<InputFile> files; // what is in it
    std::optional<Conversion> conversion;
};

bool has_paper_extension(std::string_view name) {
    std::string lower(name);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower.ends_with(".pdf") || lower.ends_with(".jpg") || lower.ends_with(".jpeg") ||
           lower.ends_with(".png");
}

std::string paper_content_type(std::string_view name) {
    switch (name.back()) {
    case 'f':
    case 'F':
        return "application/pdf";
    default:
        return name[name.size() - 2] == 'n' || name[name.size() - 2] == 'N' ? "image/png"
                                                                            : "image/jpeg";
    }
}

std::string cover_of(const Arguments& given) {
    const OfficeRef to = parse_office_ref("--cover-to", given.required("--cover-to"));
    json::object receiver{{"office", to.office.view()}};
    if (to.service_type) receiver["service_type"] = to.service_type->view();
    json::object cover{{"to", receiver},
                       {"month", month_option(given).str()},
                       {"title", given.required("--title")}};
    if (given.has("--cover-from"))
        cover["from"] = json::object{
            {"office", parse_office_ref("--cover-from", given.text("--cover-from")).office.view()}};
    if (given.has("--with-serial")) cover["serial"] = given.text("--with-serial");
    return json::serialize(cover);
}

std::optional<Conversion> conversion_of(const Arguments& given) {
    if (!given.has("--conversion")) return std::nullopt;
    auto conversion = parse_conversion_header(given.text("--conversion"));
    if (!conversion)
        throw UsageError("--conversion の形が違います / --conversion: " +
                         conversion.error().detail);
    return *std::move(conversion);
}

bool is_zip(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    char head[4] = {};
    in.read(head, sizeof head);
    return in.gcount() == 4 && std::string_view(head, 4) == std::string_view("PK\x03\x04", 4);
}

client::Body multipart_of(const Arguments& given, const std::vector<InputFile>& files) {
    const CatalogPtr catalog = embedded_catalog();
    std::vector<client::Upload> parts;
    bool papers = false;
    for (const auto& file : files) {
        // An image with a name of the standard (UPKIHON_IMAGE) belongs to its bundle.
        const bool standard =
            std::holds_alternative<FileName>(parse_file_name(*catalog, file.name));
        const bool paper = given.has("--cover-to") && !standard && has_paper_extension(file.name);
        papers = papers || paper;
        parts.push_back({paper ? "attachment" : "file", file.name,
                         paper ? paper_content_type(file.name) : "application/octet-stream",
                         file.bytes});
    }
    if (given.has("--cover-to") && !papers)
        throw UsageError("--cover-to に添える文書がありません / --cover-to without papers");
    const std::string cover = papers ? cover_of(given) : std::string();
    if (papers) parts.push_back({"cover", "", "application/json", cover});
    return client::multipart_body(parts);
}

Outgoing prepare(const Arguments& given) {
    const std::vector<fs::path> paths(given.operands().begin(), given.operands().end());
    auto files = read_paths(paths);
    if (!files) throw Failure(exit_usage, "読めません / cannot read: " + files.error().detail);
    if (files->empty()) throw Failure(exit_usage, "ファイルがありません / no files");
    std::sort(files->begin(), files->end(),
              [](const InputFile& a, const InputFile& b) { return a.name < b.name; });
    Outgoing outgoing;
    if (paths.size() == 1 && !given.has("--cover-to") && fs::is_regular_file(paths[0]) &&
        is_zip(paths[0]))
        outgoing.body = {"application/zip", read_file(paths[0])};
    else
        outgoing.body = multipart_of(given, *files);
    outgoing.files = std::move(*files);
    outgoing.conversion = conversion_of(given);
    return outgoing;
}

/// Seconds to wait before the same request again; nullopt: the answer stands.
std::optional<int> retry_after(const client::Answer& answer) {
    const bool in_flight =
        answer.status == 409 && answer.body.find("idempotency-in-flight") != std::string::npos;
    if (answer.status != 429 && answer.status != 503 && !in_flight) return std::nullopt;
    const std::string_view text = answer.header("retry-after");
    int seconds = 0;
    for (const char c : text.substr(0, 4)) {
        if (c < '0' || c > '9') return 2;
        seconds = seconds * 10 + (c - '0');
    }
    return std::clamp(seconds, 1, max_retry_after_seconds);
}

/// The key names the bytes: the same command again, after a lost answer, is the same request.
client::Answer submit(Connection& connection, const Outgoing& outgoing, Progress& progress) {
    const client::Body& body = outgoing.body;
    client::Client::Headers headers{
        {"Idempotency-Key", hex(sha256(body.content_type + "\n" + body.bytes).view())}};
    if (outgoing.conversion)
        headers.emplace_back(conversion_header, to_header(*outgoing.conversion));
    for (int attempt = 1;; ++attempt) {
        progress.show("送信中 / sending …");
        auto answer =
            connection.client().post("/v1/bundles", body.content_type, body.bytes, headers);
        if (!answer)
            throw Failure("届いたかどうかわかりません。同じ命令をもう一度実行してください"
                          "（二重には送られません） / no answer: run the same command again, "
                          "nothing is sent twice",
                          answer.error());
        const auto wait = retry_after(*answer);
        if (!wait || attempt == max_tries) return std::move(*answer);
        std::this_thread::sleep_for(std::chrono::seconds(*wait));
    }
}

std::vector<InputFile> files_of(const SentBundle& sent, const std::vector<InputFile>& all) {
    std::vector<InputFile> files;
    for (const std::string& name : sent.files) {
        const auto at = std::find_if(all.begin(), all.end(),
                                     [&](const InputFile& file) { return file.name == name; });
        if (at != all.end()) files.push_back(*at);
    }
    return files;
}

void print_finding(const client::FindingText& finding, Lang lang) {
    std::string place = finding.file;
    if (finding.line)
        place += std::string(in(lang, " › ", " › line ")) + std::to_string(*finding.line) +
                 std::string(in(lang, "行目", ""));
    if (!finding.item.empty()) place += " › " + finding.item;
    std::cout << "  [" << finding.rule << "] " << place << "\n    " << finding.message << "\n";
    if (!finding.hint.empty()) std::cout << "    → " << finding.hint << "\n";
}

std::string headline(const SentBundle& sent, std::string_view verdict, Lang lang) {
    return std::string(verdict) + "  → " + (sent.to.empty() ? "?" : sent.to) + "  " +
           kind_text(sent.kind, lang) + "  " + sent.serial + "  " + sent.id.str();
}

/// Keeps the evidence in the layout that `cpgw verify` takes. A repeat finds the folder there.
void keep(const fs::path& folder, const SentBundle& sent, const std::vector<InputFile>& files) {
    std::vector<client::SavedFile> saved;
    for (const auto& file : files) saved.push_back({file.name, file.bytes});
    const std::string path = receipt_path(sent.accepted ? "accepted" : "rejected");
    saved.push_back({path, sent.receipt});
    const auto done = client::save_folder(folder, sent.id.str(), saved);
    if (!done && done.error().code == Errc::conflict) {
        client::save_file(folder / sent.id.str() / path, sent.receipt);
        return;
    }
    done_or_fail(done, "控えを保存できません");
}

class Sender {
  public:
    Sender(const Arguments& given, Connection& connection)
        : connection_(connection), folder_(given.text("--receipts", "receipts")) {}

    int run(const Outgoing& outgoing) {
        Progress progress;
        const client::Answer answer = submit(connection_, outgoing, progress);
        progress.clear();
        const client::SubmitAnswer said = read(answer);
        for (const SentBundle& sent : said.bundles) take(sent, outgoing.files);
        if (connection_.json())
            std::cout << json::serialize(said.json) << "\n";
        else
            for (const auto& finding : said.findings) print_finding(finding, connection_.lang());
        const bool stray_errors = std::any_of(said.findings.begin(), said.findings.end(),
                                              [](const auto& one) { return one.is_error(); });
        const bool good = all_good_ && !stray_errors && !accepted_.empty();
        return good ? exit_done : exit_not_good;
    }

    void wait_until_fetched() {
        Progress progress;
        auto pause = std::chrono::seconds(1);
        for (auto waiting = accepted_; !waiting.empty();) {
            progress.show("受領待ち / waiting: " + std::to_string(waiting.size()));
            std::erase_if(waiting, [&](const BundleId& id) { return is_settled(id, progress); });
            if (waiting.empty()) return;
            std::this_thread::sleep_for(pause);
            pause = std::min(pause * 2, std::chrono::seconds(15));
        }
    }

  private:
    /// 422 is an answer with findings, or a problem.
    static client::SubmitAnswer read(const client::Answer& answer) {
        if (answer.status != 201 && answer.status != 422) throw refusal(answer);
        auto said = client::read_submit_answer(answer.body);
        if (!said && !client::read_problem(answer.body).type.empty()) throw refusal(answer);
        return readable(std::move(said));
    }

    std::optional<std::string> doubt(const SentBundle& sent, const std::vector<InputFile>& files) {
        const Lang lang = connection_.lang();
        // Without a list of files the receipt would be compared with nothing.
        if (sent.accepted && files.empty())
            return std::string(in(lang, "ファイルの一覧がありません", "no list of files"));
        return why_not_proven({sent.accepted ? "accepted" : "rejected", sent.receipt}, sent.id,
                              files, connection_.trusted_keys(), lang);
    }

    void take(const SentBundle& sent, const std::vector<InputFile>& all) {
        const Lang lang = connection_.lang();
        const std::vector<InputFile> files = files_of(sent, all);
        const auto reason = doubt(sent, files);
        if (reason) {
            all_good_ = false;
            std::cerr << "cpgw: "
                      << headline(sent, in(lang, "受付票を確かめられません", "receipt not proven"),
                                  lang)
                      << ": " << *reason << "\n";
            return;
        }
        keep(folder_, sent, files);
        if (sent.accepted)
            accepted_.push_back(sent.id);
        else
            all_good_ = false;
        if (connection_.json()) return;
        std::cout << headline(sent,
                              sent.accepted ? in(lang, "受付", "accepted")
                                            : in(lang, "差戻し", "rejected"),
                              lang)
                  << "\n";
        for (const auto& finding : sent.findings) print_finding(finding, lang);
    }

    bool is_settled(const BundleId& id, Progress& progress) {
        const RemoteBundle bundle = remote_bundle(connection_, id);
        if (bundle.state == "accepted") return false;
        progress.clear();
        if (!connection_.json())
            std::cout << state_text(bundle.state, Reader::sender, connection_.lang()) << "  "
                      << id.str() << std::endl;
        return true;
    }

    Connection& connection_;
    fs::path folder_;
    std::vector<BundleId> accepted_;
    bool all_good_ = true;
};

} // namespace

int send_command(const Arguments& given) {
    const Outgoing outgoing = prepare(given);
    Connection connection(given);
    connection.trusted_keys(); // says at once that receipts could not be verified
    Sender sender(given, connection);
    const int code = sender.run(outgoing);
    std::cout.flush(); // what was accepted is known before the wait
    if (given.has("--wait")) sender.wait_until_fetched();
    return code;
}

} // namespace cpg::cli
