#include "gateway/cli/authority_folder.hpp"

#include "adapters/client/save_folder.hpp"
#include "gateway/cli/args.hpp"
#include "gateway/cli/files.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace cpg::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto secret = fs::perms::owner_read;
constexpr auto open_to_all =
    fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read | fs::perms::others_read;
constexpr int authority_days = 3653; // ten years
constexpr int first_list_days = 30;

IndexLine line_of(std::string_view text, std::size_t number) {
    const auto parts = split(text, ' ');
    const auto not_after = parts.size() >= 5 ? parse_rfc3339(parts[1]) : std::nullopt;
    if (!not_after || (parts[0] != "V" && parts[0] != "R"))
        throw Failure(exit_usage,
                      "index.txt:" + std::to_string(number) + ": 読めません / cannot be read");
    IndexLine line;
    line.revoked = parts[0] == "R";
    line.not_after = *not_after;
    line.revoked_at = parse_rfc3339(parts[2]);
    line.serial = parts[3];
    line.subject = parts[4];
    return line;
}

std::string text_of(const IndexLine& line) {
    return std::string(line.revoked ? "R " : "V ") + rfc3339(line.not_after) + " " +
           (line.revoked_at ? rfc3339(*line.revoked_at) : "-") + " " + line.serial + " " +
           line.subject + "\n";
}

/// The list's number only has to grow: seconds do, without a file that could be lost.
std::uint64_t list_number(Time now) {
    return static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
}

} // namespace

void AuthorityFolder::create(const fs::path& folder, const std::string& name, Time now,
                             const std::string& token_key) {
    if (fs::exists(folder / "ca.key") || fs::exists(folder / "ca.pem"))
        throw Failure(exit_refused, "認証局がもうあります: " + folder.string() +
                                        " / there is an authority already");
    const identity::Validity validity{now - std::chrono::minutes(5), authority_days};
    const auto credential =
        token_key.empty()
            ? identity::make_authority(name, validity)
            : value_or_fail(identity::make_authority_in_token(name, token_key, validity),
                            "トークンの鍵が使えません");
    client::save_file(folder / "ca.key", credential.key_pem, secret);
    client::save_file(folder / "index.txt", "", open_to_all);
    client::save_file(folder / "ca.pem", credential.certificate_pem, open_to_all);
    const AuthorityFolder opened(folder);
    client::save_file(opened.default_list(), opened.revocation_list(now, first_list_days),
                      open_to_all);
}

AuthorityFolder::AuthorityFolder(fs::path folder) : folder_(std::move(folder)) {
    lock_ = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock_ < 0 || ::flock(lock_, LOCK_EX) != 0)
        throw Failure(exit_usage, "認証局のフォルダーを開けません: " + folder_.string() +
                                      " / cannot open the authority's folder");
    authority_.emplace(value_or_fail(
        identity::Authority::open({read_file(folder_ / "ca.pem"), read_file(folder_ / "ca.key")}),
        "認証局を開けません"));
    read_index();
}

AuthorityFolder::~AuthorityFolder() {
    if (lock_ >= 0) ::close(lock_);
}

std::string AuthorityFolder::certificate_pem() const {
    return read_file(folder_ / "ca.pem");
}

void AuthorityFolder::read_index() {
    const std::string text = read_file(folder_ / "index.txt");
    std::size_t number = 0;
    for (const auto& line : split(text, '\n')) index_.push_back(line_of(line, ++number));
}

void AuthorityFolder::write_index() const {
    std::string text;
    for (const auto& line : index_) text += text_of(line);
    client::save_file(folder_ / "index.txt", text, open_to_all);
}

identity::Certificate AuthorityFolder::keep(const identity::Credential& credential,
                                            const std::string& prefix, const std::string& subject) {
    const fs::path certificate_file = prefix + ".pem";
    const fs::path key_file = prefix + ".key";
    for (const auto& file : {certificate_file, key_file})
        if (fs::exists(file))
            throw Failure(exit_refused,
                          "もうあります: " + file.string() + " / exists already: " + file.string());
    auto certificate = value_or_fail(identity::parse_certificate_pem(credential.certificate_pem),
                                     "証明書を作れません");
    // Noted first: a certificate that is out there can always be revoked.
    index_.push_back({false, certificate.not_after, {}, certificate.serial, subject});
    write_index();
    if (!credential.key_pem.empty()) client::save_file(key_file, credential.key_pem, secret);
    client::save_file(certificate_file, credential.certificate_pem, open_to_all);
    return certificate;
}

void AuthorityFolder::revoke(const std::string& serial, Time now) {
    const auto at = std::find_if(index_.begin(), index_.end(),
                                 [&](const IndexLine& line) { return line.serial == serial; });
    if (at == index_.end())
        throw Failure(exit_usage, "この認証局の証明書ではありません: " + serial +
                                      " / not a serial of this authority");
    if (!at->revoked) {
        at->revoked = true;
        at->revoked_at = now;
        write_index();
    }
    client::save_file(default_list(), revocation_list(now, first_list_days), open_to_all);
}

std::string AuthorityFolder::revocation_list(Time now, int days) const {
    std::vector<identity::Authority::Revoked> revoked;
    for (const auto& line : index_)
        if (line.revoked) revoked.push_back({line.serial, line.revoked_at.value_or(now)});
    return value_or_fail(authority_->revocation_list(revoked, list_number(now), {now, days}),
                         "失効リストを作れません");
}

} // namespace cpg::cli
