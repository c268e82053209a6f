#include "tests/http/wire_client.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <csignal>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace cpg::test {

namespace {

void require(bool success, const char* what) {
    if (!success) throw std::runtime_error(std::string("test client: ") + what);
}

int connect_to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(socket >= 0, "socket");
    const timeval patience{10, 0};
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(socket);
        throw std::runtime_error("test client: connection refused");
    }
    return socket;
}

/// OpenSSL's socket BIO raises SIGPIPE. Taken away from this thread while it writes, and not from
/// the program: a SIGPIPE of the server must still end the test.
class WithoutPipeSignal {
  public:
    WithoutPipeSignal() {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~WithoutPipeSignal() {
        const timespec at_once{};
        while (::sigtimedwait(&pipe_, nullptr, &at_once) == SIGPIPE) continue;
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    WithoutPipeSignal(const WithoutPipeSignal&) = delete;
    WithoutPipeSignal& operator=(const WithoutPipeSignal&) = delete;

  private:
    sigset_t pipe_;
    sigset_t before_;
};

std::unique_ptr<BIO, decltype(&BIO_free)> memory_of(const std::string& text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

std::shared_ptr<X509> certificate_of(const std::string& pem) {
    const auto memory = memory_of(pem);
    return {PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr), X509_free};
}

std::shared_ptr<SSL_CTX> context_for(const std::string& ca, const ClientOptions& options) {
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), certificate_of(ca).get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT);
    if (options.only_tls12) SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
    if (!options.protocols.empty())
        SSL_CTX_set_alpn_protos(context.get(),
                                reinterpret_cast<const unsigned char*>(options.protocols.data()),
                                static_cast<unsigned>(options.protocols.size()));
    if (options.credential != nullptr) {
        const auto memory = memory_of(options.credential->key);
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
            PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
        require(SSL_CTX_use_certificate(
                    context.get(), certificate_of(options.credential->certificate).get()) == 1 &&
                    SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1,
                "credential");
    }
    return context;
}

std::string lowered(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

Reply parse_head(std::string_view head) {
    Reply reply;
    require(head.starts_with("HTTP/1.1 "), "status line");
    reply.status = std::stoi(std::string(head.substr(9, 3)));
    head.remove_prefix(head.find("\r\n") + 2);
    while (!head.starts_with("\r\n")) {
        const auto end = head.find("\r\n");
        const auto colon = head.find(": ");
        require(colon != std::string_view::npos && colon < end, "header line");
        reply.headers.emplace_back(lowered(std::string(head.substr(0, colon))),
                                   head.substr(colon + 2, end - colon - 2));
        head.remove_prefix(end + 2);
    }
    return reply;
}

} // namespace

std::string Reply::header(std::string_view lower_case_name) const {
    for (const auto& [name, value] : headers)
        if (name == lower_case_name) return value;
    return {};
}

WireClient WireClient::plain(std::uint16_t port) {
    WireClient client;
    client.socket_ = connect_to(port);
    client.connected_ = true;
    return client;
}

WireClient WireClient::tls(std::uint16_t port, const std::string& ca,
                           const ClientOptions& options) {
    const WithoutPipeSignal guard;
    WireClient client;
    client.socket_ = connect_to(port);
    client.context_ = context_for(ca, options);
    client.ssl_.reset(SSL_new(client.context_.get()), SSL_free);
    SSL_set_fd(client.ssl_.get(), client.socket_);
    if (options.resume != nullptr) SSL_set_session(client.ssl_.get(), options.resume);
    ERR_clear_error();
    client.connected_ = SSL_connect(client.ssl_.get()) == 1;
    return client;
}

WireClient::WireClient(WireClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), connected_(other.connected_),
      context_(std::move(other.context_)), ssl_(std::move(other.ssl_)),
      buffer_(std::move(other.buffer_)) {}

WireClient::~WireClient() {
    if (socket_ >= 0) ::close(socket_);
}

bool WireClient::send(std::string_view bytes) {
    const WithoutPipeSignal guard;
    while (!bytes.empty()) {
        long sent = 0;
        if (ssl_) {
            ERR_clear_error();
            sent = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
        } else {
            sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        }
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool WireClient::fill() {
    const WithoutPipeSignal guard;
    std::array<char, 16384> room;
    long got = 0;
    if (ssl_) {
        ERR_clear_error();
        got = SSL_read(ssl_.get(), room.data(), static_cast<int>(room.size()));
    } else {
        got = ::recv(socket_, room.data(), room.size(), 0);
    }
    if (got <= 0) return false;
    buffer_.append(room.data(), static_cast<std::size_t>(got));
    return true;
}

std::optional<Reply> WireClient::receive(bool bodiless) {
    if (!connected_) return std::nullopt;
    while (buffer_.find("\r\n\r\n") == std::string::npos)
        if (!fill()) return std::nullopt;
    const auto end = buffer_.find("\r\n\r\n") + 4;
    auto reply = parse_head(std::string_view(buffer_).substr(0, end));
    buffer_.erase(0, end);
    const auto length = reply.header("content-length");
    const std::size_t wanted = bodiless || length.empty() ? 0 : std::stoul(length);
    while (buffer_.size() < wanted)
        if (!fill()) return std::nullopt;
    reply.body = buffer_.substr(0, wanted);
    buffer_.erase(0, wanted);
    return reply;
}

std::string WireClient::receive_until(std::string_view text) {
    while (buffer_.find(text) == std::string::npos)
        if (!fill()) return std::exchange(buffer_, {});
    const auto end = buffer_.find(text) + text.size();
    std::string bytes = buffer_.substr(0, end);
    buffer_.erase(0, end);
    return bytes;
}

bool WireClient::closed_by_server() {
    return buffer_.empty() && !fill();
}

bool WireClient::was_resumed() const {
    return SSL_session_reused(ssl_.get()) == 1;
}

std::shared_ptr<ssl_session_st> WireClient::session() const {
    return {SSL_get1_session(ssl_.get()), SSL_SESSION_free};
}

std::string get(std::string_view path, std::string_view more) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" + std::string(more) + "\r\n";
}

std::string post(std::string_view path, std::string_view body, std::string_view more) {
    return "POST " + std::string(path) +
           " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(more) + "\r\n" + std::string(body);
}

} // namespace cpg::test
