#include "gateway/http/tls.hpp"

#include "spec/base/digest.hpp"
#include "spec/base/private_key.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <limits>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdexcept>
#include <sys/socket.h>
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

std::string der_of(const X509* certificate) {
    unsigned char* der = nullptr;
    const int length = i2d_X509(certificate, &der);
    if (length <= 0) return {};
    const Handle<unsigned char, [](unsigned char* p) { OPENSSL_free(p); }> owned(der);
    return {reinterpret_cast<const char*>(der), static_cast<std::size_t>(length)};
}

Digest der_digest(const X509* certificate) {
    return sha256(der_of(certificate));
}

/// A revocation list never asks for one.
int no_pass_phrase(char*, int, int, void*) {
    return -1;
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ":") + name;
    return text;
}

std::string text_of(const X509_NAME* name) {
    const Handle<BIO, BIO_free_all> memory(BIO_new(BIO_s_mem()));
    if (!memory || X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

TlsDate date_of(TlsDate::Kind kind, const X509* certificate) {
    return {kind, text_of(X509_get_subject_name(certificate)), der_digest(certificate),
            time_of(X509_get0_notAfter(certificate))};
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

/// What the policy says, and what none can change: no resumption of any kind (NO_TICKET alone
/// leaves stateful tickets of TLS 1.3, no tickets at all leaves none), no renegotiation, no
/// compression.
void apply_policy(SSL_CTX* context, const TlsPolicy& policy) {
    require(SSL_CTX_set_min_proto_version(context, policy.tls12 ? TLS1_2_VERSION : TLS1_3_VERSION),
            "protocol");
    require(SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION), "protocol");
    require(SSL_CTX_set_ciphersuites(context, joined(policy.suites13).c_str()), "suites");
    require(SSL_CTX_set_cipher_list(context, joined(policy.suites12).c_str()), "suites of TLS 1.2");
    require(SSL_CTX_set1_groups_list(context, joined(policy.groups).c_str()), "groups");
    const auto signatures = joined(policy.signature_algorithms);
    require(SSL_CTX_set1_sigalgs_list(context, signatures.c_str()), "signature algorithms");
    require(SSL_CTX_set1_client_sigalgs_list(context, signatures.c_str()), "signature algorithms");
    SSL_CTX_set_security_level(context, 2);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
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

TlsContext::TlsContext(const TlsSettings& settings) : context_(SSL_CTX_new(TLS_server_method())) {
    ERR_clear_error();
    if (!context_) throw std::runtime_error("tls: no context: " + openssl_reason());
    apply_policy(context_.get(), settings.policy);
    use_certificate(settings);
    use_clients(settings);
    use_revocation_lists(settings);
}

TlsContext::~TlsContext() = default;

void TlsContext::use_certificate(const TlsSettings& settings) {
    const auto& file = settings.certificate;
    if (SSL_CTX_use_certificate_chain_file(context_.get(), file.c_str()) != 1)
        fail(file, "no certificate chain in PEM form: " + openssl_reason());
    const auto key = load_private_key(settings.key);
    if (!key) throw std::runtime_error("tls: " + key.error().detail);
    if (SSL_CTX_use_PrivateKey(context_.get(), key->get()) != 1 ||
        SSL_CTX_check_private_key(context_.get()) != 1)
        fail(settings.key, "the key does not belong to the certificate: " + openssl_reason());
    dates_.push_back(date_of(TlsDate::Kind::server, SSL_CTX_get0_certificate(context_.get())));
}

void TlsContext::use_clients(const TlsSettings& settings) {
    const auto& file = settings.client_ca;
    if (SSL_CTX_load_verify_file(context_.get(), file.c_str()) != 1)
        fail(file, "no CA certificate in PEM form: " + openssl_reason());
    auto* names = SSL_load_client_CA_file(file.c_str());
    if (names == nullptr) fail(file, "no CA names: " + openssl_reason());
    SSL_CTX_set_client_CA_list(context_.get(), names);
    const auto* trusted = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context_.get()));
    for (int i = 0; i < sk_X509_OBJECT_num(trusted); ++i)
        if (const auto* authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(trusted, i)))
            dates_.push_back(date_of(TlsDate::Kind::client_ca, authority));
}

/// A list past its nextUpdate is taken: verification then refuses everybody, and a fresh list can
/// be loaded without a restart. A file without any list is an error. Every authority of a chain has
/// to have one: a revoked issuing authority is as bad as a revoked office.
void TlsContext::use_revocation_lists(const TlsSettings& settings) {
    if (settings.crl.empty())
        throw std::runtime_error("tls: no revocation list is set (crl); it is required");
    const Handle<BIO, BIO_free_all> file(BIO_new_file(settings.crl.c_str(), "r"));
    if (!file) fail(settings.crl, openssl_reason());
    auto* store = SSL_CTX_get_cert_store(context_.get());
    while (true) {
        const Handle<X509_CRL, X509_CRL_free> list(
            PEM_read_bio_X509_CRL(file.get(), nullptr, no_pass_phrase, nullptr));
        if (!list) break;
        if (X509_STORE_add_crl(store, list.get()) != 1)
            fail(settings.crl, "a list cannot be added: " + openssl_reason());
        note_list(list.get());
    }
    const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (lists_until_.empty() || !ended)
        fail(settings.crl, "no readable revocation list in PEM form: " + openssl_reason());
    ERR_clear_error();
    require(X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL),
            "revocation check");
    for (const auto& [issuer, list] : lists_until_)
        dates_.push_back({TlsDate::Kind::revocation_list, list.name, {}, list.until});
}

void TlsContext::note_list(X509_CRL* list) {
    const auto* issuer = X509_CRL_get_issuer(list);
    auto& known = lists_until_.try_emplace(der_of(issuer), List{text_of(issuer), never_trusted})
                      .first->second;
    known.until = std::max(known.until, time_of(X509_CRL_get0_nextUpdate(list)));
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
    for (int i = 0; i < sk_X509_num(verified_chain); ++i) {
        const auto* certificate = sk_X509_value(verified_chain, i);
        const auto list = lists_until_.find(der_of(X509_get_issuer_name(certificate)));
        if (list == lists_until_.end()) return never_trusted;
        until = std::min({until, time_of(X509_get0_notAfter(certificate)), list->second.until});
    }
    return sk_X509_num(verified_chain) > 0 ? until : never_trusted;
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

std::optional<Digest> Channel::issuer_key() const {
    if (!ssl_) return std::nullopt;
    auto* chain = SSL_get0_verified_chain(ssl_.get());
    if (sk_X509_num(chain) < 2) return std::nullopt;
    unsigned char* der = nullptr;
    const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(sk_X509_value(chain, 1)), &der);
    if (length <= 0) return std::nullopt;
    const Handle<unsigned char, [](unsigned char* p) { OPENSSL_free(p); }> owned(der);
    return sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(length)});
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
