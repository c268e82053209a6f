// The listeners. TLS with a required client certificate for the API; a second plain one on loopback
// for operations. One io thread; handlers run on a worker pool. Asio is seen by
// server.cpp, Beast's parser by wire.cpp, OpenSSL by tls.cpp.
#pragma once

#include "gateway/http/router.hpp"
#include "gateway/http/tls_policy.hpp"
#include "spec/base/clock.hpp"

#include <filesystem>
#include <memory>

namespace cpg::http {

/// Every limit is a setting with a reason (gateway/README.md lists them).
struct ServerLimits {
    std::chrono::milliseconds handshake{10'000};
    std::chrono::milliseconds header{10'000};
    std::chrono::milliseconds idle{75'000}; // between requests of a kept connection
    std::chrono::milliseconds answer{
        90'000}; // longest a handler may take (a long-poll waits up to 60 s)
    std::chrono::milliseconds write{60'000};
    std::chrono::milliseconds body_grace{10'000};
    std::size_t min_body_rate = 16 * 1024; // bytes a second, after body_grace; of answers too
    std::size_t max_header_bytes = 16 * 1024;
    std::size_t max_body = 72u << 20; // over every route's own
    std::size_t max_connections = 4096;
    std::size_t max_connections_per_address = 2048;
    std::size_t max_body_bytes_in_flight = 512u << 20; // of all connections; more = 503
    /// Of one certificate's connections: two of the largest requests, a quarter of the whole; more
    /// = 503.
    std::size_t max_body_bytes_per_certificate = 128u << 20;
};

struct TlsSettings {
    std::filesystem::path certificate; // PEM chain
    std::string key;                   // PEM file of mode 0400 or 0600, or a pkcs11: URI
    std::filesystem::path client_ca;   // PEM, one or several
    std::filesystem::path crl;         // PEM; one list for every authority of a chain
    TlsPolicy policy;
};

/// Something of the listener that ends: the operator wants to know some weeks before.
struct TlsDate {
    enum class Kind { server, client_ca, revocation_list };
    Kind kind{};
    std::string name;                // RFC 2253: the subject; of a list the issuer
    Digest fingerprint;              // SHA-256 of the DER; of a list zero
    std::chrono::sys_seconds ends{}; // notAfter; of a list nextUpdate
};

struct ServerSettings {
    std::string listen_address = "127.0.0.1"; // empty: the plain listener alone, without TLS
    std::uint16_t port = 8443;                // 0 = ephemeral
    std::string ops_address = "127.0.0.1";
    std::uint16_t ops_port = 9443; // 0 = ephemeral
    std::size_t workers = 2;       // threads of the pool
    TlsSettings tls;
    ServerLimits limits;
    const Clock* clock = &system_clock(); // of certificates and Date; outlives the server
};

struct ServerStats {
    std::uint64_t connections = 0, accepted = 0, handshakes_failed = 0, requests = 0,
                  refused_busy = 0;
};

/// Told of every answered request, on the io thread: for log and metrics. No path, only the route's
/// name. The views end with the call.
struct Answered {
    std::string_view route;  // "" when none matched
    std::string_view method; // as the client wrote it; "" when its request could not be read
    int status = 0;
    std::string_view problem;         // slug of a problem document; "" for any other answer
    std::string_view certificate_der; // of the client; "" on the ops listener
    std::chrono::microseconds took{};
    std::size_t request_bytes = 0, response_bytes = 0;
    std::string_view request_id;
};

class Server {
  public:
    /// Binds at once; throws std::runtime_error with the reason (port taken, key unreadable …).
    Server(ServerSettings settings, Router api, Router ops,
           std::function<void(const Answered&)> observer);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::uint16_t port() const;
    std::uint16_t ops_port() const;
    void start(); // returns at once; io and worker threads run
    /// Stops accepting, lets running requests finish (at most `grace`), closes. Idempotent. Not to
    /// be called from a handler or the observer: it joins their threads. A handler that is running
    /// when the grace ends is waited for, its answer goes nowhere.
    void stop(std::chrono::milliseconds grace);
    /// Builds a new TLS context; the old one stays when it throws. Open connections keep theirs,
    /// and are judged by the new one at their next request.
    void reload_tls(const TlsSettings& settings);
    /// What of the listener ends, and when. Any thread.
    std::vector<TlsDate> tls_dates() const;
    /// Runs on the worker pool. Any thread.
    void post(std::function<void()> work);
    /// Calls back on the worker pool after `delay` (long-polls). Any thread. Cancelled by stop():
    /// the work is destroyed without a call, a Responder in it then answers 503.
    void after(std::chrono::milliseconds delay, std::function<void()> work);
    ServerStats stats() const;

    struct Impl; // known to server.cpp

  private:
    std::shared_ptr<Impl> impl_;
};

} // namespace cpg::http
