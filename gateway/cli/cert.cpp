#include "adapters/client/save_folder.hpp"
#include "gateway/cli/authority_folder.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/files.hpp"
#include "gateway/cli/text.hpp"
#include "gateway/identity/pkcs12.hpp"
#include "spec/base/private_key.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>

namespace cpg::cli {

namespace {

const Option ca_option{"--ca", "DIR", "認証局のフォルダー", "the authority's folder"};
const Option out_option{"--out", "PREFIX", "PREFIX.pem と PREFIX.key を書きます",
                        "writes PREFIX.pem and PREFIX.key"};
const Option csr_option{"--csr", "FILE",
                        "申請（PKCS#10）の鍵に発行します。PREFIX.pem だけを書きます",
                        "issues for the key of this request (PKCS#10); writes PREFIX.pem only"};
const Option days_option{"--days", "N", "有効な日数（既定 397）", "days of validity (default 397)"};

constexpr int default_days = 397;
constexpr int max_days = 825;
constexpr std::size_t max_common_name = 64; // X.520

} // namespace

const Usage cert_ca_init_usage{"cert ca-init",
                               "自前の認証局を作ります（鍵はこのフォルダーから持ち出さないこと）",
                               "makes a certificate authority; its key stays in this folder",
                               {},
                               {{"--out", "DIR", "認証局のフォルダー", "folder of the authority"},
                                {"--name", "TEXT", "認証局の名前（既定 Careplan Gateway CA）",
                                 "its name (default Careplan Gateway CA)"},
                                {"--key", "URI", "トークンにある鍵（pkcs11:…）を使います",
                                 "uses a key in a token (pkcs11:…)"}}};

const Usage cert_csr_usage{
    "cert csr",
    "自分の鍵（トークンの鍵でも）で、証明書の発行を認証局に頼む文書を作ります",
    "writes a request for a certificate, signed by your own key (also one in a token)",
    {},
    {{"--key", "FILE", "鍵のファイル（なければ作ります）、または pkcs11: …",
      "file of the key (made when it is not there), or pkcs11: …"},
     {"--office", "NO[,NO…]", "事業所番号", "office numbers"},
     {"--server", "NAME", "ゲートウェイの名前", "name of the gateway"},
     {"--out", "FILE", "書くファイル", "file to write"}}};

const Usage cert_issue_usage{
    "cert issue",
    "事業所、またはゲートウェイの証明書を発行します（個人の名前は入れません）",
    "issues a certificate for an office or for the gateway; no name of a person goes in",
    {},
    {ca_option,
     {"--office", "NO[,NO…]", "事業所番号", "office numbers"},
     {"--server", "NAME[,IP…]", "ゲートウェイの名前とアドレス",
      "names and addresses of the gateway"},
     csr_option,
     out_option,
     days_option,
     {"--p12", "FILE", "ブラウザー用の PKCS#12 も書きます",
      "writes a PKCS#12 file for browsers too"},
     {"--p12-password", "FILE", "そのパスワードの入ったファイル（- は標準入力）",
      "file with its password (- is standard input)"},
     {"--p12-legacy", "", "古い Windows や macOS のための暗号（3DES）で書きます",
      "with the ciphers of old systems (3DES)"}}};

const Usage cert_renew_usage{"cert renew",
                             "同じ事業所の新しい証明書を、新しい鍵で発行します",
                             "issues a new certificate with a new key for the same offices",
                             {"FILE", 1, 1},
                             {ca_option, csr_option, out_option, days_option}};

const Usage cert_revoke_usage{"cert revoke",
                              "証明書を失効させ、失効リスト crl.pem を作り直します",
                              "revokes a certificate and writes crl.pem anew",
                              {"SERIAL|FILE", 1, 1},
                              {ca_option}};

const Usage cert_crl_usage{
    "cert crl",
    "失効リストを作ります",
    "writes the revocation list",
    {},
    {ca_option,
     {"--out", "FILE", "書くファイル（既定 DIR/crl.pem）", "file to write (default DIR/crl.pem)"},
     {"--days", "N", "次の更新までの日数（既定 30）", "days until the next one (default 30)"}}};

const Usage cert_show_usage{"cert show",
                            "証明書の事業所、残り日数、番号を表示します",
                            "shows offices, days left and serial of a certificate",
                            {"FILE", 1, 1},
                            format_option()};

namespace {

Time now() {
    return system_clock().now();
}

/// A little earlier than now: the clocks of offices differ by minutes.
identity::Validity validity_of(const Arguments& given) {
    return {now() - std::chrono::minutes(5),
            static_cast<int>(given.number("--days", default_days, 1, max_days))};
}

std::vector<OfficeNo> offices_of(const Arguments& given) {
    std::vector<OfficeNo> offices;
    for (const auto& text : split(given.text("--office"))) {
        const auto office = OfficeNo::parse(text);
        if (!office)
            throw UsageError("事業所番号ではありません: " + text +
                             " / not an office number: " + text);
        offices.push_back(*office);
    }
    return offices;
}

identity::Certificate certificate_in(const std::string& file) {
    return value_or_fail(identity::parse_certificate_pem(read_file(file)),
                         "証明書が読めません: " + file);
}

void print_issued(const Arguments& given, const identity::Certificate& certificate) {
    const std::string prefix = given.text("--out");
    std::cout << prefix << ".pem" << (given.has("--csr") ? "" : "  " + prefix + ".key") << "\n"
              << "  公開鍵の指紋 / key " << prefixed_hex(certificate.key) << "\n  番号 / serial "
              << certificate.serial << "\n  期限 / valid to " << japan_time(certificate.not_after)
              << "\n";
}

std::string joined(const std::vector<OfficeNo>& offices) {
    std::string text;
    for (const auto& office : offices) text += (text.empty() ? "" : ",") + office.str();
    return text;
}

/// The first line of a file, or of standard input: never an argument, others can see those.
std::string password_from(const std::string& file) {
    std::string text;
    if (file == "-")
        std::getline(std::cin, text);
    else
        text = read_file(file);
    return text.substr(0, text.find_first_of("\r\n"));
}

std::optional<identity::CertificateRequest> request_of(const Arguments& given) {
    if (!given.has("--csr")) return std::nullopt;
    if (given.has("--p12"))
        throw UsageError("--csr と --p12 は一緒に使えません（鍵がここにありません） / "
                         "--p12 needs the key, which is not here with --csr");
    return value_or_fail(identity::CertificateRequest::parse(read_file(given.text("--csr"))),
                         "申請が使えません");
}

identity::Credential office_credential(const identity::Authority& authority, const Arguments& given,
                                       const std::vector<OfficeNo>& offices) {
    const identity::Validity validity = validity_of(given);
    if (const auto request = request_of(given))
        return {
            value_or_fail(authority.issue_office(*request, offices, validity), "発行できません"),
            {}};
    return authority.issue_office(offices, validity);
}

identity::Credential server_credential(const identity::Authority& authority, const Arguments& given,
                                       const std::vector<std::string>& names) {
    const identity::Validity validity = validity_of(given);
    if (const auto request = request_of(given))
        return {value_or_fail(authority.issue_server(*request, names, validity), "発行できません"),
                {}};
    return value_or_fail(authority.issue_server(names, validity), "発行できません");
}

/// Empty when none is asked for.
Bytes pkcs12_of(const Arguments& given, const identity::Credential& credential,
                const std::string& authority_pem) {
    if (!given.has("--p12")) {
        if (given.has("--p12-password") || given.has("--p12-legacy"))
            throw UsageError("--p12 がありません / --p12 is missing");
        return {};
    }
    if (std::filesystem::exists(given.text("--p12")))
        throw Failure(exit_refused, "もうあります: " + given.text("--p12") + " / exists already");
    const auto kind =
        given.has("--p12-legacy") ? identity::Pkcs12Kind::legacy : identity::Pkcs12Kind::modern;
    return value_or_fail(identity::to_pkcs12(credential, authority_pem,
                                             password_from(given.required("--p12-password")), kind),
                         "PKCS#12 を作れません");
}

std::int64_t days_left(const identity::Certificate& certificate) {
    return std::chrono::floor<std::chrono::days>(certificate.not_after - now()).count();
}

} // namespace

int cert_ca_init_command(const Arguments& given) {
    const std::string folder = given.required("--out");
    const std::string key = given.text("--key");
    if (given.has("--key") && !names_token(key))
        throw UsageError("--key は pkcs11: で始めます / --key takes a pkcs11: URI");
    AuthorityFolder::create(folder, given.text("--name", "Careplan Gateway CA"), now(), key);
    std::cout << folder << ": ca.pem  ca.key  crl.pem  index.txt\n";
    return exit_done;
}

int cert_csr_command(const Arguments& given) {
    if (given.has("--office") == given.has("--server"))
        throw UsageError("--office か --server のどちらかを指定してください / "
                         "give either --office or --server");
    const std::string key = given.required("--key"), out = given.required("--out");
    const auto offices = offices_of(given);
    const auto names =
        offices.empty() ? split(given.text("--server")) : std::vector{offices.front().str()};
    if (names.empty() || names.front().empty()) throw UsageError("名前が空です / no name is given");
    if (std::filesystem::exists(out))
        throw Failure(exit_refused, "もうあります: " + out + " / exists already");
    if (!names_token(key) && !std::filesystem::exists(key))
        client::save_file(key, identity::make_key(), std::filesystem::perms::owner_read);
    const std::string request = value_or_fail(
        identity::make_request(names.front().substr(0, max_common_name), key), "申請を作れません");
    const auto made = value_or_fail(identity::CertificateRequest::parse(request), "鍵が使えません");
    client::save_file(out, request);
    std::cout << out << "\n  公開鍵の指紋 / key " << prefixed_hex(made.key_digest) << "\n";
    return exit_done;
}

int cert_issue_command(const Arguments& given) {
    const std::string prefix = given.required("--out");
    if (given.has("--office") == given.has("--server"))
        throw UsageError("--office か --server のどちらかを指定してください / "
                         "give either --office or --server");
    const std::vector<OfficeNo> offices = offices_of(given);
    const auto servers = split(given.text("--server"));
    if (offices.empty() && servers.empty()) throw UsageError("名前が空です / no name is given");
    AuthorityFolder folder(given.required("--ca"));
    const identity::Credential credential =
        offices.empty() ? server_credential(folder.authority(), given, servers)
                        : office_credential(folder.authority(), given, offices);
    const std::string subject = offices.empty() ? "server:" + servers.front() : joined(offices);
    // Made before anything is written: a bad password leaves no certificate behind.
    const Bytes p12 = pkcs12_of(given, credential, folder.certificate_pem());
    print_issued(given, folder.keep(credential, prefix, subject));
    if (!p12.empty()) {
        client::save_file(given.text("--p12"), p12, std::filesystem::perms::owner_read);
        std::cout << given.text("--p12") << "\n";
    }
    return exit_done;
}

int cert_renew_command(const Arguments& given) {
    const std::string prefix = given.required("--out");
    const identity::Certificate old = certificate_in(given.operands()[0]);
    if (old.san_offices.empty())
        throw Failure(exit_usage, "事業所の証明書ではありません / not an office's certificate: " +
                                      given.operands()[0]);
    AuthorityFolder folder(given.required("--ca"));
    const auto credential = office_credential(folder.authority(), given, old.san_offices);
    print_issued(given, folder.keep(credential, prefix, joined(old.san_offices)));
    return exit_done;
}

int cert_revoke_command(const Arguments& given) {
    std::string serial = given.operands()[0];
    if (std::filesystem::is_regular_file(serial)) serial = certificate_in(serial).serial;
    AuthorityFolder folder(given.required("--ca"));
    folder.revoke(serial, now());
    std::cout << "失効 / revoked " << serial << "\n" << folder.default_list().string() << "\n";
    return exit_done;
}

int cert_crl_command(const Arguments& given) {
    const AuthorityFolder folder(given.required("--ca"));
    const std::string out = given.text("--out", folder.default_list().string());
    const int days = static_cast<int>(given.number("--days", 30, 1, 365));
    client::save_file(out, folder.revocation_list(now(), days),
                      std::filesystem::perms::owner_read | std::filesystem::perms::owner_write |
                          std::filesystem::perms::group_read | std::filesystem::perms::others_read);
    std::cout << out << "\n";
    return exit_done;
}

int cert_show_command(const Arguments& given) {
    const identity::Certificate certificate = certificate_in(given.operands()[0]);
    if (given.text("--format") == "json") {
        boost::json::array offices;
        for (const auto& office : certificate.san_offices) offices.emplace_back(office.view());
        std::cout << boost::json::serialize(
                         boost::json::object{{"serial", certificate.serial},
                                             {"issuer", certificate.issuer},
                                             {"subject", certificate.subject},
                                             {"fingerprint", prefixed_hex(certificate.fingerprint)},
                                             {"key", prefixed_hex(certificate.key)},
                                             {"not_before", rfc3339(certificate.not_before)},
                                             {"not_after", rfc3339(certificate.not_after)},
                                             {"days_left", days_left(certificate)},
                                             {"offices", std::move(offices)}})
                  << "\n";
        return exit_done;
    }
    std::cout << table_text({{"事業所 / offices", joined(certificate.san_offices)},
                             {"残り日数 / days left", std::to_string(days_left(certificate))},
                             {"期限 / valid to", japan_time(certificate.not_after)},
                             {"番号 / serial", certificate.serial},
                             {"発行者 / issuer", printable(certificate.issuer)},
                             {"指紋 / fingerprint", prefixed_hex(certificate.fingerprint)},
                             {"公開鍵の指紋 / key", prefixed_hex(certificate.key)}});
    return exit_done;
}

} // namespace cpg::cli
