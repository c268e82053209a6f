#include "tests/adapters/sample_sets.hpp"

#include <stdexcept>

namespace cpg::adapters::testing {

const CatalogPtr& catalog() {
    static const CatalogPtr instance = embedded_catalog();
    return instance;
}

OfficeRef office(const std::string& text) {
    OfficeRef out{OfficeNo::parse(text.substr(0, 10)).value(), std::nullopt};
    if (text.size() > 11) out.service_type = ServiceType::parse(text.substr(11));
    return out;
}

std::vector<Bundle> sample_bundles(const SampleRequest& request) {
    auto files = make_sample(*catalog(), request);
    if (!files) throw std::runtime_error(files.error().detail);
    Heap heap = group_files(*catalog(), std::move(*files));
    if (!heap.strays.empty()) throw std::runtime_error("a sample with strays");
    return std::move(heap.bundles);
}

SampleRequest sample_request(const std::string& from, const std::string& to, Month month,
                             const std::string& edition, const std::string& kind) {
    SampleRequest out;
    out.from = office(from);
    out.to = {office(to)};
    out.month = month;
    out.users = 4;
    out.edition = edition;
    out.kinds = {kind};
    return out;
}

TableSet sample_set(const std::string& from, const std::string& to, Month month,
                    const std::string& edition, const std::string& kind) {
    const std::vector<Bundle> bundles =
        sample_bundles(sample_request(from, to, month, edition, kind));
    if (bundles.size() != 1) throw std::runtime_error("not one bundle");
    return tables_of(bundles.front()).value();
}

Bundle one_bundle(const std::vector<InputFile>& files) {
    Heap heap = group_files(*catalog(), files);
    if (heap.bundles.size() != 1 || !heap.strays.empty())
        throw std::runtime_error("not one bundle");
    return std::move(heap.bundles.front());
}

} // namespace cpg::adapters::testing
