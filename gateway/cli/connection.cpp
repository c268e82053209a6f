#include "gateway/cli/connection.hpp"

#include "adapters/client/answer_text.hpp"
#include "gateway/cli/pinned_log.hpp"
#include "gateway/cli/text.hpp"

#include <boost/json/serialize.hpp>
#include <cstdlib>

namespace cpg::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const std::string cannot_reach = "ゲートウェイに届きません";

client::Settings settings_from_file(const Arguments& given) {
    if (given.has("--config"))
        return value_or_fail(client::read_settings(given.text("--config")), "設定を読めません");
    // Everything is said on the command line: no file is looked for.
    if (given.has("--gateway") && given.has("--cert") && given.has("--key") && given.has("--ca"))
        return {};
    if (const auto file = default_config())
        return value_or_fail(client::read_settings(*file), "設定を読めません");
    return {};
}

/// Where the client remembers the log: nullopt when everything is said on the command line.
std::optional<fs::path> pins_file_of(const Arguments& given) {
    if (given.has("--checkpoints")) return given.text("--checkpoints");
    if (given.has("--config")) return given.text("--config") + ".checkpoints";
    if (given.has("--gateway") && given.has("--cert") && given.has("--key") && given.has("--ca"))
        return std::nullopt;
    const auto file = default_config();
    return file ? std::optional<fs::path>(file->string() + ".checkpoints") : std::nullopt;
}

client::Client open_client(client::Settings settings) {
    try {
        return client::Client(std::move(settings));
    } catch (const std::runtime_error& error) {
        throw Failure(exit_configuration, std::string("接続の設定が使えません / ") + error.what());
    }
}

} // namespace

const std::vector<Option>& connection_options() {
    static const std::vector<Option> options{
        {"--config", "FILE", "設定ファイル（既定 ./cpgw-client.yaml）",
         "settings file (default ./cpgw-client.yaml, then $XDG_CONFIG_HOME/cpgw/client.yaml)"},
        {"--gateway", "URL", "ゲートウェイ https://ホスト:ポート", "gateway, https://host:port"},
        {"--cert", "FILE", "事業所の証明書（PEM）", "certificate of the office (PEM)"},
        {"--key", "FILE", "その秘密鍵（PEM、本人だけが読めること。または pkcs11:…）",
         "its key (PEM, readable by its owner only; or pkcs11:…)"},
        {"--ca", "FILE", "ゲートウェイを確かめる認証局（PEM）",
         "authority that vouches for the gateway (PEM)"},
        {"--trusted-key", "VKEY", "受付票を確かめる鍵（繰り返せます）",
         "key that receipts are verified by (may be repeated)", Takes::many_values},
        {"--checkpoints", "FILE", "以前に見たログの控え（既定 設定ファイル名.checkpoints）",
         "what was seen of the gateway's log (default: the settings file's name with "
         ".checkpoints)"},
        {"--lang", "ja|en", "表示の言語（既定 ja）", "language of the texts (default ja)"},
        {"--format", "text|json", "出力の形式（既定 text）", "form of the output (default text)"},
    };
    return options;
}

std::optional<fs::path> default_config() {
    if (const fs::path here = "cpgw-client.yaml"; fs::exists(here)) return here;
    fs::path base;
    if (const char* const xdg = std::getenv("XDG_CONFIG_HOME"); xdg && *xdg)
        base = xdg;
    else if (const char* const home = std::getenv("HOME"); home && *home)
        base = fs::path(home) / ".config";
    if (base.empty()) return std::nullopt;
    fs::path file = base / "cpgw" / "client.yaml";
    if (!fs::exists(file)) return std::nullopt;
    return file;
}

client::Settings settings_of(const Arguments& given) {
    client::Settings settings = settings_from_file(given);
    settings.gateway = given.text("--gateway", settings.gateway);
    settings.certificate = given.text("--cert", settings.certificate.string());
    settings.key = given.text("--key", settings.key);
    settings.ca = given.text("--ca", settings.ca.string());
    settings.lang = given.text("--lang", settings.lang);
    if (given.has("--trusted-key")) settings.trusted_keys = given.all("--trusted-key");
    if (settings.gateway.empty() || settings.certificate.empty() || settings.key.empty() ||
        settings.ca.empty())
        throw Failure(
            exit_configuration,
            "接続先がわかりません。--config、または --gateway --cert --key --ca を"
            "指定してください / no gateway: give --config, or --gateway --cert --key --ca");
    return settings;
}

std::vector<audit::VerifierKey> keys_of(const std::vector<std::string>& vkeys) {
    std::vector<audit::VerifierKey> keys;
    for (const auto& vkey : vkeys) {
        auto key = audit::VerifierKey::parse(vkey);
        if (!key)
            throw Failure(exit_configuration, "検証の鍵が読めません: " + vkey +
                                                  " / not a verifier key: " + key.error().detail);
        keys.push_back(std::move(*key));
    }
    return keys;
}

Connection::Connection(const Arguments& given) : Connection(given, settings_of(given)) {}

Connection::Connection(const Arguments& given, client::Settings settings)
    : Connection(std::move(settings), pins_file_of(given)) {
    json_ = given.text("--format") == "json";
}

Connection::Connection(client::Settings settings, const std::optional<fs::path>& pins)
    : trusted_keys_(keys_of(settings.trusted_keys)),
      lang_(settings.lang == "en" ? Lang::en : Lang::ja), json_(false),
      client_(open_client(std::move(settings))) {
    if (pins && !trusted_keys_.empty()) check_log(client_, *pins, trusted_keys_, lang_);
}

const std::vector<audit::VerifierKey>& Connection::trusted_keys() const {
    if (trusted_keys_.empty())
        throw Failure(
            exit_configuration,
            "受付票を確かめる鍵がありません（設定の trusted_keys、または --trusted-key） / "
            "no key to verify receipts by (trusted_keys or --trusted-key)");
    return trusted_keys_;
}

client::Answer Connection::get_raw(const std::string& target) {
    client::Answer answer = value_or_fail(client_.get(target), cannot_reach);
    if (answer.status / 100 != 2) throw refusal(answer);
    return answer;
}

json::object Connection::get(const std::string& target) {
    return object_of(get_raw(target));
}

json::object Connection::post(const std::string& target, const json::object& body) {
    const client::Answer answer = value_or_fail(
        client_.post(target, "application/json", json::serialize(body)), cannot_reach);
    if (answer.status / 100 != 2) throw refusal(answer);
    return object_of(answer);
}

Failure refusal(const client::Answer& answer) {
    const std::string text = client::line_of(answer.status, client::read_problem(answer.body));
    if (answer.status >= 500)
        return {exit_unreachable,
                "ゲートウェイが応じられません / the gateway cannot serve: " + text};
    return {exit_refused, "ゲートウェイが断りました / refused by the gateway: " + text};
}

json::object object_of(const client::Answer& answer) {
    auto object = client::read_object(answer.body);
    if (!object)
        throw Failure(exit_unreachable,
                      "ゲートウェイの答えが読めません / the gateway's answer cannot be read");
    return *std::move(object);
}

} // namespace cpg::cli
