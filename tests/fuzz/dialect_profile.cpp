// The YAML of a dialect, as an office may write it.
#include "adapters/dialect/dialect.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto outcome =
        adapters::load_dialect(*embedded_catalog(), {"own.yaml", Bytes(fuzz::view(data, size))});
    fuzz::require((outcome.dialect == nullptr) != outcome.problems.empty(),
                  "a dialect, or what is wrong with it");
    return 0;
}
