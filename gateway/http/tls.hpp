// TLS with a required client certificate, over a non-blocking socket. OpenSSL of the listener is
// seen by tls.cpp only. The policy chooses versions, suites and groups (tls_policy.hpp); whatever
// it says, there is no resumption of any kind: a resumed session would skip the look at the
// client's certificate.
//
// The socket is driven by readiness, not through asio::ssl::stream: that one keeps 34 KiB of
// buffers a connection for its whole life, an idle office should cost as little as it can.
#pragma once

#include "gateway/http/server.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct ssl_st;
struct ssl_ctx_st;
struct x509_st;
struct stack_st_X509;
struct X509_crl_st;

namespace cpg::http {

/// One loaded set of certificate, key, client CAs and revocation lists. Immutable, any thread.
class TlsContext {
  public:
    /// Throws std::runtime_error that names the file and what is wrong with it: not readable, key
    /// readable by group or others, key of another certificate, no CA, no revocation list.
    explicit TlsContext(const TlsSettings& settings);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    ssl_ctx_st* native() const { return context_.get(); }
    /// Verifies a client's certificate again. Until when it may be trusted (the earliest end among
    /// its chain and its issuer's revocation list); the distant past when it may not.
    std::chrono::sys_seconds trusted_until(x509_st* leaf, stack_st_X509* others) const;
    /// Same for a chain that a handshake has verified just now.
    std::chrono::sys_seconds end_of(stack_st_X509* verified_chain) const;
    const std::vector<TlsDate>& dates() const { return dates_; }

  private:
    struct Free {
        void operator()(ssl_ctx_st* context) const;
    };
    struct List {
        std::string name; // of the issuer, RFC 2253
        std::chrono::sys_seconds until;
    };
    void use_certificate(const TlsSettings& settings);
    void use_clients(const TlsSettings& settings);
    void use_revocation_lists(const TlsSettings& settings);
    void note_list(X509_crl_st* list);

    std::unique_ptr<ssl_ctx_st, Free> context_;
    std::map<std::string, List> lists_until_; // by the issuer's name, DER
    std::vector<TlsDate> dates_;
};

enum class Progress { done, want_read, want_write, closed, failed };

struct Moved {
    Progress progress = Progress::done;
    std::size_t bytes = 0;
};

/// The bytes of one connection, with TLS or plain. Never blocks. Belongs to one thread.
class Channel {
  public:
    /// `socket` is open, non-blocking and outlives the channel. `tls` null = plain.
    Channel(int socket, std::shared_ptr<const TlsContext> tls);
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    bool secured() const { return ssl_ != nullptr; }
    Progress handshake();
    /// Why the client's certificate was refused by a failed handshake; empty when that was not it.
    std::string_view refusal() const;
    Moved read(char* into, std::size_t room);
    Moved write(std::string_view bytes);
    /// Tells the other side that nothing follows. Best effort.
    void close_notify();
    /// After the handshake; empty when plain.
    std::string peer_certificate() const;
    /// SHA-256 of the public key (SubjectPublicKeyInfo) of who issued the peer's certificate, as
    /// the handshake verified it: a name may be given twice, a key is not. nullopt when plain.
    std::optional<Digest> issuer_key() const;
    /// Whether the peer's certificate holds now: its dates, and all of it again when `current` is
    /// another context than the one it was judged by. Always true when plain.
    bool peer_is_trusted(const std::shared_ptr<const TlsContext>& current,
                         std::chrono::sys_seconds now);

  private:
    struct Free {
        void operator()(ssl_st* ssl) const;
    };
    Moved outcome(int returned, std::size_t bytes);

    int socket_;
    std::shared_ptr<const TlsContext> judged_by_;
    std::unique_ptr<ssl_st, Free> ssl_;
    std::chrono::sys_seconds trusted_until_{};
    bool broken_ = false; // after a fatal error nothing more may be asked of OpenSSL
};

} // namespace cpg::http
