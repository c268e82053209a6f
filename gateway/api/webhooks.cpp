// /v1/webhooks: where the events of the caller's offices are posted.
#include "gateway/exchange/webhooks.hpp"
#include "gateway/api/api.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace cpg::api {

namespace {

boost::json::object to_json(const store::WebhookRow& row, const exchange::WebhookTarget& target) {
    boost::json::object object{{"id", row.id.view()},
                               {"office", row.office.view()},
                               {"url", target.url},
                               {"state", store::name_of(row.state)},
                               {"position", row.position},
                               {"attempts", row.attempts},
                               {"added_at", rfc3339(row.added_at)}};
    if (row.attempts > 0 && row.state == store::WebhookState::active)
        object["next_at"] = rfc3339(row.next_at);
    if (row.delivered_at) object["delivered_at"] = rfc3339(*row.delivered_at);
    if (row.failed_at) object["failed_at"] = rfc3339(*row.failed_at);
    if (!row.failure.empty()) object["failure"] = row.failure;
    return object;
}

/// A secret is in the answer that made it and nowhere else.
http::Response with_secret(int status, boost::json::object webhook, const std::string& secret) {
    boost::json::object body{{"webhook", std::move(webhook)}};
    if (!secret.empty()) body["secret"] = secret;
    return http::json_response(status, boost::json::serialize(body));
}

Result<OfficeNo> office_for(const boost::json::object& body, const identity::Identity& caller) {
    if (!body.contains("office")) return caller.first();
    const auto text = text_of(body, "office");
    const auto office = text ? OfficeNo::parse(*text) : std::nullopt;
    if (!office) return Error{Errc::malformed, "office is no office number"};
    if (!caller.owns(*office)) return Error{Errc::forbidden, "not an office of the certificate"};
    return *office;
}

const Error unknown{Errc::not_found, "no such webhook"};

} // namespace

void Api::get_webhooks(RequestPtr, const identity::Identity& caller, http::Responder respond) {
    const auto& services = services_.exchange.services();
    boost::json::array webhooks;
    for (const auto& office : caller.offices)
        for (const auto& row : services.store.webhooks(office))
            webhooks.push_back(to_json(row, exchange::target_of(services.sealer, row)));
    respond(http::json_response(
        200, boost::json::serialize(boost::json::object{{"webhooks", std::move(webhooks)}})));
}

void Api::post_webhooks(RequestPtr request, const identity::Identity& caller,
                        http::Responder respond) {
    const auto refuse = [&](const Error& error) { respond(http::problem(error, *request)); };
    const auto body = object_of(*request);
    if (!body) return refuse(body.error());
    const auto url = text_of(*body, "url");
    if (!url) return refuse(url.error());
    const auto office = office_for(*body, caller);
    if (!office) return refuse(office.error());
    if (const auto good = services_.webhooks.check(*url); !good) return refuse(good.error());
    const auto& services = services_.exchange.services();
    auto made = exchange::add_webhook(services.sealer, *office, *url,
                                      services.store.newest_position(), limits_.max_webhooks,
                                      identity::administrator(caller), services.clock.now());
    commit_webhook(
        request, std::move(made.op), respond,
        Error{Errc::conflict, "the office has as many webhooks as it may"},
        [this, row = made.op.row, secret = made.secret.text, respond] {
            auto& sealer = services_.exchange.services().sealer;
            respond(with_secret(201, to_json(row, exchange::target_of(sealer, row)), secret));
        });
}

void Api::delete_webhook(RequestPtr request, const identity::Identity& caller,
                         http::Responder respond) {
    const auto row = webhook_of(*request, caller);
    if (!row) return respond(http::problem(row.error(), *request));
    commit_webhook(request,
                   exchange::remove_webhook(*row, identity::administrator(caller),
                                            services_.exchange.services().clock.now()),
                   respond, unknown, [respond] {
                       http::Response response;
                       response.status = 204;
                       respond(std::move(response));
                   });
}

void Api::post_webhook_action(RequestPtr request, const identity::Identity& caller,
                              http::Responder respond) {
    const auto row = webhook_of(*request, caller);
    if (!row) return respond(http::problem(row.error(), *request));
    const auto& action = request->path_args.back();
    if (action == "test") return test_webhook(std::move(request), *row, std::move(respond));
    const bool is_rotation = action == "rotate";
    if (!is_rotation && action != "enable") return respond(http::problem(unknown, *request));

    const auto& services = services_.exchange.services();
    const auto by = identity::administrator(caller);
    const auto now = services.clock.now();
    exchange::RotatedWebhook change;
    if (is_rotation)
        change =
            exchange::rotate_webhook(services.sealer, *row, services_.webhooks.overlap, by, now);
    else
        change.op = exchange::enable_webhook(*row, by, now);
    commit_webhook(request, change.op, respond,
                   Error{Errc::conflict, "the webhook was changed at the same time"},
                   [this, id = row->id, secret = change.secret.text, request, respond] {
                       const auto& now_there = services_.exchange.services();
                       const auto changed = now_there.store.webhook(id);
                       if (!changed) return respond(http::problem(unknown, *request));
                       services_.webhooks.wake();
                       const auto target = exchange::target_of(now_there.sealer, *changed);
                       respond(with_secret(200, to_json(*changed, target), secret));
                   });
}

/// What the other side says is no error of this request.
void Api::test_webhook(RequestPtr request, const store::WebhookRow& row, http::Responder respond) {
    services_.webhooks.test(row, [request = std::move(request),
                                  respond = std::move(respond)](const Result<int>& answer) {
        if (!answer && answer.error().code == Errc::overloaded)
            return respond(http::problem(answer.error(), *request));
        boost::json::object body{{"delivered", answer && *answer >= 200 && *answer <= 299}};
        if (answer)
            body["status"] = *answer;
        else
            body["failure"] = answer.error().detail;
        respond(http::json_response(200, boost::json::serialize(body)));
    });
}

Result<store::WebhookRow> Api::webhook_of(const http::Request& request,
                                          const identity::Identity& caller) const {
    const auto id = store::WebhookId::parse(request.path_args.front());
    const auto row = id ? services_.exchange.services().store.webhook(*id) : std::nullopt;
    if (!row || !caller.owns(row->office)) return unknown;
    return *row;
}

void Api::commit_webhook(RequestPtr request, store::WriteOp op, http::Responder respond,
                         Error declined, std::function<void()> done) {
    const auto& services = services_.exchange.services();
    const auto deadline = request->deadline;
    store::Job job;
    job.ops.push_back(std::move(op));
    services.gate.submit(
        std::move(job), deadline,
        [&services, request = std::move(request), respond = std::move(respond),
         declined = std::move(declined), done = std::move(done)](
            const Result<store::JobResult>& result, const std::exception_ptr& failure) {
            std::optional<Error> error;
            if (!failure && !result) error = result.error();
            if (!failure && result && !std::holds_alternative<store::Written>(result->front()))
                error = declined;
            services.post([request, respond, done, failure, error] {
                if (failure) std::rethrow_exception(failure);
                if (error) return respond(http::problem(*error, *request));
                done();
            });
        });
}

} // namespace cpg::api
