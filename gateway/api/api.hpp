// The HTTP API: one file a resource, each a thin translation between plain requests and the use
// cases of exchange. Handlers run on the server's worker pool; what writes answers later, after the
// commit.
#pragma once

#include "gateway/api/rate_limit.hpp"
#include "gateway/audit/note.hpp"
#include "gateway/exchange/exchange.hpp"
#include "gateway/http/problem.hpp"
#include "gateway/http/router.hpp"
#include "gateway/identity/people.hpp"
#include "gateway/ops/metrics.hpp"
#include "spec/records/unpack.hpp"

#include <boost/json/object.hpp>

#include <atomic>

namespace cpg::api {

/// Limits a sender can hit; GET /v1/limits answers exactly these.
struct ApiLimits {
    std::size_t max_request_bytes =
        64u << 20; // a fan-out ZIP of a big office is under 10 MiB; papers take the rest
    std::size_t max_small_body = 64u << 10; // ack and the like
    UnpackLimits unpack;
    std::size_t max_page = 1000;
    std::chrono::seconds max_wait{60};
    std::size_t max_note = 2000; // bytes of an ack's note
    std::size_t max_idempotency_key = 255;
    std::size_t max_offices = 200;    // in a directory answer
    std::size_t max_waiting = 10'000; // long-polls at once
    std::size_t max_streams = 2048;   // of events, at once: half of the connections there may be
    std::size_t max_streams_per_office = 32;     // programs and open pages of one office
    std::size_t max_webhooks = 5;                // of an office
    std::chrono::milliseconds heartbeat{15'000}; // of a stream without events
    RateSettings rate;
};

/// What posts to webhooks, as the API needs it.
struct WebhookPosting {
    std::function<Result<void>(const std::string& url)> check; // malformed
    std::function<void(const store::WebhookRow&, std::function<void(Result<int>)>)> test;
    std::function<void()> wake;
    std::chrono::seconds overlap{}; // in which a replaced secret signs too
};

/// What the API needs besides the use cases.
struct ApiServices {
    exchange::Exchange& exchange;
    identity::People& people;
    Metrics& metrics;
    std::function<void(std::chrono::milliseconds, std::function<void()>)>
        after;                  // on the worker pool
    audit::VerifierKey log_key; // under the name of any year's log
    exchange::ExchangeLimits exchange_limits;
    /// Whether a submission may be taken now; the reason when not (suspended: 503).
    std::function<Result<void>()> may_submit;
    std::function<std::chrono::steady_clock::time_point()> steady; // for the rates
    std::function<void(const identity::Identity&)> met; // told of every caller; may be empty
    WebhookPosting webhooks;
};

using Lang = cpg::Lang;

/// How many event streams there may be, in all and of one office (or a certificate of several). Any
/// thread.
class StreamPlaces {
  public:
    StreamPlaces(std::size_t most, std::size_t most_by_key)
        : most_(most), most_by_key_(most_by_key) {}
    /// overloaded, rate_limited; else a place to be given back.
    std::optional<Error> take(const std::string& key);
    void give_back(const std::string& key);
    std::size_t taken() const;

  private:
    const std::size_t most_, most_by_key_;
    mutable std::mutex mutex_;
    std::size_t total_ = 0;
    std::map<std::string, std::size_t> by_key_;
};

class Api {
  public:
    Api(ApiServices services, ApiLimits limits);
    /// Every route of the contract. The Api must outlive the router.
    void add_routes(http::Router& router);
    /// The table as "METHOD pattern" lines; a test compares them with openapi.yaml.
    static std::string route_lines();
    /// Answers every waiting long-poll with what is there and ends event streams; none waits
    /// afterwards. Any thread.
    void drain();
    std::size_t streams() const { return streams_.taken(); } // open now

  private:
    using RequestPtr = std::shared_ptr<http::Request>;
    using Method = void (Api::*)(RequestPtr, const identity::Identity&, http::Responder);
    enum class BodyLimit { none, small, request };
    struct Entry {
        const char* method;
        const char* pattern;
        const char* name;
        BodyLimit body;
        identity::Right right;
        RateClass rate;
        Method handler;
    };
    static const std::vector<Entry>& table();
    Result<identity::Identity> identify(const http::Request& request);
    /// The caller of a route, by certificate and by session or token; or the answer that refuses.
    struct Admitted {
        std::optional<identity::Identity> caller;
        http::Response refusal;
    };
    Admitted admit(const Entry& entry, const http::Request& request);
    Result<identity::Identity> authorise(const Entry& entry, const http::Request& request,
                                         const identity::Identity& certificate,
                                         identity::SignOfLife life = identity::SignOfLife::yes);
    Result<identity::Identity> acting(const Entry& entry, const http::Request& request,
                                      const identity::Identity& certificate,
                                      identity::SignOfLife life);
    /// Held while an upload is worked on; rate_limited when the caller has too many.
    Result<RateLimiter::Upload> begin_upload(const identity::Identity& caller);

