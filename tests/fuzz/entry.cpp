#include "gateway/audit/entry.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView text = fuzz::view(data, size);
    const auto entry = audit::parse_entry(text);
    if (!entry) return 0;
    fuzz::require(audit::format_entry(*entry) == text, "an entry has one form");
    audit::files_digest_of(*entry);
    return 0;
}
