// A server with the routes that the tests need, on ephemeral ports, with its own PKI. Test code
// only.
#pragma once

#include "gateway/http/server.hpp"
#include "tests/http/wire_client.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace cpg::test {

/// One-time signal between threads.
class Signal {
  public:
    void set() {
        const std::lock_guard guard(mutex_);
        set_ = true;
        changed_.notify_all();
    }
    /// False when it was not set within 10 s.
    bool wait() {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(10), [this] { return set_; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool set_ = false;
};

/// What the observer was told.
struct Told {
    std::string route;
    int status = 0;
    std::string method, problem;
    std::size_t certificate_bytes = 0;
};

/// The machine's clock, and what the test adds to it. Any thread.
class AheadClock : public Clock {
  public:
    Time now() const override { return system_clock().now() + ahead_.load(); }
    void set_ahead(std::chrono::seconds ahead) { ahead_ = ahead; }

  private:
    std::atomic<std::chrono::seconds> ahead_{std::chrono::seconds(0)};
};

/// The policy built into the program, with TLS 1.2 opened or not.
http::TlsPolicy policy_with(bool tls12);

class Gate {
  public:
    explicit Gate(http::ServerLimits limits = quick_limits(),
                  http::TlsPolicy policy = policy_with(false));
    ~Gate();

    /// Deadlines so long that no test meets them by accident.
    static http::ServerLimits quick_limits() { return {}; }
    WireClient office() { return with(&office_credential); }
    WireClient with(const Credential* credential) {
        ClientOptions options;
        options.credential = credential;
        return WireClient::tls(server->port(), authority.certificate(), options);
    }
    WireClient ops() { return WireClient::plain(server->ops_port()); }
    std::vector<Told> told();

    TemporaryFolder folder;
    Authority authority{"test CA"};
    Credential server_credential = authority.issue("gateway", Purpose::server);
    Credential office_credential = authority.issue("office", Purpose::client);
    http::TlsSettings files;
    AheadClock clock;
    Signal entered;          // a request reached /held
    Signal released;         // lets /held answer
    http::Responder kept;    // of the last request to /kept, under mutex
    Signal asked;            // /pieces was asked for a piece that it does not have yet
    http::PieceDone waiting; // for that piece, under mutex
    std::weak_ptr<int> body; // lives as long as a body of /pieces
    std::mutex mutex;
    std::unique_ptr<http::Server> server;

  private:
    http::Router api_routes();
    std::vector<Told> told_;
};

} // namespace cpg::test
