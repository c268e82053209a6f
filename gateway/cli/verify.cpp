#include "gateway/audit/verify.hpp"

#include "gateway/cli/commands.hpp"
#include "gateway/cli/connection.hpp"
#include "gateway/cli/files.hpp"

#include <iostream>

namespace cpg::cli {

const Usage verify_usage{
    "verify",
    "証跡と控えのフォルダーを、通信なしで確かめます",
    "verifies receipts and bundle folders offline",
    {"BUNDLE_DIR|RECEIPT…", 1, any_number},
    {{"--trusted-key", "VKEY", "信頼する鍵（繰り返せます）", "key to trust (may be repeated)",
      Takes::many_values},
     {"--policy", "FILE", "ログと証人と定足数の方針（C2SP tlog-policy）",
      "policy of logs, witnesses and quorum (C2SP tlog-policy)"},
     {"--tsa-ca", "FILE", "タイムスタンプ（.tsr）を確かめる認証局（PEM）",
      "authority of time stamps (.tsr) beside receipts (PEM)"},
     {"--signers-ca", "FILE", "送信者の電子署名（.p7s）の認証局（PEM）",
      "authorities of senders' signatures (.p7s), PEM"},
     {"--config", "FILE", "trusted_keys を読む設定ファイル", "settings file with trusted_keys"},
     {"--lang", "ja|en", "表示の言語（既定 ja）", "language of the texts (default ja)"},
     {"--format", "text|json", "出力の形式（既定 text）", "form of the output (default text)"}}};

namespace {

std::vector<std::string> trusted_of(const Arguments& given) {
    if (given.has("--trusted-key")) return given.all("--trusted-key");
    if (given.has("--policy") && !given.has("--config")) return {}; // it names whom to trust
    const auto file = given.has("--config")
                          ? std::optional<std::filesystem::path>(given.text("--config"))
                          : default_config();
    if (!file) return {};
    return value_or_fail(client::read_settings(*file), "設定を読めません").trusted_keys;
}

std::shared_ptr<const audit::SignerTrust> signers_of(const Arguments& given) {
    if (!given.has("--signers-ca")) return nullptr;
    return value_or_fail(audit::SignerTrust::make(read_file(given.text("--signers-ca")), {}),
                         "認証局を読めません");
}

} // namespace

int verify_command(const Arguments& given) {
    audit::Trust trust(keys_of(trusted_of(given)));
    if (given.has("--policy"))
        trust.policy = value_or_fail(audit::Policy::parse(read_file(given.text("--policy"))),
                                     "方針が読めません: " + given.text("--policy"));
    if (given.has("--tsa-ca")) trust.tsa_ca = given.text("--tsa-ca");
    trust.signers = signers_of(given);
    const Lang lang = given.text("--lang") == "en" ? Lang::en : Lang::ja;
    const auto format =
        given.text("--format") == "json" ? audit::VerifyFormat::json : audit::VerifyFormat::text;
    return audit::verify_command({given.operands().begin(), given.operands().end()}, trust, lang,
                                 format, std::cout);
}

} // namespace cpg::cli
