// A certificate authority's folder: ca.pem, ca.key (0400; the key or its pkcs11: URI), crl.pem and
// index.txt, one line a certificate: "<V|R> <not after> <revoked at|-> <serial> <for whom>". A lock
// keeps two commands apart; every file is replaced whole.
#pragma once

#include "gateway/identity/authority.hpp"

#include <filesystem>

namespace cpg::cli {

struct IndexLine {
    bool revoked = false;
    Time not_after{};
    std::optional<Time> revoked_at;
    std::string serial;
    std::string subject;
};

class AuthorityFolder {
  public:
    /// Makes the folder, its key, an empty index and an empty revocation list. With `token_key`, a
    /// pkcs11: URI, the key stays in its token and ca.key holds the URI. Throws Failure: one is
    /// there already, or the token cannot be used.
    static void create(const std::filesystem::path& folder, const std::string& name, Time now,
                       const std::string& token_key = {});
    /// Opens and locks. Throws Failure.
    explicit AuthorityFolder(std::filesystem::path folder);
    ~AuthorityFolder();
    AuthorityFolder(const AuthorityFolder&) = delete;
    AuthorityFolder& operator=(const AuthorityFolder&) = delete;

    const identity::Authority& authority() const { return *authority_; }
    /// Writes PREFIX.pem and PREFIX.key (0400; not for a request, which has no key here) and notes
    /// the certificate. Throws Failure when one of the files exists.
    identity::Certificate keep(const identity::Credential& credential, const std::string& prefix,
                               const std::string& subject);
    /// The authority's own certificate, PEM.
    std::string certificate_pem() const;
    /// Throws Failure for a serial that is not in the index.
    void revoke(const std::string& serial, Time now);
    std::string revocation_list(Time now, int days) const;
    std::filesystem::path default_list() const { return folder_ / "crl.pem"; }

  private:
    void read_index();
    void write_index() const;

    std::filesystem::path folder_;
    int lock_ = -1;
    std::optional<identity::Authority> authority_;
    std::vector<IndexLine> index_;
};

} // namespace cpg::cli
