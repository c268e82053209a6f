#include "adapters/client/client.hpp"

#include "spec/base/private_key.hpp"

#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <optional>
#include <stdexcept>

namespace cpg::client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using Stream = asio::ssl::stream<beast::tcp_stream>;

// The largest thing the gateway hands out is a bundle's ZIP.
constexpr std::uint64_t max_answer_bytes = 512u << 20;
constexpr std::uint32_t max_header_bytes = 64u << 10;
constexpr std::chrono::seconds connect_timeout{15};

struct Endpoint {
    std::string host, port;
    bool is_address = false;
    std::string authority() const { return port == "443" ? bracketed() : bracketed() + ":" + port; }

  private:
    std::string bracketed() const {
        return host.find(':') == std::string::npos ? host : "[" + host + "]";
    }
};

Endpoint endpoint_of(const std::string& gateway) {
    const auto url = boost::urls::parse_uri(gateway);
    if (!url || url->scheme() != "https" || url->host().empty() || url->has_userinfo() ||
        url->has_query() || url->has_fragment() || (url->path() != "" && url->path() != "/"))
        throw std::runtime_error("not an address of the form https://host:port : " + gateway);
    return {url->host_address(), url->has_port() ? std::string(url->port()) : "443",
            url->host_type() != boost::urls::host_type::name};
}

void check(const error_code& error, const std::filesystem::path& file) {
    if (error) throw std::runtime_error("cannot use " + file.string() + ": " + error.message());
}

asio::ssl::context make_context(const Settings& settings) {
    asio::ssl::context context(asio::ssl::context::tls_client);
    SSL_CTX* const native = context.native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION);
    SSL_CTX_set1_groups_list(native, "X25519:P-256:P-384");
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    error_code error;
    context.set_verify_mode(asio::ssl::verify_peer, error);
    context.load_verify_file(settings.ca.string(), error);
    check(error, settings.ca);
    context.use_certificate_chain_file(settings.certificate.string(), error);
    check(error, settings.certificate);
    const auto key = load_private_key(settings.key);
    if (!key) throw std::runtime_error("cannot use the key: " + key.error().detail);
    if (SSL_CTX_use_PrivateKey(native, key->get()) != 1)
        throw std::runtime_error("cannot use the key: " + settings.key +
                                 ": it does not belong to the certificate");
    return context;
}

/// The name is checked by OpenSSL itself, against SAN only: a CN never counts.
void expect_peer(Stream& stream, const Endpoint& endpoint) {
    SSL* const ssl = stream.native_handle();
    X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                                X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const bool set = endpoint.is_address
                         ? X509_VERIFY_PARAM_set1_ip_asc(wanted, endpoint.host.c_str()) == 1
                         : X509_VERIFY_PARAM_set1_host(wanted, endpoint.host.c_str(), 0) == 1 &&
                               SSL_set_tlsext_host_name(ssl, endpoint.host.c_str()) == 1;
    if (!set) throw std::runtime_error("cannot check the name of the gateway: " + endpoint.host);
}

Error unreachable(std::string_view step, const error_code& error) {
    std::string detail(step);
    detail.append(": ").append(error.message());
    return {Errc::unreachable, std::move(detail)};
}

struct Request {
    http::verb method{};
    const std::string& target;
    std::string_view content_type, body;
    const Client::Headers& headers;

    bool may_repeat() const {
        if (method == http::verb::get) return true;
        for (const auto& [name, value] : headers)
            if (beast::iequals(name, "Idempotency-Key")) return true;
        return false;
    }
};

/// What became of one try over one connection.
struct Try {
    std::optional<Answer> answer;
    error_code error;
    std::string_view step;     // what failed
    bool answer_begun = false; // some of the answer had arrived
};

} // namespace

struct Client::Impl {
    explicit Impl(Settings given)
        : settings(std::move(given)), endpoint(endpoint_of(settings.gateway)),
          context(make_context(settings)) {}

    void stop() {
        stopped = true;
        asio::post(loop, [this] {
            if (stream) beast::get_lowest_layer(*stream).close();
        });
    }

    Result<Answer> perform(const Request& request) {
        if (stopped) return Error{Errc::unreachable, "stopped"};
        const bool reused = stream.has_value();
        if (!reused)
            if (auto connected = connect(); !connected) return connected.error();
        Try attempt = exchange(request);
        if (reused && !stopped && closed_while_idle(attempt) && request.may_repeat()) {
            if (auto connected = connect(); !connected) return connected.error();
            attempt = exchange(request);
        }
        if (attempt.answer) return std::move(*attempt.answer);
        return unreachable(attempt.step, attempt.error);
    }

  private:
    static bool closed_while_idle(const Try& attempt) {
        return !attempt.answer && !attempt.answer_begun && attempt.error != beast::error::timeout &&
               attempt.error.category() != asio::error::get_ssl_category();
    }

