#include "spec/records/unpack.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <set>

using namespace cpg;

namespace {

constexpr UnpackLimits limits{.max_entries = 20,
                              .max_total = 256u << 10,
                              .max_file = 64u << 10,
                              .max_ratio = 50,
                              .max_name = 100};

void hold_to_limits(const std::vector<InputFile>& files) {
    fuzz::require(files.size() <= limits.max_entries, "no more entries than allowed");
    std::set<std::string> names;
    std::uint64_t total = 0;
    for (const InputFile& file : files) {
        fuzz::require(is_flat_name(file.name) && file.name.size() <= limits.max_name,
                      "names are flat and short");
        fuzz::require(names.insert(file.name).second, "names differ");
        fuzz::require(file.bytes.size() <= limits.max_file, "no file is larger than allowed");
        total += file.bytes.size();
    }
    fuzz::require(total <= limits.max_total, "not more bytes than allowed");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto files = unpack_zip(fuzz::view(data, size), limits);
    if (!files) {
        fuzz::require(files.error().code == Errc::malformed ||
                          files.error().code == Errc::too_large,
                      "a refusal is malformed or too_large");
        return 0;
    }
    hold_to_limits(*files);
    const auto again = unpack_zip(pack_zip(*files), limits);
    fuzz::require(again.has_value() && again->size() == files->size(), "what is packed unpacks");
    for (std::size_t i = 0; i < files->size(); ++i)
        fuzz::require((*again)[i].name == (*files)[i].name &&
                          (*again)[i].bytes == (*files)[i].bytes,
                      "packing and unpacking changes nothing");
    return 0;
}
