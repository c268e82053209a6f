// Files as printable forms: the first byte chooses the name of the file.
#include "spec/load/load.hpp"
#include "spec/render/form_view.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/names.hpp"

using namespace cpg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const CatalogPtr catalog = embedded_catalog();
    constexpr FormLimits limits{.max_sheets = 20,
                                .max_bytes = 256u << 10,
                                .max_rows = 200,
                                .max_image_bytes = 4u << 10,
                                .max_images_bytes = 8u << 10};
    fuzz::Input input(data, size);
    const std::string name(fuzz::good_name(input.byte()));
    const std::string html = form_html(*catalog, {{name, Bytes(input.rest())}}, Lang::ja, limits);
    fuzz::require(html.find("<script") == std::string::npos, "no data becomes a script");
    fuzz::require(html.find("</html>") != std::string::npos, "every document ends");
    return 0;
}
