#include "gateway/api/api.hpp"

#include "gateway/ops/log.hpp"
#include "spec/base/digest.hpp"

#include <boost/json/serialize.hpp>

namespace cpg::api {

namespace {

constexpr std::size_t max_certificates_cached = 4096;

} // namespace

Api::Api(ApiServices services, ApiLimits limits)
    : services_(std::move(services)), limits_(limits) {}

const std::vector<Api::Entry>& Api::table() {
    using enum Api::BodyLimit;
    static const std::vector<Entry> entries{
        {"POST", "/v1/check", "check", request, &Api::post_check},
        {"POST", "/v1/bundles", "bundles.submit", request, &Api::post_bundles},
        {"GET", "/v1/inbox", "inbox", none, &Api::get_inbox},
        {"GET", "/v1/outbox", "outbox", none, &Api::get_outbox},
        {"GET", "/v1/bundles/{id}", "bundles.get", none, &Api::get_bundle},
        {"GET", "/v1/bundles/{id}/content", "bundles.content", none, &Api::get_content},
        {"GET", "/v1/bundles/{id}/files/{name}", "bundles.file", none, &Api::get_file},
        {"GET", "/v1/bundles/{id}/report", "bundles.report", none, &Api::get_report},
        {"GET", "/v1/bundles/{id}/view", "bundles.view", none, &Api::get_view},
        {"GET", "/v1/bundles/{id}/receipts", "bundles.receipts", none, &Api::get_receipts},
        {"POST", "/v1/bundles/{id}/ack", "bundles.ack", small, &Api::post_ack},
        {"POST", "/v1/bundles/{id}/recall", "bundles.recall", small, &Api::post_recall},
        {"GET", "/v1/offices", "offices", none, &Api::get_offices},
        {"GET", "/v1/me", "me", none, &Api::get_me},
        {"GET", "/v1/limits", "limits", none, &Api::get_limits},
        {"GET", "/v1/audit/checkpoint", "audit.checkpoint", none, &Api::get_checkpoint},
        {"GET", "/v1/audit/tile/{rest...}", "audit.tile", none, &Api::get_tile},
        {"GET", "/v1/audit/policy", "audit.policy", none, &Api::get_policy},
        {"GET", "/openapi.yaml", "openapi", none, &Api::get_openapi},
        {"GET", "/docs", "docs", none, &Api::get_docs},
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
                 const auto caller = identify(*request);
                 if (!caller) return respond(http::problem(caller.error(), *request));
                 (this->*entry.handler)(std::move(request), *caller, std::move(respond));
             }});
    }
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
    return object;
}

} // namespace cpg::api
