#include "gateway/api/api.hpp"

#include "gateway/api/browser.hpp"
#include "gateway/ops/log.hpp"
#include "spec/base/digest.hpp"

#include <boost/json/serialize.hpp>

namespace cpg::api {

namespace {

constexpr std::size_t max_certificates_cached = 4096;

void set_retry_after(http::Response& response, std::chrono::seconds wait) {
    for (auto& [name, value] : response.headers)
        if (name == "Retry-After") value = std::to_string(wait.count());
}

} // namespace

Api::Api(ApiServices services, ApiLimits limits)
    : services_(std::move(services)), limits_(limits), rates_(limits.rate),
      streams_(limits.max_streams, limits.max_streams_per_office) {}

const std::vector<Api::Entry>& Api::table() {
    using identity::Right;
    static const std::vector<Entry> entries{
        {"POST", "/v1/check", "check", BodyLimit::request, Right::check, RateClass::write,
         &Api::post_check},
        {"POST", "/v1/bundles", "bundles.submit", BodyLimit::request, Right::send, RateClass::write,
         &Api::post_bundles},
        {"GET", "/v1/inbox", "inbox", BodyLimit::none, Right::read, RateClass::read,
         &Api::get_inbox},
        {"GET", "/v1/outbox", "outbox", BodyLimit::none, Right::read, RateClass::read,
         &Api::get_outbox},
        {"GET", "/v1/bundles/{id}", "bundles.get", BodyLimit::none, Right::read, RateClass::read,
         &Api::get_bundle},
        {"GET", "/v1/bundles/{id}/content", "bundles.content", BodyLimit::none, Right::read,
         RateClass::read, &Api::get_content},
        {"GET", "/v1/bundles/{id}/files/{name}", "bundles.file", BodyLimit::none, Right::read,
         RateClass::read, &Api::get_file},
        {"GET", "/v1/bundles/{id}/report", "bundles.report", BodyLimit::none, Right::read,
         RateClass::read, &Api::get_report},
        {"GET", "/v1/bundles/{id}/view", "bundles.view", BodyLimit::none, Right::read,
         RateClass::read, &Api::get_view},
        {"GET", "/v1/bundles/{id}/receipts", "bundles.receipts", BodyLimit::none, Right::read,
         RateClass::read, &Api::get_receipts},
        {"POST", "/v1/bundles/{id}/ack", "bundles.ack", BodyLimit::small, Right::ack,
         RateClass::write, &Api::post_ack},
        {"POST", "/v1/bundles/{id}/recall", "bundles.recall", BodyLimit::small, Right::send,
         RateClass::write, &Api::post_recall},
        {"GET", "/v1/events", "events", BodyLimit::none, Right::read, RateClass::read,
         &Api::get_events},
        {"GET", "/v1/webhooks", "webhooks", BodyLimit::none, Right::webhooks, RateClass::read,
         &Api::get_webhooks},
        {"POST", "/v1/webhooks", "webhooks.add", BodyLimit::small, Right::webhooks,
         RateClass::login, &Api::post_webhooks},
        {"DELETE", "/v1/webhooks/{id}", "webhooks.remove", BodyLimit::none, Right::webhooks,
         RateClass::write, &Api::delete_webhook},
        {"POST", "/v1/webhooks/{id}/{action}", "webhooks.change", BodyLimit::small, Right::webhooks,
         RateClass::login, &Api::post_webhook_action},
        {"GET", "/v1/offices", "offices", BodyLimit::none, Right::general, RateClass::read,
         &Api::get_offices},
        {"GET", "/v1/me", "me", BodyLimit::none, Right::general, RateClass::read, &Api::get_me},
        {"GET", "/v1/limits", "limits", BodyLimit::none, Right::general, RateClass::read,
         &Api::get_limits},
        {"GET", "/v1/audit/checkpoint", "audit.checkpoint", BodyLimit::none, Right::general,
         RateClass::read, &Api::get_checkpoint},
        {"GET", "/v1/audit/tile/{rest...}", "audit.tile", BodyLimit::none, Right::general,
         RateClass::read, &Api::get_tile},
        {"GET", "/v1/audit/{year}/checkpoint", "audit.year.checkpoint", BodyLimit::none,
         Right::general, RateClass::read, &Api::get_year_checkpoint},
        {"GET", "/v1/audit/{year}/tile/{rest...}", "audit.year.tile", BodyLimit::none,
         Right::general, RateClass::read, &Api::get_year_tile},
        {"GET", "/v1/audit/policy", "audit.policy", BodyLimit::none, Right::general,
         RateClass::read, &Api::get_policy},
        {"POST", "/v1/session", "session.open", BodyLimit::small, Right::open, RateClass::login,
         &Api::post_session},
        {"GET", "/v1/session", "session.get", BodyLimit::none, Right::general, RateClass::read,
         &Api::get_session},
        {"DELETE", "/v1/session", "session.close", BodyLimit::none, Right::general, RateClass::read,
         &Api::delete_session},
        {"POST", "/v1/session/password", "session.password", BodyLimit::small, Right::general,
         RateClass::login, &Api::post_password},
        {"GET", "/v1/people", "people", BodyLimit::none, Right::people, RateClass::read,
         &Api::get_people},
        {"POST", "/v1/people", "people.add", BodyLimit::small, Right::people, RateClass::login,
         &Api::post_people},
        {"POST", "/v1/people/{id}/{action}", "people.change", BodyLimit::small, Right::people,
         RateClass::login, &Api::post_person_change},
        {"GET", "/v1/tokens", "tokens", BodyLimit::none, Right::people, RateClass::read,
         &Api::get_tokens},
        {"DELETE", "/v1/tokens/{id}", "tokens.revoke", BodyLimit::none, Right::people,
         RateClass::write, &Api::delete_token},
        {"GET", "/openapi.yaml", "openapi", BodyLimit::none, Right::open, RateClass::read,
         &Api::get_openapi},
        {"GET", "/docs", "docs", BodyLimit::none, Right::open, RateClass::read, &Api::get_docs},
    };
    return entries;
}

std::string Api::route_lines() {
    std::string lines;
    for (const auto& entry : table())
        lines += std::string(entry.method) + " " + entry.pattern + "\n";
    return lines;
}

void Api::add_routes(http::Router& router) {
    for (const auto& entry : table()) {
        const auto max_body = entry.body == BodyLimit::request ? limits_.max_request_bytes
                              : entry.body == BodyLimit::small ? limits_.max_small_body
                                                               : 0;
        router.add(
            {entry.method, entry.pattern, entry.name, max_body,
             [this, &entry](std::shared_ptr<http::Request> request, http::Responder respond) {
                 auto admitted = admit(entry, *request);
                 if (!admitted.caller) return respond(std::move(admitted.refusal));
                 (this->*entry.handler)(std::move(request), *admitted.caller, std::move(respond));
             }});
    }
}

Api::Admitted Api::admit(const Entry& entry, const http::Request& request) {
    const auto refuse = [&](const Error& error) {
        return Admitted{std::nullopt, http::problem(error, request)};
    };
    const auto certificate = identify(request);
    if (!certificate) return refuse(certificate.error());
    const auto wait = rates_.take(caller_key(*certificate), entry.rate, certificate->offices.size(),
                                  services_.steady());
    if (wait) {
        services_.metrics.count("cpgw_rate_limited_total");
        auto refused = refuse(Error{Errc::rate_limited, "too many requests of this kind"});
        set_retry_after(refused.refusal, *wait);
        return refused;
    }
    auto caller = authorise(entry, request, *certificate);
    if (!caller) return refuse(caller.error());
    return {std::move(*caller), {}};
}

// Two factors where people are required: a certificate that is no machine's says nothing alone.
Result<identity::Identity> Api::authorise(const Entry& entry, const http::Request& request,
                                          const identity::Identity& certificate,
                                          identity::SignOfLife life) {
    using identity::Right;
    const bool is_get = entry.method == std::string_view("GET");
    if (is_cross_site(request) && !(is_get && entry.right == Right::open))
        return Error{Errc::forbidden, "a page of another origin may not do this"};
    auto caller = acting(entry, request, certificate, life);
    if (!caller) return caller.error();
    const bool alone = !caller->person && !caller->token;
    const bool open = entry.right == Right::general || entry.right == Right::open;
    const bool needs_person = services_.people.settings().required && !caller->machine && !open;
    if (alone && (needs_person || entry.right == Right::people))
        return Error{Errc::person_required, "a person has to sign in over this certificate"};
    if (!identity::may(*caller, entry.right))
        return Error{Errc::forbidden, "the role or the token does not allow this"};
    return caller;
}

Result<identity::Identity> Api::acting(const Entry& entry, const http::Request& request,
                                       const identity::Identity& certificate,
                                       identity::SignOfLife life) {
    if (entry.right == identity::Right::open) return certificate;
    const auto secret = bearer(request);
    const auto cookie = session_cookie(request);
    if (!cookie) return cookie.error();
    if (secret && !cookie->empty())
        return Error{Errc::malformed, "either a session or a token, not both"};
    if (secret) return services_.people.with_token(certificate, *secret);
    if (cookie->empty()) return certificate;
    const auto signed_in = services_.people.resume(certificate, *cookie, life);
    if (!signed_in) return signed_in.error();
    const bool is_get = entry.method == std::string_view("GET");
    if (!is_get && !(is_same_origin(request) &&
                     equal_constant_time(request.header("x-csrf-token"), signed_in->csrf)))
        return Error{Errc::forbidden, "X-CSRF-Token or the page's origin is not right"};
    return signed_in->identity;
}

Result<RateLimiter::Upload> Api::begin_upload(const identity::Identity& caller) {
    auto upload =
        rates_.begin_upload(caller_key(caller), caller.offices.size(), services_.steady());
    if (!upload) return Error{Errc::rate_limited, "too many uploads at once"};
    return upload;
}

Result<identity::Identity> Api::identify(const http::Request& request) {
    if (!request.peer || request.peer->certificate_der.empty())
        return Error{Errc::not_authenticated, "no client certificate"};
    const auto fingerprint = sha256(request.peer->certificate_der);
    std::optional<identity::Certificate> certificate;
    {
        const std::lock_guard lock(certificates_mutex_);
        const auto found = certificates_.find(fingerprint);
        if (found != certificates_.end()) certificate = found->second;
    }
    if (!certificate) {
        auto parsed = identity::parse_certificate_der(request.peer->certificate_der);
        if (!parsed) return Error{Errc::not_authenticated, "the client certificate cannot be read"};
        certificate = *parsed;
        const std::lock_guard lock(certificates_mutex_);
        if (certificates_.size() >= max_certificates_cached) certificates_.clear();
        certificates_.emplace(fingerprint, *parsed);
    }
    certificate->issuer_key = request.peer->issuer_key;
    const auto& services = services_.exchange.services();
    auto identity = services.directory()->identify(*certificate, services.clock.now());
    if (!identity) {
        services_.metrics.count("cpgw_identity_refused_total");
        services_.exchange.note_refusal(fingerprint, slug_of(identity.error().code));
        log::warning("identity.refused",
                     {{"request", request.id}, {"certificate", hex(fingerprint.view())}});
    }
    if (identity && services_.met) services_.met(*identity);
    return identity;
}

Result<exchange::BundleView> Api::bundle_of(const http::Request& request,
                                            const identity::Identity& caller) const {
    const auto id = BundleId::parse(request.path_args.front());
    if (!id) return Error{Errc::not_found, "no such bundle"};
    return services_.exchange.find(caller, *id);
}

std::string caller_key(const identity::Identity& caller) {
    return caller.offices.size() == 1 ? caller.first().str()
                                      : prefixed_hex(caller.certificate.fingerprint);
}

Lang lang_of(const http::Request& request) {
    return http::wants_english(request) ? Lang::en : Lang::ja;
}

void respond_error(const Error& error, const std::exception_ptr& failure,
                   const http::Request& request, const http::Responder& respond) {
    if (failure) std::rethrow_exception(failure);
    respond(http::problem(error, request));
}

std::string content_digest(BytesView bytes) {
    return "sha-256=:" + base64(sha256(bytes).view()) + ":";
}

boost::json::object to_json(const OfficeRef& office) {
    boost::json::object object{{"office", office.office.view()}};
    if (office.service_type) object["service_type"] = office.service_type->view();
    return object;
}

boost::json::object to_json(const store::BundleRow& row, std::string_view signature_level) {
    boost::json::object object{{"id", row.id.str()},
                               {"kind", row.kind},
                               {"edition", row.edition},
                               {"month", row.month.str()},
                               {"from", to_json(row.pair.from)},
                               {"to", to_json(row.pair.to)},
                               {"serial", row.serial.view()},
                               {"state", exchange::name_of(row.state)},
                               {"accepted_at", rfc3339(row.accepted_at)},
                               {"bytes", row.bytes},
                               {"files", row.files},
                               {"errors", row.errors},
                               {"warnings", row.warnings},
                               {"arrival", row.arrival},
                               {"signature_level", signature_level}};
    if (row.fetched_at) object["fetched_at"] = rfc3339(*row.fetched_at);
    if (row.settled_at) object["settled_at"] = rfc3339(*row.settled_at);
    if (row.superseded_by) object["superseded_by"] = row.superseded_by->str();
    if (row.unclaimed_at) object["unclaimed_at"] = rfc3339(*row.unclaimed_at);
    if (row.erased_at) object["erased_at"] = rfc3339(*row.erased_at);
    return object;
}

} // namespace cpg::api
