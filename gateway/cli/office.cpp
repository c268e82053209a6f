#include "gateway/cli/office_import.hpp"

#include "gateway/app/admin_leaf.hpp"
#include "gateway/app/application.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/files.hpp"
#include "gateway/cli/text.hpp"
#include "gateway/identity/certificate.hpp"
#include "gateway/identity/directory.hpp"
#include "gateway/store/sqlite/sqlite_store.hpp"
#include "spec/base/digest.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <limits>

namespace cpg::cli {

namespace {

const std::vector<Option>& database_options() {
    static const std::vector<Option> options{
        {"--db", "FILE", "ゲートウェイのデータベース", "the gateway's database"},
        {"--config", "FILE", "または、ゲートウェイの設定ファイル",
         "or the gateway's settings file"}};
    return options;
}

const Option office_option{"--office", "NO", "事業所番号", "the office's number"};

} // namespace

const Usage office_add_usage{
    "office add",
    "事業所を一つ登録します（あれば書き換えます）",
    "registers an office, or changes it",
    {},
    with({office_option,
          {"--type", "TYPE[,TYPE…]", "サービス種類コード", "service types"},
          {"--name", "TEXT", "事業所の名称", "name of the office"}},
         database_options())};

const Usage office_list_usage{
    "office list",
    "登録されている事業所の一覧です（番号や名称の一部で絞れます）",
    "lists the offices, by a part of number or name",
    {"[QUERY]", 0, 1},
    with(with({{"--limit", "N", "最大件数", "at most this many"}}, database_options()),
         format_option())};

const Usage office_import_usage{
    "office import",
    "事業所の一覧（CSV: 事業所番号, サービス種類, 名称）をまとめて登録します",
    "registers a list of offices (CSV: number, service types, name), all or nothing",
    {"FILE.csv", 1, 1},
    database_options()};

const Usage office_disable_usage{"office disable",
                                 "事業所を使えなくします（送信も受信も断ります）",
                                 "disables an office: it neither sends nor receives",
                                 {},
                                 with({office_option}, database_options())};

const Usage office_cert_usage{
    "office cert",
    "証明書を発行者と番号（または公開鍵）で登録し、事業所に結び付けます",
    "registers a certificate by issuer and serial, or by its key, for one or several offices",
    {},
    with({{"--office", "NO[,NO…]", "事業所番号", "office numbers"},
          {"--pem", "FILE", "証明書（PEM）", "the certificate (PEM)"},
          {"--by-key", "", "公開鍵で登録します（同じ鍵で更新した証明書も通ります）",
           "registers the public key: a certificate renewed with it stays known"},
          {"--machine", "", "プログラムの証明書です（利用者のサインインを求めません）",
           "a program's certificate: no person has to sign in"},
          {"--disable", "", "この証明書を使えなくします", "disables this certificate"}},
         database_options())};

namespace {

std::filesystem::path database_of(const Arguments& given) {
    if (given.has("--db") == given.has("--config"))
        throw UsageError("--db か --config のどちらかを指定してください / "
                         "give either --db or --config");
    if (given.has("--db")) return given.text("--db");
    return value_or_fail(app::read_config(given.text("--config")), "設定ファイルが使えません")
        .database();
}

std::unique_ptr<store::Store> open_store(const Arguments& given,
                                         std::shared_ptr<const audit::Signer> signer) {
    const auto file = database_of(given);
    try {
        return store::open_sqlite_store({file, false, 1}, std::move(signer));
    } catch (const store::StoreFailure& failed) {
        throw Failure(exit_configuration, "データベースを開けません: " + file.string() +
                                              " / cannot open the database: " + failed.what());
    }
}

std::unique_ptr<store::Store> open_to_read(const Arguments& given) {
    return open_store(given, nullptr);
}

/// A change of the directory is written together with its leaf, so it needs the log's key.
std::unique_ptr<store::Store> open_to_change(const Arguments& given) {
    try {
        return open_store(given, app::read_log_key(database_of(given).parent_path() / "log.key"));
    } catch (const app::ConfigurationError& failed) {
        throw Failure(exit_configuration,
                      std::string("記録の鍵が使えません / the log's key cannot be used: ") +
                          failed.what());
    }
}

void change_directory(store::Store& store, store::DirectoryOp change) {
    store::Job job;
    job.ops.emplace_back(std::move(change));
    store.commit({&job, 1});
}

OfficeNo office_of(const std::string& text) {
    const auto office = OfficeNo::parse(text);
    if (!office)
        throw UsageError("事業所番号ではありません: " + text + " / not an office number: " + text);
    return *office;
}

std::optional<store::OfficeRow> known_office(store::Store& store, const OfficeNo& office) {
    const identity::Directory directory(store.offices(), {}, 0);
    const auto* const row = directory.find(office);
    return row ? std::optional(*row) : std::nullopt;
}

store::OfficeRow must_know(store::Store& store, const OfficeNo& office) {
    auto row = known_office(store, office);
    if (!row)
        throw Failure(exit_usage,
                      "登録されていない事業所です: " + office.str() + " / not a registered office");
    return *row;
}

std::string types_text(const store::OfficeRow& row) {
    std::string text;
    for (const auto& type : row.service_types) text += (text.empty() ? "" : " ") + type.str();
    return text;
}

boost::json::object json_of(const store::OfficeRow& row) {
    boost::json::array types;
    for (const auto& type : row.service_types) types.emplace_back(type.view());
    return {{"office", row.office.view()},
            {"service_types", std::move(types)},
            {"name", row.name},
            {"enabled", row.enabled},
            {"reachable", row.reachable}};
}

} // namespace

int office_add_command(const Arguments& given) {
    const OfficeNo office = office_of(given.required("--office"));
    const std::string name = given.required("--name");
    const auto store = open_to_change(given);
    store::OfficeRow row = known_office(*store, office).value_or(store::OfficeRow{});
    row.office = office;
    row.enabled = true;
    row.name = name;
    row.service_types.clear();
    for (const auto& text : split(given.required("--type"))) {
        const auto type = ServiceType::parse(text);
        if (!type)
            throw UsageError("サービス種類コードではありません: " + text +
                             " / not a service type: " + text);
        row.service_types.push_back(*type);
    }
    change_directory(*store,
                     {{row}, {}, app::admin_leaf("office-add", {{"office", office.str()}})});
    std::cout << "登録 / registered " << office.view() << "\n";
    return exit_done;
}

int office_list_command(const Arguments& given) {
    const auto limit = given.number("--limit", std::numeric_limits<std::int64_t>::max(), 1,
                                    std::numeric_limits<std::int64_t>::max());
    const auto store = open_to_read(given);
    const identity::Directory directory(store->offices(), {}, 0);
    const std::string query = given.operands().empty() ? "" : given.operands().front();
    const auto found = directory.search(query, static_cast<std::size_t>(limit));
    if (given.text("--format") == "json") {
        boost::json::array items;
        for (const auto* row : found) items.push_back(json_of(*row));
        std::cout << boost::json::serialize(boost::json::object{{"offices", std::move(items)}})
                  << "\n";
        return exit_done;
    }
    std::vector<Row> rows{{"事業所番号", "サービス種類", "状態", "名称"}};
    for (const auto* row : found)
        rows.push_back({row->office.str(), types_text(*row),
                        !row->enabled    ? "停止 / disabled"
                        : row->reachable ? "接続可 / reachable"
                                         : "登録のみ / registered",
                        printable(row->name)});
    if (!found.empty()) std::cout << table_text(rows);
    std::cout << found.size() << " 件 / offices\n";
    return exit_done;
}

int office_import_command(const Arguments& given) {
    const std::string file = given.operands().front();
    const std::string text_of_list = read_file(file);
    OfficeList list = read_office_list(text_of_list);
    if (!list.problems.empty()) {
        std::string text = "登録しませんでした / nothing was registered:";
        for (const auto& problem : list.problems)
            text += "\n" + file + ":" + std::to_string(problem.line) + ": " + problem.text;
        throw Failure(exit_usage, text);
    }
    const auto store = open_to_change(given);
    keep_what_is_known(list.offices, store->offices());
    const auto count = list.offices.size();
    change_directory(
        *store, {std::move(list.offices),
                 {},
                 app::admin_leaf("office-import", {{"offices", std::to_string(count)},
                                                   {"list", prefixed_hex(sha256(text_of_list))}})});
    std::cout << count << " 件を登録 / offices registered\n";
    return exit_done;
}

int office_disable_command(const Arguments& given) {
    const OfficeNo office = office_of(given.required("--office"));
    const auto store = open_to_change(given);
    store::OfficeRow row = must_know(*store, office);
    row.enabled = false;
    change_directory(*store,
                     {{row}, {}, app::admin_leaf("office-disable", {{"office", office.str()}})});
    std::cout << "停止 / disabled " << office.view() << "\n";
    return exit_done;
}

namespace {

store::CertificateRow row_for(const identity::Certificate& certificate, const Arguments& given) {
    store::CertificateRow row{certificate.issuer, certificate.serial, {}, true, false};
    if (given.has("--by-key")) {
        row.issuer = identity::key_issuer;
        row.serial = identity::key_serial(certificate.key);
    }
    row.enabled = !given.has("--disable");
    return row;
}

/// A certificate in force for others is not given away by a slip: it has to be disabled first.
void refuse_conflict(store::Store& store, const store::CertificateRow& row) {
    for (const auto& known : store.certificates())
        if (known.issuer == row.issuer && known.serial == row.serial && known.enabled &&
            row.enabled && known.offices != row.offices)
            throw Failure(
                exit_refused,
                "この証明書は別の事業所に登録されています。先に --disable で停止してください / "
                "registered for other offices; disable that first");
}

} // namespace

int office_cert_command(const Arguments& given) {
    const identity::Certificate certificate = value_or_fail(
        identity::parse_certificate_pem(read_file(given.required("--pem"))), "証明書が読めません");
    store::CertificateRow row = row_for(certificate, given);
    const auto store = open_to_change(given);
    std::vector<store::OfficeRow> offices;
    for (const auto& text : split(given.required("--office"))) {
        offices.push_back(must_know(*store, office_of(text)));
        offices.back().reachable = row.enabled;
        row.offices.push_back(offices.back().office);
    }
    if (row.offices.empty()) throw UsageError("--office が空です / --office names no office");
    row.machine = given.has("--machine");
    refuse_conflict(*store, row);
    const auto leaf = app::admin_leaf(row.enabled ? "office-cert" : "office-cert-disable",
                                      {{"serial", row.serial},
                                       {"issuer", prefixed_hex(sha256(row.issuer))},
                                       {"first-office", row.offices.front().str()},
                                       {"offices", std::to_string(row.offices.size())}});
    change_directory(*store, {std::move(offices), {row}, leaf});
    std::cout << (row.enabled ? "登録 / registered " : "停止 / disabled ") << row.serial << "\n";
    return exit_done;
}

} // namespace cpg::cli
