// What the gateway's JSON answers say, as values: problem documents, the answer to a submission,
// lists of bundles and of receipts. Pure, any thread. Whatever the bytes are, a reader gives a
// value or Errc::malformed with the name of the member that is not as it should be: at most
// max_json_bytes and 32 levels are read, ids, numbers and times become typed values.
#pragma once

#include "spec/base/clock.hpp"
#include "spec/records/file_name.hpp"

#include <boost/json/object.hpp>

namespace cpg::client {

/// A request has at most some thousand bundles, each with 500 findings: tens of MiB.
constexpr std::size_t max_json_bytes = 256u << 20;

/// For one line of a terminal: what is no UTF-8, a control character, an end of line or a change of
/// the writing direction becomes '?'. What another machine says must neither steer the terminal nor
/// look like a line of ours.
std::string printable_line(std::string_view text);

Result<boost::json::object> read_object(std::string_view body);
/// "" when it is absent or no text; as received.
std::string text_member(const boost::json::object& object, std::string_view name);

/// RFC 9457; printable lines, empty when absent.
struct Problem {
    std::string type, title, detail, instance;
};
/// All empty for what is no problem document.
Problem read_problem(std::string_view body);
/// "HTTP 503: title: detail: instance", one printable line.
std::string line_of(int status, const Problem& problem);

/// Printable lines.
struct FindingText {
    std::string rule, severity, file, item, message, hint;
    std::optional<std::uint64_t> line; // physical, from 1
    bool is_error() const { return severity == "error"; }
};

struct SentBundle {
    BundleId id;
    bool accepted = false;
    std::string receipt;            // tlog-proof text, as received
    std::string to, kind, serial;   // printable lines
    std::vector<std::string> files; // names, as received: to be compared, not to be opened
    std::vector<FindingText> findings;
};

/// The answer of POST /v1/bundles, 201 or 422.
struct SubmitAnswer {
    std::vector<SentBundle> bundles;
    std::vector<FindingText> findings; // of files that belong to no bundle
    boost::json::object json;          // as received
};
Result<SubmitAnswer> read_submit_answer(std::string_view body);

struct ListedBundle {
    BundleId id;
    std::string kind, edition, month, state; // printable lines
    OfficeRef from, to;
    std::optional<Serial> serial;
    std::optional<Time> accepted_at, fetched_at;
    std::uint64_t bytes = 0, files = 0;
    boost::json::object json; // as received
};
Result<ListedBundle> read_bundle(const boost::json::object& object);

/// A page of a mailbox.
struct BundlePage {
    std::vector<ListedBundle> bundles;
    std::string next;   // cursor; empty on the last page
    std::string cursor; // where to go on later, as received
};
Result<BundlePage> read_bundle_page(std::string_view body);

struct ListedReceipt {
    std::string step;     // accepted, fetched, …; one of a later version is not left out
    std::string text;     // as received
    Bytes timestamp = {}; // TimeStampResp, when it was asked for and there is one
};
Result<std::vector<ListedReceipt>> read_receipts(std::string_view body);

} // namespace cpg::client
