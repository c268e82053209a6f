// One POST to a service of somebody else (a time-stamping authority, a witness, a webhook): plain
// HTTP, or HTTPS against a given authority. No client certificate, no cookie, no redirect.
// Blocking; any thread. Beast is seen by post.cpp only.
#pragma once

#include "spec/base/bytes.hpp"
#include "spec/base/result.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

namespace cpg::client {

struct PostRequest {
    std::string url;          // http://host[:port][/path] or https://…
    std::filesystem::path ca; // PEM; of https only; empty = the system's authorities
    std::string content_type;
    std::string_view body;
    std::size_t max_answer = 256 * 1024;       // bytes
    std::chrono::milliseconds timeout{30'000}; // in all, once the name is resolved
    std::vector<std::pair<std::string, std::string>> headers = {}; // further ones
    /// Asked for each address that the name has (4 or 16 bytes): only those that may be are
    /// connected to. Empty = all.
    std::function<bool(BytesView address)> may_connect = {};
    bool head_alone = false;                      // the answer's body is not waited for
    const std::atomic<bool>* cancelled = nullptr; // looked at ten times a second
};

struct PostAnswer {
    int status = 0;
    std::string content_type;
    std::string body;
};

/// "http" or "https" of an address that can be posted to; nullopt for anything else.
std::optional<std::string> scheme_of(const std::string& url);

/// unreachable: no connection, no address that may be connected to, TLS failed, time-out, broken or
/// too long an answer. configuration: the url or the authority's file cannot be used. Any HTTP
/// status is an answer.
Result<PostAnswer> post_once(const PostRequest& request);

} // namespace cpg::client
