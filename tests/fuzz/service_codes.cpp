// The first byte chooses the form: a city's CSV table or YAML.
#include "spec/tables/service_codes.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const char* const name = input.byte() % 2 == 0 ? "table.csv" : "table.yaml";
    const ServiceCodeOutcome outcome = load_service_codes({{name, Bytes(input.rest())}});
    fuzz::require((outcome.table == nullptr) == !outcome.problems.empty(),
                  "a table or problems, never both, never neither");
    if (!outcome.table) return 0;
    for (const ServiceCodeEntry& entry : outcome.table->entries()) {
        const auto* const found = outcome.table->lookup(entry.code, entry.from, entry.insurer_no);
        fuzz::require(found == &entry, "an entry is found in its first month");
    }
    return 0;
}
