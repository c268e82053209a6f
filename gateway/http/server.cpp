#include "gateway/http/server.hpp"

#include "gateway/http/problem.hpp"
#include "gateway/http/target.hpp"
#include "gateway/http/tls.hpp"
#include "gateway/http/wire.hpp"
#include "gateway/ops/log.hpp"
#include "spec/base/digest.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <cxxabi.h>
#include <mutex>
#include <netinet/tcp.h>
#include <optional>
#include <sys/socket.h>
#include <thread>
#include <typeinfo>
#include <unordered_map>
#include <unordered_set>

namespace cpg::http {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t scratch_size = 16 * 1024;  // one TLS record
constexpr std::size_t coalesced_body = 8 * 1024; // head and body in one write below this
constexpr int turns_before_yield = 16;           // records one connection moves before others
constexpr milliseconds linger_time{2'000};       // for the client to read why it was refused
constexpr milliseconds accept_pause{100};        // after running out of descriptors
constexpr std::size_t max_ops_connections = 64;  // a scraper, two probes, an operator
constexpr std::size_t max_ops_body = 64 * 1024;  // nothing there takes more
constexpr std::size_t request_id_bytes = 8;

/// Bytes of bodies that count together, and how many there may be.
struct Budget {
    std::shared_ptr<std::atomic<std::size_t>> used = std::make_shared<std::atomic<std::size_t>>(0);
    std::size_t limit = 0;
    bool has_room_for(std::size_t more) const { return used->load() + more <= limit; }
};

/// Counts the bytes of one request's body for as long as the request lives: against the budget of
/// all and that of its client.
class BodyCharge {
  public:
    BodyCharge(Budget all, Budget own) : budgets_{std::move(all), std::move(own)} {}
    BodyCharge(BodyCharge&& other) noexcept
        : budgets_(std::move(other.budgets_)), bytes_(std::exchange(other.bytes_, 0)) {}
    BodyCharge& operator=(BodyCharge&&) = delete;
    ~BodyCharge() {
        for (const Budget& budget : budgets_)
            if (budget.used) budget.used->fetch_sub(bytes_);
    }

    /// False when a limit is passed by it.
    bool raise_to(std::size_t bytes) {
        const auto more = bytes - bytes_;
        bytes_ = bytes;
        bool fits = true;
        for (const Budget& budget : budgets_)
            fits = budget.used->fetch_add(more) + more <= budget.limit && fits;
        return fits;
    }

  private:
    std::array<Budget, 2> budgets_;
    std::size_t bytes_ = 0;
};

struct ChargedRequest {
    Request request;
    BodyCharge charge;
};

/// Type of the exception being handled; its text may hold what a log must not.
std::string current_exception_kind() {
    const auto* type = abi::__cxa_current_exception_type();
    if (type == nullptr) return "unknown";
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> name(
        abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), std::free);
    return status == 0 ? std::string(name.get()) : std::string(type->name());
}

std::string current_exception_text() {
    try {
        throw;
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return {};
    }
}

/// The bytes of an address that one client cannot change at will: all of IPv4, /64 of IPv6.
std::string address_key(const asio::ip::address& address) {
    if (address.is_v4()) return address.to_string();
    auto bytes = address.to_v6().to_bytes();
    if (address.to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
    return asio::ip::make_address_v6(bytes).to_string();
}

milliseconds time_for(std::size_t bytes, std::size_t rate) {
    return milliseconds{bytes * 1000 / std::max<std::size_t>(rate, 1)};
}

class Connection;

struct Listener {
    Listener(asio::io_context& io, const Router& routes)
        : acceptor(io), router(routes), pause(io) {}

    tcp::acceptor acceptor;
    const Router& router;
    asio::steady_timer pause;
    bool secured = false;
    std::size_t max_connections = 0;
    std::size_t max_body = 0;
    std::size_t open = 0;
};

} // namespace

// All members but those said otherwise belong to the io thread.
struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
    Impl(ServerSettings chosen, Router api_routes, Router ops_routes,
         std::function<void(const Answered&)> told);

    /// Returns the port.
    std::uint16_t bind(Listener& listener, const std::string& address, std::uint16_t port);
    void start();
    void run_io();
    void stop(milliseconds grace);
    void accept(Listener& listener);
    void welcome(Listener& listener, tcp::socket socket);
    void forget(const std::shared_ptr<Connection>& connection);
    void arm_sweep();
    void sweep();
    void begin_drain();
    void abort_all();
    void post_work(std::function<void()> work);
    void after(milliseconds delay, std::function<void()> work);
    std::shared_ptr<const TlsContext> current_tls() const; // any thread
    std::string_view date();
    std::chrono::sys_seconds now_seconds() const {
        return std::chrono::floor<std::chrono::seconds>(settings.clock->now());
    }

