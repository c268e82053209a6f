// `cpgw evidence`: the evidence pack of some months, from the office's side or on the gateway's
// host.
#include "adapters/client/save_folder.hpp"
#include "gateway/app/application.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/evidence_html.hpp"
#include "gateway/cli/remote.hpp"
#include "gateway/cli/text.hpp"
#include "gateway/cli/verifier_files.hpp"
#include "gateway/store/sqlite/sqlite_store.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <iostream>
#include <set>

namespace cpg::cli {

const Usage evidence_usage{
    "evidence",
    "月の証跡資料（印刷用の一覧、表、全証跡）をまとめます。--config "
    "がゲートウェイの設定なら、その場の記録から作ります",
    "writes the evidence pack of a month (page to print, tables, all receipts); with the gateway's "
    "own --config from its database",
    {"", 0, 0},
    with({{"--month", "YYYYMM", "受付の月（日本時間、繰り返せます）",
           "month of acceptance in Japan (may be repeated)", Takes::many_values},
          {"--office", "OFFICE", "この事業所が送受信したものだけ",
           "only what this office sent or received"},
          {"--partner", "OFFICE", "この相手とのものだけ",
           "only what was exchanged with this partner"},
          {"--out", "DIR", "作るフォルダー", "folder to make"}},
         connection_options())};

namespace {

namespace fs = std::filesystem;

struct Wanted {
    std::set<Month> months;
    std::vector<OfficeNo> offices; // each must be sender or receiver

