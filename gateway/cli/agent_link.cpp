#include "gateway/cli/agent_link.hpp"

#include "gateway/cli/content.hpp"
#include "gateway/cli/text.hpp"

#include <algorithm>
#include <atomic>
#include <boost/json/serialize.hpp>
#include <mutex>

namespace cpg::cli {

namespace json = boost::json;
using hotfolder::Arrival;
using hotfolder::Asked;
using hotfolder::Complaint;
using hotfolder::Judged;
using hotfolder::LinkProblem;
using hotfolder::Words;

struct AgentLinks::Session {
    Session(const client::Settings& settings, const std::filesystem::path& pins)
        : connection(settings, pins) {}
    Connection connection;
    std::atomic<bool> is_polling{false};
};

struct AgentSessions {
    std::mutex mutex;
    std::vector<std::shared_ptr<AgentLinks::Session>> open;
    std::atomic<bool> hung_up{false};
};

namespace {

using Session = AgentLinks::Session;

constexpr int max_retry_after_seconds = 300;

/// "日本語 / English" of the other commands' failures.
Words words_of(std::string_view text) {
    const auto at = text.find(" / ");
    if (at == std::string_view::npos) return {std::string(text), std::string(text)};
    return {std::string(text.substr(0, at)), std::string(text.substr(at + 3))};
}

LinkProblem away(Words why) {
    return {LinkProblem::Kind::away, std::move(why), std::nullopt};
}

LinkProblem problem_of(const Failure& failure) {
    return {failure.code() == exit_refused ? LinkProblem::Kind::refused : LinkProblem::Kind::away,
            words_of(failure.what()), std::nullopt};
}

/// Runs a call of the shared client code; its failures become problems.
template<class Call> auto asked(Call call) -> Asked<decltype(call())> {
    try {
        return call();
    } catch (const Failure& failure) {
        return problem_of(failure);
    }
}

std::optional<std::chrono::seconds> retry_after(const client::Answer& answer) {
    const std::string_view text = answer.header("retry-after");
    int seconds = 0;
    for (const char c : text.substr(0, 4)) {
        if (c < '0' || c > '9') return std::nullopt;
        seconds = seconds * 10 + (c - '0');
    }
    if (text.empty()) return std::nullopt;
    return std::chrono::seconds(std::clamp(seconds, 1, max_retry_after_seconds));
}

/// What no file is to blame for is tried again: overload, a certificate that is not accepted.
LinkProblem problem_of(const client::Answer& answer) {
    const bool in_flight =
        answer.status == 409 && answer.body.find("idempotency-in-flight") != std::string::npos;
    const bool later = in_flight || answer.status == 401 || answer.status == 403 ||
                       answer.status == 429 || answer.status >= 500;
    return {later ? LinkProblem::Kind::away : LinkProblem::Kind::refused,
            words_of(refusal(answer).what()), retry_after(answer)};
}

Complaint complaint_of(const json::object& finding) {
    Complaint complaint;
    complaint.rule = text_member(finding, "rule");
    complaint.error = text_member(finding, "severity") == "error";
    complaint.file = text_member(finding, "file");
    complaint.item = text_member(finding, "item");
    if (const auto* line = finding.if_contains("line"); line && line->is_int64())
        complaint.line = static_cast<std::uint32_t>(line->get_int64());
    const std::string message = text_member(finding, "message");
    const std::string hint = text_member(finding, "hint");
    complaint.what = {message, message}; // in the language of the settings
    complaint.hint = {hint, hint};
    return complaint;
}

void add_complaints(const json::object& holder, std::vector<Complaint>& complaints) {
    const json::value* const findings = holder.if_contains("findings");
    if (!findings || !findings->is_array()) return;
    for (const auto& finding : findings->get_array())
        if (finding.is_object()) complaints.push_back(complaint_of(finding.get_object()));
}

/// The one bundle of a request.
Asked<Judged> judged_of(Session& session, const json::object& body,
                        const std::vector<InputFile>& files) {
    Judged judged;
    add_complaints(body, judged.complaints);
    const json::value* const bundles = body.if_contains("bundles");
    if (!bundles || !bundles->is_array())
        return away({"ゲートウェイの答えが読めません", "the gateway's answer cannot be read"});
    if (bundles->get_array().empty()) return judged;
    const json::value& first = bundles->get_array().front();
    const json::object* const bundle = first.if_object();
    const auto id = bundle ? BundleId::parse(text_member(*bundle, "id")) : std::nullopt;
    if (!id) return away({"ゲートウェイの答えが読めません", "the gateway's answer cannot be read"});
    judged.accepted = text_member(*bundle, "verdict") == "accepted";
    judged.bundle = id->str();
    judged.receipt = text_member(*bundle, "receipt");
    if (const auto* report = bundle->if_contains("report"); report && report->is_object())
        add_complaints(report->get_object(), judged.complaints);
    const RemoteReceipt receipt{judged.accepted ? "accepted" : "rejected", judged.receipt, {}};
    if (const auto doubt = why_not_proven(receipt, *id, files, session.connection.trusted_keys(),
                                          session.connection.lang()))
        return LinkProblem{
            LinkProblem::Kind::not_proven,
            {"受付票を確かめられません: " + *doubt, "the receipt does not verify: " + *doubt},
            std::nullopt};
    return judged;
}

Asked<Judged> send(Session& session, const hotfolder::Request& request) {
    std::vector<client::Upload> parts;
    for (const auto& file : request.files)
        parts.push_back({"file", file.name, "application/octet-stream", file.bytes});
    client::Client::Headers headers{{"Idempotency-Key", request.key}};
    if (!request.conversion.empty()) headers.emplace_back("Cpgw-Conversion", request.conversion);
    const auto answer = session.connection.client().post_multipart("/v1/bundles", parts, headers);
    if (!answer)
        return away(
            {"ゲートウェイに届きません", "cannot reach the gateway: " + answer.error().detail});
    if (answer->status != 201 && answer->status != 422) return problem_of(*answer);
    const auto body = answer->json();
    if (!body || !body->is_object())
        return away({"ゲートウェイの答えが読めません", "the gateway's answer cannot be read"});
    if (!body->get_object().contains("bundles")) return problem_of(*answer); // a problem of 422
    return judged_of(session, body->get_object(), request.files);
}

Arrival arrival_of(const RemoteBundle& bundle) {
    return {bundle.id,   bundle.from,  bundle.to,   bundle.serial,
            bundle.kind, bundle.month, bundle.state};
}

Asked<std::vector<Arrival>> inbox(AgentSessions& sessions, Session& session,
                                  std::chrono::seconds wait) {
    session.is_polling = true;
    if (sessions.hung_up) return away({"終了中です", "stopping"});
    auto found = asked([&] {
        const std::string waiting =
            wait.count() > 0 ? "&wait=" + std::to_string(wait.count()) : std::string();
        return list_all(session.connection, "/v1/inbox?state=new" + waiting);
    });
    session.is_polling = false;
    // A certificate that is not accepted (403) is nobody's refusal of a bundle.
    if (!found) return away(found.error().why);
    std::vector<Arrival> arrivals;
    for (const auto& bundle : *found) arrivals.push_back(arrival_of(bundle));
    return arrivals;
}

/// Whether a bundle whose content was refused will never be had: recalled, replaced, erased. A
/// gateway that only does not answer now (429, 403) must not lose anybody a bundle.
bool is_gone(Session& session, const BundleId& id) {
    const auto answer = session.connection.client().get("/v1/bundles/" + id.str());
    if (!answer) return false;
    if (answer->status == 404 || answer->status == 410) return true;
    const auto body = answer->json();
    if (answer->status != 200 || !body || !body->is_object()) return false;
    const std::string state = text_member(body->get_object(), "state");
    return state == "recalled" || state == "superseded" || state == "rejected" ||
           body->get_object().contains("erased_at");
}

Asked<hotfolder::Delivery> fetch(Session& session, const BundleId& id) {
    auto delivery = asked([&] {
        hotfolder::Delivery taken;
        taken.files = content_of(session.connection, id);
        return taken;
    });
    if (!delivery) {
        LinkProblem problem = delivery.error();
        if (problem.kind == LinkProblem::Kind::refused && !is_gone(session, id))
            problem.kind = LinkProblem::Kind::away;
        return problem;
    }
    const auto receipts = asked([&] { return receipts_of(session.connection, id); });
    if (!receipts) return away(receipts.error().why);
    if (const auto doubt =
            why_delivery_not_proven(*receipts, id, delivery->files,
                                    session.connection.trusted_keys(), session.connection.lang()))
        return LinkProblem{LinkProblem::Kind::not_proven, {*doubt, *doubt}, std::nullopt};
    std::vector<std::string> steps; // of a step that happened twice the newest is kept
    for (auto at = receipts->rbegin(); at != receipts->rend(); ++at) {
        if (std::find(steps.begin(), steps.end(), at->step) != steps.end()) continue;
        steps.push_back(at->step);
        delivery->receipts.push_back({at->step + ".receipt.txt", at->text});
    }
    return delivery;
}

Asked<std::string> acknowledge(Session& session, const BundleId& id, std::string_view state,
                               const std::string& note) {
    json::object body{{"state", state}};
    if (!note.empty()) body["note"] = note;
    const auto answer = session.connection.client().post("/v1/bundles/" + id.str() + "/ack",
                                                         "application/json", json::serialize(body));
    if (!answer)
        return away(
            {"ゲートウェイに届きません", "cannot reach the gateway: " + answer.error().detail});
    if (answer->status / 100 == 2) {
        const auto value = answer->json();
        return value && value->is_object() ? text_member(value->get_object(), "receipt")
                                           : std::string();
    }
    if (answer->status != 409) return problem_of(*answer);
    // Said already, by an answer that was lost or by a person?
    const auto now = asked([&] { return remote_bundle(session.connection, id); });
    if (!now) return away(now.error().why);
    if (now->state != state) return problem_of(*answer);
    const auto receipts = asked([&] { return receipts_of(session.connection, id); });
    if (!receipts) return away(receipts.error().why);
    for (const auto& receipt : *receipts)
        if (receipt.step == state) return receipt.text;
    return std::string();
}

Asked<hotfolder::Myself> myself(Session& session) {
    return asked([&] {
        const json::object me = session.connection.get("/v1/me");
        hotfolder::Myself result;
        const json::value* const certificate = me.if_contains("certificate");
        const json::value* const days = certificate && certificate->is_object()
                                            ? certificate->get_object().if_contains("days_left")
                                            : nullptr;
        if (!days || !days->is_int64())
            throw Failure(exit_unreachable,
                          "ゲートウェイの答えが読めません / the gateway's answer cannot be read");
        result.certificate_days = static_cast<int>(days->get_int64());
        if (const auto* offices = me.if_contains("offices"); offices && offices->is_array())
            for (const auto& item : offices->get_array()) {
                if (!item.is_object()) continue;
                const auto no = OfficeNo::parse(text_member(item.get_object(), "office"));
                if (no) result.offices.push_back(*no);
            }
        return result;
    });
}

} // namespace

AgentLinks::AgentLinks(const hotfolder::OfficeSettings& settings)
    : settings_(settings.client), pins_(settings.folders.state / "checkpoints"),
      sessions_(std::make_shared<AgentSessions>()) {}

AgentLinks::~AgentLinks() = default;

Asked<hotfolder::Link> AgentLinks::open() {
    std::shared_ptr<Session> session;
    try {
        session = std::make_shared<Session>(settings_, pins_);
    } catch (const Failure& failure) {
        return problem_of(failure);
    }
    {
        const std::lock_guard guard(sessions_->mutex);
        std::erase_if(sessions_->open, [](const auto& known) { return known.use_count() == 1; });
        sessions_->open.push_back(session);
    }
    hotfolder::Link link;
    link.send = [session](const hotfolder::Request& request) { return send(*session, request); };
    link.inbox = [sessions = sessions_, session](std::chrono::seconds wait) {
        return inbox(*sessions, *session, wait);
    };
    link.look = [session](const BundleId& id) {
        return asked([&] { return arrival_of(remote_bundle(session->connection, id)); });
    };
    link.fetch = [session](const BundleId& id) { return fetch(*session, id); };
    link.acknowledge = [session](const BundleId& id, std::string_view state,
                                 const std::string& note) {
        return acknowledge(*session, id, state, note);
    };
    link.myself = [session] { return myself(*session); };
    return link;
}

void AgentLinks::hang_up() {
    sessions_->hung_up = true;
    const std::lock_guard guard(sessions_->mutex);
    for (const auto& session : sessions_->open)
        if (session->is_polling) session->connection.client().stop();
}

} // namespace cpg::cli
