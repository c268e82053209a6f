// GET /v1/offices, GET /v1/me, GET /v1/limits, the contract itself; and the operator's routes.
#include "gateway/api/api.hpp"
#include "gateway/api/contract.hpp"
#include "gateway/identity/expiry.hpp"
#include "spec/base/html.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace cpg::api {

namespace {

boost::json::object to_json(const store::OfficeRow& office) {
    boost::json::array types;
    for (const auto& type : office.service_types) types.push_back(boost::json::string(type.view()));
    return {{"office", office.office.view()},
            {"service_types", std::move(types)},
            {"name", office.name},
            {"enabled", office.enabled},
            {"reachable", office.reachable && office.enabled}};
}

/// One that is failing or gone is something its office has to see to.
boost::json::object webhooks_by_state(store::Store& store, const std::vector<OfficeNo>& offices) {
    using store::WebhookState;
    boost::json::object counts;
    for (const auto state : {WebhookState::active, WebhookState::failing, WebhookState::gone})
        counts[store::name_of(state)] = 0;
    for (const auto& office : offices)
        for (const auto& row : store.webhooks(office))
            counts[store::name_of(row.state)].as_int64() += 1;
    return counts;
}

} // namespace

void Api::get_offices(RequestPtr request, const identity::Identity&, http::Responder respond) {
    const auto query = request->parameter("q").value_or("");
    const auto directory = services_.exchange.services().directory();
    boost::json::array offices;
    for (const auto* office : directory->search(query, limits_.max_offices))
        offices.push_back(to_json(*office));
    respond(http::json_response(
        200, boost::json::serialize(boost::json::object{{"offices", std::move(offices)}})));
}

void Api::get_me(RequestPtr, const identity::Identity& caller, http::Responder respond) {
    const auto& services = services_.exchange.services();
    const auto directory = services.directory();
    boost::json::array offices;
    for (const auto& office : caller.offices)
        if (const auto* row = directory->find(office)) offices.push_back(to_json(*row));
    const auto left = identity::days_left(caller.certificate.not_after, services.clock.now());
    const auto band = identity::warning_band(left);
    boost::json::object me{{"offices", std::move(offices)},
                           {"certificate",
                            {{"serial", caller.certificate.serial},
                             {"issuer", caller.certificate.issuer},
                             {"not_after", rfc3339(caller.certificate.not_after)},
                             {"days_left", left},
                             {"warning", band ? boost::json::value(*band) : nullptr},
                             {"fingerprint", prefixed_hex(caller.certificate.fingerprint)}}}};
    if (caller.person)
        me["person"] = {{"id", caller.person->id.view()},
                        {"role", store::name_of(caller.person->role)}};
    if (caller.token)
        me["token"] = {{"id", caller.token->id.view()},
                       {"scopes", store::joined(caller.token->scopes)}};
    me["webhooks"] = webhooks_by_state(services.store, caller.offices);
    respond(http::json_response(200, boost::json::serialize(me)));
}

void Api::get_limits(RequestPtr, const identity::Identity&, http::Responder respond) {
    const auto& papers = services_.exchange_limits.papers;
    boost::json::object limits{{"max_request_bytes", limits_.max_request_bytes},
                               {"max_files", limits_.unpack.max_entries},
                               {"max_file_bytes", limits_.unpack.max_file},
                               {"max_unpacked_bytes", limits_.unpack.max_total},
                               {"max_zip_ratio", limits_.unpack.max_ratio},
                               {"max_findings", services_.exchange_limits.max_findings},
                               {"max_papers", papers.max_papers},
                               {"max_paper_bytes", papers.max_bytes},
                               {"max_title_bytes", papers.max_title},
                               {"max_note_bytes", limits_.max_note},
                               {"max_idempotency_key", limits_.max_idempotency_key},
                               {"max_page", limits_.max_page},
                               {"max_wait_seconds", limits_.max_wait.count()},
                               {"max_offices", limits_.max_offices},
                               {"max_uploads", limits_.rate.uploads},
                               {"max_streams", limits_.max_streams},
                               {"max_streams_per_office", limits_.max_streams_per_office},
                               {"max_webhooks", limits_.max_webhooks},
                               {"heartbeat_ms", limits_.heartbeat.count()}};
    for (const auto& [name, rate] :
         {std::pair{"read", limits_.rate.read}, std::pair{"write", limits_.rate.write},
          std::pair{"login", limits_.rate.login}}) {
        limits["rate_" + std::string(name) + "_per_minute"] = rate.per_second * 60;
        limits["rate_" + std::string(name) + "_burst"] = rate.burst;
    }
    respond(http::json_response(200, boost::json::serialize(limits)));
}

void Api::get_openapi(RequestPtr, const identity::Identity&, http::Responder respond) {
    respond(http::text_response(200, embedded_contract().front().text,
                                "application/yaml; charset=utf-8"));
}

void Api::get_docs(RequestPtr, const identity::Identity&, http::Responder respond) {
    std::string page = "<!doctype html><html lang=\"ja\"><meta "
                       "charset=\"utf-8\"><title>careplan-gateway API</title>"
                       "<h1>ケアプランデータ連携ゲートウェイ API</h1><p><a "
                       "href=\"/openapi.yaml\">openapi.yaml</a></p><pre>";
    page += html_escaped(embedded_contract().front().text);
    page += "</pre></html>";
    auto response = http::text_response(200, std::move(page), "text/html; charset=utf-8");
    response.headers.emplace_back("Content-Security-Policy", "default-src 'none'");
    respond(std::move(response));
}

namespace {

http::Handler healthz(store::Store&, const Metrics&) {
    return [](const auto&, const http::Responder& respond) {
        respond(http::text_response(200, "ok\n"));
    };
}

http::Handler readyz(store::Store& store, const Metrics&) {
    return [&store](const auto&, const http::Responder& respond) {
        try {
            store.ping();
            respond(http::text_response(200, "ready\n"));
        } catch (const store::StoreFailure&) {
            respond(http::text_response(503, "the store does not answer\n"));
        }
    };
}

http::Handler metrics_text(store::Store&, const Metrics& metrics) {
    return [&metrics](const auto&, const http::Responder& respond) {
        respond(
            http::text_response(200, metrics.text(), "text/plain; version=0.0.4; charset=utf-8"));
    };
}

struct OpsEntry {
    const char* pattern;
    const char* name;
    http::Handler (*make)(store::Store&, const Metrics&);
};
constexpr OpsEntry ops_table[] = {{"/healthz", "healthz", healthz},
                                  {"/readyz", "readyz", readyz},
                                  {"/metrics", "metrics", metrics_text}};

} // namespace

void add_ops_routes(http::Router& router, store::Store& store, const Metrics& metrics) {
    for (const auto& entry : ops_table)
        router.add({"GET", entry.pattern, entry.name, 0, entry.make(store, metrics)});
}

std::string ops_route_lines() {
    std::string lines;
    for (const auto& entry : ops_table) lines += std::string("GET ") + entry.pattern + "\n";
    return lines;
}

} // namespace cpg::api