    bool takes(const OfficeNo& from, const OfficeNo& to, Time accepted) const {
        const std::string day = japan_day(accepted);
        const auto is_end = [&](const OfficeNo& office) { return office == from || office == to; };
        return months.count(*Month::parse(day.substr(0, 6))) > 0 &&
               std::all_of(offices.begin(), offices.end(), is_end);
    }
};

/// Where the receipts come from: the gateway over its API, or its database.
struct Gathered {
    std::vector<audit::BundleReceipts> receipts;
    std::vector<std::string> checkpoints;
    std::vector<audit::VerifierKey> keys;
    std::map<OfficeNo, std::string> names;
    std::vector<OfficeNo> subject; // whose side it is; empty = the gateway's, all offices
};

OfficeNo office_option(const Arguments& given, const std::string& option) {
    const auto office = OfficeNo::parse(given.text(option));
    if (!office) throw UsageError(option + ": 事業所番号ではありません / no office number");
    return *office;
}

Wanted wanted_of(const Arguments& given) {
    Wanted wanted;
    for (const auto& text : given.all("--month")) {
        const auto month = Month::parse(text);
        if (!month) throw UsageError("--month: YYYYMM: " + text);
        wanted.months.insert(*month);
    }
    if (wanted.months.empty()) throw UsageError("--month: 必要です / is needed");
    for (const auto* option : {"--office", "--partner"})
        if (given.has(option)) wanted.offices.push_back(office_option(given, option));
    return wanted;
}

// -- the office's side --

void add_name(Connection& connection, const OfficeNo& office, Gathered& gathered) {
    const auto answer = connection.get("/v1/offices?q=" + office.str());
    const auto* list = answer.if_contains("offices");
    if (!list || !list->is_array()) return;
    for (const auto& item : list->get_array())
        if (item.is_object() && text_member(item.get_object(), "office") == office.str())
            gathered.names[office] = text_member(item.get_object(), "name");
}

/// The offices of the certificate.
std::vector<OfficeNo> own_offices(Connection& connection) {
    std::vector<OfficeNo> own;
    const auto me = connection.get("/v1/me");
    const auto* list = me.if_contains("offices");
    if (!list || !list->is_array()) return own;
    for (const auto& item : list->get_array())
        if (item.is_object())
            if (const auto office = OfficeNo::parse(text_member(item.get_object(), "office")))
                own.push_back(*office);
    return own;
}

Gathered from_gateway(Connection& connection, const Wanted& wanted) {
    Gathered gathered;
    gathered.subject = own_offices(connection);
    gathered.keys = connection.trusted_keys();
    std::set<BundleId> seen;
    std::set<OfficeNo> offices(gathered.subject.begin(), gathered.subject.end());
    for (const auto* target : {"/v1/outbox?state=all&limit=1000", "/v1/inbox?state=all&limit=1000"})
        for (const auto& bundle : list_all(connection, target)) {
            if (!bundle.accepted_at ||
                !wanted.takes(bundle.from.office, bundle.to.office, *bundle.accepted_at) ||
                !seen.insert(bundle.id).second)
                continue;
            auto& receipts = gathered.receipts.emplace_back();
            for (const auto& receipt : receipts_of(connection, bundle.id))
                receipts.push_back(receipt.text);
            offices.insert({bundle.from.office, bundle.to.office});
        }
    for (const auto& office : offices) add_name(connection, office, gathered);
    gathered.checkpoints.push_back(connection.get_raw("/v1/audit/checkpoint").body);
    return gathered;
}

// -- on the gateway's host: without salts, so that nothing here can be held against a file --

Gathered from_database(const app::Config& config, const Wanted& wanted) {
    const auto signer = app::read_log_key(config);
    const auto store = store::open_sqlite_store({config.database(), false, 1}, signer);
    Gathered gathered;
    gathered.keys = {signer->verifier()};
    store::BundleQuery query;
    query.side = store::Side::outbox;
    query.limit = 1000;
    for (const auto& office : store->offices()) {
        query.offices.push_back(office.office);
        gathered.names[office.office] = office.name;
    }
    for (bool more = !query.offices.empty(); more;) {
        const auto rows = store->list(query);
        more = rows.size() == query.limit;
        for (const auto& row : rows) {
            query.after = std::max(query.after, row.arrival);
            if (!wanted.takes(row.pair.from.office, row.pair.to.office, row.accepted_at)) continue;
            auto& receipts = gathered.receipts.emplace_back();
            for (const auto& step : store->steps(row.id))
                receipts.push_back(audit::make_receipt(
                    step.leaf, {}, store->proof(step.leaf_index, step.tree_size)));
        }
    }
    gathered.checkpoints.push_back(store->checkpoint());
    return gathered;
}

// -- the pack --

std::string period_of(const Wanted& wanted) {
    std::string text;
    for (const auto& month : wanted.months)
        text += (text.empty() ? "" : "、") + month.str().substr(0, 4) + "年" +
                std::to_string(std::stoi(month.str().substr(4))) + "月";
    return text;
}

std::string subject_of(const Wanted& wanted, const Gathered& gathered) {
    const auto listed = [&](const std::vector<OfficeNo>& offices, std::string_view between) {
        std::string text;
        for (const auto& office : offices) {
            const auto name = gathered.names.find(office);
            text.append(text.empty() ? "" : between).append(office.str());
            if (name != gathered.names.end()) text += " " + name->second;
        }
        return text;
    };
    const std::string side = listed(gathered.subject, "、"),
                      narrowed = listed(wanted.offices, " と ");
    if (narrowed.empty()) return side;
    return side + (side.empty() ? "" : "、") + narrowed + "（に関するもの）";
}

std::vector<audit::PackFile> papers_of(const Wanted& wanted, const Gathered& gathered) {
    EvidencePage page;
    page.period = period_of(wanted);
    page.subject = subject_of(wanted, gathered);
    page.made = system_clock().now();
    page.names = gathered.names;
    std::string keys;
    for (const auto& key : gathered.keys) {
        page.keys.push_back(key.text());
        keys += key.text() + "\n";
    }
    page.bundles = value_or_fail(audit::read_bundles(gathered.receipts, gathered.keys),
                                 "証跡を確かめられません");
    std::vector<audit::PackFile> files{{"evidence.html", evidence_html(page)},
                                       {"log-keys.txt", keys}};
    for (const auto& file : embedded_verifier())
        files.push_back({"verify/" + file.name, file.text});
    return files;
}

void save(const fs::path& out, const std::vector<audit::PackFile>& files) {
    std::vector<client::SavedFile> saved;
    for (const auto& file : files) saved.push_back({file.path, file.bytes});
    const fs::path folder = fs::absolute(out).lexically_normal();
    const fs::path named = folder.has_filename() ? folder : folder.parent_path();
    done_or_fail(client::save_folder(named.parent_path(), named.filename().string(), saved),
                 "フォルダーを作れません");
}

} // namespace

int evidence_command(const Arguments& given) {
    const Wanted wanted = wanted_of(given);
    const fs::path out = given.required("--out");
    const auto gateway = given.has("--config") ? app::read_config(given.text("--config"))
                                               : Result<app::Config>(Error{});
    Gathered gathered;
    if (gateway) {
        gathered = from_database(*gateway, wanted);
    } else {
        Connection connection(given);
        gathered = from_gateway(connection, wanted);
    }
    const auto files = value_or_fail(audit::make_pack(gathered.receipts, gathered.checkpoints,
                                                      papers_of(wanted, gathered), gathered.keys),
                                     "証跡を確かめられません");
    save(out, files);
    std::cout << out.string() << ": 送信単位 " << gathered.receipts.size() << " 件、ファイル "
              << files.size() << " / " << gathered.receipts.size() << " bundles, " << files.size()
              << " files\n";
    return exit_done;
}

} // namespace cpg::cli