    asio::io_context io{1}; // destroyed last
    const ServerSettings settings;
    const Router api;
    const Router ops;
    const std::function<void(const Answered&)> observer;
    asio::thread_pool pool;
    Listener api_listener;
    Listener ops_listener;
    std::uint16_t api_port = 0, ops_port = 0;
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
    std::thread io_thread;

    mutable std::mutex tls_mutex;
    std::shared_ptr<const TlsContext> tls; // under tls_mutex

    std::unordered_set<std::shared_ptr<Connection>> connections;
    std::unordered_map<std::string, std::size_t> per_address;
    std::unordered_set<std::shared_ptr<asio::steady_timer>> timers;
    Budget bodies; // of all connections
    /// Of one certificate's connections: nobody takes all the room there is.
    std::unordered_map<std::string, std::weak_ptr<std::atomic<std::size_t>>> bodies_of;
    Budget budget_of(const std::string& certificate_der);
    asio::steady_timer sweep_timer;
    bool sweeping = false;
    std::array<char, scratch_size> scratch{};
    std::chrono::sys_seconds date_time{};
    std::string date_text;

    std::atomic<bool> draining{false};
    std::atomic<bool> closing{false};
    std::mutex stop_mutex; // held by the one who stops
    bool stopped = false;
    std::mutex empty_mutex;
    std::condition_variable empty;

    std::atomic<std::uint64_t> open_connections{0}, accepted{0}, handshakes_failed{0}, requests{0},
        refused_busy{0};
};

namespace {

/// One client: a state machine driven by readiness of its socket, by the answer of a handler and by
/// deadlines. Everything runs on the io thread.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(Server::Impl& home, Listener& listener, tcp::socket socket, std::string address,
               std::shared_ptr<const TlsContext> tls);

    void run();
    void check_deadline(steady::time_point now);
    void answer(std::uint64_t ticket, Response response);
    void take_piece(std::uint64_t ticket, std::optional<std::string> piece);
    void drain(); // no further request; closes at once when none is under way
    void close();
    Listener& listener() { return listener_; }
    const std::string& address() const { return peer_->address; }

  private:
    enum class Stage {
        handshake,
        idle,
        head,
        body,
        handling,
        writing,
        between_pieces,
        lingering,
        closed
    };
    enum class Next { again, wait_read, wait_write, park };

    Next step();
    Next step_handshake();
    Next step_read();
    Next step_write();
    Next step_linger();
    Next after(Progress progress);
    Next refuse_handshake();
    void begin_request();
    void arm(tcp::socket::wait_type what);
    Next on_head();
    bool charge_body();
    Next dispatch();
    Next refuse_busy();
    bool has_bodiless_request() const;
    Next refuse(const Refusal& why, std::string_view allow = {});
    Next begin_answer(Response response);
    Next begin_linger();
    Next finish_answer();
    void tell_observer();
    Next next_piece();
    Next end_pieces();
    void watch_client();
    void look_at_client();
    void give_up_silent_client();
    Next on_reader();
    Next to_idle();
    const ServerLimits& limits() const { return home_.settings.limits; }
    void expect_within(milliseconds time) { deadline_ = steady::now() + time; }

    Server::Impl& home_;
    Listener& listener_;
    tcp::socket socket_;
    Channel channel_;
    std::shared_ptr<Peer> peer_;
    Stage stage_ = Stage::handshake;
    steady::time_point deadline_{};
    std::uint64_t wait_ = 0; // number of the wait that counts; earlier ones are stale

    std::string pending_; // bytes behind the request being handled (pipelining)
    std::unique_ptr<RequestReader> reader_;
    Budget own_bodies_;
    std::optional<BodyCharge> charge_;
    Router::Match match_;
    Target target_;
    std::string request_id_;
    std::string method_;
    std::uint64_t ticket_ = 0; // number of the request that may be answered
    steady::time_point request_start_{};
    steady::time_point body_start_{};
    std::size_t request_bytes_ = 0;
    bool keep_alive_ = false;
    bool head_only_ = false;
    bool interim_ = false; // writing "100 Continue"
    bool unread_ = false;  // the client may still be sending what was refused

    Response response_;
    std::string out_head_; // with the body when it is small
    std::string_view out_body_;
    std::size_t written_ = 0;

    BodySource source_;       // of an answer in pieces, while it goes on
    bool in_pieces_ = false;  // its head is written
    bool is_watched_ = false; // a wait for the client's end of the socket is under way
};

