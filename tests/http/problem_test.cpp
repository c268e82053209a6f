#include "gateway/http/problem.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::http;

namespace {

Request asking_in(std::string languages) {
    Request request;
    request.id = "0123456789abcdef";
    request.headers.emplace_back("accept-language", std::move(languages));
    return request;
}

std::string header_of(const Response& response, std::string_view name) {
    for (const auto& [own, value] : response.headers)
        if (own == name) return value;
    return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(problem_documents)

BOOST_AUTO_TEST_CASE(speaks_japanese_unless_english_is_preferred) {
    const std::pair<const char*, bool> cases[] = {
        {"", false},
        {"ja", false},
        {"en", true},
        {"EN-us", true},
        {"en-US,en;q=0.9,ja;q=0.8", true},
        {"ja,en;q=0.9", false},
        {"en,ja", true},
        {"ja,en", false},
        {"en;q=0.5, ja;q=0.7", false},
        {"en;q=0", false},
        {"*", false},
        {"fr, en;q=0.3", true},
        {"en;q=0.3, *;q=0.5", false},
        {"english", false},
        {"en;q=nan", false},
        {"en;q=2", false},
        {";;;,,,q=", false},
    };
    for (const auto& [languages, english] : cases)
        BOOST_TEST(wants_english(asking_in(languages)) == english, languages);
}

BOOST_AUTO_TEST_CASE(has_the_shape_of_the_contract) {
    const Error error{Errc::unknown_receiver, "no office of that number"};
    const auto japanese = problem(error, asking_in("ja"));
    BOOST_TEST(japanese.status == 422);
    BOOST_TEST(header_of(japanese, "Content-Type") == "application/problem+json");
    BOOST_TEST(header_of(japanese, "Content-Language") == "ja");
    auto document = boost::json::parse(japanese.body);
    BOOST_TEST(document.at("type").as_string() == "urn:cpgw:problem:unknown-receiver");
    BOOST_TEST(document.at("title").as_string() == "送信先が登録されていません");
    BOOST_TEST(document.at("status").as_int64() == 422);
    BOOST_TEST(document.at("detail_en").as_string() == "no office of that number");
    BOOST_TEST(document.at("instance").as_string() == "0123456789abcdef");

    const auto english = problem(error, asking_in("en"));
    BOOST_TEST(header_of(english, "Content-Language") == "en");
    document = boost::json::parse(english.body);
    BOOST_TEST(document.at("title").as_string() == "Unknown receiver");
    BOOST_TEST(document.at("detail").as_string() == "no office of that number");
    BOOST_TEST(!document.as_object().contains("detail_en"));
}

BOOST_AUTO_TEST_CASE(every_error_code_has_words_and_a_status) {
    for (int code = 0; code <= static_cast<int>(Errc::configuration); ++code) {
        const auto errc = static_cast<Errc>(code);
        for (const char* language : {"ja", "en"}) {
            const auto response = problem(Error{errc, "detail"}, asking_in(language));
            BOOST_TEST(response.status == status_of(errc));
            BOOST_TEST((response.status >= 400 && response.status < 600));
            const bool waits = response.status == 429 || response.status == 503;
            BOOST_TEST(header_of(response, "Retry-After").empty() == !waits);
            const auto document = boost::json::parse(response.body);
            BOOST_TEST(!document.at("title").as_string().empty());
            BOOST_TEST(!document.at("detail").as_string().empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(the_server_itself_has_words_for_what_it_refuses) {
    for (const int status : {400, 401, 404, 405, 408, 413, 415, 417, 431, 500, 501, 503}) {
        const auto response = problem(status, "some-slug", "in English", "id");
        const auto document = boost::json::parse(response.body);
        BOOST_TEST(response.status == status);
        BOOST_TEST(document.at("type").as_string() == "urn:cpgw:problem:some-slug");
        BOOST_TEST(document.at("detail_en").as_string() == "in English");
    }
    BOOST_CHECK_THROW(problem(299, "x", "y", "z"), std::logic_error);
}

BOOST_AUTO_TEST_SUITE_END()
