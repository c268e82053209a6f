#include "gateway/http/tls.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <limits>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cpg::http {

namespace {

using std::chrono::sys_seconds;

constexpr sys_seconds never_trusted{std::chrono::seconds{std::numeric_limits<int>::min()}};
constexpr int max_chain_depth = 4; // root, two issuing CAs, the office
constexpr unsigned char http11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

template<auto free_function> struct Freed {
    template<class T> void operator()(T* object) const { free_function(object); }
};
template<class T, auto free_function> using Handle = std::unique_ptr<T, Freed<free_function>>;

std::string openssl_reason() {
    const auto code = ERR_peek_last_error();
    ERR_clear_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason ? reason : "unknown reason";
}

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& why) {
    throw std::runtime_error("tls: " + file.string() + ": " + why);
}

void require(long success, const char* what) {
    if (success != 1)
        throw std::runtime_error(std::string("tls: ") + what + ": " + openssl_reason());
}

sys_seconds time_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return never_trusted;
    return sys_seconds{std::chrono::seconds{::timegm(&parts)}};
}

std::string der_of(const X509_NAME* name) {
    unsigned char* der = nullptr;
    const int length = i2d_X509_NAME(name, &der);
    if (length <= 0) return {};
    const Handle<unsigned char, [](unsigned char* p) { OPENSSL_free(p); }> owned(der);
    return {reinterpret_cast<const char*>(der), static_cast<std::size_t>(length)};
}

std::string der_of(X509* certificate) {
    unsigned char* der = nullptr;
    const int length = i2d_X509(certificate, &der);
    if (length <= 0) return {};
    const Handle<unsigned char, [](unsigned char* p) { OPENSSL_free(p); }> owned(der);
    return {reinterpret_cast<const char*>(der), static_cast<std::size_t>(length)};
}

/// A key that asks for a pass phrase must not stop the start at a terminal.
int no_pass_phrase(char*, int, int, void*) {
    return -1;
}

/// Opens first and looks at what it opened: no window for a swap between look and use.
Handle<std::FILE, std::fclose> open_private(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) fail(file, std::strerror(errno));
    Handle<std::FILE, std::fclose> stream(::fdopen(descriptor, "r"));
    if (!stream) {
        ::close(descriptor);
        fail(file, std::strerror(errno));
    }
    struct stat info {};
    if (::fstat(descriptor, &info) != 0) fail(file, std::strerror(errno));
    if (!S_ISREG(info.st_mode)) fail(file, "the key is not a regular file");
    if ((info.st_mode & 077) != 0)
        fail(file,
             "the key can be read or written by group or others; mode 0400 or 0600 is needed");
    return stream;
}

/// The only protocol spoken here; a client that offers others only is refused (RFC 7301 3.2).
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_length,
                    const unsigned char* offered, unsigned int offered_length, void*) {
    unsigned char* match = nullptr;
    if (SSL_select_next_proto(&match, chosen_length, http11, sizeof http11, offered,
                              offered_length) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = match;
    return SSL_TLSEXT_ERR_OK;
}

void apply_policy(SSL_CTX* context) {
    require(SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION), "protocol");
    require(SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION), "protocol");
    require(
        SSL_CTX_set_ciphersuites(
            context, "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"),
        "cipher suites");
    require(SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384"), "groups");
    SSL_CTX_set_security_level(context, 2);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    // No resumption: NO_TICKET alone leaves stateful TLS 1.3 tickets, no tickets at all leaves
    // none.
    require(SSL_CTX_set_num_tickets(context, 0), "tickets");
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    require(SSL_CTX_set_max_early_data(context, 0), "early data");
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_verify_depth(context, max_chain_depth);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
}

// A BIO over send() and recv(): OpenSSL's own socket BIO uses write(), which raises SIGPIPE.

