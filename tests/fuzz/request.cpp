// Requests for certificates, as an authority reads them.
#include "gateway/identity/request.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto request = identity::CertificateRequest::parse(fuzz::view(data, size));
    if (request)
        fuzz::require(request->key != nullptr, "a request that is taken has a key");
    else
        fuzz::require(request.error().code == Errc::malformed, "else it is malformed");
    return 0;
}
