// Thousands of good bundles, each broken in one way, and hundreds that stay good: nothing bad is
// accepted, nothing good refused, and the finding stands where the fault is.
//
//     CPG_MUTATION_SEED=7 CPG_MUTATION_TIMES=50 build/release/test_mutation
//
// repeats a run by its seed, and makes it longer. A failure prints seed, mutator, bundle and the
// difference.
#include "spec/load/load.hpp"
#include "tests/mutation/mutator.hpp"
#include "tests/mutation/sources.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

using namespace cpg;
using namespace cpg::mutation;

namespace {

constexpr std::uint64_t usual_seed = 20261120;
/// Bundles wanted of every mutator, and how often it is tried: some fit few bundles.
constexpr int wanted_of_a_mutator = 30, tries_of_a_mutator = 600;
constexpr int wanted_of_a_harmless_one = 60;
/// What the issue asks for.
constexpr std::size_t least_bad = 3000, least_good = 500;

const Catalog& catalog() {
    static const CatalogPtr loaded = embedded_catalog();
    return *loaded;
}

std::uint64_t number_from(const char* variable, std::uint64_t fallback) {
    const char* const text = std::getenv(variable);
    return text ? std::strtoull(text, nullptr, 10) : fallback;
}

std::vector<Mutator> all_mutators() {
    std::vector<Mutator> all;
    for (const auto& table :
         {name_mutators(), byte_mutators(), item_mutators(), bundle_mutators(), table6_mutators(),
          table7_mutators(), code_table_mutators(), harmless_mutators()})
        all.insert(all.end(), table.begin(), table.end());
    return all;
}

bool has_word(std::string_view list, std::string_view word) {
    return (' ' + std::string(list) + ' ').find(' ' + std::string(word) + ' ') != std::string::npos;
}

std::vector<Finding> findings_of(const Report& report) {
    std::vector<Finding> all = report.findings;
    for (const BundleReport& bundle : report.bundles)
        all.insert(all.end(), bundle.findings.begin(), bundle.findings.end());
    return all;
}

std::string name_of(Severity severity) {
    return severity == Severity::error ? "error" : "warning";
}

std::string described(const Place& place) {
    return (place.file.empty() ? "the bundle" : place.file) + " record " +
           std::to_string(place.record) + " line " + std::to_string(place.line) + " column " +
           std::to_string(place.column);
}

Place place_of(const Finding& finding) {
    return {finding.where.file, finding.where.record, finding.where.line, finding.where.column};
}

bool same(const Place& left, const Place& right) {
    return std::tie(left.file, left.record, left.line, left.column) ==
           std::tie(right.file, right.record, right.line, right.column);
}

bool is_expected(const Mutator& mutator, const Place& place, const Finding& finding) {
    return finding.rule == mutator.rule && finding.severity == mutator.severity &&
           same(place_of(finding), place);
}

/// What is wrong with the report; empty when it is as it must be.
std::string difference(const Mutator& mutator, const Place& place, const Report& report) {
    const std::vector<Finding> findings = findings_of(report);
    std::string text;
    const bool harmless = mutator.rule.empty();
    if (!harmless && std::none_of(findings.begin(), findings.end(), [&](const Finding& finding) {
            return is_expected(mutator, place, finding);
        }))
        text += "\n  missing: " + std::string(mutator.rule) + ' ' + name_of(mutator.severity) +
                " at " + described(place);
    for (const Finding& finding : findings) {
        const bool own = finding.rule == mutator.rule && finding.severity <= mutator.severity;
        if (own || has_word(mutator.consequences, finding.rule)) continue;
        text += "\n  unexpected: " + finding.rule + '/' + finding.variant + ' ' +
                name_of(finding.severity) + " at " + described(place_of(finding));
    }
    const bool refused = report.verdict == Verdict::rejected;
    if (refused && mutator.severity != Severity::error) text += "\n  falsely refused";
    if (!refused && mutator.severity == Severity::error) text += "\n  falsely accepted";
    if (!text.empty())
        for (const Finding& finding : findings)
            if (finding.rule == mutator.rule)
                text += "\n  found: " + finding.rule + '/' + finding.variant + ' ' +
                        name_of(finding.severity) + " at " + described(place_of(finding));
    return text;
}

/// One run: how many of each mutator fitted.
struct Outcome {
    std::map<std::string, std::size_t> of_mutator;
    std::size_t bad = 0, good = 0;
};

class Run {
  public:
    explicit Run(std::uint64_t seed) : seed_(seed), sources_(written_cases(catalog())) {
        const auto sampled = sampled_cases(catalog(), seed);
        sources_.insert(sources_.end(), sampled.begin(), sampled.end());
    }

