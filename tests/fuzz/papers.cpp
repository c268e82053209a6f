// The first line is the name of a paper, the rest its bytes.
#include "gateway/exchange/papers.hpp"
#include "spec/load/load.hpp"
#include "spec/records/unpack.hpp"
#include "spec/render/report_json.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const CatalogPtr catalog = embedded_catalog();
    fuzz::Input input(data, size);
    const std::string name(input.line());
    const Bytes bytes(input.rest());
    const auto findings = exchange::check_papers(*catalog, {{name, bytes}, {name, bytes}},
                                                 {.max_papers = 2, .max_bytes = 4096});
    const bool allowed = is_flat_name(name) && bytes.size() <= 4096 &&
                         exchange::sniff_paper(bytes) != exchange::PaperType::unknown;
    fuzz::require(allowed || !findings.empty(), "what is no paper is found");
    fuzz::require(!findings.empty(), "the same name twice is found");
    for (const Finding& finding : findings)
        for (const Lang lang : {Lang::ja, Lang::en})
            fuzz::require(!text_of(*catalog, finding, lang).message.empty(), "a finding has words");
    return 0;
}
