// The corpus of bad requests in hostile/*.http: each gets the answer that stands with it, and the
// server goes on. The form of a case:
//
//     == what it is
//     => 400|413 close          status (one of); close, keep or any: what becomes of the connection
//     GET / HTTP/1.1\r\n…       until the next empty line; line ends of the file do not count
//
// Escapes: \r \n \t \0 \\ \xNN, and {N:text} for text N times.
#include "tests/http/gate.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>

using namespace cpg;
using namespace cpg::test;

namespace {

struct HostileCase {
    std::string name;
    std::vector<int> statuses;
    std::string then; // close, keep, any
    std::string request;
};

std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '{') { // {N:text}
            const auto colon = text.find(':', i);
            const auto end = text.find('}', i);
            BOOST_REQUIRE(colon != std::string_view::npos && end != std::string_view::npos);
            const auto piece = unescaped(text.substr(colon + 1, end - colon - 1));
            const int times = std::stoi(std::string(text.substr(i + 1, colon - i - 1)));
            for (int n = 0; n < times; ++n) out += piece;
            i = end;
        } else if (text[i] != '\\') {
            out += text[i];
        } else if (text[++i] == 'x') {
            out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
            i += 2;
        } else {
            constexpr std::string_view names = "rnt0\\", meant{"\r\n\t\0\\", 5};
            out += meant.at(names.find(text[i]));
        }
    }
    return out;
}

std::vector<int> statuses_of(std::string_view text) {
    std::vector<int> statuses;
    for (std::size_t at = 0; at < text.size(); at += 4)
        statuses.push_back(std::stoi(std::string(text.substr(at, 3))));
    return statuses;
}

std::vector<HostileCase> cases_of(const std::filesystem::path& file) {
    std::vector<HostileCase> cases;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("== ")) {
            cases.push_back({line.substr(3), {}, {}, {}});
        } else if (line.starts_with("=> ")) {
            const auto blank = line.find(' ', 3);
            cases.back().statuses = statuses_of(line.substr(3, blank - 3));
            cases.back().then = line.substr(blank + 1);
        } else if (!line.empty() && !cases.empty()) {
            cases.back().request += unescaped(line);
        }
    }
    return cases;
}

void check_case(Gate& gate, const HostileCase& hostile) {
    auto client = gate.office();
    client.send(hostile.request);
    const auto reply = client.receive();
    BOOST_REQUIRE(reply);
    BOOST_TEST_INFO("answered " << reply->status);
    BOOST_TEST((std::find(hostile.statuses.begin(), hostile.statuses.end(), reply->status) !=
                hostile.statuses.end()));
    const bool closes = reply->header("connection") == "close";
    if (hostile.then != "any") BOOST_TEST(closes == (hostile.then == "close"));
    if (reply->status >= 400)
        BOOST_TEST(reply->header("content-type") == "application/problem+json");
    if (closes) BOOST_TEST(client.closed_by_server());
}

} // namespace

BOOST_AUTO_TEST_SUITE(hostile)

BOOST_AUTO_TEST_CASE(
    every_bad_request_of_the_corpus_gets_its_answer_and_the_next_client_a_good_one) {
    Gate gate;
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(CPG_SOURCE_DIR "/tests/http/hostile"))
        for (const auto& hostile : cases_of(entry.path()))
            BOOST_TEST_CONTEXT(entry.path().filename().string() << ": " << hostile.name) {
                ++count;
                BOOST_REQUIRE(!hostile.statuses.empty() && !hostile.request.empty());
                check_case(gate, hostile);
                BOOST_TEST(gate.office().ask(get("/echo"))->status == 200);
            }
    BOOST_TEST(count >= 90u);
}

BOOST_AUTO_TEST_SUITE_END()
