// certs/tls-policy.yaml and its loader: narrower is allowed, weaker is not.
#include "gateway/app/tls_policy.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

using namespace cpg;

namespace {

std::string built_in() {
    std::ifstream in(CPG_SOURCE_DIR "/certs/tls-policy.yaml");
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::string with(const std::string& from, const std::string& to) {
    auto text = built_in();
    const auto at = text.find(from);
    BOOST_REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string refusal_of(const std::string& text) {
    const auto policy = app::parse_tls_policy({"policy.yaml", text});
    return policy ? std::string() : policy.error().detail;
}

} // namespace

BOOST_AUTO_TEST_SUITE(tls_policy)

BOOST_AUTO_TEST_CASE(the_one_built_in_is_the_file_and_speaks_tls_1_3_only) {
    const auto policy = app::read_tls_policy({});
    BOOST_REQUIRE(policy.has_value());
    BOOST_TEST((*policy == *app::parse_tls_policy({"policy.yaml", built_in()})));
    BOOST_TEST(!policy->tls12);
    BOOST_TEST((policy->groups == std::vector<std::string>{"X25519", "P-256", "P-384"}));
    BOOST_TEST(policy->suites13.size() == 3u);
}

BOOST_AUTO_TEST_CASE(tls_1_2_is_opened_by_its_name_and_1_3_stays) {
    const auto policy = app::parse_tls_policy(
        {"policy.yaml", with("versions: [TLSv1.3]", "versions: [TLSv1.3, TLSv1.2]")});
    BOOST_REQUIRE(policy.has_value());
    BOOST_TEST(policy->tls12);
    BOOST_TEST(refusal_of(with("versions: [TLSv1.3]", "versions: [TLSv1.2]"))
                   .ends_with("TLSv1.3 cannot be left out"));
}

BOOST_AUTO_TEST_CASE(a_policy_may_be_narrower) {
    const auto policy = app::parse_tls_policy(
        {"policy.yaml", with("groups: [X25519, P-256, P-384]", "groups: [P-384]")});
    BOOST_REQUIRE(policy.has_value());
    BOOST_TEST((policy->groups == std::vector<std::string>{"P-384"}));
}

BOOST_AUTO_TEST_CASE(nothing_weaker_is_taken_and_the_line_is_named) {
    const std::pair<std::string, std::string> cases[] = {
        {with("versions: [TLSv1.3]", "versions: [TLSv1.3, TLSv1.1]"), "'TLSv1.1' is not allowed"},
        {with("versions: [TLSv1.3]", "versions: []"), "names nothing"},
        {with("versions: [TLSv1.3]", "versions: [TLSv1.3, TLSv1.3]"), "given twice"},
        {with("TLS_AES_128_GCM_SHA256", "TLS_AES_128_CCM_8_SHA256"), "is not allowed here"},
        {with("ECDHE-RSA-AES128-GCM-SHA256", "AES128-GCM-SHA256"), "is not allowed here"},
        {with("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA"), "is not allowed here"},
        {with("groups: [X25519,", "groups: [P-521,"), "'P-521' is not allowed here"},
        {with("ecdsa_secp256r1_sha256", "ecdsa_sha1"), "'ecdsa_sha1' is not allowed here"},
        {with("session_tickets, ", ""), "cannot be left out"},
        {with("groups:", "curves:"), "groups"},
        {with("groups:", "renegotiation: true\ngroups:"), "renegotiation"},
        {with("versions: [TLSv1.3]", "versions: TLSv1.3"), "versions"},
        {"- a", "the policy"},
        {"a: [", "policy.yaml:1: "},
        {std::string(70'000, ' '), "larger than 64 KiB"},
    };
    for (const auto& [text, reason] : cases) BOOST_TEST_CONTEXT(reason) {
            const auto refusal = refusal_of(text);
            BOOST_TEST_INFO(refusal);
            BOOST_TEST(refusal.find(reason) != std::string::npos);
            BOOST_TEST(refusal.starts_with("policy.yaml:"));
        }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_named) {
    const auto policy = app::read_tls_policy("/nowhere/policy.yaml");
    BOOST_REQUIRE(!policy.has_value());
    BOOST_TEST(policy.error().detail == "/nowhere/policy.yaml: cannot be read");
}

BOOST_AUTO_TEST_SUITE_END()
