#include "gateway/sandbox/pki.hpp"

#include "adapters/client/save_folder.hpp"
#include "gateway/identity/pkcs12.hpp"

namespace cpg::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr auto secret = fs::perms::owner_read;
constexpr int days = 397; // as `cpgw cert issue` gives: nothing warns of an end
constexpr int expired_days = 10, expired_since_days = 3;

/// A little earlier than now: the clocks of two machines differ by minutes.
Time begin(Time now) {
    return now - std::chrono::minutes(5);
}

identity::Validity validity_of(CertificateState state, Time now) {
    if (state == CertificateState::expired)
        return {now - std::chrono::days(expired_days + expired_since_days), expired_days};
    return {begin(now), days};
}

template<class T> T value_or_throw(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().detail);
    return std::move(*result);
}

class Maker {
  public:
    Maker(fs::path folder, Time now)
        : folder_(std::move(folder)), now_(now),
          root_(identity::make_authority("Careplan Gateway Sandbox CA",
                                         {now - std::chrono::days(expired_days * 2), 2 * days})),
          authority_(value_or_throw(identity::Authority::open(root_))) {}

    Issued issue(const Wanted& wanted) {
        const auto credential =
            authority_.issue_office(wanted.offices, validity_of(wanted.state, now_));
        const auto certificate =
            value_or_throw(identity::parse_certificate_pem(credential.certificate_pem));
        if (wanted.state == CertificateState::revoked)
            revoked_.push_back({certificate.serial, begin(now_)});
        Issued issued{wanted.offices, folder_ / (wanted.name + ".pem"),
                      folder_ / (wanted.name + ".key"), folder_ / (wanted.name + ".p12"),
                      certificate.fingerprint};
        write(issued.certificate, issued.key, credential);
        client::save_file(issued.pkcs12,
                          value_or_throw(identity::to_pkcs12(credential, root_.certificate_pem,
                                                             std::string(pkcs12_password),
                                                             identity::Pkcs12Kind::modern)),
                          secret);
        return issued;
    }

    Pki finish(std::vector<Issued> issued) {
        Pki pki{folder_ / "ca.pem", folder_ / "crl.pem", folder_ / "server.pem",
                folder_ / "server.key", std::move(issued)};
        write(pki.server_certificate, pki.server_key,
              value_or_throw(
                  authority_.issue_server({"localhost", "127.0.0.1"}, {begin(now_), days})));
        client::save_file(pki.ca, root_.certificate_pem);
        client::save_file(
            pki.crl, value_or_throw(authority_.revocation_list(revoked_, 1, {begin(now_), days})));
        return pki;
    }

  private:
    static void write(const fs::path& certificate, const fs::path& key,
                      const identity::Credential& credential) {
        client::save_file(certificate, credential.certificate_pem);
        client::save_file(key, credential.key_pem, secret);
    }

    fs::path folder_;
    Time now_;
    identity::Credential root_;
    identity::Authority authority_;
    std::vector<identity::Authority::Revoked> revoked_;
};

} // namespace

Pki make_pki(const fs::path& folder, const std::vector<Wanted>& wanted, Time now) {
    Maker maker(folder, now);
    std::vector<Issued> issued;
    for (const auto& one : wanted) issued.push_back(maker.issue(one));
    return maker.finish(std::move(issued));
}

} // namespace cpg::sandbox
