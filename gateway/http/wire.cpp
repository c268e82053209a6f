#include "gateway/http/wire.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <cstdio>
#include <cstring>

namespace cpg::http {

namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using View = boost::beast::string_view;

constexpr std::size_t max_headers = 100;             // browsers send about 20
constexpr std::size_t max_chunk_overhead = 8 * 1024; // a chunk's size line, or the trailer
constexpr std::size_t last_chunk_size = 5;
constexpr std::size_t first_body_room = 1u << 20; // reserved at once; more grows with what arrives

constexpr Refusal malformed(std::string_view detail) {
    return {400, "malformed", detail};
}
constexpr Refusal header_too_large{431, "header-too-large", "the request header is too large"};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equals_ignoring_case(std::string_view left, std::string_view right) {
    return left.size() == right.size() &&
           std::equal(left.begin(), left.end(), right.begin(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

std::string lowered(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), lower);
    return result;
}

/// Beast's state machine with our own containers: the head into a Head, the body into a string.
class Parser : public beast_http::basic_parser<true> {
  public:
    Head head;
    std::string body;
    int version = 11;

  private:
    void on_request_impl(beast_http::verb, View method, View target, int http_version,
                         error_code&) override {
        head.method.assign(method.data(), method.size());
        head.target.assign(target.data(), target.size());
        version = http_version;
    }
    void on_field_impl(beast_http::field, View name, View value, error_code&) override {
        if (is_header_done()) return; // a trailer cannot add headers afterwards
        head.headers.emplace_back(lowered(name), value);
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
        if (length) body.reserve(std::min<std::uint64_t>(*length, first_body_room));
    }
    std::size_t on_body_impl(View bytes, error_code&) override {
        make_room(bytes.size());
        body.append(bytes.data(), bytes.size());
        return bytes.size();
    }
    std::size_t on_chunk_body_impl(std::uint64_t, View bytes, error_code&) override {
        body.append(bytes.data(), bytes.size());
        return bytes.size();
    }
    void on_response_impl(int, View, int, error_code&) override {}
    void on_header_impl(error_code&) override {}
    void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
    void on_finish_impl(error_code&) override {}

    /// Doubles like a string does, but never above the length that was announced.
    void make_room(std::size_t more) {
        const auto needed = body.size() + more;
        if (needed <= body.capacity()) return;
        const auto announced = static_cast<std::size_t>(content_length().value_or(needed));
        body.reserve(std::max(needed, std::min(announced, body.capacity() * 2)));
    }
};

/// What Beast would let pass. `head` ends with the blank line.
std::optional<Refusal> lint_lines(std::string_view head) {
    std::size_t lines = 0;
    for (std::size_t i = 0; i < head.size(); ++i) {
        const char c = head[i];
        if (c == '\0') return malformed("a NUL in the request header");
        if (c == '\n') return malformed("a bare line feed in the request header");
        if (c != '\r') continue;
        if (i + 1 == head.size() || head[i + 1] != '\n')
            return malformed("a bare carriage return in the request header");
        ++i;
        ++lines;
        if (i + 1 < head.size() && (head[i + 1] == ' ' || head[i + 1] == '\t'))
            return malformed("a folded header line");
    }
    if (lines > max_headers + 2) return header_too_large;
    return std::nullopt;
}

std::size_t count(const Head& head, std::string_view name) {
    return static_cast<std::size_t>(
        std::count_if(head.headers.begin(), head.headers.end(),
                      [&](const auto& header) { return header.first == name; }));
}

std::string_view value_of(const Head& head, std::string_view name) {
    const auto found = std::find_if(head.headers.begin(), head.headers.end(),
                                    [&](const auto& header) { return header.first == name; });
    return found == head.headers.end() ? std::string_view{} : std::string_view{found->second};
}

/// What the headers say together. The parser has seen to Content-Length and its conflicts.
std::optional<Refusal> lint_meaning(const Head& head, int version) {
    const auto hosts = count(head, "host");
    if (hosts > 1 || (version >= 11 && hosts == 0)) return malformed("not exactly one Host header");
    if (count(head, "content-length") > 1) return malformed("more than one Content-Length");
    if (value_of(head, "content-length").find(',') != std::string_view::npos)
        return malformed("more than one Content-Length");
    const auto codings = count(head, "transfer-encoding");
    if (codings > 0) {
        if (version < 11) return malformed("Transfer-Encoding in HTTP/1.0");
        if (head.content_length) return malformed("Transfer-Encoding beside Content-Length");
        if (codings > 1 || !equals_ignoring_case(value_of(head, "transfer-encoding"), "chunked"))
            return Refusal{501, "not-implemented", "a transfer coding other than chunked"};
    }
    const auto encoding = value_of(head, "content-encoding");
    if (!encoding.empty() && !equals_ignoring_case(encoding, "identity"))
        return Refusal{415, "unsupported-media-type", "a content coding"};
    if (count(head, "expect") > 0 &&
        !equals_ignoring_case(value_of(head, "expect"), "100-continue"))
        return Refusal{417, "expectation-failed", "an expectation other than 100-continue"};
    return std::nullopt;
}

/// Whether the line of a chunk's size is there but ends inside a quoted extension. Beast would look
/// for the closing quote in the bytes behind the line, and take the chunk off the limit at each
/// try.
bool has_open_quote(std::string_view unfinished) {
    if (unfinished.starts_with("\r\n")) unfinished.remove_prefix(2); // of the chunk before
    const auto end = unfinished.find("\r\n");
    if (end == std::string_view::npos) return false;
    bool quoted = false;
    for (std::size_t i = 0; i < end; ++i) {
        if (quoted && unfinished[i] == '\\')
            ++i;
        else if (unfinished[i] == '"')
            quoted = !quoted;
    }
    return quoted;
}

bool is_header_name(std::string_view name) {
    const auto allowed = [](char c) {
        if ((c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z')) return true;
        return c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr;
    };
    return !name.empty() && std::all_of(name.begin(), name.end(), allowed);
}

bool is_header_value(std::string_view value) {
    return std::none_of(value.begin(), value.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
    });
}

bool is_ours(std::string_view name) {
    static constexpr std::string_view ours[] = {"content-length", "connection", "date",
                                                "transfer-encoding"};
    return std::any_of(std::begin(ours), std::end(ours),
                       [&](std::string_view own) { return equals_ignoring_case(name, own); });
}

void add_header(std::string& head, std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

struct RequestReader::Impl {
    explicit Impl(std::size_t limit) : max_header_bytes(limit) {
        parser.header_limit(static_cast<std::uint32_t>(limit + 1)); // ours goes first
        parser.body_limit(boost::none);
    }

    std::size_t feed_head(std::string_view bytes);
    std::size_t feed_body(std::string_view bytes);
    void parse_head();
    void refuse(Refusal why) {
        refusal = why;
        state = State::refused;
    }

    const std::size_t max_header_bytes;
    State state = State::head;
    Parser parser;
    std::string text; // the head so far; later the unfinished line of a chunked body
    Refusal refusal;
};

std::size_t RequestReader::Impl::feed_head(std::string_view bytes) {
    std::size_t skipped = 0;
    if (text.empty()) { // RFC 9112 2.2: empty lines before a request are passed over
        skipped = std::min(bytes.find_first_not_of("\r\n"), bytes.size());
        bytes.remove_prefix(skipped);
    }
    const auto before = text.size();
    const auto room = max_header_bytes + 1 - std::min(before, max_header_bytes + 1);
    text.append(bytes.substr(0, room));
    const auto end = text.find("\r\n\r\n", before < 3 ? 0 : before - 3);
    if (end == std::string::npos) {
        if (text.size() > max_header_bytes) refuse(header_too_large);
        return skipped + bytes.size();
    }
    text.resize(end + 4);
    const auto taken = skipped + text.size() - before;
    parse_head();
    std::string().swap(text);
    return taken;
}

void RequestReader::Impl::parse_head() {
    if (text.size() > max_header_bytes) return refuse(header_too_large);
    if (const auto refused = lint_lines(text)) return refuse(*refused);
    error_code error;
    parser.put(boost::asio::buffer(text), error);
    if (error || !parser.is_header_done()) {
        const bool both = error == beast_http::error::bad_transfer_encoding;
        return refuse(malformed(both ? "Transfer-Encoding beside Content-Length"
                                     : "the request header cannot be read"));
    }
    auto& head = parser.head;
    head.chunked = parser.chunked();
    if (const auto length = parser.content_length(); length && count(head, "content-length") > 0)
        head.content_length = *length;
    head.keep_alive = parser.version >= 11 && parser.keep_alive();
    head.expects_continue = parser.version >= 11 && count(head, "expect") > 0;
    if (const auto refused = lint_meaning(head, parser.version)) return refuse(*refused);
    state = State::head_done;
}

std::size_t RequestReader::Impl::feed_body(std::string_view bytes) {
    const auto carried = text.size();
    auto input = bytes;
    if (carried > 0) {
        text.append(bytes);
        input = text;
        // Beast asserts that an unfinished last chunk is offered again with at least this much; the
        // shortest one, "0\r\n\r\n", is just as long.
        if (input.front() == '0' && input.size() < last_chunk_size) return bytes.size();
    }
    std::size_t used = 0;
    error_code error;
    while (used < input.size() && !parser.is_done() && !error)
        used += parser.put(boost::asio::buffer(input.data() + used, input.size() - used), error);
    if (error && error != beast_http::error::need_more) {
        refuse(error == beast_http::error::body_limit
                   ? Refusal{413, "too-large", "the body is larger than this route takes"}
                   : malformed("a broken chunked body"));
        return bytes.size();
    }
    if (parser.is_done()) {
        state = State::complete;
        std::string().swap(text);
        return used - std::min(used, carried);
    }
    std::string unfinished(input.substr(used));
    text = std::move(unfinished);
    if (has_open_quote(text)) refuse(malformed("a broken chunked body"));
    if (text.size() > max_chunk_overhead) refuse(malformed("a chunk header that is too long"));
    return bytes.size();
}

RequestReader::RequestReader(std::size_t max_header_bytes)
    : impl_(std::make_unique<Impl>(max_header_bytes)) {}

RequestReader::~RequestReader() = default;

std::size_t RequestReader::feed(std::string_view bytes) {
    return impl_->state == State::head ? impl_->feed_head(bytes) : impl_->feed_body(bytes);
}

RequestReader::State RequestReader::state() const {
    return impl_->state;
}

void RequestReader::open_body(std::uint64_t limit) {
    const auto& head = impl_->parser.head;
    const bool announced = head.content_length.value_or(0) > limit;
    if (announced || (head.chunked && limit == 0))
        return impl_->refuse(
            {413, "too-large",
             limit == 0 ? "this route takes no body" : "the body is larger than this route takes"});
    impl_->parser.body_limit(limit);
    impl_->parser.eager(true);
    impl_->state = impl_->parser.is_done() ? State::complete : State::body;
}

Head& RequestReader::head() {
    return impl_->parser.head;
}

const Head& RequestReader::head() const {
    return impl_->parser.head;
}

std::size_t RequestReader::body_size() const {
    return impl_->parser.body.size();
}

std::string RequestReader::take_body() {
    return std::move(impl_->parser.body);
}

Refusal RequestReader::refusal() const {
    return impl_->refusal;
}

std::optional<std::string> compose_head(const Response& response, const AnswerFraming& framing) {
    const auto reason = beast_http::obsolete_reason(
        beast_http::int_to_status(static_cast<unsigned>(response.status)));
    std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
    head.append(reason.data(), reason.size()).append("\r\n");
    bool caching_is_said = false;
    for (const auto& [name, value] : response.headers) {
        if (!is_header_name(name) || !is_header_value(value)) return std::nullopt;
        if (is_ours(name)) continue;
        caching_is_said = caching_is_said || equals_ignoring_case(name, "cache-control");
        add_header(head, name, value);
    }
    if (!caching_is_said) add_header(head, "Cache-Control", "no-store");
    add_header(head, "X-Content-Type-Options", "nosniff");
    if (framing.secured) add_header(head, "Strict-Transport-Security", "max-age=63072000");
    add_header(head, "Date", framing.date);
    if (!framing.keep_alive) add_header(head, "Connection", "close");
    if (status_has_body(response.status) && !response.source) {
        const auto& body = response.shared_body ? *response.shared_body : response.body;
        add_header(head, "Content-Length", std::to_string(body.size()));
    }
    head.append("\r\n");
    return head;
}

bool status_has_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

std::string http_date(std::chrono::sys_seconds time) {
    static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    char text[64];
    const int length = std::snprintf(
        text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT",
        days[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
        months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()));
    return std::string(text, static_cast<std::size_t>(length));
}

} // namespace cpg::http
