// A server with the routes that the tests need, on ephemeral ports, with its own PKI. Test code
// only.
#pragma once

#include "gateway/http/server.hpp"
#include "tests/http/wire_client.hpp"

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
};

class Gate {
  public:
    explicit Gate(http::ServerLimits limits = quick_limits(), bool with_revocation_list = false);
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
    http::TlsFiles files;
    Signal entered;       // a request reached /held
    Signal released;      // lets /held answer
    http::Responder kept; // of the last request to /kept, under mutex
    std::mutex mutex;
    std::unique_ptr<http::Server> server;

  private:
    http::Router api_routes();
    std::vector<Told> told_;
};

} // namespace cpg::test
