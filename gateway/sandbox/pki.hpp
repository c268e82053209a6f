// The throw-away certificates of a sandbox: an authority, the gateway's, one an office. Written
// once, in PEM and PKCS#12; the authority's key is forgotten when all are made. Throws
// std::runtime_error when OpenSSL or the disk fails.
#pragma once

#include "gateway/sandbox/robots_file.hpp"
#include "spec/base/digest.hpp"

#include <filesystem>

namespace cpg::sandbox {

/// Of every .p12: the files are their owner's alone and gone in an hour; nobody should have to look
/// for the password.
constexpr std::string_view pkcs12_password = "cpgw-sandbox";

struct Wanted {
    std::string name; // of the files
    std::vector<OfficeNo> offices;
    CertificateState state = CertificateState::valid;
};

struct Issued {
    std::vector<OfficeNo> offices;
    std::filesystem::path certificate, key, pkcs12;
    Digest fingerprint;
};

struct Pki {
    std::filesystem::path ca, crl, server_certificate, server_key;
    std::vector<Issued> issued; // in the order asked for
};

/// Into `folder`, which is made: ca.pem, crl.pem, server.pem, server.key for localhost and
/// 127.0.0.1, and NAME.pem, NAME.key, NAME.p12 for each.
Pki make_pki(const std::filesystem::path& folder, const std::vector<Wanted>& wanted, Time now);

} // namespace cpg::sandbox