int socket_of(BIO* bio) {
    return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

int bio_read(BIO* bio, char* into, int room) {
    BIO_clear_retry_flags(bio);
    const auto got = ::recv(socket_of(bio), into, static_cast<std::size_t>(room), 0);
    if (got < 0 && would_block(errno)) BIO_set_retry_read(bio);
    return static_cast<int>(got);
}

int bio_write(BIO* bio, const char* bytes, int length) {
    BIO_clear_retry_flags(bio);
    const auto sent = ::send(socket_of(bio), bytes, static_cast<std::size_t>(length), MSG_NOSIGNAL);
    if (sent < 0 && would_block(errno)) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
}

long bio_control(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* socket_method() {
    static const Handle<BIO_METHOD, BIO_meth_free> method = [] {
        Handle<BIO_METHOD, BIO_meth_free> made(
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE"));
        if (!made) throw std::bad_alloc();
        BIO_meth_set_read(made.get(), bio_read);
        BIO_meth_set_write(made.get(), bio_write);
        BIO_meth_set_ctrl(made.get(), bio_control);
        return made;
    }();
    return method.get();
}

} // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const {
    SSL_CTX_free(context);
}

TlsContext::TlsContext(const TlsFiles& files) : context_(SSL_CTX_new(TLS_server_method())) {
    ERR_clear_error();
    if (!context_) throw std::runtime_error("tls: no context: " + openssl_reason());
    apply_policy(context_.get());
    use_certificate(files);
    use_clients(files);
    if (!files.crl.empty()) use_revocation_list(files);
}

TlsContext::~TlsContext() = default;

void TlsContext::use_certificate(const TlsFiles& files) {
    if (SSL_CTX_use_certificate_chain_file(context_.get(), files.certificate.c_str()) != 1)
        fail(files.certificate, "no certificate chain in PEM form: " + openssl_reason());
    const auto stream = open_private(files.key);
    const Handle<EVP_PKEY, EVP_PKEY_free> key(
        PEM_read_PrivateKey(stream.get(), nullptr, no_pass_phrase, nullptr));
    if (!key) fail(files.key, "no private key in PEM form: " + openssl_reason());
    if (SSL_CTX_use_PrivateKey(context_.get(), key.get()) != 1 ||
        SSL_CTX_check_private_key(context_.get()) != 1)
        fail(files.key, "the key does not belong to the certificate: " + openssl_reason());
}

void TlsContext::use_clients(const TlsFiles& files) {
    if (SSL_CTX_load_verify_file(context_.get(), files.client_ca.c_str()) != 1)
        fail(files.client_ca, "no CA certificate in PEM form: " + openssl_reason());
    auto* names = SSL_load_client_CA_file(files.client_ca.c_str());
    if (names == nullptr) fail(files.client_ca, "no CA names: " + openssl_reason());
    SSL_CTX_set_client_CA_list(context_.get(), names);
}

/// A list past its nextUpdate is taken: verification then refuses everybody, and a fresh list can
/// be loaded without a restart. A file without any list is an error.
void TlsContext::use_revocation_list(const TlsFiles& files) {
    const Handle<BIO, BIO_free_all> file(BIO_new_file(files.crl.c_str(), "r"));
    if (!file) fail(files.crl, openssl_reason());
    auto* store = SSL_CTX_get_cert_store(context_.get());
    while (true) {
        const Handle<X509_CRL, X509_CRL_free> list(
            PEM_read_bio_X509_CRL(file.get(), nullptr, no_pass_phrase, nullptr));
        if (!list) break;
        if (X509_STORE_add_crl(store, list.get()) != 1)
            fail(files.crl, "a list cannot be added: " + openssl_reason());
        auto& until =
            lists_until_.try_emplace(der_of(X509_CRL_get_issuer(list.get())), never_trusted)
                .first->second;
        until = std::max(until, time_of(X509_CRL_get0_nextUpdate(list.get())));
    }
    const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (lists_until_.empty() || !ended)
        fail(files.crl, "no readable revocation list in PEM form: " + openssl_reason());
    ERR_clear_error();
    require(X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK), "revocation check");
}

sys_seconds TlsContext::trusted_until(x509_st* leaf, stack_st_X509* others) const {
    ERR_clear_error();
    const Handle<X509_STORE_CTX, X509_STORE_CTX_free> check(X509_STORE_CTX_new());
    if (!check ||
        X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(context_.get()), leaf, others) != 1)
        return never_trusted;
    X509_STORE_CTX_set_default(check.get(), "ssl_client");
    X509_VERIFY_PARAM_set_depth(X509_STORE_CTX_get0_param(check.get()), max_chain_depth);
    X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(check.get()), 2);
    const bool trusted = X509_verify_cert(check.get()) == 1;
    ERR_clear_error();
    return trusted ? end_of(X509_STORE_CTX_get0_chain(check.get())) : never_trusted;
}

