#include "gateway/exchange/parcel.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes = fuzz::view(data, size);
    const auto parcel = exchange::read_parcel(bytes);
    if (parcel) fuzz::require(exchange::write_parcel(*parcel) == bytes, "a parcel has one form");
    return 0;
}
