#include "gateway/http/target.hpp"
#include "spec/records/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

namespace {

bool is_clean(const std::string& text) {
    return cpg::is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
               return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
           });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView text = fuzz::view(data, size);
    fuzz::require(http::is_utf8(text) == cpg::is_utf8(text), "both readers of UTF-8 agree");
    const auto target = http::parse_target(text);
    if (!target) return 0;
    fuzz::require(target->path.starts_with('/') && is_clean(target->path), "a path is clean");
    fuzz::require((target->path + "/").find("/../") == std::string::npos &&
                      (target->path + "/").find("/./") == std::string::npos,
                  "a path has no dot segment");
    fuzz::require(target->query.size() <= 64, "no more parameters than allowed");
    for (const auto& [name, value] : target->query)
        fuzz::require(is_clean(name) && is_clean(value), "a parameter is clean");
    return 0;
}
