#include "gateway/exchange/parcel.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes = fuzz::view(data, size);
    const auto dossier = exchange::read_dossier(bytes);
    if (dossier)
        fuzz::require(exchange::write_dossier(*dossier) == bytes, "a dossier has one form");
    return 0;
}
