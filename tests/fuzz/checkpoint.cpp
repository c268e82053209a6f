#include "gateway/audit/note.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView text = fuzz::view(data, size);
    const auto checkpoint = audit::Checkpoint::parse(text);
    if (checkpoint) fuzz::require(checkpoint->body() == text, "a checkpoint has one form");
    return 0;
}
