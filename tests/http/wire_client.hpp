// A tiny blocking client that can misbehave: raw bytes over TLS or plain TCP. Test code only.
#pragma once

#include "tests/http/pki.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace cpg::test {

struct Reply {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers; // names in lower case
    std::string body;
    std::string header(std::string_view lower_case_name) const; // empty when absent
};

struct ClientOptions {
    const Credential* credential = nullptr; // null = offers no certificate
    bool only_tls12 = false;
    ssl_session_st* resume = nullptr;
    std::string protocols; // ALPN in wire form
};

class WireClient {
  public:
    /// Connects only; throws when the port is closed.
    static WireClient plain(std::uint16_t port);
    /// Connects and shakes hands; `connected()` tells how it went. With TLS 1.3 the server judges
    /// the client's certificate afterwards: only an answer is success.
    static WireClient tls(std::uint16_t port, const std::string& ca, const ClientOptions& options);
    WireClient(WireClient&& other) noexcept;
    ~WireClient();

    bool connected() const { return connected_; }
    bool send(std::string_view bytes);
    /// One answer by its Content-Length; `bodiless` for HEAD. nullopt: closed or nothing in 10 s.
    std::optional<Reply> receive(bool bodiless = false);
    /// The bytes up to and with this text; what came so far when the server closes before.
    std::string receive_until(std::string_view text);
    /// True when the server closes (or has closed) without another byte.
    bool closed_by_server();
    bool was_resumed() const;
    std::shared_ptr<ssl_session_st> session() const;
    std::optional<Reply> ask(std::string_view request) {
        return send(request) ? receive() : std::nullopt;
    }

  private:
    WireClient() = default;
    bool fill(); // reads more into buffer_

    int socket_ = -1;
    bool connected_ = false;
    std::shared_ptr<ssl_ctx_st> context_;
    std::shared_ptr<ssl_st> ssl_;
    std::string buffer_;
};

/// "GET path HTTP/1.1" with Host and `more` header lines (each with CRLF).
std::string get(std::string_view path, std::string_view more = {});
std::string post(std::string_view path, std::string_view body, std::string_view more = {});

} // namespace cpg::test
