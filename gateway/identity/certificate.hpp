// What a client certificate says. Pure, any thread; OpenSSL is seen by certificate.cpp only.
#pragma once

#include "spec/base/clock.hpp"
#include "spec/base/digest.hpp"

#include <optional>
#include <vector>

namespace cpg::identity {

/// A text of the certificate that may name an office, and where it stands: "subject.serialNumber",
/// "subject.OU", "san.uri", "san.dns", "san.other:<object id>". Never the common name.
struct Attribute {
    std::string place;
    std::string text; // UTF-8, at most 256 bytes; longer ones are left out
};

struct Certificate {
    Digest fingerprint;  // SHA-256 of the DER
    Digest key;          // SHA-256 of the public key (SubjectPublicKeyInfo)
    std::string issuer;  // RFC 2253
    std::string subject; // RFC 2253; shown to the owner only
    std::string serial;  // upper-case hex, no leading zeros
    Time not_before{}, not_after{};
    std::vector<OfficeNo> san_offices; // from SAN URI urn:jp-kaigo:office:<事業所番号>, in order
    std::vector<std::string> uris;
    std::vector<Attribute> attributes;
    /// SHA-256 of the issuer's public key. Not in the certificate: whoever verified the chain sets
    /// it. nullopt = not known, no mapping rule then fits.
    std::optional<Digest> issuer_key;
};

Result<Certificate> parse_certificate_der(BytesView der);
Result<Certificate> parse_certificate_pem(BytesView pem); // the first one
constexpr std::string_view office_uri_prefix = "urn:jp-kaigo:office:";

} // namespace cpg::identity
