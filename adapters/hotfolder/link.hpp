// What the agent asks of a gateway, as functions: the program gives those of the real client with
// its checks of receipts, tests give their own. All blocking; the functions of one Link are called
// by one thread.
#pragma once

#include "adapters/hotfolder/words.hpp"
#include "spec/records/bundle.hpp"

#include <chrono>
#include <functional>

namespace cpg::hotfolder {

/// Why a call gave nothing.
struct LinkProblem {
    enum class Kind {
        away,       // not reachable, or answers that it cannot now: again later
        refused,    // the gateway says no and will say it again
        not_proven, // digest or receipt do not verify
    };
    Kind kind = Kind::away;
    Words why;
    std::optional<std::chrono::seconds> retry_after; // the gateway's own wish
};
template<class T> using Asked = boost::system::result<T, LinkProblem>;

[[noreturn]] inline void throw_exception_from_error(const LinkProblem& problem,
                                                    const boost::source_location&) {
    throw BadResult(problem.why.en);
}

/// One bundle to send: the same bytes and key every time it is tried.
struct Request {
    std::string key;        // Idempotency-Key
    std::string conversion; // header Cpgw-Conversion; empty = files as the software wrote them
    std::vector<InputFile> files;
};

struct Judged {
    bool accepted = false;
    std::string bundle;  // id; may be empty when it was rejected
    std::string receipt; // tlog-proof text, verified; empty when there is none
    std::vector<Complaint> complaints;
};

struct Arrival {
    BundleId id;
    OfficeRef from, to;
    std::optional<Serial> serial;
    std::string kind, month; // "schedule", "202611" or "-"
    std::string state;       // "accepted", "fetched" …
};

struct Delivery {
    std::vector<InputFile> files;    // digest and receipts verified
    std::vector<InputFile> receipts; // "accepted.receipt.txt"
};

struct Myself {
    std::vector<OfficeNo> offices;
    int certificate_days = 0;
};

struct Link {
    std::function<Asked<Judged>(const Request&)> send;
    /// Waits up to this long for something new; every bundle not fetched yet.
    std::function<Asked<std::vector<Arrival>>(std::chrono::seconds)> inbox;
    std::function<Asked<Arrival>(const BundleId&)> look; // state now
    std::function<Asked<Delivery>(const BundleId&)> fetch;
    /// "imported" or "import_failed"; said already = no problem. The receipt.
    std::function<Asked<std::string>(const BundleId&, std::string_view state,
                                     const std::string& note)>
        acknowledge;
    std::function<Asked<Myself>()> myself;
};

} // namespace cpg::hotfolder
