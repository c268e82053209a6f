// Settings of the gateway from one YAML file. Strict: an unknown key is an error with its line.
// Paths are relative to the file. Every default is here and in deploy/gateway.example.yaml.
#pragma once

#include "gateway/api/api.hpp"
#include "gateway/app/attester.hpp"
#include "gateway/app/webhooks.hpp"
#include "gateway/exchange/retention.hpp"
#include "gateway/http/server.hpp"
#include "gateway/ops/log.hpp"
#include "gateway/store/store_gate.hpp"
#include "spec/model/profile.hpp"

namespace cpg::app {

/// Where the master key comes from: a file, a credential of systemd, or a file that a key in a
/// token opens.
struct MasterKeySource {
    std::filesystem::path file; // empty = <data>/master.key
    std::string credential;     // name under $CREDENTIALS_DIRECTORY
    std::string opened_by;      // `file` is encrypted for this key: a pkcs11: URI or a PEM file
};

struct Config {
    std::filesystem::path file;
    std::string host = "localhost"; // origin of the log: <host>/cpgw/<year>
    http::ServerSettings server;
    std::filesystem::path tls_policy;     // empty = the one built in
    std::chrono::seconds tls_watch{15};   // how often the TLS files are looked at for a change
    std::filesystem::path identity_rules; // empty = no mapping of outside certificates
    std::filesystem::path data;           // folder: gateway.db, master.key, log.key
    std::filesystem::path spec_dir;       // empty = the embedded standard
    /// check.profile: a shipped profile, or the path of an own one (it ends in .yaml).
    std::string profile{standard_profile};
    std::filesystem::path service_codes; // check.service_codes; empty = no code table
    EvidenceSettings evidence;
    WebhookSettings webhooks;
    store::GateLimits gate;
    exchange::ExchangeLimits exchange;
    MasterKeySource master;
    /// When a sender is told that nobody fetched its bundle: a monthly exchange is behind by then.
    std::chrono::seconds unclaimed_after{std::chrono::days(7)};
    exchange::RetentionRules retention; // applied by `cpgw retention run`
    api::ApiLimits api;
    identity::PeopleSettings people;
    log::Level log_level = log::Level::info;
    std::filesystem::path log_file;      // empty = standard error
    std::filesystem::path signers_ca;    // PEM: authorities of offices' signing certificates
    std::filesystem::path accredited_ca; // PEM: accredited authorities
    std::chrono::seconds drain{20};      // longest wait for running requests at SIGTERM
    bool confine = true;                 // the system calls are filtered (confine.hpp)

    std::filesystem::path database() const { return data / "gateway.db"; }
    std::filesystem::path master_key() const {
        return master.file.empty() ? data / "master.key" : master.file;
    }
    std::filesystem::path log_key() const { return data / "log.key"; }
};

/// configuration: with file and line in the detail.
Result<Config> read_config(const std::filesystem::path& file);

/// Settings of `cpgw witness`.
struct WitnessConfig {
    std::string address = "127.0.0.1";
    std::uint16_t port = 9543;        // 0 = ephemeral
    std::filesystem::path key, state; // key: name on the first line, then PEM, mode 0400
    std::vector<audit::VerifierKey> logs;
    log::Level log_level = log::Level::info;
};
/// configuration: with file and line in the detail.
Result<WitnessConfig> read_witness_config(const std::filesystem::path& file);

} // namespace cpg::app