/// The one answer of a request. Shared by the copies of its Responder; when the last copy goes
/// without an answer, the client is told so.
class AnswerOnce {
  public:
    AnswerOnce(std::weak_ptr<Server::Impl> home, std::weak_ptr<Connection> connection,
               std::uint64_t ticket, std::string request_id, std::string route)
        : home_(std::move(home)), connection_(std::move(connection)), ticket_(ticket),
          request_id_(std::move(request_id)), route_(std::move(route)) {}
    AnswerOnce(const AnswerOnce&) = delete;
    AnswerOnce& operator=(const AnswerOnce&) = delete;

    ~AnswerOnce() {
        if (answered_.test()) return;
        try {
            answer_for_handler();
        } catch (...) { // out of memory in a destructor
            return;     // the answer's deadline will tell the client
        }
    }

    void answer(Response response) {
        if (answered_.test_and_set()) {
            log::warning("response.repeated", {{"incident", request_id_}, {"route", route_}});
            return;
        }
        deliver(std::move(response));
    }

  private:
    void answer_for_handler() {
        const auto home = home_.lock();
        if (!home) return;
        if (home->draining) {
            deliver(problem(503, "overloaded", "the gateway is stopping", request_id_));
            return;
        }
        log::error("request.unanswered", {{"incident", request_id_}, {"route", route_}});
        deliver(problem(500, "internal", "the request was not answered", request_id_));
    }

    void deliver(Response response) {
        const auto home = home_.lock();
        if (!home) return;
        asio::post(home->io, [connection = connection_, ticket = ticket_,
                              response = std::move(response)]() mutable {
            if (const auto alive = connection.lock()) alive->answer(ticket, std::move(response));
        });
    }

    std::weak_ptr<Server::Impl> home_;
    std::weak_ptr<Connection> connection_;
    const std::uint64_t ticket_;
    const std::string request_id_;
    const std::string route_;
    std::atomic_flag answered_ = ATOMIC_FLAG_INIT;
};

/// On a worker. The catch site of requests.
void handle(const Route& route, const std::shared_ptr<Request>& request,
            const std::shared_ptr<AnswerOnce>& once) {
    if (steady::now() >= request->deadline) {
        once->answer(problem(503, "overloaded", "no worker was free in time", request->id));
        return;
    }
    try {
        route.handler(request, [once](Response response) { once->answer(std::move(response)); });
    } catch (...) {
        log::error(
            "request.failed",
            {{"incident", request->id}, {"kind", current_exception_kind()}, {"route", route.name}});
        log::event(log::Level::debug, "request.failed.text",
                   {{"incident", request->id}, {"text", current_exception_text()}});
        once->answer(problem(500, "internal", "an incident was recorded", request->id));
    }
}

/// On a worker. The catch site of bodies that come in pieces.
void ask(const BodySource& source, const PieceDone& done) {
    try {
        source(done);
    } catch (...) {
        log::error("piece.failed", {{"kind", current_exception_kind()}});
        log::event(log::Level::debug, "piece.failed.text", {{"text", current_exception_text()}});
        done(std::nullopt);
    }
}

Connection::Connection(Server::Impl& home, Listener& listener, tcp::socket socket,
                       std::string address, std::shared_ptr<const TlsContext> tls)
    : home_(home), listener_(listener), socket_(std::move(socket)),
      channel_(socket_.native_handle(), std::move(tls)), peer_(std::make_shared<Peer>()) {
    own_bodies_.limit = limits().max_body_bytes_per_certificate;
    peer_->address = std::move(address);
    expect_within(limits().handshake);
}

/// Goes on until it has to wait for the client, a worker or its turn.
void Connection::run() {
    try {
        for (int turn = 0; turn < turns_before_yield; ++turn) {
            switch (step()) {
            case Next::again:
                continue;
            case Next::wait_read:
                return arm(tcp::socket::wait_read);
            case Next::wait_write:
                return arm(tcp::socket::wait_write);
            case Next::park:
                return;
            }
        }
        asio::post(home_.io, [self = shared_from_this(), wait = ++wait_] {
            if (wait == self->wait_) self->run();
        });
    } catch (...) {
        log::error("connection.failed",
                   {{"incident", request_id_}, {"kind", current_exception_kind()}});
        close();
    }
}

void Connection::arm(tcp::socket::wait_type what) {
    socket_.async_wait(what, [self = shared_from_this(), wait = ++wait_](error_code error) {
        if (!error && wait == self->wait_) self->run();
    });
}

Connection::Next Connection::step() {
    switch (stage_) {
    case Stage::handshake:
        return step_handshake();
    case Stage::idle:
    case Stage::head:
    case Stage::body:
        return step_read();
    case Stage::writing:
        return step_write();
    case Stage::lingering:
        return step_linger();
    case Stage::handling:
    case Stage::between_pieces:
    case Stage::closed:
        break;
    }
    return Next::park;
}

