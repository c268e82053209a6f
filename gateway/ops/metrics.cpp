#include "gateway/ops/metrics.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <map>
#include <mutex>

namespace cpg {

namespace {

/// Seconds. From a cached answer to the longest long-poll.
constexpr std::array bucket_bounds{0.001, 0.005, 0.01, 0.025, 0.05, 0.1,  0.25,
                                   0.5,   1.0,   2.5,  5.0,   10.0, 30.0, 60.0};
/// Series of one name: a label that takes values from outside must not fill the memory.
constexpr std::size_t max_series = 1000;
constexpr std::string_view overflow_labels = "overflow=\"true\"";

struct Histogram {
    std::array<std::uint64_t, bucket_bounds.size()> counts{};
    std::uint64_t total = 0;
    double sum = 0;
};

template<class T> using Series = std::map<std::string, T, std::less<>>; // by labels

struct Description {
    std::string type, help;
};

struct Gauge {
    std::string name, help, labels;
    std::function<double()> read;
};

std::string number(double value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return std::string(text.data(), end);
}

std::string with_labels(std::string_view name, std::string_view labels) {
    std::string text(name);
    if (!labels.empty()) text.append("{").append(labels).append("}");
    return text;
}

template<class T> T& series_of(Series<T>& all, std::string_view labels) {
    auto found = all.find(labels);
    if (found == all.end() && all.size() >= max_series) {
        labels = overflow_labels;
        found = all.find(labels);
    }
    if (found == all.end()) found = all.emplace(std::string(labels), T{}).first;
    return found->second;
}

template<class T>
Series<T>& family_of(std::map<std::string, Series<T>, std::less<>>& families,
                     std::string_view name) {
    const auto found = families.find(name);
    if (found != families.end()) return found->second;
    return families.emplace(std::string(name), Series<T>{}).first->second;
}

void append_head(std::string& text, std::string_view name, std::string_view type,
                 std::string_view help) {
    if (!help.empty()) text.append("# HELP ").append(name).append(" ").append(help).append("\n");
    text.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void append_histogram(std::string& text, const std::string& name, const std::string& labels,
                      const Histogram& histogram) {
    const std::string prefix = labels.empty() ? "" : labels + ",";
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < bucket_bounds.size(); ++i) {
        below += histogram.counts[i];
        text += with_labels(name + "_bucket", prefix + "le=\"" + number(bucket_bounds[i]) + "\"");
        text += " " + std::to_string(below) + "\n";
    }
    text += with_labels(name + "_bucket", prefix + "le=\"+Inf\"") + " " +
            std::to_string(histogram.total) + "\n";
    text += with_labels(name + "_sum", labels) + " " + number(histogram.sum) + "\n";
    text += with_labels(name + "_count", labels) + " " + std::to_string(histogram.total) + "\n";
}

double read_quietly(const Gauge& gauge) {
    try {
        return gauge.read();
    } catch (...) { // one gauge that cannot be read must not take the others along
        return std::numeric_limits<double>::quiet_NaN();
    }
}

} // namespace

// One mutex: a count is about 100 ns inside it, and some thousand a second are expected.
struct Metrics::Impl {
    mutable std::mutex mutex;
    std::map<std::string, Series<double>, std::less<>> counters;
    std::map<std::string, Series<Histogram>, std::less<>> histograms;
    std::map<std::string, Description, std::less<>> descriptions;
    std::vector<Gauge> gauges;

    Description description(const std::string& name, std::string_view usual_type) const {
        const auto found = descriptions.find(name);
        if (found == descriptions.end()) return {std::string(usual_type), {}};
        return found->second;
    }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}

Metrics::~Metrics() = default;

void Metrics::count(std::string_view name, std::string_view labels, double by) {
    const std::lock_guard guard(impl_->mutex);
    series_of(family_of(impl_->counters, name), labels) += by;
}

void Metrics::observe(std::string_view name, std::string_view labels, double seconds) {
    const std::lock_guard guard(impl_->mutex);
    auto& histogram = series_of(family_of(impl_->histograms, name), labels);
    for (std::size_t i = 0; i < bucket_bounds.size(); ++i) {
        if (seconds > bucket_bounds[i]) continue;
        ++histogram.counts[i];
        break;
    }
    ++histogram.total;
    histogram.sum += seconds;
}

void Metrics::gauge(std::string name, std::string help, std::function<double()> read,
                    std::string labels) {
    const std::lock_guard guard(impl_->mutex);
    impl_->gauges.push_back({std::move(name), std::move(help), std::move(labels), std::move(read)});
}

void Metrics::describe(std::string name, std::string type, std::string help) {
    const std::lock_guard guard(impl_->mutex);
    impl_->descriptions[std::move(name)] = {std::move(type), std::move(help)};
}

std::string Metrics::text() const {
    std::string text;
    std::vector<Gauge> gauges;
    {
        const std::lock_guard guard(impl_->mutex);
        gauges = impl_->gauges;
        for (const auto& [name, series] : impl_->counters) {
            const auto said = impl_->description(name, "counter");
            append_head(text, name, said.type, said.help);
            for (const auto& [labels, value] : series)
                text += with_labels(name, labels) + " " + number(value) + "\n";
        }
        for (const auto& [name, series] : impl_->histograms) {
            append_head(text, name, "histogram", impl_->description(name, "histogram").help);
            for (const auto& [labels, histogram] : series)
                append_histogram(text, name, labels, histogram);
        }
    }
    // Outside the lock: a gauge may itself ask something that counts.
    std::string_view family;
    for (const auto& gauge : gauges) {
        if (family != gauge.name) append_head(text, gauge.name, "gauge", gauge.help);
        family = gauge.name;
        const double value = read_quietly(gauge);
        text += with_labels(gauge.name, gauge.labels) + " ";
        text += (value != value ? "NaN" : number(value)) + "\n";
    }
    return text;
}

} // namespace cpg
