#include "gateway/sandbox/request_log.hpp"

#include "spec/base/digest.hpp"

#include <algorithm>

namespace cpg::sandbox {
namespace {

constexpr std::size_t longest_method = 16; // what a client wrote, whatever it is

bool is_of(const LoggedRequest& request, const std::string& office) {
    return office.empty() || request.caller.find(office) != std::string::npos;
}

} // namespace

void RequestLog::know(const Digest& certificate, Caller caller) {
    callers_.insert_or_assign(certificate, std::move(caller));
}

void RequestLog::add(const http::Answered& answered, Time now) {
    const auto caller = callers_.find(sha256(answered.certificate_der));
    LoggedRequest request;
    request.time = now;
    if (caller != callers_.end()) {
        request.caller = caller->second.offices;
        request.robot = caller->second.robot;
    }
    request.method = answered.method.substr(0, longest_method);
    request.route = answered.route;
    request.status = answered.status;
    request.problem = answered.problem;
    request.incident = answered.request_id;
    request.bytes_in = answered.request_bytes;
    request.bytes_out = answered.response_bytes;
    request.ms = static_cast<double>(answered.took.count()) / 1000;
    const std::lock_guard lock(mutex_);
    request.number = ++last_;
    if (requests_.size() == max_logged_requests) requests_.pop_front();
    requests_.push_back(std::move(request));
}

void RequestLog::clear() {
    const std::lock_guard lock(mutex_);
    requests_.clear();
}

RequestLog::Page RequestLog::page(const Query& query) const {
    const std::lock_guard lock(mutex_);
    Page page;
    page.next = last_;
    const auto first =
        std::partition_point(requests_.begin(), requests_.end(),
                             [&](const LoggedRequest& one) { return one.number <= query.after; });
    for (auto at = first; at != requests_.end(); ++at) {
        if ((at->robot && !query.with_robots) || !is_of(*at, query.office)) continue;
        if (page.requests.size() == query.limit) {
            page.next = page.requests.back().number;
            break;
        }
        page.requests.push_back(*at);
    }
    return page;
}

} // namespace cpg::sandbox