Connection::Next Connection::step_handshake() {
    const auto progress = channel_.handshake();
    if (progress == Progress::closed || progress == Progress::failed) return refuse_handshake();
    if (progress != Progress::done) return after(progress);
    peer_->certificate_der = channel_.peer_certificate();
    peer_->issuer_key = channel_.issuer_key();
    own_bodies_ = home_.budget_of(peer_->certificate_der);
    return to_idle();
}

Connection::Next Connection::refuse_handshake() {
    ++home_.handshakes_failed;
    if (const auto why = channel_.refusal(); !why.empty())
        log::info("tls.refused", {{"reason", std::string(why)}});
    return begin_linger(); // the alert has to be heard
}

/// What to do when the channel did not move on: wait for its socket, or let the connection go.
Connection::Next Connection::after(Progress progress) {
    switch (progress) {
    case Progress::done:
        return Next::again;
    case Progress::want_read:
        return Next::wait_read;
    case Progress::want_write:
        return Next::wait_write;
    case Progress::closed:
    case Progress::failed:
        break;
    }
    close();
    return Next::park;
}

void Connection::begin_request() {
    stage_ = Stage::head;
    request_start_ = steady::now();
    expect_within(limits().header);
    reader_ = std::make_unique<RequestReader>(limits().max_header_bytes);
    request_bytes_ = 0;
    head_only_ = false;
    unread_ = false;
}

Connection::Next Connection::to_idle() {
    reader_.reset();
    charge_.reset();
    match_ = {};
    target_ = {};
    response_ = {};
    std::string().swap(out_head_);
    out_body_ = {};
    request_id_.clear();
    method_.clear();
    if (home_.draining) {
        channel_.close_notify();
        close();
        return Next::park;
    }
    stage_ = Stage::idle;
    expect_within(limits().idle);
    return Next::again;
}

Connection::Next Connection::step_read() {
    std::string_view bytes = pending_;
    if (pending_.empty()) {
        const auto moved = channel_.read(home_.scratch.data(), home_.scratch.size());
        if (moved.progress != Progress::done) return after(moved.progress);
        bytes = {home_.scratch.data(), moved.bytes};
    }
    if (stage_ == Stage::idle) begin_request();
    const auto used = reader_->feed(bytes);
    request_bytes_ += used;
    std::string rest(bytes.substr(used));
    pending_ = std::move(rest);
    return on_reader();
}

Connection::Next Connection::on_reader() {
    switch (reader_->state()) {
    case RequestReader::State::head:
        return Next::again;
    case RequestReader::State::head_done:
        return on_head();
    case RequestReader::State::body:
        return charge_body() ? Next::again : refuse_busy();
    case RequestReader::State::complete:
        return charge_body() ? dispatch() : refuse_busy();
    case RequestReader::State::refused:
        break;
    }
    return refuse(reader_->refusal());
}

/// Everything that can be refused before the body is taken.
Connection::Next Connection::on_head() {
    const auto& head = reader_->head();
    request_id_ = hex(random_bytes(request_id_bytes));
    method_ = head.method;
    head_only_ = method_ == "HEAD";
    if (!channel_.peer_is_trusted(home_.current_tls(), home_.now_seconds()))
        return refuse(
            {401, "not-authenticated", "the client certificate has expired or was revoked"});
    auto target = parse_target(head.target);
    if (!target) return refuse({400, "malformed", "the request target cannot be read"});
    target_ = std::move(*target);
    match_ = listener_.router.match(head.method, target_.path);
    if (match_.route == nullptr && match_.allow.empty())
        return refuse({404, "not-found", "no such path"});
    if (match_.route == nullptr)
        return refuse({405, "method-not-allowed", "see Allow"}, match_.allow);
    reader_->open_body(std::min(match_.route->max_body, listener_.max_body));
    if (reader_->state() == RequestReader::State::refused) return refuse(reader_->refusal());
    const auto announced = head.content_length.value_or(0);
    if (!home_.bodies.has_room_for(announced) || !own_bodies_.has_room_for(announced))
        return refuse_busy();
    charge_.emplace(home_.bodies, own_bodies_);
    if (reader_->state() == RequestReader::State::complete) return dispatch();
    stage_ = Stage::body;
    body_start_ = steady::now();
    expect_within(limits().body_grace);
    if (!head.expects_continue || !pending_.empty()) return Next::again;
    interim_ = true;
    out_head_ = "HTTP/1.1 100 Continue\r\n\r\n";
    written_ = 0;
    stage_ = Stage::writing;
    return Next::again;
}

