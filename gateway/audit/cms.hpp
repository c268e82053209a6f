// Senders' detached signatures, `<name>.p7s` beside a file: CMS as CAdES-B (ETSI EN 319 122-1, 5
// and 6: one signer, signing-certificate-v2), P-256 or larger, or RSA of 2048 bits or more. Made
// and verified with OpenSSL, which is seen by cms.cpp only. Pure, any thread. The library failing
// throws std::runtime_error.
#pragma once

#include "spec/base/bytes.hpp"
#include "spec/base/clock.hpp"

#include <memory>
#include <optional>
#include <string>

namespace cpg::audit {

/// A signature with a chain of RSA certificates has some 8 KiB.
constexpr std::size_t max_signature_bytes = 64 * 1024;

/// Whom a signer's certificate may come from.
class SignerTrust {
  public:
    /// Certificates in PEM, one or many, or empty. `offices`: authorities of office certificates.
    /// `accredited`: accredited authorities. malformed when a text holds no certificate.
    static Result<std::shared_ptr<const SignerTrust>> make(std::string_view offices,
                                                           std::string_view accredited);
    ~SignerTrust();

    struct Stores;
    const Stores& stores() const { return *stores_; }

  private:
    explicit SignerTrust(std::unique_ptr<Stores> stores);
    std::unique_ptr<Stores> stores_;
};

/// What is wrong, in the order in which it is looked for.
enum class CmsFault {
    none,
    malformed,              // not one detached CMS signature (DER or PEM) with its certificate
    mismatch,               // does not verify over these bytes
    no_signing_certificate, // the signed attribute signing-certificate-v2 is missing or of another
    unknown_ca,             // no chain to a trusted authority
    not_valid_then,         // a certificate of the chain was not valid at that time
};

struct CmsCheck {
    CmsFault fault = CmsFault::malformed;
    Bytes certificate;             // DER of the signer's; empty when malformed
    std::optional<Time> signed_at; // as the signer claims
    bool weak = false;       // digest below SHA-256, RSA below 2048 bits, or another kind of key
    bool accredited = false; // the chain ends at an accredited authority
};

/// Revocation is not looked at: the lists of senders' authorities are not at hand.
CmsCheck check_cms(BytesView content, BytesView signature, const SignerTrust& trust, Time when);

/// DER. `certificate` in PEM, with further certificates of its chain if there are any; `key` in
/// PEM. malformed: not a certificate and its key; unsupported keys (Ed25519) are told apart in the
/// text.
Result<Bytes> sign_cms(BytesView content, std::string_view certificate, std::string_view key);

} // namespace cpg::audit
