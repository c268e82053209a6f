// The composition root: builds everything in order, runs until told to stop, and takes it down in
// reverse.
#pragma once

#include "gateway/app/config.hpp"

namespace cpg::app {

/// What a start failed for, in words; exit 78.
struct ConfigurationError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Application {
  public:
    /// Told of every answered request, on the io thread (beside log and metrics); quick.
    using Observer = std::function<void(const http::Answered&)>;
    /// Opens the store (the log's root is recomputed), keys, catalogue, directory; binds the
    /// listeners. Throws ConfigurationError, or what the environment throws.
    explicit Application(Config config, Observer observer = {});
    ~Application();
    Application(const Application&) = delete;
    Application& operator=(const Application&) = delete;

    void start();
    std::uint16_t port() const;
    std::uint16_t ops_port() const;
    /// SIGTERM: stops accepting, answers long-polls, finishes running requests, empties the store's
    /// queue, logs `stop`.
    void stop();
    /// SIGHUP: certificates, CRL, TLS policy, catalogue with profile and service codes, mapping of
    /// certificates, authorities of signers, directory. What cannot be read keeps its old state and
    /// is logged.
    void reload();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Makes the data folder: master.key, log.key (0400), gateway.db with a first `admin` leaf. Refuses
/// to overwrite. Returns the log's vkey.
Result<std::string> init_data(const Config& config);

/// Brings the database to this version's form and leaves an `admin` leaf when it changed. Returns
/// the schema version. Throws StoreFailure.
int upgrade_data(const Config& config);

/// The catalogue of --spec-dir or the embedded one; ConfigurationError lists the problems.
CatalogPtr catalog_of(const std::filesystem::path& spec_dir);

/// The log's key, under the name of its first year; ConfigurationError when it cannot be read or
/// has a wrong mode.
std::shared_ptr<const audit::Signer> read_log_key(const Config& config);
std::shared_ptr<const audit::Signer> read_log_key(const std::filesystem::path& file);

} // namespace cpg::app
