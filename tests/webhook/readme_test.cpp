// The code of adapters/webhook/README.md is this code.
#include "adapters/webhook/verify.hpp"

int answer_to(const cpg::webhook::Received& message, const std::vector<std::string>& secrets) {
    using namespace std::chrono;
    const auto now = floor<seconds>(system_clock::now());
    return cpg::webhook::verify(message, secrets, now) ? 204 : 400;
}

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>

namespace {

std::string text_of(const std::string& file) {
    std::ifstream in(std::string(CPG_SOURCE_DIR) + "/" + file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::string between(const std::string& text, const std::string& first, const std::string& last) {
    const auto begin = text.find(first);
    BOOST_REQUIRE(begin != std::string::npos);
    return text.substr(begin, text.find(last, begin) - begin);
}

} // namespace

BOOST_AUTO_TEST_SUITE(webhook_readme)

BOOST_AUTO_TEST_CASE(shows_code_that_compiles_and_works) {
    const std::string first = "#include \"adapters/webhook/verify.hpp\"\n";
    BOOST_TEST(between(text_of("adapters/webhook/README.md"), first, "```") ==
               between(text_of("tests/webhook/readme_test.cpp"), first, "\n#include <boost"));
    const std::string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto time = std::to_string(now.time_since_epoch().count());
    const auto signature =
        cpg::webhook::sign(*cpg::webhook::parse_secret(secret), "msg_1", now, "{}");
    BOOST_TEST(answer_to({"msg_1", time, signature, "{}"}, {secret}) == 204);
    BOOST_TEST(answer_to({"msg_1", time, signature, "{ }"}, {secret}) == 400);
}

BOOST_AUTO_TEST_SUITE_END()
