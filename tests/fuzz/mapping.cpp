// A mapping of outside certificates and texts to put before it: whatever the rules find is an
// office number that stands in the text.
#include "gateway/identity/mapping.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes = fuzz::view(data, size);
    const auto cut = bytes.find('\0');
    const auto mapping = identity::parse_mapping({"mapping.yaml", Bytes(bytes.substr(0, cut))});
    if (!mapping) {
        fuzz::require(mapping.error().code == Errc::configuration, "a bad file is a setting's");
        return 0;
    }
    for (const auto& rule : mapping->rules) {
        identity::Certificate certificate;
        certificate.issuer = rule.issuer;
        certificate.issuer_key = rule.issuer_key;
        const auto text =
            cut == BytesView::npos ? BytesView() : bytes.substr(cut + 1).substr(0, 256);
        certificate.attributes.push_back({rule.place, std::string(text)});
        const auto office = identity::mapped_office(*mapping, certificate);
        fuzz::require(office || office.error().code == Errc::forbidden, "two offices are refused");
        fuzz::require(!office || !*office || text.find((*office)->view()) != BytesView::npos,
                      "the office stands in the text");
    }
    return 0;
}
