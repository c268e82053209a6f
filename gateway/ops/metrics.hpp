// Counters, gauges and histograms in Prometheus text form. Names start with cpgw_. Any thread; no
// labels with office numbers or names.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cpg {

class Metrics {
  public:
    Metrics();
    ~Metrics();
    /// labels in exposition form, e.g. `route="bundles.submit",status="201"`; empty = none.
    void count(std::string_view name, std::string_view labels = {}, double by = 1);
    void observe(std::string_view name, std::string_view labels,
                 double seconds); // histogram, fixed buckets
    /// Asked at every scrape. Gauges of one name with several labels are given one after another.
    void gauge(std::string name, std::string help, std::function<double()> read,
               std::string labels = {});
    void describe(std::string name, std::string type, std::string help);
    std::string text() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace cpg