    void add_to(Outcome& outcome) const {
        for (const Mutator& mutator : all_mutators()) {
            const std::size_t fitted = run(mutator);
            outcome.of_mutator[std::string(mutator.name)] += fitted;
            (mutator.rule.empty() ? outcome.good : outcome.bad) += fitted;
        }
    }

  private:
    std::size_t run(const Mutator& mutator) const {
        Random chance(sampling::mix(seed_, mutator.name));
        const int wanted = mutator.rule.empty() ? wanted_of_a_harmless_one : wanted_of_a_mutator;
        std::size_t fitted = 0;
        int failures = 0;
        for (int i = 0; i < tries_of_a_mutator && static_cast<int>(fitted) < wanted; ++i) {
            Random random(chance.next());
            Case changed = pick(random, sources_);
            const std::optional<Place> place = mutator.apply(changed, random);
            if (!place) continue;
            ++fitted;
            const Report report =
                check_heap(catalog(), group_files(catalog(), changed.input()), changed.options);
            const std::string wrong = difference(mutator, *place, report);
            if (wrong.empty() || ++failures > 2) continue; // enough to see what is wrong
            BOOST_ERROR("seed " << seed_ << ", mutator \"" << mutator.name << "\", bundle \""
                                << changed.source << '"' << wrong);
        }
        return fitted;
    }

    std::uint64_t seed_;
    std::vector<Case> sources_;
};

/// Run once, used by every test.
const Outcome& outcome() {
    static const Outcome made = [] {
        Outcome sum;
        const std::uint64_t seed = number_from("CPG_MUTATION_SEED", usual_seed);
        const std::uint64_t times = number_from("CPG_MUTATION_TIMES", 1);
        for (std::uint64_t i = 0; i < times; ++i) Run(seed + i).add_to(sum);
        BOOST_TEST_MESSAGE("seed " << seed << ", " << times << " times");
        std::cout << "mutation corpus: seed " << seed << ", " << sum.bad << " bad bundles, "
                  << sum.good << " good ones, " << sum.of_mutator.size() << " mutators\n";
        return sum;
    }();
    return made;
}

} // namespace

BOOST_AUTO_TEST_SUITE(mutations)

BOOST_AUTO_TEST_CASE(every_bad_bundle_is_refused_at_its_fault_and_no_good_one) {
    outcome(); // fails where a report is not as it must be
}

BOOST_AUTO_TEST_CASE(the_corpus_is_large_enough) {
    BOOST_CHECK_GE(outcome().bad, least_bad);
    BOOST_CHECK_GE(outcome().good, least_good);
}

BOOST_AUTO_TEST_CASE(every_mutator_fits_some_bundles) {
    for (const auto& [name, fitted] : outcome().of_mutator)
        BOOST_CHECK_MESSAGE(fitted >= 5, name << " fitted " << fitted << " bundles only");
}

BOOST_AUTO_TEST_CASE(every_rule_of_the_checker_has_a_mutator) {
    std::set<std::string> rules;
    for (const Mutator& mutator : all_mutators()) rules.insert(std::string(mutator.rule));
    for (const std::string& rule : implemented_rules())
        BOOST_CHECK_MESSAGE(rules.contains(rule), rule << " is broken by no mutator");
}

BOOST_AUTO_TEST_CASE(every_mutator_has_a_name_of_its_own_and_explains_its_consequences) {
    std::set<std::string_view> names;
    for (const Mutator& mutator : all_mutators()) {
        BOOST_CHECK_MESSAGE(names.insert(mutator.name).second, mutator.name << " twice");
        BOOST_CHECK_MESSAGE(mutator.consequences.empty() == mutator.why.empty(), mutator.name);
    }
}

BOOST_AUTO_TEST_SUITE_END()
