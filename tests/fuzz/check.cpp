// A file with a good name and any bytes: the first byte chooses the name. The report is written in
// every form.
#include "spec/check/checker.hpp"
#include "spec/load/load.hpp"
#include "spec/render/report_json.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/names.hpp"

#include <boost/json/serialize.hpp>

using namespace cpg;

namespace {

void hold_to_counts(const BundleReport& bundle) {
    fuzz::require(bundle.findings.size() + bundle.findings_dropped ==
                      bundle.errors + bundle.warnings,
                  "every finding is counted");
    fuzz::require((bundle.errors == 0) == (bundle.verdict == Verdict::accepted),
                  "errors reject, warnings do not");
}

void write(const Catalog& catalog, const Report& report) {
    for (const Lang lang : {Lang::ja, Lang::en}) {
        const std::string json = boost::json::serialize(to_json(catalog, report, lang));
        fuzz::require(!json.empty() && !to_text(catalog, report, lang).empty() &&
                          !to_csv(catalog, report, lang).empty(),
                      "every report can be written");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const CatalogPtr catalog = embedded_catalog();
    fuzz::Input input(data, size);
    const std::string name(fuzz::good_name(input.byte()));
    const Heap heap = group_files(*catalog, {{name, Bytes(input.rest())}});
    fuzz::require(heap.bundles.size() == 1, "a good name makes a bundle");
    CheckOptions options;
    options.max_findings = 20; // each is written six times below
    options.keep_values = true;
    const Report report = check_heap(*catalog, heap, options);
    for (const BundleReport& bundle : report.bundles) hold_to_counts(bundle);
    write(*catalog, report);
    return 0;
}
