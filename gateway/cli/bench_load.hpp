// What `cpgw bench` sends: distinct valid bundles, made before the clock starts.
#pragma once

#include "adapters/client/client.hpp"
#include "spec/sample/sample.hpp"

namespace cpg::cli {

struct LoadPlan {
    std::vector<OfficeRef> from, to; // connection c: from[c % n], to[c / n % m]
    std::size_t connections = 1;
    std::size_t bundles = 0; // in all
    std::size_t bytes = 0;   // of one bundle, about
    std::string kind, edition;
    Month month;
    std::uint64_t seed = 1;
    Time first_serial{}; // each bundle has a second of its own, counted up from here
};

/// One request a bundle; lane c is for connection c, in rising order of serials.
struct Load {
    std::vector<std::vector<client::Body>> lanes;
    int users = 0;                  // per bundle
    std::uint64_t bundle_bytes = 0; // files of the first bundle
};

/// Uses every core. malformed: what make_sample refuses.
Result<Load> make_load(const Catalog& catalog, const LoadPlan& plan);

} // namespace cpg::cli
