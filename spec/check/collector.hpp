// Gathers the findings of one bundle: decides the severity, counts every one, keeps a bounded
// choice of them. One thread; a Finding* it gives is valid until the next call.
#pragma once

#include "spec/check/checker.hpp"
#include "spec/check/rule_ids.hpp"

namespace cpg::checking {

/// Where a finding is, cheap to make: nothing is copied unless the finding is kept.
struct Site {
    static constexpr std::size_t whole_bundle = static_cast<std::size_t>(-1);
    std::size_t file = whole_bundle; // index into Bundle::files
    std::uint32_t record = 0, line = 0;
    const FileType* type = nullptr;
    const Field* field = nullptr;
    std::optional<std::uint64_t> byte_offset;
    BytesView value; // of the cell; copied only under CheckOptions::keep_values
};

/// Which findings are kept when there are more than CheckOptions::max_findings: errors before
/// warnings, and within each every rule gets its turn (its first finding in the bundle, then its
/// second, …), so that a flood of one rule hides no other. The order in which findings are raised
/// does not matter.
class Collector {
  public:
    Collector(const Catalog& catalog, const Bundle& bundle, const CheckOptions& options);
    /// One that raises nothing: for bytes that were checked before.
    static Collector silent(const Bundle& bundle, const CheckOptions& options) {
        return {bundle, options};
    }

    bool is_on(Rule rule) const { return severities_[index_of(rule)] != Severity::off; }
    /// Counts a finding with the rule's own severity. Null when the rule is off or the finding is
    /// only counted: then its arguments need not be made.
    Finding* raise(Rule rule, const Site& site, std::string_view variant = {});
    /// The same, milder: a mild variant, or a fact of medium or low confidence, of a rule that is
    /// an error otherwise is a warning at most. A rule that is a warning by itself has no milder
    /// form: what a profile chooses for it holds.
    Finding* raise_mild(Rule rule, const Site& site, std::string_view variant = {});

    bool has_errors() const;
    /// Counts, verdict and the chosen findings in report order.
    void move_into(BundleReport& report);

  private:
    struct Kept {
        Finding finding;
        std::size_t file_order = 0; // 0 = the bundle, then its files
        std::uint64_t sequence = 0; // in which it was raised, where nothing else tells
        std::uint64_t ordinal = 0;  // among the findings of its rule and severity
    };
    /// The findings of one rule and severity: all are counted; the indices in kept_ of the first
    /// ones in the bundle, the last of them on top of a heap.
    struct Counted {
        std::uint64_t count = 0;
        std::vector<std::uint32_t> first;
    };

    Collector(const Bundle& bundle, const CheckOptions& options)
        : bundle_(bundle), options_(options) {
        severities_.fill(Severity::off);
    }
    Finding* add(Rule rule, Severity severity, const Site& site, std::string_view variant);
    static bool is_behind(const Site& site, std::string_view variant, const Kept& last);
    Finding described(Rule rule, Severity severity, const Site& site,
                      std::string_view variant) const;
    void number_findings();
    bool is_before(std::uint32_t left, std::uint32_t right) const;

    const Bundle& bundle_;
    const CheckOptions& options_;
    std::array<Severity, rule_count> severities_{}, mild_{};
    std::array<std::array<Counted, 2>, rule_count> counted_{}; // warnings, errors
    std::vector<Kept> kept_;
    std::uint64_t raised_ = 0;
};

/// "別紙 第6表 No.10"
std::string section_of(const FileType& type, const Field& field);

} // namespace cpg::checking
