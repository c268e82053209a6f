// Blocking client of the gateway over mutual TLS 1.3, kept alive. One Client belongs to one thread.
// Beast is seen by client.cpp only. Retries are the caller's: every call says whether it reached
// the gateway.
#pragma once

#include "spec/base/clock.hpp"

#include <boost/json/value.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cpg::client {

struct Settings {
    std::string gateway;                   // https://host:port
    std::filesystem::path certificate, ca; // PEM
    std::string key;                       // PEM file of its owner alone, or a pkcs11: URI
    std::vector<std::string> trusted_keys; // vkeys of the gateway's log
    std::string lang = "ja";
    std::chrono::seconds timeout{120};
};

/// A small YAML file: gateway, certificate, key, ca, trusted_keys, lang; paths relative to the
/// file. Strict.
Result<Settings> read_settings(const std::filesystem::path& file);

struct Answer {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers; // names in lower case
    std::string body;
    std::string_view header(std::string_view lower_case_name) const;
    Result<boost::json::value> json() const;
};

struct Upload {
    std::string name;      // form field: file, attachment, cover
    std::string file_name; // UTF-8
    std::string content_type;
    std::string_view body;
};

/// A request's body in one piece. The boundary is made from the parts, so that the same parts give
/// the same bytes: what an Idempotency-Key wants.
struct Body {
    std::string content_type, bytes;
};
Body multipart_body(const std::vector<Upload>& parts);

class Client {
  public:
    explicit Client(Settings settings); // does not connect; throws when a key file cannot be read
    ~Client();
    Client(Client&&) noexcept;
    using Headers = std::vector<std::pair<std::string, std::string>>;
    /// unreachable: connection refused, TLS failed, time-out, broken answer. Any HTTP status is an
    /// Answer.
    Result<Answer> get(const std::string& target, const Headers& headers = {});
    Result<Answer> post(const std::string& target, std::string_view content_type,
                        std::string_view body, const Headers& headers = {});
    Result<Answer> post_multipart(const std::string& target, const std::vector<Upload>& parts,
                                  const Headers& headers = {});

    /// From any thread: the call that waits, and every later one, ends as unreachable.
    void stop();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

std::string url_encode(std::string_view text); // a path segment or query value

} // namespace cpg::client
