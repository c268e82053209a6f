// Requests for certificates (PKCS#10): how a key that never leaves its token, or its office, gets
// one. Values in, PEM out; no clock. Any thread. Throws std::runtime_error when OpenSSL fails.
#pragma once

#include "spec/base/bytes.hpp"
#include "spec/base/private_key.hpp"

#include <string>

namespace cpg::identity {

/// PKCS#8 PEM of a new P-256 key; belongs in a file of mode 0400.
std::string make_key();

/// A request in PEM, signed by the key of that file or token (spec/base/private_key.hpp). It asks
/// for nothing but the common name, which is there for people: what stands in the certificate is
/// the authority's choice. configuration: the key cannot be used. Precondition: 1-64 characters.
Result<std::string> make_request(std::string_view common_name, const std::string& key);

/// A request that was looked at. Only its key counts.
struct CertificateRequest {
    std::shared_ptr<evp_pkey_st> key; // OpenSSL's EVP_PKEY, the public part
    Digest key_digest;                // as Certificate::key: SHA-256 of the SubjectPublicKeyInfo

    /// malformed, in words: over 64 KiB; no PEM of a request; not signed by its own key with
    /// SHA-256 or better (proof of possession); neither EC P-256 by name nor RSA of 2,048 to 4,096
    /// bits with a usual exponent.
    static Result<CertificateRequest> parse(std::string_view pem);
};

} // namespace cpg::identity
