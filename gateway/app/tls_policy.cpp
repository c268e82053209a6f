#include "gateway/app/tls_policy.hpp"

#include "spec/load/map_reader.hpp"

#include <algorithm>
#include <fstream>
#include <span>
#include <sstream>

namespace cpg::app {

namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view known_versions[] = {"TLSv1.3", "TLSv1.2"};
constexpr std::string_view strong_suites13[] = {"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256",
                                                "TLS_CHACHA20_POLY1305_SHA256"};
constexpr std::string_view strong_suites12[] = {
    "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"};
constexpr std::string_view strong_groups[] = {"X25519", "P-256", "P-384"};
constexpr std::string_view strong_signatures[] = {
    "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ed25519",
    "rsa_pss_rsae_sha256",    "rsa_pss_rsae_sha384",    "rsa_pss_rsae_sha512",
    "rsa_pkcs1_sha256",       "rsa_pkcs1_sha384",       "rsa_pkcs1_sha512"};
constexpr std::string_view never_allowed[] = {"session_tickets", "session_cache", "early_data",
                                              "renegotiation", "compression"};
constexpr std::size_t max_policy_bytes = 64u << 10; // ours has two

bool contains(Names names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// The names under `key`: at least one, each of `allowed`, none twice.
std::vector<std::string> names_of(MapReader& map, std::string_view key, Names allowed) {
    auto names = map.texts(key);
    if (names.empty()) map.problem(key, "'" + std::string(key) + "' names nothing");
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!contains(allowed, names[i]))
            map.problem(key, "'" + names[i] + "' is not allowed here");
        if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
            names.begin() + static_cast<std::ptrdiff_t>(i))
            map.problem(key, "'" + names[i] + "' is given twice");
    }
    return names;
}

void read_suites(Problems& problems, MapReader& map, http::TlsPolicy& policy) {
    const auto* node = map.child("suites", YamlNode::Kind::map);
    if (node == nullptr) return;
    MapReader suites(problems, *node, "suites");
    policy.suites13 = names_of(suites, known_versions[0], strong_suites13);
    policy.suites12 = names_of(suites, known_versions[1], strong_suites12);
    suites.finish();
}

http::TlsPolicy read_policy(Problems& problems, const YamlNode& root) {
    http::TlsPolicy policy;
    MapReader map(problems, root, "the policy");
    const auto versions = names_of(map, "versions", known_versions);
    if (std::find(versions.begin(), versions.end(), known_versions[0]) == versions.end())
        map.problem("versions", "TLSv1.3 cannot be left out");
    policy.tls12 = versions.size() > 1;
    read_suites(problems, map, policy);
    policy.groups = names_of(map, "groups", strong_groups);
    policy.signature_algorithms = names_of(map, "signature_algorithms", strong_signatures);
    const auto never = names_of(map, "never", never_allowed);
    if (never.size() != std::size(never_allowed))
        map.problem("never", "what is never done cannot be left out");
    map.finish();
    return policy;
}

Error configuration(const LoadProblem& problem) {
    return {Errc::configuration,
            problem.file + ":" + std::to_string(problem.line) + ": " + problem.text};
}

} // namespace

Result<http::TlsPolicy> parse_tls_policy(const SourceFile& source) {
    if (source.text.size() > max_policy_bytes)
        return configuration({source.name, 0, "larger than 64 KiB"});
    std::vector<LoadProblem> found;
    const auto document = YamlDocument::parse(source, found);
    if (!found.empty()) return configuration(found.front());
    Problems problems(source.name, found);
    auto policy = read_policy(problems, document.root());
    if (!found.empty()) return configuration(found.front());
    return policy;
}

Result<http::TlsPolicy> read_tls_policy(const std::filesystem::path& file) {
    if (file.empty()) return parse_tls_policy(embedded_tls_policy().front());
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return Error{Errc::configuration, file.string() + ": cannot be read"};
    return parse_tls_policy({file.string(), text.str()});
}

} // namespace cpg::app
