#include "gateway/exchange/papers.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr exchange::PaperLimits limits;
    const auto cover = exchange::parse_cover(fuzz::view(data, size), limits);
    if (!cover) return 0;
    fuzz::require(!cover->title.empty() && cover->title.size() <= limits.max_title,
                  "a title is there and within its limit");
    fuzz::require(cover->month.has_value(), "a cover has a month");
    fuzz::require(!cover->serial || cover->serial->is_real(), "a serial is a date-time");
    return 0;
}
