// The plain listener beside a sandbox's gateway, on loopback: status page, requests, robots, reset.
// Browsers' other pages are kept out: only the listener's own names as Host, no other Origin, no
// CORS, and a header of our own for whatever changes something (README.md, Control).
#pragma once

#include "gateway/http/server.hpp"

#include <boost/json/object.hpp>

namespace cpg::sandbox {

class Sandbox;

class Control {
  public:
    /// Binds at once; throws std::runtime_error with the reason. The sandbox outlives it.
    Control(Sandbox& sandbox, std::uint16_t port);
    ~Control(); // stops
    std::uint16_t port() const;
    void start();
    void stop(); // waits for what runs; idempotent

  private:
    using RequestPtr = std::shared_ptr<http::Request>;
    using Method = http::Response (Control::*)(const http::Request&);
    http::Router routes();
    http::Response page(const http::Request& request);
    http::Response info(const http::Request& request);
    http::Response requests(const http::Request& request);
    http::Response robots(const http::Request& request);
    http::Response reset(const http::Request& request);
    http::Response command(const http::Request& request);

    Sandbox& sandbox_;
    std::unique_ptr<http::Server> server_;
};

/// Whether a request may come from where it says it comes: forbidden for another Host than this
/// loopback port (a name that somebody points at 127.0.0.1), for another site's page, and for a
/// POST without `X-Cpgw-Sandbox: 1`, which no form and no page of another origin can send. Pure.
Result<void> admit(const http::Request& request, std::uint16_t port);

} // namespace cpg::sandbox