    /// Runs one asynchronous operation to its end on the private loop.
    template<class Start> error_code run(std::chrono::seconds limit, Start start) {
        error_code outcome = asio::error::would_block;
        beast::get_lowest_layer(*stream).expires_after(limit);
        start([&outcome](const error_code& error, auto&&...) { outcome = error; });
        loop.restart();
        loop.run();
        return outcome;
    }

    Result<void> connect() {
        stream.reset();
        buffer.clear();
        error_code error;
        asio::ip::tcp::resolver resolver(loop);
        const auto addresses = resolver.resolve(endpoint.host, endpoint.port, error);
        if (error) return unreachable("resolve " + endpoint.host, error);
        stream.emplace(loop, context);
        expect_peer(*stream, endpoint);
        error = run(connect_timeout, [&](auto done) {
            beast::get_lowest_layer(*stream).async_connect(addresses, std::move(done));
        });
        if (error) return failed("connect to " + endpoint.authority(), error);
        beast::get_lowest_layer(*stream).socket().set_option(asio::ip::tcp::no_delay(true), error);
        error = run(connect_timeout, [&](auto done) {
            stream->async_handshake(asio::ssl::stream_base::client, std::move(done));
        });
        if (error) return failed("TLS with " + endpoint.authority(), error);
        return {};
    }

    Error failed(const std::string& step, const error_code& error) {
        std::string reason;
        if (stream)
            if (const long verdict = SSL_get_verify_result(stream->native_handle());
                verdict != X509_V_OK)
                reason = std::string(" (") + X509_verify_cert_error_string(verdict) + ")";
        stream.reset();
        return unreachable(step + reason, error);
    }

    Try exchange(const Request& request) {
        http::request<http::span_body<const char>> message(request.method, request.target, 11);
        message.set(http::field::host, endpoint.authority());
        message.set(http::field::user_agent, "cpgw");
        message.set(http::field::accept_language, settings.lang);
        for (const auto& [name, value] : request.headers) message.set(name, value);
        if (request.method != http::verb::get) {
            message.set(http::field::content_type, request.content_type);
            message.body() = {request.body.data(), request.body.size()};
            message.prepare_payload();
        }

        Try attempt;
        attempt.step = "send";
        attempt.error = run(settings.timeout, [&](auto done) {
            http::async_write(*stream, message, std::move(done));
        });
        // A server that refuses early (413, 403) answers while it stops reading: its answer counts.
        const error_code write_error = attempt.error;
        if (write_error == beast::error::timeout) return closed(std::move(attempt));

        http::response_parser<http::string_body> parser;
        parser.body_limit(max_answer_bytes);
        parser.header_limit(max_header_bytes);
        attempt.step = "receive";
        attempt.error = run(settings.timeout, [&](auto done) {
            http::async_read(*stream, buffer, parser, std::move(done));
        });
        attempt.answer_begun = parser.got_some();
        if (attempt.error) {
            if (write_error) attempt.error = write_error;
            return closed(std::move(attempt));
        }
        attempt.answer = answer_of(parser.release());
        if (!keep_alive || write_error)
            stream.reset();
        else
            beast::get_lowest_layer(*stream).expires_never();
        return attempt;
    }

    Try closed(Try attempt) {
        stream.reset();
        return attempt;
    }

    Answer answer_of(http::response<http::string_body> message) {
        keep_alive = message.keep_alive();
        Answer answer;
        answer.status = static_cast<int>(message.result_int());
        for (const auto& field : message) {
            std::string name(field.name_string());
            for (char& c : name)
                if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
            answer.headers.emplace_back(std::move(name), std::string(field.value()));
        }
        answer.body = std::move(message.body());
        return answer;
    }

    Settings settings;
    Endpoint endpoint;
    asio::io_context loop{1};
    asio::ssl::context context;
    std::optional<Stream> stream; // engaged: connected, handshake done
    beast::flat_buffer buffer;
    bool keep_alive = false;
    std::atomic<bool> stopped{false};
};

std::string_view Answer::header(std::string_view lower_case_name) const {
    for (const auto& [name, value] : headers)
        if (name == lower_case_name) return value;
    return {};
}

Result<boost::json::value> Answer::json() const {
    error_code error;
    auto value = boost::json::parse(body, error);
    if (error) return Error{Errc::malformed, "the gateway's answer is not JSON"};
    return value;
}

Client::Client(Settings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;

void Client::stop() {
    impl_->stop();
}

Result<Answer> Client::get(const std::string& target, const Headers& headers) {
    return impl_->perform({http::verb::get, target, {}, {}, headers});
}

Result<Answer> Client::post(const std::string& target, std::string_view content_type,
                            std::string_view body, const Headers& headers) {
    return impl_->perform({http::verb::post, target, content_type, body, headers});
}

Result<Answer> Client::post_multipart(const std::string& target, const std::vector<Upload>& parts,
                                      const Headers& headers) {
    const Body body = multipart_body(parts);
    return post(target, body.content_type, body.bytes, headers);
}

} // namespace cpg::client
