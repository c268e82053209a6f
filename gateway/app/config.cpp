#include "gateway/app/config.hpp"

#include "spec/base/private_key.hpp"

#include <yaml-cpp/yaml.h>

#include <functional>
#include <map>

namespace cpg::app {

namespace {

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

Take section(std::map<std::string, Take> keys) {
    return [keys = std::move(keys)](const YAML::Node& node) { take_map(node, keys); };
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
        {"min_body_rate", number(server.min_body_rate, 1, giga)},
        {"max_header_bytes", number(server.max_header_bytes, 1024, 1u << 20)},
        {"max_connections", number(server.max_connections, 1, 1'000'000)},
        {"max_connections_per_address", number(server.max_connections_per_address, 1, 1'000'000)},
        {"max_body_bytes_in_flight", number(server.max_body_bytes_in_flight, 1u << 20, 64 * giga)},
        {"max_request_bytes", number(config.api.max_request_bytes, 1024, giga)},
        {"max_files", number(config.api.unpack.max_entries, 1, 100'000)},
        {"max_file_bytes", number(config.api.unpack.max_file, 1024, giga)},
        {"max_unpacked_bytes", number(config.api.unpack.max_total, 1024, 4 * giga)},
        {"max_findings", number(config.exchange.max_findings, 1, 100'000)},
        {"max_papers", number(config.exchange.papers.max_papers, 1, 1000)},
        {"max_paper_bytes", number(config.exchange.papers.max_bytes, 1024, giga)},
        {"max_waiting", number(config.api.max_waiting, 1, 1'000'000)},
    };
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
        {"identity", section({{"mapping", path(config.identity_rules, folder)}})},
        {"data", path(config.data, folder)},
        {"spec_dir", path(config.spec_dir, folder)},
        {"workers", number(server.workers, 1, 256)},
        {"drain_seconds", duration(config.drain, 0, 600)},
        {"log",
         section({{"level", level(config.log_level)}, {"file", path(config.log_file, folder)}})},
        {"store", section({{"max_batch", number(config.gate.max_batch_ops, 1, 4096)},
                           {"max_queue", number(config.gate.max_queued_jobs, 1, 1'000'000)},
                           {"gather_us", duration(config.gate.gather, 0, 100'000)}})},
        {"limits", section(limit_keys(config))},
        {"evidence", section({{"signers_ca", path(config.signers_ca, folder)},
                              {"accredited_ca", path(config.accredited_ca, folder)}})},
    };
}

Error trouble(const std::filesystem::path& file, int line, const std::string& text) {
    return {Errc::configuration, file.string() + ":" + std::to_string(line) + ": " + text};
}

} // namespace

Result<Config> read_config(const std::filesystem::path& file) {
    Config config;
    config.file = file;
    const auto folder = std::filesystem::absolute(file).parent_path();
    try {
        take_map(YAML::LoadFile(file.string()), top_keys(config, folder));
    } catch (const Trouble& found) {
        return trouble(file, found.line, found.text);
    } catch (const YAML::BadFile&) {
        return Error{Errc::configuration, file.string() + ": cannot be read"};
    } catch (const YAML::Exception& failed) {
        return trouble(file, failed.mark.line + 1, failed.msg);
    }
    if (config.data.empty()) return Error{Errc::configuration, file.string() + ": data is missing"};
    config.server.limits.max_body =
        std::max(config.server.limits.max_body, config.api.max_request_bytes);
    return config;
}

} // namespace cpg::app