/// False when all bodies together are too much, or those of this client.
bool Connection::charge_body() {
    const auto size = reader_->body_size();
    deadline_ = body_start_ + limits().body_grace + time_for(size, limits().min_body_rate);
    return charge_->raise_to(size);
}

Connection::Next Connection::refuse_busy() {
    ++home_.refused_busy;
    return refuse({503, "overloaded", "too many bodies at once"});
}

Connection::Next Connection::dispatch() {
    stage_ = Stage::handling;
    expect_within(limits().answer);
    keep_alive_ = reader_->head().keep_alive;
    ++home_.requests;
    const auto charged =
        std::make_shared<ChargedRequest>(ChargedRequest{{}, std::move(charge_.value())});
    charge_.reset();
    const std::shared_ptr<Request> request(charged, &charged->request);
    auto& head = reader_->head();
    request->method = std::move(head.method);
    request->path = std::move(target_.path);
    request->query = std::move(target_.query);
    request->headers = std::move(head.headers);
    request->body = reader_->take_body();
    request->peer = peer_;
    request->deadline = deadline_;
    request->id = request_id_;
    request->path_args = std::move(match_.args);
    reader_.reset();
    const auto once = std::make_shared<AnswerOnce>(home_.weak_from_this(), weak_from_this(),
                                                   ++ticket_, request_id_, match_.route->name);
    asio::post(home_.pool,
               [route = match_.route, request, once] { handle(*route, request, once); });
    return Next::park;
}

/// An answer of the server itself. What the client still sends is read and thrown away behind it.
Connection::Next Connection::refuse(const Refusal& why, std::string_view allow) {
    if (request_id_.empty()) request_id_ = hex(random_bytes(request_id_bytes));
    auto response = problem(why.status, why.slug, why.detail, request_id_);
    if (!allow.empty()) response.headers.emplace_back("Allow", allow);
    // 404 and 405 of a request without a body leave the connection as good as it was.
    keep_alive_ = (why.status == 404 || why.status == 405) && has_bodiless_request() &&
                  reader_->head().keep_alive;
    unread_ = reader_ && !has_bodiless_request();
    charge_.reset();
    reader_.reset(); // the bytes so far are of no use, and the client may take its time to read why
    return begin_answer(std::move(response));
}

bool Connection::has_bodiless_request() const {
    if (!reader_ || reader_->state() != RequestReader::State::head_done) return false;
    const auto& head = reader_->head();
    return !head.chunked && head.content_length.value_or(0) == 0;
}

void Connection::answer(std::uint64_t ticket, Response response) {
    if (stage_ != Stage::handling || ticket != ticket_)
        return; // answered by the deadline, or closed
    begin_answer(std::move(response));
    run();
}

Connection::Next Connection::begin_answer(Response response) {
    ++ticket_;
    keep_alive_ = keep_alive_ && !response.close && !response.source && !home_.draining;
    const AnswerFraming framing{keep_alive_, channel_.secured(), home_.date()};
    auto head = response.status >= 200 && response.status <= 599 ? compose_head(response, framing)
                                                                 : std::nullopt;
    if (!head) {
        log::error("response.invalid",
                   {{"incident", request_id_}, {"route", match_.route ? match_.route->name : ""}});
        response = problem(500, "internal", "an incident was recorded", request_id_);
        head = compose_head(response, framing);
    }
    response_ = std::move(response);
    out_head_ = std::move(*head);
    out_body_ = response_.shared_body ? *response_.shared_body : response_.body;
    if (head_only_ || !status_has_body(response_.status))
        out_body_ = {};
    else
        source_ = std::move(response_.source);
    const auto bytes = out_head_.size() + out_body_.size();
    if (out_body_.size() <= coalesced_body) {
        out_head_ += out_body_;
        out_body_ = {};
    }
    written_ = 0;
    interim_ = false;
    stage_ = Stage::writing;
    expect_within(limits().write + time_for(bytes, limits().min_body_rate));
    return Next::again;
}

Connection::Next Connection::step_write() {
    const auto total = out_head_.size() + out_body_.size();
    if (written_ == total) return finish_answer();
    const auto rest = written_ < out_head_.size() ? std::string_view(out_head_).substr(written_)
                                                  : out_body_.substr(written_ - out_head_.size());
    const auto moved = channel_.write(rest);
    if (moved.progress != Progress::done) return after(moved.progress);
    written_ += moved.bytes;
    return Next::again;
}

Connection::Next Connection::finish_answer() {
    if (interim_) {
        interim_ = false;
        stage_ = Stage::body;
        return Next::again;
    }
    if (!in_pieces_) tell_observer();
    if (source_) return next_piece();
    if (keep_alive_) return to_idle();
    channel_.close_notify();
    if (unread_ || !pending_.empty()) return begin_linger();
    close();
    return Next::park;
}

