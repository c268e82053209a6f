// The first byte chooses: 255 reads the rest as canonical JSON, others name the CSV file that the
// rest is.
#include "spec/render/canonical.hpp"
#include "spec/load/load.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/names.hpp"

using namespace cpg;

namespace {

constexpr std::uint8_t json_itself = 255;

FileName parsed_name(const Catalog& catalog, std::string_view text) {
    return std::get<FileName>(parse_file_name(catalog, text));
}

/// What was read back is exact from then on.
void convert_again(const Catalog& catalog, const Restored& restored) {
    const auto canonical = to_canonical(restored.name, restored.bytes);
    // Kana and gaiji may look like another encoding when they stand alone.
    if (!canonical || !canonical->exact) return;
    const auto again = from_canonical(catalog, canonical->json);
    fuzz::require(again.has_value() && again->bytes == restored.bytes && again->same_as_source,
                  "exact JSON gives the same bytes");
}

void convert(const Catalog& catalog, std::string_view name, BytesView bytes) {
    const auto canonical = to_canonical(parsed_name(catalog, name), bytes);
    if (!canonical) return;
    const auto restored = from_canonical(catalog, canonical->json);
    if (!restored) {
        fuzz::require(restored.error().code == Errc::not_acceptable,
                      "what is written as JSON can be read, but for characters outside MS932");
        return;
    }
    fuzz::require(restored->name.text == name, "the name is kept");
    fuzz::require(canonical->exact == (restored->bytes == bytes),
                  "exact says whether bytes return");
    fuzz::require(restored->same_as_source == (restored->bytes == bytes),
                  "the digest says whether bytes return");
    convert_again(catalog, *restored);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const CatalogPtr catalog = embedded_catalog();
    fuzz::Input input(data, size);
    const std::uint8_t choice = input.byte();
    if (choice != json_itself) {
        convert(*catalog, fuzz::good_name(choice), input.rest());
        return 0;
    }
    const auto restored = from_canonical(*catalog, input.rest());
    if (restored) convert_again(*catalog, *restored);
    return 0;
}
