// A TLS server on loopback that does exactly what a test scripts, one function a connection.
#pragma once

#include "gateway/identity/authority.hpp"

#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <thread>

namespace cpg::client::test {

class Connection {
  public:
    using Stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;
    explicit Connection(Stream& stream) : stream_(stream) {}

    /// Head and body of the next request; empty when the client is gone.
    std::string read_request() {
        boost::system::error_code error;
        const auto head = boost::asio::read_until(stream_, boost::asio::dynamic_buffer(received_),
                                                  "\r\n\r\n", error);
        if (error) return {};
        std::size_t size = head;
        constexpr std::string_view length = "\r\nContent-Length: ";
        if (const auto at = received_.find(length); at < head)
            size += std::stoul(received_.substr(at + length.size()));
        if (size > received_.size())
            boost::asio::read(stream_, boost::asio::dynamic_buffer(received_),
                              boost::asio::transfer_exactly(size - received_.size()), error);
        std::string request = received_.substr(0, size);
        received_.erase(0, size);
        return request;
    }
    void write(const std::string& text) {
        boost::system::error_code ignored; // the client may be gone: its side is what is tested
        boost::asio::write(stream_, boost::asio::buffer(text), ignored);
    }
    void answer(const std::string& body, const std::string& headers = {}) {
        write("HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body);
    }

  private:
    Stream& stream_;
    std::string received_;
};

struct ServerIdentity {
    identity::Credential credential;
    std::string client_authority; // PEM; whose clients it takes
    bool old_tls = false;         // speaks TLS 1.2 at most
};

class Server {
  public:
    using Script = std::function<void(Connection&)>;

    Server(const ServerIdentity& who, std::vector<Script> scripts)
        : context_(boost::asio::ssl::context::tls_server),
          acceptor_(loop_, {boost::asio::ip::address_v4::loopback(), 0}),
          scripts_(std::move(scripts)) {
        using boost::asio::buffer;
        context_.use_certificate_chain(buffer(who.credential.certificate_pem));
        context_.use_private_key(buffer(who.credential.key_pem), boost::asio::ssl::context::pem);
        context_.add_certificate_authority(buffer(who.client_authority));
        context_.set_verify_mode(boost::asio::ssl::verify_peer |
                                 boost::asio::ssl::verify_fail_if_no_peer_cert);
        if (who.old_tls) SSL_CTX_set_max_proto_version(context_.native_handle(), TLS1_2_VERSION);
        thread_ = std::thread([this] { serve(); });
    }
    ~Server() {
        stopping_ = true;
        boost::asio::ip::tcp::socket wake(loop_);
        boost::system::error_code ignored;
        wake.connect(acceptor_.local_endpoint(), ignored);
        thread_.join();
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::string url(const std::string& host = "localhost") const {
        return "https://" + host + ":" + std::to_string(acceptor_.local_endpoint().port());
    }
    int accepted() const { return accepted_; }

  private:
    void serve() {
        for (const auto& script : scripts_) {
            boost::asio::ip::tcp::socket socket(loop_);
            boost::system::error_code error;
            acceptor_.accept(socket, error);
            if (stopping_ || error) return;
            ++accepted_;
            Connection::Stream stream(std::move(socket), context_);
            stream.handshake(boost::asio::ssl::stream_base::server, error);
            if (error) continue;
            Connection connection(stream);
            script(connection);
            stream.shutdown(error); // what a server does with an idle connection
        }
    }

    boost::asio::io_context loop_;
    boost::asio::ssl::context context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::vector<Script> scripts_;
    std::atomic<bool> stopping_{false};
    std::atomic<int> accepted_{0};
    std::thread thread_;
};

} // namespace cpg::client::test