/// Of an answer in pieces, when its head is written.
void Connection::tell_observer() {
    if (home_.observer) {
        Answered answered;
        answered.route = match_.route ? std::string_view(match_.route->name) : std::string_view{};
        answered.method = method_;
        answered.status = response_.status;
        answered.problem = response_.problem;
        answered.certificate_der = peer_->certificate_der;
        answered.took =
            std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - request_start_);
        answered.request_bytes = request_bytes_;
        answered.response_bytes = written_;
        answered.request_id = request_id_;
        home_.observer(answered);
    }
}

/// Asks for more of the body while the client may have it.
Connection::Next Connection::next_piece() {
    if (!std::exchange(in_pieces_, true)) give_up_silent_client();
    if (home_.draining || !channel_.peer_is_trusted(home_.current_tls(), home_.now_seconds()))
        return end_pieces();
    stage_ = Stage::between_pieces;
    expect_within(limits().answer);
    watch_client();
    PieceDone done = [home = home_.weak_from_this(), connection = weak_from_this(),
                      ticket = ++ticket_](std::optional<std::string> piece) {
        const auto alive = home.lock();
        if (!alive) return;
        asio::post(alive->io, [connection, ticket, piece = std::move(piece)]() mutable {
            if (const auto open = connection.lock()) open->take_piece(ticket, std::move(piece));
        });
    };
    asio::post(home_.pool, [source = source_, done = std::move(done)] { ask(source, done); });
    return Next::park;
}

void Connection::take_piece(std::uint64_t ticket, std::optional<std::string> piece) {
    if (stage_ != Stage::between_pieces || ticket != ticket_) return;
    if (!piece) {
        end_pieces();
        return run();
    }
    out_head_ = std::move(*piece);
    out_body_ = {};
    written_ = 0;
    stage_ = Stage::writing;
    expect_within(limits().write + time_for(out_head_.size(), limits().min_body_rate));
    run();
}

Connection::Next Connection::end_pieces() {
    source_ = nullptr;
    return finish_answer();
}

/// Between two pieces: a client that leaves frees its place at once.
void Connection::watch_client() {
    if (std::exchange(is_watched_, true)) return;
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code error) {
        self->is_watched_ = false;
        if (!error && self->stage_ == Stage::between_pieces) self->look_at_client();
    });
}

/// Whatever it says behind such a request is not answered: it has left, or it must.
void Connection::look_at_client() {
    const auto moved = channel_.read(home_.scratch.data(), home_.scratch.size());
    if (moved.progress == Progress::want_read) return watch_client();
    close();
}

/// One that acknowledges nothing for the time of a write is gone: the kernel would go on trying for
/// a quarter of an hour.
void Connection::give_up_silent_client() {
    const auto patience = static_cast<unsigned>(limits().write.count());
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &patience,
                 sizeof patience);
}

/// Says that nothing follows and reads until the client has heard it: closing a socket with unread
/// bytes would reset the connection and take the answer away from the client.
Connection::Next Connection::begin_linger() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    stage_ = Stage::lingering;
    expect_within(linger_time);
    return Next::again;
}

Connection::Next Connection::step_linger() {
    error_code error;
    const auto got = socket_.read_some(asio::buffer(home_.scratch), error);
    if (error == asio::error::would_block) return Next::wait_read;
    if (!error && got > 0) return Next::again;
    close();
    return Next::park;
}

void Connection::check_deadline(steady::time_point now) {
    if (now < deadline_) return;
    switch (stage_) {
    case Stage::handshake:
        ++home_.handshakes_failed;
        return close();
    case Stage::idle:
        channel_.close_notify();
        return close();
    case Stage::head:
    case Stage::body:
        refuse({408, "timeout", "the request did not arrive in time"});
        return run();
    case Stage::handling:
        log::error("request.overdue", {{"incident", request_id_}, {"route", match_.route->name}});
        refuse({503, "overloaded", "the answer took too long"});
        return run();
    case Stage::between_pieces:
        log::error("piece.overdue", {{"route", match_.route->name}});
        return close();
    case Stage::writing:
    case Stage::lingering:
    case Stage::closed:
        return close();
    }
}

void Connection::drain() {
    if (stage_ == Stage::handshake) return close();
    if (stage_ == Stage::lingering) return close();
    if (stage_ == Stage::between_pieces) {
        end_pieces();
        return run();
    }
    if (stage_ != Stage::idle) return;
    channel_.close_notify();
    close();
}

void Connection::close() {
    if (stage_ == Stage::closed) return;
    stage_ = Stage::closed;
    source_ = nullptr;
    ++ticket_;
    ++wait_;
    error_code ignored;
    socket_.close(ignored);
    home_.forget(shared_from_this());
}

} // namespace

