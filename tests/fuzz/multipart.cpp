// The first line is the value of Content-Type, the rest is the body.
#include "gateway/http/multipart.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr http::MultipartLimits limits{.max_parts = 20, .max_header_bytes = 512};
    fuzz::Input input(data, size);
    const BytesView content_type = input.line();
    const BytesView body = input.rest();
    const auto parts = http::parse_multipart(content_type, body, limits);
    if (!parts) return 0;
    fuzz::require(parts->size() <= limits.max_parts, "no more parts than allowed");
    const char* behind = body.data();
    for (const http::Part& part : *parts) {
        if (part.body.empty()) continue;
        fuzz::require(fuzz::within(part.body, body), "a part views the body");
        fuzz::require(part.body.data() >= behind, "parts do not overlap");
        behind = part.body.data() + part.body.size();
    }
    return 0;
}
