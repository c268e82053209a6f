// A conversion's declaration: the header's value and the leaf's line.
#include "spec/base/conversion.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView text = fuzz::view(data, size);
    if (const auto header = parse_conversion_header(text)) {
        fuzz::require(to_header(*header) == text, "a header has one form");
        fuzz::require(parse_conversion_line(to_leaf_line(*header)) == *header, "it fits the leaf");
    }
    if (const auto line = parse_conversion_line(text))
        fuzz::require(to_leaf_line(*line) == text, "a line has one form");
    return 0;
}
