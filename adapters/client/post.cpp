#include "adapters/client/post.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <optional>

namespace cpg::client {
namespace {

namespace asio = boost::asio;
constexpr std::uint32_t max_head = 16 * 1024;   // of an answer
constexpr std::chrono::milliseconds slice{100}; // between looks at `cancelled`
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using Plain = beast::tcp_stream;
using Secure = asio::ssl::stream<beast::tcp_stream>;

struct Target {
    bool secure = false;
    std::string host, port, authority, path;
    bool is_address = false;
};

std::optional<Target> target_of(const std::string& text) {
    const auto url = boost::urls::parse_uri(text);
    if (!url || (url->scheme() != "https" && url->scheme() != "http") || url->host().empty() ||
        url->has_userinfo() || url->has_fragment())
        return std::nullopt;
    Target target;
    target.secure = url->scheme() == "https";
    target.host = url->host_address();
    target.port = url->has_port() ? std::string(url->port()) : target.secure ? "443" : "80";
    target.authority = url->encoded_host_and_port();
    target.path = url->encoded_target().empty() ? "/" : std::string(url->encoded_target());
    target.is_address = url->host_type() != boost::urls::host_type::name;
    return target;
}

/// One exchange from the name to the answer; each step runs on the private loop until the deadline.
class Exchange {
  public:
    Exchange(const PostRequest& request, Target target)
        : request_(request), target_(std::move(target)),
          deadline_(std::chrono::steady_clock::now() + request.timeout) {}

    Result<PostAnswer> run() {
        error_code error;
        asio::ip::tcp::resolver resolver(loop_);
        const auto found = resolver.resolve(target_.host, target_.port, error);
        if (error) return unreachable("resolve", error);
        deadline_ = std::chrono::steady_clock::now() + request_.timeout;
        Addresses addresses;
        for (const auto& entry : found)
            if (may_connect(entry.endpoint().address())) addresses.push_back(entry.endpoint());
        if (addresses.empty())
            return Error{Errc::unreachable,
                         target_.authority + ": its address is not one that may be connected to"};
        return target_.secure ? run_secure(addresses) : run_plain(addresses);
    }

  private:
    using Addresses = std::vector<asio::ip::tcp::endpoint>;

    bool may_connect(const asio::ip::address& address) const {
        if (!request_.may_connect) return true;
        const auto ask = [&](const auto& bytes) {
            return request_.may_connect(
                {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        };
        return address.is_v4() ? ask(address.to_v4().to_bytes()) : ask(address.to_v6().to_bytes());
    }
    bool is_cancelled() const { return request_.cancelled && request_.cancelled->load(); }

    Error unreachable(std::string_view step, const error_code& error) const {
        return {Errc::unreachable,
                target_.authority + ": " + std::string(step) + ": " + error.message()};
    }

    template<class Start> error_code step(Plain& stream, Start start) {
        error_code outcome = asio::error::would_block;
        stream.expires_at(deadline_);
        start([&outcome](const error_code& error, auto&&...) { outcome = error; });
        loop_.restart();
        while (!loop_.stopped()) {
            loop_.run_for(slice);
            if (is_cancelled()) stream.cancel();
        }
        return outcome;
    }

    Result<PostAnswer> run_plain(const Addresses& addresses) {
        Plain stream(loop_);
        if (const auto error =
                step(stream, [&](auto done) { stream.async_connect(addresses, std::move(done)); }))
            return unreachable("connect", error);
        return exchange(stream, stream);
    }

    Result<PostAnswer> run_secure(const Addresses& addresses) {
        asio::ssl::context context(asio::ssl::context::tls_client);
        SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
        error_code error;
        if (request_.ca.empty())
            context.set_default_verify_paths(error);
        else
            context.load_verify_file(request_.ca.string(), error);
        if (error) return Error{Errc::configuration, request_.ca.string() + ": cannot be read"};
        context.set_verify_mode(asio::ssl::verify_peer, error);
        Secure stream(loop_, context);
        if (!expect_peer(stream)) return Error{Errc::configuration, "cannot check the peer's name"};
        auto& lowest = beast::get_lowest_layer(stream);
        error = step(lowest, [&](auto done) { lowest.async_connect(addresses, std::move(done)); });
        if (error) return unreachable("connect", error);
        error = step(lowest, [&](auto done) {
            stream.async_handshake(asio::ssl::stream_base::client, std::move(done));
        });
        if (error) return unreachable("TLS", error);
        return exchange(stream, lowest);
    }

    /// Against SAN only: a CN never counts.
    bool expect_peer(Secure& stream) const {
        SSL* const ssl = stream.native_handle();
        X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl);
        X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
        if (target_.is_address)
            return X509_VERIFY_PARAM_set1_ip_asc(wanted, target_.host.c_str()) == 1;
        return X509_VERIFY_PARAM_set1_host(wanted, target_.host.c_str(), 0) == 1 &&
               SSL_set_tlsext_host_name(ssl, target_.host.c_str()) == 1;
    }

    template<class Stream> Result<PostAnswer> exchange(Stream& stream, Plain& lowest) {
        http::request<http::string_body> message(http::verb::post, target_.path, 11);
        message.set(http::field::host, target_.authority);
        message.set(http::field::user_agent, "cpgw");
        message.set(http::field::connection, "close");
        message.set(http::field::content_type, request_.content_type);
        for (const auto& [name, value] : request_.headers) message.set(name, value);
        message.body() = request_.body;
        message.prepare_payload();
        error_code error =
            step(lowest, [&](auto done) { http::async_write(stream, message, std::move(done)); });
        if (error) return unreachable("send", error);
        http::response_parser<http::string_body> parser;
        parser.body_limit(request_.max_answer);
        beast::flat_buffer buffer;
        parser.header_limit(max_head);
        error = step(lowest, [&](auto done) {
            if (request_.head_alone)
                http::async_read_header(stream, buffer, parser, std::move(done));
            else
                http::async_read(stream, buffer, parser, std::move(done));
        });
        if (error) return unreachable("receive", error);
        auto answer = parser.release();
        return PostAnswer{static_cast<int>(answer.result_int()),
                          std::string(answer[http::field::content_type]), std::move(answer.body())};
    }

    const PostRequest& request_;
    Target target_;
    std::chrono::steady_clock::time_point deadline_;
    asio::io_context loop_{1};
};

} // namespace

std::optional<std::string> scheme_of(const std::string& url) {
    const auto target = target_of(url);
    if (!target) return std::nullopt;
    return target->secure ? "https" : "http";
}

Result<PostAnswer> post_once(const PostRequest& request) {
    auto target = target_of(request.url);
    if (!target) return Error{Errc::configuration, "not an http or https address: " + request.url};
    return Exchange(request, *std::move(target)).run();
}

} // namespace cpg::client
