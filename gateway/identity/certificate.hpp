// What a client certificate says. Pure, any thread; OpenSSL is seen by certificate.cpp only.
#pragma once

#include "spec/base/clock.hpp"
#include "spec/base/digest.hpp"

#include <vector>

namespace cpg::identity {

struct Certificate {
    Digest fingerprint;  // SHA-256 of the DER
    std::string issuer;  // RFC 2253
    std::string subject; // RFC 2253; shown to the owner only
    std::string serial;  // upper-case hex, no leading zeros
    Time not_before{}, not_after{};
    std::vector<OfficeNo> san_offices; // from SAN URI urn:jp-kaigo:office:<事業所番号>, in order
    std::vector<std::string> uris;
};

Result<Certificate> parse_certificate_der(BytesView der);
Result<Certificate> parse_certificate_pem(BytesView pem); // the first one
constexpr std::string_view office_uri_prefix = "urn:jp-kaigo:office:";

} // namespace cpg::identity
