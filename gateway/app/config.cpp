#include "gateway/app/config.hpp"

#include "spec/base/private_key.hpp"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <functional>
#include <map>

namespace cpg::app {

namespace {

constexpr std::uint64_t max_retention_years = 100;

struct Trouble {
    int line;
    std::string text;
};

using Take = std::function<void(const YAML::Node&)>;

[[noreturn]] void fail(const YAML::Node& node, const std::string& text) {
    throw Trouble{node.Mark().line + 1, text};
}

// Reads a map by a table of its keys; whatever is not in the table is an error.
void take_map(const YAML::Node& node, const std::map<std::string, Take>& keys) {
    if (!node.IsMap()) fail(node, "a map is needed here");
    for (const auto& entry : node) {
        const auto found = keys.find(entry.first.as<std::string>());
        if (found == keys.end())
            fail(entry.first, "unknown setting " + entry.first.as<std::string>());
        found->second(entry.second);
    }
}

std::string scalar(const YAML::Node& node) {
    if (!node.IsScalar()) fail(node, "one value is needed here");
    return node.as<std::string>();
}

Take text(std::string& target) {
    return [&target](const YAML::Node& node) { target = scalar(node); };
}

Take path(std::filesystem::path& target, const std::filesystem::path& folder) {
    return [&target, folder](const YAML::Node& node) {
        const auto value = scalar(node);
        target = value.empty() ? std::filesystem::path() : folder / value;
    };
}

/// A file, or the URI of a key in a token.
Take key_place(std::string& target, const std::filesystem::path& folder) {
    return [&target, folder](const YAML::Node& node) {
        const auto value = scalar(node);
        target = names_token(value) ? value : (folder / value).string();
    };
}

template<class Number> Take number(Number& target, std::uint64_t lowest, std::uint64_t highest) {
    return [&target, lowest, highest](const YAML::Node& node) {
        std::uint64_t value = 0;
        try {
            value = node.as<std::uint64_t>();
        } catch (const YAML::Exception&) {
            fail(node, "a whole number is needed here");
        }
        if (value < lowest || value > highest)
            fail(node,
                 "must lie between " + std::to_string(lowest) + " and " + std::to_string(highest));
        target = static_cast<Number>(value);
    };
}

template<class Duration>
Take duration(Duration& target, std::uint64_t lowest, std::uint64_t highest) {
    return [&target, lowest, highest](const YAML::Node& node) {
        std::uint64_t count = 0;
        number(count, lowest, highest)(node);
        target = Duration(static_cast<typename Duration::rep>(count));
    };
}

Take level(log::Level& target) {
    return [&target](const YAML::Node& node) {
        static const std::map<std::string, log::Level> names{{"debug", log::Level::debug},
                                                             {"info", log::Level::info},
                                                             {"warning", log::Level::warning},
                                                             {"error", log::Level::error}};
        const auto found = names.find(scalar(node));
        if (found == names.end()) fail(node, "debug, info, warning or error");
        target = found->second;
    };
}

Take on_off(bool& target) {
    return [&target](const YAML::Node& node) {
        const auto word = scalar(node);
        if (word != "on" && word != "off") fail(node, "on or off");
        target = word == "on";
    };
}

Take required_or_optional(bool& target) {
    return [&target](const YAML::Node& node) {
        const auto value = scalar(node);
        if (value != "required" && value != "optional") fail(node, "required or optional");
        target = value == "required";
    };
}

template<class Duration>
Take minutes(Duration& target, std::uint64_t lowest, std::uint64_t highest) {
    return [&target, lowest, highest](const YAML::Node& node) {
        std::chrono::minutes given{};
        duration(given, lowest, highest)(node);
        target = given;
    };
}

/// "7d", "12h", "30m", "90s".
Take span(std::chrono::seconds& target, std::chrono::seconds lowest, std::chrono::seconds highest) {
    return [&target, lowest, highest](const YAML::Node& node) {
        static const std::map<char, std::chrono::seconds> units{{'s', std::chrono::seconds(1)},
                                                                {'m', std::chrono::minutes(1)},
                                                                {'h', std::chrono::hours(1)},
                                                                {'d', std::chrono::days(1)}};
        const auto value = scalar(node);
        const auto unit = units.find(value.empty() ? ' ' : value.back());
        std::uint32_t count = 0;
        const auto* const end = value.data() + value.size() - 1;
        if (unit == units.end() || std::from_chars(value.data(), end, count).ptr != end ||
            value.size() < 2)
            fail(node, "a time like 7d, 12h, 30m or 90s is needed here");
        target = unit->second * count;
        if (target < lowest || target > highest) fail(node, "too short or too long a time");
    };
}

Take spans(std::vector<std::chrono::seconds>& target, std::size_t most) {
    return [&target, most](const YAML::Node& node) {
        if (!node.IsSequence() || node.size() == 0 || node.size() > most)
            fail(node, "a list of 1 to " + std::to_string(most) + " times is needed here");
        target.clear();
        for (const auto& item : node)
            span(target.emplace_back(), std::chrono::seconds(1), std::chrono::days(7))(item);
    };
}

/// A rate of a class: per second and at once.
Take rate(api::Rate& target) {
    return [&target](const YAML::Node& node) {
        std::uint64_t per_minute = 0, burst = 0;
        take_map(node, {{"per_minute", number(per_minute, 1, 60'000'000)},
                        {"burst", number(burst, 1, 1'000'000)}});
        if (per_minute == 0 || burst == 0) fail(node, "both per_minute and burst are needed");
        target = {static_cast<double>(per_minute) / 60, static_cast<double>(burst)};
    };
}

Take section(std::map<std::string, Take> keys) {
    return [keys = std::move(keys)](const YAML::Node& node) { take_map(node, keys); };
}

/// "kind: years", any kind; whether there is such a kind is for the command to say.
Take years_by_kind(std::map<std::string, int, std::less<>>& target) {
    return [&target](const YAML::Node& node) {
        if (!node.IsMap()) fail(node, "a map of kinds to years is needed here");
        for (const auto& entry : node)
            number(target[entry.first.as<std::string>()], 1, max_retention_years)(entry.second);
    };
}

/// FILE, credential:NAME, or {wrapped: FILE, key: URI}.
Take master_key(MasterKeySource& target, const std::filesystem::path& folder) {
    return [&target, folder](const YAML::Node& node) {
        if (node.IsMap()) {
            take_map(node,
                     {{"wrapped", path(target.file, folder)}, {"key", text(target.opened_by)}});
            if (target.file.empty() || target.opened_by.empty())
                fail(node, "wrapped and key are both needed");
            return;
        }
        constexpr std::string_view credential = "credential:";
        const auto value = scalar(node);
        if (!value.starts_with(credential)) return path(target.file, folder)(node);
        target.credential = value.substr(credential.size());
        if (target.credential.empty() || target.credential.find('/') != std::string::npos)
            fail(node, "the name of a credential is needed");
    };
}

// The name of a shipped profile, or a path.
Take profile(std::string& target, const std::filesystem::path& folder) {
    return [&target, folder](const YAML::Node& node) {
        const auto value = scalar(node);
        target = value.ends_with(".yaml") ? (folder / value).string() : value;
    };
}

/// A word of a closed list.
template<class T> Take one_of(T& target, std::map<std::string, T> words) {
    return [&target, words = std::move(words)](const YAML::Node& node) {
        const auto found = words.find(scalar(node));
        if (found == words.end()) fail(node, "not one of the words that fit here");
        target = found->second;
    };
}

Take tsa(std::optional<TsaSettings>& target, const std::filesystem::path& folder) {
    return [&target, folder](const YAML::Node& node) {
        TsaSettings settings;
        take_map(node, {{"url", text(settings.url)},
                        {"ca", path(settings.ca, folder)},
                        {"every", duration(settings.every, 1, 7 * 86'400)},
                        {"missed", number(settings.missed, 1, 1000)},
                        {"on_outage", one_of<bool>(settings.stop_on_outage,
                                                   {{"warn", false}, {"stop", true}})}});
        if (settings.url.empty() || settings.ca.empty()) fail(node, "url and ca are needed");
        target = std::move(settings);
    };
}

Take witnesses(std::vector<WitnessSettings>& target, const std::filesystem::path& folder) {
    return [&target, folder](const YAML::Node& node) {
        if (!node.IsSequence()) fail(node, "a list of witnesses is needed here");
        for (const auto& item : node) {
            WitnessSettings settings;
            std::string key;
            take_map(item, {{"url", text(settings.url)},
                            {"key", text(key)},
                            {"ca", path(settings.ca, folder)}});
            auto parsed = audit::VerifierKey::parse(key);
            if (!parsed || parsed->algorithm != audit::KeyAlgorithm::ed25519_cosignature)
                fail(item, "key is not the key of a witness");
            if (settings.url.empty()) fail(item, "url is needed");
            settings.key = std::move(*parsed);
            target.push_back(std::move(settings));
        }
    };
}

std::map<std::string, Take> evidence_keys(Config& config, const std::filesystem::path& folder) {
    auto& evidence = config.evidence;
    return {{"signers_ca", path(config.signers_ca, folder)},
            {"accredited_ca", path(config.accredited_ca, folder)},
            {"tsa", tsa(evidence.tsa, folder)},
            {"witnesses", witnesses(evidence.witnesses, folder)},
            {"witness_every", duration(evidence.witness_every, 1, 86'400)},
            {"refuse_smaller_than_witness", one_of<bool>(evidence.refuse_smaller_than_witness,
                                                         {{"true", true}, {"false", false}})}};
}

constexpr std::uint64_t giga = 1u << 30;

std::map<std::string, Take> limit_keys(Config& config) {
    auto& server = config.server.limits;
    return {
        {"handshake_ms", duration(server.handshake, 10, 120'000)},
        {"header_ms", duration(server.header, 10, 120'000)},
        {"idle_ms", duration(server.idle, 10, 3'600'000)},
        {"answer_ms", duration(server.answer, 100, 600'000)},
        {"write_ms", duration(server.write, 100, 600'000)},
        {"body_grace_ms", duration(server.body_grace, 10, 600'000)},
        {"min_body_rate", number(server.min_body_rate, 1, giga)},
        {"max_header_bytes", number(server.max_header_bytes, 1024, 1u << 20)},
        {"max_connections", number(server.max_connections, 1, 1'000'000)},
        {"max_connections_per_address", number(server.max_connections_per_address, 1, 1'000'000)},
        {"max_body_bytes_in_flight", number(server.max_body_bytes_in_flight, 1u << 20, 64 * giga)},
        {"max_body_bytes_per_certificate",
         number(server.max_body_bytes_per_certificate, 1u << 20, 64 * giga)},
        {"max_request_bytes", number(config.api.max_request_bytes, 1024, giga)},
        {"max_files", number(config.api.unpack.max_entries, 1, 100'000)},
        {"max_file_bytes", number(config.api.unpack.max_file, 1024, giga)},
        {"max_unpacked_bytes", number(config.api.unpack.max_total, 1024, 4 * giga)},
        {"max_findings", number(config.exchange.max_findings, 1, 100'000)},
        {"max_papers", number(config.exchange.papers.max_papers, 1, 1000)},
        {"max_paper_bytes", number(config.exchange.papers.max_bytes, 1024, giga)},
        {"max_waiting", number(config.api.max_waiting, 1, 1'000'000)},
        {"max_streams", number(config.api.max_streams, 1, 1'000'000)},
        {"max_streams_per_office", number(config.api.max_streams_per_office, 1, 1'000'000)},
    };
}

std::map<std::string, Take> identity_keys(Config& config, const std::filesystem::path& folder) {
    auto& people = config.people;
    return {
        {"mapping", path(config.identity_rules, folder)},
        {"people", required_or_optional(people.required)},
        {"max_failures", number(people.lock.max_failures, 3, 10)},
        {"lock_minutes", minutes(people.lock.lasts, 0, 1440)},
        {"idle_minutes", minutes(people.session.idle, 1, 60)},
        {"session_minutes", minutes(people.session.longest, 5, 1440)},
        {"max_sessions", number(people.session.max_sessions, 1, 1'000'000)},
        {"argon2_memory_kib", number(people.cost.memory_kib, 19'456, 1u << 20)},
        {"argon2_passes", number(people.cost.passes, 2, 16)},
        {"argon2_lanes", number(people.cost.lanes, 1, 8)},
        {"hashing_at_once", number(people.hashing_at_once, 1, 64)},
        {"hashing_waiting", number(people.hashing_waiting, 1, 10'000)},
    };
}

std::map<std::string, Take> webhook_keys(Config& config, const std::filesystem::path& folder) {
    auto& webhooks = config.webhooks;
    return {{"allow_private", on_off(webhooks.allow_private)},
            {"ca", path(webhooks.ca, folder)},
            {"retries", spans(webhooks.retries, 30)},
            {"timeout_ms", duration(webhooks.timeout, 100, 60'000)},
            {"workers", number(webhooks.workers, 1, 64)},
            {"max_per_office", number(config.api.max_webhooks, 1, 1000)},
            {"overlap", span(webhooks.overlap, std::chrono::seconds(1), std::chrono::days(30))}};
}

std::map<std::string, Take> rate_keys(Config& config) {
    auto& rates = config.api.rate;
    return {{"read", rate(rates.read)},
            {"write", rate(rates.write)},
            {"login", rate(rates.login)},
            {"uploads", number(rates.uploads, 1, 10'000)}};
}

std::map<std::string, Take> top_keys(Config& config, const std::filesystem::path& folder) {
    auto& server = config.server;
    return {
        {"host", text(config.host)},
        {"listen", section({{"address", text(server.listen_address)},
                            {"port", number(server.port, 0, 65535)}})},
        {"ops", section({{"address", text(server.ops_address)},
                         {"port", number(server.ops_port, 0, 65535)}})},
        {"tls", section({{"certificate", path(server.tls.certificate, folder)},
                         {"key", key_place(server.tls.key, folder)},
                         {"client_ca", path(server.tls.client_ca, folder)},
                         {"crl", path(server.tls.crl, folder)},
                         {"policy", path(config.tls_policy, folder)},
                         {"watch_seconds", duration(config.tls_watch, 1, 30)}})},
        {"identity", section(identity_keys(config, folder))},
        {"rates", section(rate_keys(config))},
        {"data", path(config.data, folder)},
        {"spec_dir", path(config.spec_dir, folder)},
        {"check", section({{"profile", profile(config.profile, folder)},
                           {"service_codes", path(config.service_codes, folder)}})},
        {"workers", number(server.workers, 1, 256)},
        {"drain_seconds", duration(config.drain, 0, 600)},
        {"confine", on_off(config.confine)},
        {"master_key", master_key(config.master, folder)},
        {"log",
         section({{"level", level(config.log_level)}, {"file", path(config.log_file, folder)}})},
        {"store", section({{"max_batch", number(config.gate.max_batch_ops, 1, 4096)},
                           {"max_queue", number(config.gate.max_queued_jobs, 1, 1'000'000)},
                           {"gather_us", duration(config.gate.gather, 0, 100'000)}})},
        {"retention",
         section({{"years", number(config.retention.years, 1, max_retention_years)},
                  {"floor_years", number(config.retention.floor_years, 1, max_retention_years)},
                  {"kinds", years_by_kind(config.retention.by_kind)}})},
        {"events",
         section({{"heartbeat_ms", duration(config.api.heartbeat, 100, 60'000)},
                  {"unclaimed_after", span(config.unclaimed_after, std::chrono::seconds(1),
                                           std::chrono::days(366))}})},
        {"webhooks", section(webhook_keys(config, folder))},
        {"evidence", section(evidence_keys(config, folder))},
        {"limits", section(limit_keys(config))},
    };
}

Error trouble(const std::filesystem::path& file, int line, const std::string& text) {
    return {Errc::configuration, file.string() + ":" + std::to_string(line) + ": " + text};
}

Take keys(std::vector<audit::VerifierKey>& target) {
    return [&target](const YAML::Node& node) {
        if (!node.IsSequence()) fail(node, "a list of keys is needed here");
        for (const auto& item : node) {
            auto key = audit::VerifierKey::parse(scalar(item));
            if (!key || key->algorithm != audit::KeyAlgorithm::ed25519)
                fail(item, "not the key of a log");
            target.push_back(std::move(*key));
        }
    };
}

/// Reads the file by the table; the first problem with its line.
Result<void> read_by(const std::filesystem::path& file, const std::map<std::string, Take>& table) {
    try {
        take_map(YAML::LoadFile(file.string()), table);
        return {};
    } catch (const Trouble& found) {
        return trouble(file, found.line, found.text);
    } catch (const YAML::BadFile&) {
        return Error{Errc::configuration, file.string() + ": cannot be read"};
    } catch (const YAML::Exception& failed) {
        return trouble(file, failed.mark.line + 1, failed.msg);
    }
}

} // namespace

Result<Config> read_config(const std::filesystem::path& file) {
    Config config;
    config.file = file;
    const auto folder = std::filesystem::absolute(file).parent_path();
    if (const auto read = read_by(file, top_keys(config, folder)); !read) return read.error();
    if (config.data.empty()) return Error{Errc::configuration, file.string() + ": data is missing"};
    config.server.limits.max_body =
        std::max(config.server.limits.max_body, config.api.max_request_bytes);
    return config;
}

Result<WitnessConfig> read_witness_config(const std::filesystem::path& file) {
    WitnessConfig config;
    const auto folder = std::filesystem::absolute(file).parent_path();
    const auto read = read_by(file, {{"listen", section({{"address", text(config.address)},
                                                         {"port", number(config.port, 0, 65535)}})},
                                     {"key", path(config.key, folder)},
                                     {"state", path(config.state, folder)},
                                     {"logs", keys(config.logs)},
                                     {"log", section({{"level", level(config.log_level)}})}});
    if (!read) return read.error();
    if (config.key.empty() || config.state.empty())
        return Error{Errc::configuration, file.string() + ": key and state are needed"};
    return config;
}

} // namespace cpg::app
