// GET /v1/events: server-sent events for the caller's offices, as long as the caller may have them.
#include "gateway/exchange/events.hpp"
#include "gateway/api/api.hpp"

#include <charconv>

namespace cpg::api {

namespace {

constexpr std::size_t events_a_piece = 100; // 35 KiB: written in a moment, asked for again
constexpr int retry_ms = 3000;              // how long a client waits before it connects again
constexpr std::string_view heartbeat_line = ":\n\n";

std::string text_of(const store::EventRow& event) {
    return "id: " + std::to_string(event.position) +
           "\nevent: " + std::string(exchange::event_type_of(event.step)) +
           "\ndata: " + exchange::event_json(event) + "\n\n";
}

/// The id alone, without data, is no event to a client but a place to resume from.
std::string first_lines(std::uint64_t position) {
    return "retry: " + std::to_string(retry_ms) + "\nid: " + std::to_string(position) + "\n\n";
}

/// Where to go on: Last-Event-ID, which a client that reconnects sends, before ?after=.
Result<std::uint64_t> start_of(const http::Request& request, std::uint64_t newest) {
    const auto header = request.header("last-event-id");
    const auto text = header.empty() ? request.parameter("after") : std::optional(header);
    if (!text) return newest;
    std::uint64_t position = 0;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), position);
    if (failed != std::errc() || end != text->data() + text->size())
        return Error{Errc::malformed, "the id to resume from is not readable"};
    if (position > newest)
        return Error{Errc::malformed, "the id to resume from is not one of this gateway's"};
    return position;
}

Result<std::optional<OfficeNo>> office_of(const http::Request& request,
                                          const identity::Identity& caller) {
    const auto text = request.parameter("office");
    if (!text) return std::optional<OfficeNo>();
    const auto office = OfficeNo::parse(*text);
    if (!office) return Error{Errc::malformed, "parameter office is not readable"};
    if (!caller.owns(*office)) return Error{Errc::forbidden, "not an office of the certificate"};
    return office;
}

} // namespace

std::optional<Error> StreamPlaces::take(const std::string& key) {
    const std::lock_guard lock(mutex_);
    if (total_ >= most_) return Error{Errc::overloaded, "too many event streams at once"};
    auto& own = by_key_[key];
    if (own >= most_by_key_)
        return Error{Errc::rate_limited, "too many event streams of this office at once"};
    ++own;
    ++total_;
    return std::nullopt;
}

void StreamPlaces::give_back(const std::string& key) {
    const std::lock_guard lock(mutex_);
    --total_;
    if (--by_key_[key] == 0) by_key_.erase(key);
}

std::size_t StreamPlaces::taken() const {
    const std::lock_guard lock(mutex_);
    return total_;
}

/// One open stream. The server asks for a piece after the other; the waiting one has `done`.
struct Api::Stream {
    Stream(StreamPlaces& all, std::string place) : places(all), key(std::move(place)) {}
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream() { places.give_back(key); }

    /// Answers the piece of that number, once; what comes late is dropped.
    void answer(std::uint64_t number, std::optional<std::string> text, std::uint64_t behind) {
        http::PieceDone due;
        exchange::Notifier::Token ended;
        {
            const std::lock_guard lock(mutex);
            if (number != pieces || !done) return;
            position = behind;
            due = std::exchange(done, nullptr);
            ended = std::move(token);
        }
        due(std::move(text));
    }

    StreamPlaces& places;
    const std::string key;
    RequestPtr request;
    std::optional<OfficeNo> only; // ?office=
    std::mutex mutex;             // guards what follows
    std::uint64_t position = 0;   // of the newest event that was handed over
    std::uint64_t pieces = 0;     // asked for so far
    http::PieceDone done;
    exchange::Notifier::Token token;
};

void Api::get_events(RequestPtr request, const identity::Identity& caller,
                     http::Responder respond) {
    const auto start = start_of(*request, services_.exchange.services().store.newest_position());
    if (!start) return respond(http::problem(start.error(), *request));
    const auto only = office_of(*request, caller);
    if (!only) return respond(http::problem(only.error(), *request));
    const auto key = caller_key(caller);
    if (const auto full = streams_.take(key)) return respond(http::problem(*full, *request));
    const auto stream = std::make_shared<Stream>(streams_, key);
    stream->request = std::move(request);
    stream->only = *only;
    stream->position = *start;
    http::Response response;
    response.headers.emplace_back("Content-Type", "text/event-stream");
    response.source = [this, stream](http::PieceDone done) { next_piece(stream, std::move(done)); };
    beat(stream);
    respond(std::move(response));
}

void Api::next_piece(const std::shared_ptr<Stream>& stream, http::PieceDone done) {
    std::uint64_t number = 0, position = 0;
    {
        const std::lock_guard lock(stream->mutex);
        number = ++stream->pieces;
        position = stream->position;
        stream->done = std::move(done);
    }
    if (number == 1) return stream->answer(number, first_lines(position), position);
    events_or_wait(stream, number);
}

/// Who is asking is looked at again each time: what a certificate, a session or a token may have
/// changes while a stream is open.
void Api::events_or_wait(const std::shared_ptr<Stream>& stream, std::uint64_t number) {
    std::uint64_t position = 0;
    {
        const std::lock_guard lock(stream->mutex);
        position = stream->position;
    }
    const auto offices = offices_of(*stream);
    if (offices.empty() || draining_) return stream->answer(number, std::nullopt, position);
    const auto& services = services_.exchange.services();
    // Registers before it looks, so that nothing can come between the look and the wait.
    auto token = services.notifier.wait_for(offices, [this, weak = std::weak_ptr(stream), number] {
        if (const auto alive = weak.lock())
            services_.exchange.services().post(
                [this, alive, number] { events_or_wait(alive, number); });
    });
    {
        const std::lock_guard lock(stream->mutex);
        if (number != stream->pieces || !stream->done) return;
        stream->token = std::move(token);
    }
    const auto events = services.store.events(offices, position, events_a_piece);
    if (events.empty()) return;
    std::string text;
    for (const auto& event : events) text += text_of(event);
    stream->answer(number, std::move(text), events.back().position);
}

/// Empty when the caller may not have the events any more.
std::vector<OfficeNo> Api::offices_of(const Stream& stream) {
    static const Entry& entry = *std::find_if(table().begin(), table().end(), [](const Entry& one) {
        return one.handler == &Api::get_events;
    });
    const auto certificate = identify(*stream.request);
    if (!certificate) return {};
    const auto caller = authorise(entry, *stream.request, *certificate, identity::SignOfLife::no);
    if (!caller) return {};
    if (!stream.only) return caller->offices;
    return caller->owns(*stream.only) ? std::vector{*stream.only} : std::vector<OfficeNo>();
}

/// A line that says nothing keeps the connection known to be alive on both sides, and asks for the
/// next piece: so the caller is looked at that often.
void Api::beat(const std::shared_ptr<Stream>& stream) {
    services_.after(limits_.heartbeat, [this, weak = std::weak_ptr(stream)] {
        const auto alive = weak.lock();
        if (!alive) return;
        std::uint64_t number = 0, position = 0;
        {
            const std::lock_guard lock(alive->mutex);
            number = alive->pieces;
            position = alive->position;
        }
        beat(alive);
        alive->answer(number, std::string(heartbeat_line), position);
    });
}

} // namespace cpg::api
