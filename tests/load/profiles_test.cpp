#include "spec/load/profile_loader.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>

using namespace cpg;

namespace {

const Catalog& catalog() {
    return *embedded_catalog();
}

constexpr std::string_view head = "profile: own\ntitle_ja: \"自\"\ntitle_en: \"own\"\n"
                                  "description_ja: \"自分\"\ndescription_en: \"our own\"\n";

std::string problems_of(const ProfileOutcome& outcome) {
    std::string text;
    for (const LoadProblem& problem : outcome.problems)
        text += problem.file + ":" + std::to_string(problem.line) + ": " + problem.text + "\n";
    return text;
}

ProfileOutcome load(const std::string& rest, const std::string& name = "own.yaml") {
    return load_profile(catalog(), {name, std::string(head) + rest});
}

/// What loading refuses, with its line; the head has five lines.
std::string refusal(const std::string& rest) {
    const ProfileOutcome outcome = load(rest);
    BOOST_TEST(!outcome.profile);
    return problems_of(outcome);
}

ProfilePtr shipped(const std::string& name) {
    const ProfileOutcome outcome = choose_profile(catalog(), name, {});
    BOOST_REQUIRE_MESSAGE(outcome.profile, problems_of(outcome));
    return outcome.profile;
}

Severity severity(const Profile& profile, const std::string& rule) {
    return chosen_severity(catalog().rule(rule), profile.severities);
}

} // namespace

BOOST_AUTO_TEST_SUITE(profiles)

BOOST_AUTO_TEST_CASE(the_standard_profile_changes_nothing) {
    BOOST_TEST(shipped("standard")->severities.empty());
    BOOST_TEST(shipped("standard")->name == standard_profile);
}

BOOST_AUTO_TEST_CASE(the_strict_profile_lowers_nothing_and_turns_everything_on) {
    const ProfilePtr strict = shipped("strict");
    for (const auto& [id, rule] : catalog().rules) {
        BOOST_TEST_CONTEXT(id) {
            BOOST_TEST((severity(*strict, id) >= rule.severity));
            BOOST_TEST((severity(*strict, id) != Severity::off));
        }
    }
    BOOST_TEST((severity(*strict, "R-REL-07") == Severity::error));
}

BOOST_AUTO_TEST_CASE(the_lenient_profile_raises_nothing) {
    const ProfilePtr lenient = shipped("lenient");
    for (const auto& [id, rule] : catalog().rules)
        BOOST_TEST((severity(*lenient, id) <= own_severity(rule)), id);
    BOOST_TEST((severity(*lenient, "R-WEL-01") == Severity::warning));
}

BOOST_AUTO_TEST_CASE(every_line_of_a_shipped_profile_changes_something_and_says_why) {
    for (const SourceFile& source : embedded_profile_sources()) {
        const ProfileOutcome outcome = load_profile(catalog(), source);
        BOOST_REQUIRE_MESSAGE(outcome.profile, problems_of(outcome));
        for (const auto& [id, chosen] : outcome.profile->severities)
            BOOST_TEST((chosen != own_severity(catalog().rule(id))), source.name + " " + id);
        std::size_t reasons = 0;
        for (std::size_t at = source.text.find("\n  R-"); at != source.text.npos;
             at = source.text.find("\n  R-", at + 1))
            if (source.text.find("# ", at + 1) < source.text.find('\n', at + 1)) ++reasons;
        BOOST_TEST(reasons == outcome.profile->severities.size(), source.name);
    }
}

BOOST_AUTO_TEST_CASE(what_keeps_a_delivery_safe_is_never_lowered) {
    for (const char* const rule : {"R-AUTH-01", "R-ENC-01", "R-CSV-01", "R-NAME-01", "R-BND-01",
                                   "R-BND-02", "R-PRIV-01", "R-SEQ-01"}) {
        BOOST_TEST_CONTEXT(rule) {
            const std::string id = rule;
            BOOST_TEST(refusal("rules:\n  R-CSV-02: off\n  " + id + ": warning\n")
                           .starts_with("own.yaml:8: " + id + " may not be lowered: "));
            BOOST_TEST(refusal("rules: {" + id + ": off}\n").find("may not be lowered") !=
                       std::string::npos);
            BOOST_TEST(load("rules: {" + id + ": error}\n").profile != nullptr);
        }
    }
    for (const auto& [id, rule] : catalog().rules)
        if (!rule.never_lowered.empty()) BOOST_TEST((rule.severity == Severity::error), id);
}

BOOST_AUTO_TEST_CASE(loading_is_strict) {
    BOOST_TEST(refusal("rules: {R-NONE-01: off}\n") ==
               "own.yaml:6: 'R-NONE-01' is no rule of findings.yaml\n");
    BOOST_TEST(refusal("rules: {R-CSV-02: silent}\n") ==
               "own.yaml:6: severity of R-CSV-02 is none of error, warning, off\n");
    BOOST_TEST(refusal("rules: {}\nwat: 1\n").starts_with("own.yaml:7: "));
    BOOST_TEST(!refusal("").empty());
    BOOST_TEST(!refusal("rules: [R-CSV-02]\n").empty());
    BOOST_TEST(!refusal("rules: {R-CSV-02: off, R-CSV-02: error}\n").empty());
    BOOST_TEST(problems_of(load("rules: {}\n", "other.yaml")) ==
               "other.yaml:1: profile 'own' is not the name of its file\n");
    BOOST_TEST(!load_profile(catalog(), {"Own Name.yaml", "profile: Own Name\nrules: {}\n"})
                    .problems.empty());
}

BOOST_AUTO_TEST_CASE(an_own_profile_may_not_take_the_name_of_a_shipped_one) {
    const auto folder = std::filesystem::temp_directory_path() / "cpg-profiles-test";
    std::filesystem::create_directories(folder);
    const auto write = [&](const std::string& name, const std::string& text) {
        std::ofstream(folder / name, std::ios::binary) << text;
        return (folder / name).string();
    };
    const std::string rules = "rules: {R-CSV-02: off}\n";
    const auto own = choose_profile(catalog(), write("own.yaml", std::string(head) + rules), {});
    BOOST_REQUIRE_MESSAGE(own.profile, problems_of(own));
    BOOST_TEST(own.profile->name == "own");
    BOOST_TEST((severity(*own.profile, "R-CSV-02") == Severity::off));
    BOOST_TEST(
        !choose_profile(catalog(), write("strict.yaml", std::string(head) + rules), {}).profile);
    BOOST_CHECK_THROW(choose_profile(catalog(), (folder / "gone.yaml").string(), {}),
                      std::runtime_error);
    BOOST_TEST(problems_of(choose_profile(catalog(), "wat", {})) ==
               "wat:0: no such profile (known: lenient, standard, strict)\n");
    std::filesystem::remove_all(folder);
}

BOOST_AUTO_TEST_SUITE_END()
