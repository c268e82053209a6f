// A request and an answer as plain values: what the API knows of HTTP. Beast is seen by server.cpp
// only.
#pragma once

#include "spec/base/bytes.hpp"
#include "spec/base/clock.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cpg::http {

/// What the TLS layer learned of the client; shared by the requests of a connection.
struct Peer {
    std::string certificate_der;      // empty on the ops listener
    std::string address;              // for rate limits; never logged in full
    std::optional<Digest> issuer_key; // SHA-256 of the issuer's public key, verified
};

struct Request {
    std::string method; // "GET"
    std::string path;   // percent-decoded, starts with "/"; never logged when it may hold names
    std::vector<std::pair<std::string, std::string>> query;   // decoded
    std::vector<std::pair<std::string, std::string>> headers; // names in lower case, in order
    std::string body;
    std::shared_ptr<const Peer> peer;
    std::chrono::steady_clock::time_point deadline; // of the answer
    std::string id;                                 // request id for the log, random
    std::vector<std::string> path_args; // filled by the router, in the order of the pattern's {…}

    std::string_view header(std::string_view lower_case_name) const; // empty when absent
    std::optional<std::string_view> parameter(std::string_view name) const;
};

/// The next piece of a body that is written while it comes to be; nullopt ends it. Called at most
/// once, from any thread.
using PieceDone = std::function<void(std::optional<std::string>)>;
/// Asked on the worker pool for the next piece when the one before is written; answers at once or
/// later, within ServerLimits::answer. Dropped when the connection is over.
using BodySource = std::function<void(PieceDone)>;

struct Response {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers; // Content-Length is set by the server
    std::string body;
    std::shared_ptr<const std::string> shared_body; // used instead of body when set
    BodySource source;   // when set: the body, in pieces; the connection is closed behind it
    bool close = false;  // close the connection afterwards
    std::string problem; // slug of the problem document that the body is; empty for anything else
};

/// Called exactly once, from any thread.
using Responder = std::function<void(Response)>;
/// Called on the server's worker pool; may answer at once or later.
using Handler = std::function<void(std::shared_ptr<Request>, Responder)>;

Response json_response(int status, std::string body);
Response text_response(int status, std::string body,
                       std::string_view content_type = "text/plain; charset=utf-8");

} // namespace cpg::http
