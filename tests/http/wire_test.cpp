// The reader alone, without a socket: it must not matter how the bytes are cut.
#include "gateway/http/wire.hpp"

#include <boost/test/unit_test.hpp>
#include <random>

using namespace cpg::http;

namespace {

struct Outcome {
    RequestReader::State state = RequestReader::State::head;
    std::string method, target, body;
    std::size_t used = 0;
    int status = 0;
    bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view bytes, std::size_t step) {
    RequestReader reader(4096);
    Outcome outcome;
    while (outcome.used < bytes.size() && (reader.state() == RequestReader::State::head ||
                                           reader.state() == RequestReader::State::body)) {
        outcome.used += reader.feed(bytes.substr(outcome.used, step));
        if (reader.state() == RequestReader::State::head_done) reader.open_body(10'000);
    }
    outcome.state = reader.state();
    if (outcome.state == RequestReader::State::refused) {
        outcome.status = reader.refusal().status;
        outcome.used = 0; // how much of a refused request was looked at depends on the cuts
        return outcome;
    }
    outcome.method = reader.head().method;
    outcome.target = reader.head().target;
    outcome.body = reader.take_body();
    return outcome;
}

const std::string fixed = "POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
const std::string chunked =
    "\r\nPOST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
    "5\r\nhello\r\n6;a=\"b\"\r\n world\r\n0\r\nX-Late: y\r\nHost: other\r\n\r\n";

} // namespace

BOOST_AUTO_TEST_SUITE(wire)

BOOST_AUTO_TEST_CASE(reads_the_same_however_the_bytes_are_cut) {
    for (const auto& request : {fixed, chunked}) {
        const auto whole = read(request + "GET / HTTP/1.1\r\n", 100'000);
        BOOST_TEST((whole.state == RequestReader::State::complete));
        BOOST_TEST(whole.used == request.size());
        for (std::size_t step = 1; step < request.size(); ++step)
            BOOST_TEST((read(request + "GET / HTTP/1.1\r\n", step) == whole), step);
    }
    BOOST_TEST(read(fixed, 7).body == "hello");
    BOOST_TEST(read(chunked, 7).body == "hello world");
}

BOOST_AUTO_TEST_CASE(refuses_a_quote_left_open_in_a_chunk_line_however_it_is_cut) {
    const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string_view line : {"5;a=\"\r\n", "5;a=\"\\\r\n", "1\r\nx\r\n5;a=\"b\r\n"}) {
        const std::string request = head + std::string(line) + std::string(3000, 'x');
        for (const std::size_t step : {std::size_t{1}, std::size_t{7}, request.size()}) {
            BOOST_TEST_INFO(line << " in steps of " << step);
            BOOST_TEST(read(request, step).status == 400);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_trailer_adds_no_header) {
    RequestReader reader(4096);
    const auto used = reader.feed(chunked);
    reader.open_body(100);
    reader.feed(std::string_view(chunked).substr(used));
    BOOST_TEST((reader.state() == RequestReader::State::complete));
    BOOST_REQUIRE(reader.head().headers.size() == 2u);
    BOOST_TEST(!reader.head().content_length);
}

BOOST_AUTO_TEST_CASE(a_header_of_exactly_the_limit_passes) {
    std::string head = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
    head += std::string(4096 - head.size() - 4, 'x') + "\r\n\r\n";
    BOOST_TEST((read(head, 4096).state == RequestReader::State::complete));
    head.insert(head.size() - 4, "x");
    for (const std::size_t step : {1u, 100u, 5000u}) BOOST_TEST(read(head, step).status == 431);
}

BOOST_AUTO_TEST_CASE(mutated_requests_never_depend_on_the_cuts) {
    const auto seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random(seed);
    const auto pick = [&](std::size_t count) {
        return std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
    };
    const std::string pieces[] = {"\r\n", "\r", "\n", " ", ":", "0", "ffff", "chunked", ",", ""};
    for (int round = 0; round < 10'000; ++round) {
        std::string request = pick(2) == 0 ? fixed : chunked;
        for (std::size_t change = 0; change <= pick(3); ++change) {
            const auto where = pick(request.size());
            request.replace(where, pick(3), pieces[pick(std::size(pieces))]);
        }
        const auto whole = read(request, request.size());
        const auto cut = read(request, 1 + pick(9));
        BOOST_REQUIRE_MESSAGE(whole == cut, "seed " << seed << " round " << round << "\n"
                                                    << request);
        BOOST_REQUIRE(whole.body.size() <= 10'000u);
    }
}

BOOST_AUTO_TEST_CASE(answers_are_framed_by_the_server_alone) {
    Response response = text_response(200, "body");
    response.headers.emplace_back("Content-Length", "99");
    response.headers.emplace_back("cache-control", "max-age=60");
    const auto head = compose_head(response, {true, false, "DATE"});
    BOOST_TEST(*head == "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                        "cache-control: max-age=60\r\nX-Content-Type-Options: nosniff\r\n"
                        "Date: DATE\r\nContent-Length: 4\r\n\r\n");
    for (const auto& [name, value] : std::initializer_list<std::pair<const char*, const char*>>{
             {"X", "a\r\nb"}, {"X", "a\nb"}, {"X y", "a"}, {"", "a"}, {"X:", "a"}}) {
        Response broken = text_response(200, "");
        broken.headers.emplace_back(name, value);
        BOOST_TEST(!compose_head(broken, {}));
    }
}

BOOST_AUTO_TEST_CASE(writes_the_date_of_rfc_9110) {
    BOOST_TEST(http_date(std::chrono::sys_seconds{std::chrono::seconds{784111777}}) ==
               "Sun, 06 Nov 1994 08:49:37 GMT");
}

BOOST_AUTO_TEST_SUITE_END()
