#include "spec/records/file_name.hpp"
#include "spec/load/load.hpp"
#include "spec/records/unpack.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

namespace {

/// The name that is made of the parts is read as the same parts.
void make_again(const Catalog& catalog, const FileName& name) {
    fuzz::require(name.edition && name.type, "a parsed name has an edition and a type");
    const std::string made =
        make_file_name(*name.type, name.from, name.to, name.serial, name.month, name.branch);
    const ParsedName parsed = parse_file_name(catalog, made);
    const auto* const again = std::get_if<FileName>(&parsed);
    fuzz::require(again != nullptr, "a made name is a name");
    fuzz::require(again->type == name.type && again->from == name.from && again->to == name.to &&
                      again->serial == name.serial && again->month == name.month &&
                      again->branch == name.branch && !again->wrong_case,
                  "a made name has the same parts");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const CatalogPtr catalog = embedded_catalog();
    const BytesView text = fuzz::view(data, size);
    const ParsedName parsed = parse_file_name(*catalog, text);
    if (const auto* const name = std::get_if<FileName>(&parsed)) {
        fuzz::require(name->text == text, "a name is kept as received");
        fuzz::require(is_flat_name(text), "a name of the standard is flat");
        make_again(*catalog, *name);
    } else {
        fuzz::require(!std::get<NameProblem>(parsed).rule.empty(), "a wrong name has a rule");
    }
    if (is_flat_name(text))
        fuzz::require(text.find_first_of("/\\:\r\n") == BytesView::npos && text.size() <= 255,
                      "a flat name has no separator");
    return 0;
}
