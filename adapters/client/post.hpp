// One POST to a service of somebody else (a time-stamping authority, a witness): plain HTTP, or
// HTTPS against a given authority. No client certificate, no cookie, no redirect. Blocking; any
// thread. Beast is seen by post.cpp only.
#pragma once

#include "spec/base/bytes.hpp"
#include "spec/base/result.hpp"

#include <chrono>
#include <filesystem>

namespace cpg::client {

struct PostRequest {
    std::string url;          // http://host[:port][/path] or https://…
    std::filesystem::path ca; // PEM; of https only; empty = the system's authorities
    std::string content_type;
    std::string_view body;
    std::size_t max_answer = 256 * 1024; // bytes
    std::chrono::seconds timeout{30};    // in all
};

struct PostAnswer {
    int status = 0;
    std::string content_type;
    std::string body;
};

/// unreachable: no connection, TLS failed, time-out, broken or too long an answer. configuration:
/// the url or the authority's file cannot be used. Any HTTP status is an answer.
Result<PostAnswer> post_once(const PostRequest& request);

} // namespace cpg::client