    void post_check(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void post_bundles(RequestPtr request, const identity::Identity& caller,
                      http::Responder respond);
    void get_inbox(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void get_outbox(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void get_bundle(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void get_content(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void get_file(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void get_report(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void get_view(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void get_receipts(RequestPtr request, const identity::Identity& caller,
                      http::Responder respond);
    void post_ack(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void post_recall(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void get_events(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void get_webhooks(RequestPtr request, const identity::Identity& caller,
                      http::Responder respond);
    void post_webhooks(RequestPtr request, const identity::Identity& caller,
                       http::Responder respond);
    void delete_webhook(RequestPtr request, const identity::Identity& caller,
                        http::Responder respond);
    void post_webhook_action(RequestPtr request, const identity::Identity& caller,
                             http::Responder respond);
    void get_offices(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void get_me(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void get_limits(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void get_checkpoint(RequestPtr request, const identity::Identity& caller,
                        http::Responder respond);
    void get_year_checkpoint(RequestPtr request, const identity::Identity& caller,
                             http::Responder respond);
    void get_tile(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void get_year_tile(RequestPtr request, const identity::Identity& caller,
                       http::Responder respond);
    /// Of the newest year without a text; nullopt when there is no such log.
    std::optional<store::ShardRow>
    log_of_year(const std::optional<std::string_view>& year_text) const;
    void answer_checkpoint(const http::Request& request, const std::optional<store::ShardRow>& log,
                           const http::Responder& respond);
    void answer_tile(const http::Request& request, const std::optional<store::ShardRow>& log,
                     const http::Responder& respond);
    void get_policy(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void post_session(RequestPtr request, const identity::Identity& caller,
                      http::Responder respond);
    void get_session(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void delete_session(RequestPtr request, const identity::Identity& caller,
                        http::Responder respond);
    void post_password(RequestPtr request, const identity::Identity& caller,
                       http::Responder respond);
    void get_people(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void post_people(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void post_person_change(RequestPtr request, const identity::Identity& caller,
                            http::Responder respond);
    void get_tokens(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void delete_token(RequestPtr request, const identity::Identity& caller,
                      http::Responder respond);
    void get_openapi(RequestPtr request, const identity::Identity& caller, http::Responder respond);
    void get_docs(RequestPtr request, const identity::Identity& caller, http::Responder respond);

    struct Stream;
    void next_piece(const std::shared_ptr<Stream>& stream, http::PieceDone done);
    void events_or_wait(const std::shared_ptr<Stream>& stream, std::uint64_t number);
    std::vector<OfficeNo> offices_of(const Stream& stream);
    void beat(const std::shared_ptr<Stream>& stream);
    void test_webhook(RequestPtr request, const store::WebhookRow& row, http::Responder respond);
    Result<store::WebhookRow> webhook_of(const http::Request& request,
                                         const identity::Identity& caller) const;
    /// `done` after the commit; answers `declined` when the op does not apply.
    void commit_webhook(RequestPtr request, store::WriteOp op, http::Responder respond,
                        Error declined, std::function<void()> done);
    struct Poll;
    void list(RequestPtr request, const identity::Identity& caller, store::Side side,
              http::Responder respond);
    void answer_or_wait(const std::shared_ptr<Poll>& poll);
    /// The bundle that {id} names, as the caller may see it.
    Result<exchange::BundleView> bundle_of(const http::Request& request,
                                           const identity::Identity& caller) const;
    Result<identity::SignedIn> session_of(const http::Request& request,
                                          const identity::Identity& caller) const;
    exchange::Exchange::StepDone step_answer(RequestPtr request, http::Responder respond) const;

    ApiServices services_;
    ApiLimits limits_;
    RateLimiter rates_;
    StreamPlaces streams_;
    std::atomic<bool> draining_ = false;
    std::mutex certificates_mutex_;
    std::map<Digest, identity::Certificate> certificates_; // parsed lately
};

/// /healthz, /readyz, /metrics for the plain listener on loopback.
void add_ops_routes(http::Router& router, store::Store& store, const Metrics& metrics);
std::string ops_route_lines(); // as Api::route_lines()

// -- helpers shared by the resources --

Lang lang_of(const http::Request& request);
/// Whose haste it is: the office, or the certificate that speaks for several.
std::string caller_key(const identity::Identity& caller);
/// What a request carries: files of the standard, papers, cover.
struct Upload {
    std::vector<InputFile> files, papers;
    std::optional<std::string> cover;
    std::optional<Conversion> conversion; // of the header Cpgw-Conversion
};
/// unsupported_media_type, malformed, too_large, digest_mismatch.
Result<Upload> read_upload(const http::Request& request, const UnpackLimits& limits);
/// malformed when the body is no JSON object; when the member is missing or no text.
Result<boost::json::object> object_of(const http::Request& request);
Result<std::string> text_of(const boost::json::object& object, std::string_view name);
/// "sha-256=:<base64>:" (RFC 9530).
std::string content_digest(BytesView bytes);
/// `signature_level` as Exchange::signature_level() says.
boost::json::object to_json(const store::BundleRow& row, std::string_view signature_level);
boost::json::object to_json(const OfficeRef& office);
/// Rethrows a failure (the server's one catch makes the 500), or answers the problem.
void respond_error(const Error& error, const std::exception_ptr& failure,
                   const http::Request& request, const http::Responder& respond);

/// ?with=cosignatures|timestamp; malformed for another word.
Result<std::optional<store::AttestationKind>> attestation_asked_for(const http::Request& request);

} // namespace cpg::api
