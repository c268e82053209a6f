// Settings of the gateway from one YAML file. Strict: an unknown key is an error with its line.
// Paths are relative to the file. Every default is here and in deploy/gateway.example.yaml.
#pragma once

#include "gateway/api/api.hpp"
#include "gateway/http/server.hpp"
#include "gateway/ops/log.hpp"
#include "gateway/store/store_gate.hpp"

namespace cpg::app {

struct Config {
    std::filesystem::path file;
    std::string host = "localhost"; // origin of the log: <host>/cpgw/<year>
    http::ServerSettings server;
    std::filesystem::path tls_policy;     // empty = the one built in
    std::chrono::seconds tls_watch{15};   // how often the TLS files are looked at for a change
    std::filesystem::path identity_rules; // empty = no mapping of outside certificates
    std::filesystem::path data;           // folder: gateway.db, master.key, log.key
    std::filesystem::path spec_dir;       // empty = the embedded standard
    store::GateLimits gate;
    exchange::ExchangeLimits exchange;
    api::ApiLimits api;
    log::Level log_level = log::Level::info;
    std::filesystem::path log_file;      // empty = standard error
    std::filesystem::path signers_ca;    // PEM: authorities of offices' signing certificates
    std::filesystem::path accredited_ca; // PEM: accredited authorities
    std::chrono::seconds drain{20};      // longest wait for running requests at SIGTERM

    std::filesystem::path database() const { return data / "gateway.db"; }
    std::filesystem::path master_key() const { return data / "master.key"; }
    std::filesystem::path log_key() const { return data / "log.key"; }
};

/// configuration: with file and line in the detail.
Result<Config> read_config(const std::filesystem::path& file);

} // namespace cpg::app
