#include "spec/records/cp932.hpp"
#include "spec/records/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

namespace {

void walk_problems(BytesView bytes) {
    std::size_t from = 0;
    while (from < bytes.size()) {
        const ByteFinding finding = next_byte_problem(bytes, from);
        if (finding.problem == ByteProblem::none) return;
        fuzz::require(finding.offset >= from && finding.offset < bytes.size(),
                      "a byte problem lies in the rest of the bytes");
        from = finding.offset + 1;
    }
}

void decode(BytesView bytes) {
    const std::string text = to_utf8(bytes);
    fuzz::require(is_utf8(text), "to_utf8 gives UTF-8");
    std::size_t characters = 0;
    for (std::size_t i = 0; i < text.size(); ++characters) i += utf8_character_at(text, i).length;
    fuzz::require(characters == character_count(bytes), "as many characters as are decoded");
    const Encoded back = to_ms932(text);
    if (back.bytes)
        fuzz::require(to_utf8(*back.bytes) == text, "what is encoded decodes to the same text");
    else
        fuzz::require(next_byte_problem(bytes).problem != ByteProblem::none,
                      "clean bytes decode to text that can be encoded");
}

void encode(BytesView text) {
    const Encoded strict = to_ms932(text);
    const Encoded folded = to_ms932(text, Fold::yes);
    if (!strict.bytes) {
        fuzz::require(strict.offset < text.size(), "the refused character lies in the text");
        return;
    }
    fuzz::require(to_utf8(*strict.bytes) == text, "nothing is replaced silently");
    fuzz::require(folded.bytes == strict.bytes, "folding changes only what is refused without");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes = fuzz::view(data, size);
    walk_problems(bytes);
    decode(bytes);
    encode(bytes);
    guess_encoding(bytes);
    return 0;
}
