// GET /v1/inbox, GET /v1/outbox, with long-polls.
#include "gateway/api/api.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>

namespace cpg::api {

namespace {

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// "new" is what waits for the receiver; the sender's words are the states themselves.
std::optional<std::vector<exchange::State>> states_in(std::string_view text) {
    if (text == "all") return std::vector<exchange::State>{};
    if (text == "new") return std::vector{exchange::State::accepted};
    const auto state = exchange::state_of(text);
    if (!state) return std::nullopt;
    return std::vector{*state};
}

Error wrong(std::string_view name) {
    return {Errc::malformed, "parameter " + std::string(name) + " is not readable"};
}

Result<store::BundleQuery> query_of(const http::Request& request, const identity::Identity& caller,
                                    store::Side side, const ApiLimits& limits) {
    store::BundleQuery query;
    query.side = side;
    query.offices = caller.offices;
    if (const auto text = request.parameter("office")) {
        const auto office = OfficeNo::parse(*text);
        if (!office) return wrong("office");
        if (!caller.owns(*office))
            return Error{Errc::forbidden, "not an office of the certificate"};
        query.offices = {*office};
    }
    const auto states =
        states_in(request.parameter("state").value_or(side == store::Side::inbox ? "new" : "all"));
    if (!states) return wrong("state");
    query.states = *states;
    if (const auto text = request.parameter("month")) {
        query.month = Month::parse(*text);
        if (!query.month) return wrong("month");
    }
    if (const auto text = request.parameter("after")) {
        const auto after = number_in(*text);
        if (!after) return wrong("after");
        query.after = *after;
    }
    if (const auto text = request.parameter("limit")) {
        const auto limit = number_in(*text);
        if (!limit || *limit == 0 || *limit > limits.max_page) return wrong("limit");
        query.limit = *limit;
    }
    return query;
}

// `cursor` is where to go on later, also when nothing is there now; `next` is null on the last
// page.
std::string page_of(const std::vector<store::BundleRow>& rows, const store::BundleQuery& query,
                    const exchange::Exchange& exchange) {
    boost::json::array bundles;
    std::uint64_t last = query.after;
    for (const auto& row : rows) {
        bundles.push_back(to_json(row, exchange.signature_level(row)));
        last = std::max(last, row.arrival);
    }
    boost::json::object page{
        {"bundles", std::move(bundles)}, {"next", nullptr}, {"cursor", std::to_string(last)}};
    if (rows.size() == query.limit) page["next"] = std::to_string(last);
    return boost::json::serialize(page);
}

} // namespace

/// One list request that may wait for news.
struct Api::Poll : std::enable_shared_from_this<Api::Poll> {
    RequestPtr request;
    http::Responder respond;
    store::BundleQuery query;
    std::chrono::steady_clock::time_point until;
    std::mutex mutex;
    bool answered = false;
    exchange::Notifier::Token token;

    bool is_answered() {
        const std::lock_guard lock(mutex);
        return answered;
    }

    void answer(const std::vector<store::BundleRow>& rows, const exchange::Exchange& exchange) {
        {
            const std::lock_guard lock(mutex);
            if (std::exchange(answered, true)) return;
            token.reset();
        }
        respond(http::json_response(200, page_of(rows, query, exchange)));
    }
};

void Api::get_inbox(RequestPtr request, const identity::Identity& caller, http::Responder respond) {
    list(std::move(request), caller, store::Side::inbox, std::move(respond));
}

void Api::get_outbox(RequestPtr request, const identity::Identity& caller,
                     http::Responder respond) {
    list(std::move(request), caller, store::Side::outbox, std::move(respond));
}

void Api::list(RequestPtr request, const identity::Identity& caller, store::Side side,
               http::Responder respond) {
    const auto query = query_of(*request, caller, side, limits_);
    if (!query) return respond(http::problem(query.error(), *request));
    std::chrono::seconds wait{0};
    if (const auto text = request->parameter("wait")) {
        const auto seconds = number_in(*text);
        if (!seconds || *seconds > static_cast<std::uint64_t>(limits_.max_wait.count()))
            return respond(http::problem(wrong("wait"), *request));
        wait = std::chrono::seconds(*seconds);
    }
    const auto poll = std::make_shared<Poll>();
    poll->request = std::move(request);
    poll->respond = std::move(respond);
    poll->query = *query;
    poll->until = std::chrono::steady_clock::now() + wait;
    answer_or_wait(poll);
    if (poll->is_answered()) return;
    services_.after(wait, [this, poll] {
        if (!poll->is_answered())
            poll->answer(services_.exchange.list(poll->query), services_.exchange);
    });
}

void Api::drain() {
    draining_ = true;
    services_.exchange.services().notifier.notify_all();
}

// Registers before it looks, so that nothing can arrive between the look and the wait.
void Api::answer_or_wait(const std::shared_ptr<Poll>& poll) {
    auto& notifier = services_.exchange.services().notifier;
    const bool may_wait = !draining_ && std::chrono::steady_clock::now() < poll->until &&
                          notifier.waiting() < limits_.max_waiting;
    if (may_wait) {
        // The job holds the poll: a drain cancels the timer that held it until now.
        auto token = notifier.wait_for(poll->query.offices, [this, weak = std::weak_ptr(poll)] {
            if (const auto alive = weak.lock())
                services_.exchange.services().post([this, alive] { answer_or_wait(alive); });
        });
        const std::lock_guard lock(poll->mutex);
        if (poll->answered) return;
        poll->token = std::move(token);
    }
    const auto rows = services_.exchange.list(poll->query);
    if (!rows.empty() || !may_wait) poll->answer(rows, services_.exchange);
}

} // namespace cpg::api
