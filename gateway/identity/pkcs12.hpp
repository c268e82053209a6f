// A certificate with its key and its authority in one PKCS#12 file (RFC 7292), the form that
// browsers and operating systems import. Values in, bytes out; any thread. Throws
// std::runtime_error when OpenSSL fails.
#pragma once

#include "gateway/identity/authority.hpp"

namespace cpg::identity {

/// modern: AES-256-CBC with PBKDF2, HMAC-SHA-256. legacy: 3DES and SHA-1, for Windows before 2019
/// and macOS before 2022, which read nothing better.
enum class Pkcs12Kind { modern, legacy };

constexpr std::size_t min_pkcs12_password = 8; // the file is copied to other machines
constexpr std::size_t max_pkcs12_password = 256;

/// malformed: PEM that cannot be read, a key of another certificate, a password that is too short,
/// too long or not UTF-8 text of one line.
Result<Bytes> to_pkcs12(const Credential& credential, const std::string& authority_pem,
                        const std::string& password, Pkcs12Kind kind);

} // namespace cpg::identity
