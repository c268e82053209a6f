// Files of care software: the first line is the file's name, the rest its bytes.
#include "adapters/dialect/convert.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <algorithm>

using namespace cpg;
using namespace cpg::adapters;

namespace {

const std::vector<DialectPtr>& dialects() {
    static const std::vector<DialectPtr> all = [] {
        std::vector<LoadProblem> problems;
        auto loaded = load_dialects(*embedded_catalog(), {}, problems);
        fuzz::require(problems.empty(), "the shipped dialects load");
        return loaded;
    }();
    return all;
}

Context context() {
    Context out;
    out.catalog = embedded_catalog();
    out.serial = *Serial::parse("20261101090000");
    out.from = OfficeRef{*OfficeNo::parse("0370100025"), ServiceType::parse("11")};
    out.to = OfficeRef{*OfficeNo::parse("0370100017"), ServiceType::parse("43")};
    out.month = Month::of(2026, 10);
    out.tables.tables["people"] =
        OfficeTable({"local_id", "insurer_no", "insured_no", "name", "kana", "planner_office_no"},
                    {{"L1", "990010", "0000000001", "見本 花子", "ミホン ハナコ", "0370100017"}});
    out.tables.tables["services"] =
        OfficeTable({"name", "service_code"}, {{"身体介護1", "111111"}});
    return out;
}

const Dialect& named(const std::string& id) {
    return **std::find_if(dialects().begin(), dialects().end(),
                          [&](const DialectPtr& dialect) { return dialect->id == id; });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Context known = context();
    const BytesView input = fuzz::view(data, size);
    const std::size_t line = std::min(input.find('\n'), input.size());
    const DialectFile file{std::string(input.substr(0, line)),
                           Bytes(input.substr(std::min(line + 1, input.size())))};
    const auto sets = to_standard_any(known, dialects(), {file});
    fuzz::require(!sets.empty(), "every file is accounted for");
    for (const Converted& set : sets) {
        fuzz::require(set.sources == std::vector{file.path}, "a set names its source");
        const bool refused = set.report.is_refused();
        fuzz::require(refused == (set.state == Converted::State::quarantined),
                      "a refusal is quarantined, nothing else is");
        set.report.text(Lang::ja);
        set.report.json();
        if (set.state != Converted::State::ready) continue;
        fuzz::require(set.check && set.check->verdict == Verdict::accepted, "what is ready passes");
        const Dialect& dialect = named(set.report.dialect);
        const Heap heap = group_files(*known.catalog, set.files);
        fuzz::require(heap.bundles.size() == 1 && heap.strays.empty(), "one bundle");
        if (dialect.writes()) from_standard(known, dialect, heap.bundles.front());
    }
    return 0;
}
