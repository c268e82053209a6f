#include "gateway/audit/receipt.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView text = fuzz::view(data, size);
    const auto proof = audit::TlogProof::parse(text);
    if (proof) fuzz::require(proof->text() == text, "a proof has one form");
    return 0;
}
