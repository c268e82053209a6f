#include "gateway/audit/note.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

namespace {

/// Made anew at every start; what is found does not depend on its value.
const audit::Signer& signer() {
    static const auto made = audit::make_signer("log.example/cpgw/2026", audit::make_signer_key());
    return *made;
}

void read_key(BytesView text) {
    const auto key = audit::VerifierKey::parse(text);
    if (key) fuzz::require(key->text() == text, "a key is written as it was read");
}

void read_note(BytesView text) {
    const auto note = audit::parse_note(text);
    const auto opened = audit::open_note(text, {signer().verifier()});
    fuzz::require(!opened, "nothing opens that this key did not sign");
    if (!note) return;
    fuzz::require(text.starts_with(note->text) && note->text.ends_with('\n'),
                  "a note's text is its beginning");
    fuzz::require(!note->signatures.empty() &&
                      note->signatures.size() <= audit::max_note_signatures,
                  "a note has signatures, not too many");
    const std::string signed_note = audit::sign_note(note->text, {&signer()});
    const auto again = audit::open_note(signed_note, {signer().verifier()});
    fuzz::require(again.has_value() && again->text == note->text, "what is signed opens");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    read_key(fuzz::view(data, size));
    read_note(fuzz::view(data, size));
    return 0;
}
