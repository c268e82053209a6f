// A small certificate authority for the people who run a gateway (and for tests): P-256 keys,
// X.509 v3 by the profile of certs/README.md, for keys of its own making or those of requests.
// Values in, PEM out; no files, no clock. Any thread.
// Throws std::runtime_error when OpenSSL fails.
#pragma once

#include "gateway/identity/certificate.hpp"
#include "gateway/identity/request.hpp"

#include <string>
#include <vector>

namespace cpg::identity {

struct Credential {
    std::string certificate_pem;
    std::string key_pem; // PKCS#8, not encrypted; belongs in a file of mode 0400. An authority's
                         // may be a pkcs11: URI instead (spec/base/private_key.hpp)
};

struct Validity {
    Time from{};
    int days = 397; // 1-7,300
};

/// A self-signed root: basicConstraints CA, pathlen 0; keyCertSign and cRLSign only.
Credential make_authority(std::string_view common_name, const Validity& validity);
/// The same over a key that lies in a token already. configuration: it cannot be used.
Result<Credential> make_authority_in_token(std::string_view common_name, const std::string& uri,
                                           const Validity& validity);

/// Issues with this authority's key. malformed when the PEM texts are not a CA's; configuration
/// when its token cannot be used.
class Authority {
  public:
    static Result<Authority> open(const Credential& credential);
    Authority(Authority&&) noexcept;
    Authority& operator=(Authority&&) noexcept;
    ~Authority();

    /// EKU clientAuth; one SAN URI urn:jp-kaigo:office:<no> an office; the subject is the first
    /// office's number: no name of a person goes into a certificate. Precondition: not empty.
    Credential issue_office(const std::vector<OfficeNo>& offices, const Validity& validity) const;
    /// The same for the key of a request; nothing else is taken from it. The certificate alone, in
    /// PEM. malformed: it is the authority's own key.
    Result<std::string> issue_office(const CertificateRequest& request,
                                     const std::vector<OfficeNo>& offices,
                                     const Validity& validity) const;
    /// EKU serverAuth; SAN dNSName or iPAddress. malformed: a name that is neither.
    Result<Credential> issue_server(const std::vector<std::string>& names,
                                    const Validity& validity) const;
    Result<std::string> issue_server(const CertificateRequest& request,
                                     const std::vector<std::string>& names,
                                     const Validity& validity) const;

    struct Revoked {
        std::string serial; // hex
        Time time{};
    };
    /// PEM. `number` grows with every list.
    Result<std::string> revocation_list(const std::vector<Revoked>& revoked, std::uint64_t number,
                                        const Validity& validity) const;

  private:
    struct Impl;
    explicit Authority(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace cpg::identity