sys_seconds TlsContext::end_of(stack_st_X509* verified_chain) const {
    auto until = sys_seconds::max();
    for (int i = 0; i < sk_X509_num(verified_chain); ++i)
        until = std::min(until, time_of(X509_get0_notAfter(sk_X509_value(verified_chain, i))));
    if (sk_X509_num(verified_chain) <= 0) return never_trusted;
    if (lists_until_.empty()) return until;
    const auto list =
        lists_until_.find(der_of(X509_get_issuer_name(sk_X509_value(verified_chain, 0))));
    return list == lists_until_.end() ? never_trusted : std::min(until, list->second);
}

void Channel::Free::operator()(ssl_st* ssl) const {
    SSL_free(ssl);
}

Channel::Channel(int socket, std::shared_ptr<const TlsContext> tls)
    : socket_(socket), judged_by_(std::move(tls)) {
    if (!judged_by_) return;
    ERR_clear_error();
    ssl_.reset(SSL_new(judged_by_->native()));
    Handle<BIO, BIO_free_all> bio(BIO_new(socket_method()));
    if (!ssl_ || !bio) throw std::bad_alloc();
    BIO_set_data(bio.get(), reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
    BIO_set_init(bio.get(), 1);
    SSL_set_bio(ssl_.get(), bio.get(), bio.get()); // takes the one reference for both ways
    static_cast<void>(bio.release());
    SSL_set_accept_state(ssl_.get());
}

Channel::~Channel() = default;

Moved Channel::outcome(int returned, std::size_t bytes) {
    if (returned > 0) return {Progress::done, bytes};
    switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
        return {Progress::want_read, 0};
    case SSL_ERROR_WANT_WRITE:
        return {Progress::want_write, 0};
    case SSL_ERROR_ZERO_RETURN:
        return {Progress::closed, 0};
    default:
        broken_ = true;
        return {Progress::failed, 0};
    }
}

Progress Channel::handshake() {
    if (!ssl_) return Progress::done;
    ERR_clear_error();
    const auto moved = outcome(SSL_do_handshake(ssl_.get()), 0);
    if (moved.progress == Progress::done)
        trusted_until_ = judged_by_->end_of(SSL_get0_verified_chain(ssl_.get()));
    return moved.progress;
}

std::string_view Channel::refusal() const {
    if (!ssl_) return {};
    const auto verdict = SSL_get_verify_result(ssl_.get());
    if (verdict != X509_V_OK) return X509_verify_cert_error_string(verdict);
    if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
        return "no certificate";
    return {};
}

Moved Channel::read(char* into, std::size_t room) {
    if (ssl_) {
        ERR_clear_error();
        std::size_t got = 0;
        const int returned = SSL_read_ex(ssl_.get(), into, room, &got);
        return outcome(returned, got);
    }
    const auto got = ::recv(socket_, into, room, 0);
    if (got > 0) return {Progress::done, static_cast<std::size_t>(got)};
    if (got == 0) return {Progress::closed, 0};
    return {would_block(errno) ? Progress::want_read : Progress::failed, 0};
}

Moved Channel::write(std::string_view bytes) {
    if (ssl_) {
        ERR_clear_error();
        std::size_t sent = 0;
        const int returned = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent);
        return outcome(returned, sent);
    }
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return {Progress::done, static_cast<std::size_t>(sent)};
    return {would_block(errno) ? Progress::want_write : Progress::failed, 0};
}

void Channel::close_notify() {
    if (!ssl_ || broken_ || SSL_in_init(ssl_.get())) return;
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
}

std::string Channel::peer_certificate() const {
    if (!ssl_) return {};
    auto* certificate = SSL_get0_peer_certificate(ssl_.get());
    return certificate == nullptr ? std::string{} : der_of(certificate);
}

bool Channel::peer_is_trusted(const std::shared_ptr<const TlsContext>& current, sys_seconds now) {
    if (!ssl_) return true;
    if (current != judged_by_) {
        auto* leaf = SSL_get0_peer_certificate(ssl_.get());
        if (leaf == nullptr) return false;
        trusted_until_ = current->trusted_until(leaf, SSL_get_peer_cert_chain(ssl_.get()));
        judged_by_ = current;
    }
    return now < trusted_until_;
}

} // namespace cpg::http
