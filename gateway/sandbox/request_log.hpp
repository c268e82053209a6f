// The requests that a sandbox's gateway answered, for the integrator to look at: numbers, names of
// routes and problems; never a path, a body or a person. The newest are kept. Any thread.
#pragma once

#include "gateway/http/server.hpp"
#include "spec/base/ids.hpp"

#include <deque>
#include <mutex>
#include <vector>

namespace cpg::sandbox {

struct LoggedRequest {
    std::uint64_t number = 0; // from 1, grows over resets
    Time time{};              // of the answer
    std::string caller;       // office numbers of the certificate, "," between; "" unknown
    bool robot = false;
    std::string method, route; // route: its name ("bundles.submit"), "" when none matched
    int status = 0;
    std::string problem;  // slug, or ""
    std::string incident; // `instance` of the problem document, request id
    std::uint64_t bytes_in = 0, bytes_out = 0;
    double ms = 0;
};

struct Caller {
    std::string offices;
    bool robot = false;
};

constexpr std::size_t max_logged_requests = 10'000; // a few MiB; a day of trying things
constexpr std::size_t max_request_page = 1'000;

class RequestLog {
  public:
    /// Who a certificate is; what is not there is logged without a caller. Before the first add().
    void know(const Digest& certificate, Caller caller);
    void add(const http::Answered& answered, Time now);
    /// Forgets what is there; the numbers go on.
    void clear();

    struct Query {
        std::uint64_t after = 0;
        std::string office; // only where the caller has this office; "" = all
        bool with_robots = false;
        std::size_t limit = max_request_page;
    };
    struct Page {
        std::vector<LoggedRequest> requests; // oldest first
        std::uint64_t next = 0;              // for `after` of the next question
    };
    Page page(const Query& query) const;

  private:
    std::map<Digest, Caller> callers_;
    mutable std::mutex mutex_;
    std::deque<LoggedRequest> requests_;
    std::uint64_t last_ = 0;
};

} // namespace cpg::sandbox