Server::Impl::Impl(ServerSettings chosen, Router api_routes, Router ops_routes,
                   std::function<void(const Answered&)> told)
    : settings(std::move(chosen)), api(std::move(api_routes)), ops(std::move(ops_routes)),
      observer(std::move(told)), pool(std::max<std::size_t>(settings.workers, 1)),
      api_listener(io, api), ops_listener(io, ops), sweep_timer(io) {
    bodies.limit = settings.limits.max_body_bytes_in_flight;
    if (!settings.listen_address.empty()) {
        tls = std::make_shared<const TlsContext>(settings.tls);
        api_listener.secured = true;
        api_listener.max_connections = settings.limits.max_connections;
        api_listener.max_body = settings.limits.max_body;
        api_port = bind(api_listener, settings.listen_address, settings.port);
    }
    ops_listener.max_connections = max_ops_connections;
    ops_listener.max_body = max_ops_body;
    ops_port = bind(ops_listener, settings.ops_address, settings.ops_port);
}

std::uint16_t Server::Impl::bind(Listener& listener, const std::string& address,
                                 std::uint16_t port) {
    try {
        const tcp::endpoint endpoint(asio::ip::make_address(address), port);
        listener.acceptor.open(endpoint.protocol());
        listener.acceptor.set_option(tcp::acceptor::reuse_address(true));
        listener.acceptor.bind(endpoint);
        listener.acceptor.listen();
        listener.acceptor.non_blocking(true);
        return listener.acceptor.local_endpoint().port();
    } catch (const boost::system::system_error& e) {
        throw std::runtime_error("cannot listen on " + address + " port " + std::to_string(port) +
                                 ": " + e.code().message());
    }
}

void Server::Impl::start() {
    const std::lock_guard guard(stop_mutex);
    if (stopped || io_thread.joinable()) return;
    work.emplace(io.get_executor());
    if (api_listener.acceptor.is_open()) accept(api_listener);
    accept(ops_listener);
    io_thread = std::thread([this] { run_io(); });
}

/// Connections catch what is theirs; what is left must not end the program.
void Server::Impl::run_io() {
    while (true) {
        try {
            io.run();
            return;
        } catch (...) {
            log::error("io.failed", {{"kind", current_exception_kind()}});
        }
    }
}

void Server::Impl::accept(Listener& listener) {
    listener.acceptor.async_accept([this, &listener](error_code error, tcp::socket socket) {
        if (!listener.acceptor.is_open()) return;
        if (error) { // out of descriptors or memory: let some connections end first
            listener.pause.expires_after(accept_pause);
            listener.pause.async_wait([this, &listener](error_code cancelled) {
                if (!cancelled && listener.acceptor.is_open()) accept(listener);
            });
            return;
        }
        try {
            welcome(listener, std::move(socket));
        } catch (...) {
            log::error("connection.failed", {{"kind", current_exception_kind()}});
        }
        accept(listener);
    });
}

void Server::Impl::welcome(Listener& listener, tcp::socket socket) {
    error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (error) return; // gone already
    const auto key = address_key(remote.address());
    const auto same_address = per_address.find(key);
    if (listener.open >= listener.max_connections ||
        (same_address != per_address.end() &&
         same_address->second >= settings.limits.max_connections_per_address)) {
        ++refused_busy;
        return;
    }
    socket.non_blocking(true);
    socket.set_option(tcp::no_delay(true), error);
    const auto connection = std::make_shared<Connection>(
        *this, listener, std::move(socket), key, listener.secured ? current_tls() : nullptr);
    connections.insert(connection);
    ++per_address[key];
    ++listener.open;
    ++accepted;
    ++open_connections;
    arm_sweep();
    connection->run();
}

void Server::Impl::forget(const std::shared_ptr<Connection>& connection) {
    if (connections.erase(connection) == 0) return;
    --connection->listener().open;
    if (--per_address[connection->address()] == 0) per_address.erase(connection->address());
    const std::lock_guard guard(empty_mutex);
    if (--open_connections == 0) empty.notify_all();
}

/// One timer looks after the deadlines of all connections. It runs only while there are any.
void Server::Impl::arm_sweep() {
    if (sweeping) return;
    sweeping = true;
    const auto& limits = settings.limits;
    const auto shortest = std::min({limits.handshake, limits.header, limits.idle, limits.answer,
                                    limits.write, limits.body_grace});
    sweep_timer.expires_after(std::clamp(shortest / 8, milliseconds{10}, milliseconds{500}));
    sweep_timer.async_wait([this](error_code error) {
        sweeping = false;
        if (!error) sweep();
    });
}

