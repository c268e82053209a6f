#include "gateway/identity/certificate.hpp"
#include "spec/base/digest.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes = fuzz::view(data, size);
    const auto certificate = identity::parse_certificate_der(bytes);
    if (certificate) {
        fuzz::require(certificate->fingerprint == sha256(bytes), "the fingerprint is of the DER");
        fuzz::require(certificate->san_offices.size() <= certificate->uris.size(),
                      "offices come from URIs");
    }
    const auto from_pem = identity::parse_certificate_pem(bytes);
    fuzz::require(!from_pem || !from_pem->serial.empty(), "a certificate has a serial number");
    return 0;
}
