// HTTP/1.1 on the wire: bytes -> request, answer -> bytes. No socket and no thread in it. Beast's
// parser is seen by wire.cpp only.
#pragma once

#include "gateway/http/message.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cpg::http {

/// Why a request is refused before it reaches a handler.
struct Refusal {
    int status = 400;
    std::string_view slug;   // static text
    std::string_view detail; // static text, English
};

/// A request's head as received; the target is not decoded yet.
struct Head {
    std::string method;
    std::string target;
    std::vector<std::pair<std::string, std::string>> headers; // names in lower case, in order
    std::optional<std::uint64_t> content_length;
    bool chunked = false;
    bool keep_alive = false; // what the client asks for; false for HTTP/1.0
    bool expects_continue = false;
};

/// Reads one request. Stricter than RFC 9112 where leniency has been used for attacks: no line
/// folding, no bare CR or LF, no NUL, no two lengths, no transfer coding but "chunked", one Host.
class RequestReader {
  public:
    enum class State { head, head_done, body, complete, refused };

    explicit RequestReader(std::size_t max_header_bytes);
    ~RequestReader();
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;

    /// Takes bytes and returns how many belong to this request. Stops behind the head (head_done)
    /// until open_body() is called. Precondition: state is head or body.
    std::size_t feed(std::string_view bytes);
    State state() const;
    /// Allows a body of at most `limit` bytes. head_done -> body, complete (no body) or refused.
    void open_body(std::uint64_t limit);
    Head& head();
    const Head& head() const;
    std::size_t body_size() const;
    std::string take_body();
    Refusal refusal() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

struct AnswerFraming {
    bool keep_alive = false;
    bool secured = false;  // the connection is TLS
    std::string_view date; // IMF-fixdate
};

/// Status line and headers with the blank line; a body in pieces has no length, the end of the
/// connection is its end (RFC 9112 section 6.3); Content-Length, Connection, Date and the security
/// headers are ours. nullopt: the answer has a header that would break the framing.
std::optional<std::string> compose_head(const Response& response, const AnswerFraming& framing);

/// Whether an answer of this status has a body at all.
bool status_has_body(int status);

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(std::chrono::sys_seconds time);

} // namespace cpg::http