void Server::Impl::sweep() {
    const auto now = steady::now();
    const std::vector<std::shared_ptr<Connection>> all(connections.begin(), connections.end());
    for (const auto& connection : all) connection->check_deadline(now);
    if (!connections.empty()) arm_sweep();
}

void Server::Impl::begin_drain() {
    error_code ignored;
    for (auto* listener : {&api_listener, &ops_listener}) {
        listener->acceptor.close(ignored);
        listener->pause.cancel();
    }
    for (const auto& timer : timers) timer->cancel();
    const std::vector<std::shared_ptr<Connection>> all(connections.begin(), connections.end());
    for (const auto& connection : all) connection->drain();
}

void Server::Impl::abort_all() {
    const std::vector<std::shared_ptr<Connection>> all(connections.begin(), connections.end());
    for (const auto& connection : all) connection->close();
    sweep_timer.cancel();
    work.reset();
}

void Server::Impl::stop(milliseconds grace) {
    const std::lock_guard guard(stop_mutex);
    if (stopped) return;
    stopped = true;
    draining = true;
    if (!io_thread.joinable()) { // never started
        pool.stop();
        pool.join();
        return;
    }
    asio::post(io, [this] { begin_drain(); });
    bool drained = false;
    {
        std::unique_lock lock(empty_mutex);
        drained = empty.wait_for(lock, grace, [this] { return open_connections == 0; });
    }
    closing = true;
    asio::post(io, [this] { abort_all(); });
    if (!drained) pool.stop(); // what has not begun is not begun any more
    pool.join();
    io_thread.join();
}

void Server::Impl::post_work(std::function<void()> job) {
    if (closing) return;
    asio::post(pool, [job = std::move(job)] {
        try {
            job();
        } catch (...) {
            log::error("job.failed", {{"kind", current_exception_kind()}});
            log::event(log::Level::debug, "job.failed.text", {{"text", current_exception_text()}});
        }
    });
}

void Server::Impl::after(milliseconds delay, std::function<void()> job) {
    if (draining) return;
    asio::post(io, [this, delay, job = std::move(job)]() mutable {
        if (draining) return;
        const auto timer = std::make_shared<asio::steady_timer>(io, delay);
        timers.insert(timer);
        timer->async_wait([this, timer, job = std::move(job)](error_code cancelled) mutable {
            timers.erase(timer);
            if (!cancelled && !draining) post_work(std::move(job));
        });
    });
}

Budget Server::Impl::budget_of(const std::string& certificate_der) {
    if (bodies_of.size() > 2 * settings.limits.max_connections)
        std::erase_if(bodies_of, [](const auto& entry) { return entry.second.expired(); });
    auto& known = bodies_of[Bytes(sha256(certificate_der).view())];
    Budget budget;
    budget.limit = settings.limits.max_body_bytes_per_certificate;
    if (auto used = known.lock())
        budget.used = std::move(used);
    else
        known = budget.used;
    return budget;
}

std::shared_ptr<const TlsContext> Server::Impl::current_tls() const {
    const std::lock_guard guard(tls_mutex);
    return tls;
}

std::string_view Server::Impl::date() {
    const auto now = now_seconds();
    if (now != date_time) {
        date_time = now;
        date_text = http_date(now);
    }
    return date_text;
}

Server::Server(ServerSettings settings, Router api, Router ops,
               std::function<void(const Answered&)> observer)
    : impl_(std::make_shared<Impl>(std::move(settings), std::move(api), std::move(ops),
                                   std::move(observer))) {}

Server::~Server() {
    impl_->stop(milliseconds{0});
}

std::uint16_t Server::port() const {
    return impl_->api_port;
}

std::uint16_t Server::ops_port() const {
    return impl_->ops_port;
}

void Server::start() {
    impl_->start();
}

void Server::stop(milliseconds grace) {
    impl_->stop(grace);
}

void Server::reload_tls(const TlsSettings& settings) {
    auto fresh = std::make_shared<const TlsContext>(settings);
    const std::lock_guard guard(impl_->tls_mutex);
    impl_->tls = std::move(fresh);
}

std::vector<TlsDate> Server::tls_dates() const {
    return impl_->current_tls()->dates();
}

void Server::post(std::function<void()> work) {
    impl_->post_work(std::move(work));
}

void Server::after(milliseconds delay, std::function<void()> work) {
    impl_->after(delay, std::move(work));
}

ServerStats Server::stats() const {
    ServerStats stats;
    stats.connections = impl_->open_connections;
    stats.accepted = impl_->accepted;
    stats.handshakes_failed = impl_->handshakes_failed;
    stats.requests = impl_->requests;
    stats.refused_busy = impl_->refused_busy;
    return stats;
}

} // namespace cpg::http
