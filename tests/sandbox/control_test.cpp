#include "gateway/sandbox/control.hpp"
#include "gateway/sandbox/request_log.hpp"
#include "spec/base/digest.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>

using namespace cpg;
using namespace cpg::sandbox;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Case {
    std::string why, method;
    Headers headers;
    bool admitted;
};
std::ostream& operator<<(std::ostream& out, const Case& one) {
    return out << one.why;
}

const std::pair<std::string, std::string> own{"x-cpgw-sandbox", "1"};
const std::array cases{
    Case{"curl", "GET", {{"host", "127.0.0.1:8444"}}, true},
    Case{"a browser's address line",
         "GET",
         {{"host", "localhost:8444"}, {"sec-fetch-site", "none"}},
         true},
    Case{"curl, with the header", "POST", {{"host", "localhost:8444"}, own}, true},
    Case{"without the header", "POST", {{"host", "localhost:8444"}}, false},
    Case{"another value", "POST", {{"host", "localhost:8444"}, {"x-cpgw-sandbox", "yes"}}, false},
    Case{"a name that was pointed at us", "GET", {{"host", "evil.example:8444"}}, false},
    Case{"the same, without port", "GET", {{"host", "localhost"}}, false},
    Case{"another port", "GET", {{"host", "localhost:8443"}}, false},
    Case{"a longer name", "GET", {{"host", "localhost:8444.evil.example"}}, false},
    Case{"no host", "GET", {}, false},
    Case{"another origin",
         "GET",
         {{"host", "localhost:8444"}, {"origin", "https://evil.example"}},
         false},
    Case{"an origin of no name",
         "POST",
         {{"host", "localhost:8444"}, {"origin", "null"}, own},
         false},
    Case{"another port's page",
         "POST",
         {{"host", "localhost:8444"}, {"origin", "http://localhost:3000"}, own},
         false},
    Case{"another site's page",
         "GET",
         {{"host", "localhost:8444"}, {"sec-fetch-site", "cross-site"}},
         false},
    Case{"a neighbour's page",
         "GET",
         {{"host", "localhost:8444"}, {"sec-fetch-site", "same-site"}},
         false},
};

http::Answered answer(std::string_view route, const std::string& der) {
    http::Answered answered;
    answered.route = route;
    answered.method = "GET";
    answered.status = 403;
    answered.problem = "forbidden";
    answered.certificate_der = der;
    answered.took = std::chrono::microseconds(1500);
    answered.request_bytes = 10;
    answered.response_bytes = 20;
    answered.request_id = "0123";
    return answered;
}

} // namespace

BOOST_DATA_TEST_CASE(only_the_owner_of_the_machine_is_let_in, boost::unit_test::data::make(cases),
                     one) {
    http::Request request;
    request.method = one.method;
    request.headers = one.headers;
    BOOST_TEST(admit(request, 8444).has_value() == one.admitted);
}

BOOST_AUTO_TEST_CASE(a_request_is_logged_with_its_caller_and_its_problem) {
    RequestLog log;
    log.know(sha256("mine"), {"0370100017,0370100025", false});
    log.add(answer("inbox", "mine"), Time{});
    const auto page = log.page({});
    BOOST_REQUIRE(page.requests.size() == 1u);
    const LoggedRequest& one = page.requests.front();
    BOOST_TEST(one.number == 1u);
    BOOST_TEST(one.caller == "0370100017,0370100025");
    BOOST_TEST(one.method == "GET");
    BOOST_TEST(one.route == "inbox");
    BOOST_TEST(one.status == 403);
    BOOST_TEST(one.problem == "forbidden");
    BOOST_TEST(one.incident == "0123");
    BOOST_TEST(one.bytes_in == 10u);
    BOOST_TEST(one.bytes_out == 20u);
    BOOST_TEST(one.ms == 1.5);
}

BOOST_AUTO_TEST_CASE(pages_follow_each_other_without_robots_unless_they_are_asked_for) {
    RequestLog log;
    log.know(sha256("mine"), {"0370100017", false});
    log.know(sha256("robot"), {"0370100033", true});
    for (int i = 0; i < 3; ++i) {
        log.add(answer("inbox", "mine"), Time{});
        log.add(answer("outbox", "robot"), Time{});
    }
    log.add(answer("me", "nobody"), Time{});
    const auto first = log.page({0, "", false, 2});
    BOOST_TEST(first.requests.size() == 2u);
    BOOST_TEST(first.next == 3u);
    const auto second = log.page({first.next, "", false, 2});
    BOOST_TEST(second.requests.size() == 2u);
    BOOST_TEST(second.requests.back().caller == "");
    BOOST_TEST(second.next == 7u);
    BOOST_TEST(log.page({second.next, "", false, 2}).requests.empty());
    BOOST_TEST(log.page({0, "", true, 100}).requests.size() == 7u);
    BOOST_TEST(log.page({0, "0370100033", true, 100}).requests.size() == 3u);
}

BOOST_AUTO_TEST_CASE(the_newest_are_kept_and_numbers_go_on_after_a_reset) {
    RequestLog log;
    for (std::size_t i = 0; i <= max_logged_requests; ++i) log.add(answer("me", "x"), Time{});
    const auto page = log.page({});
    BOOST_TEST(page.requests.front().number == 2u);
    BOOST_TEST(page.requests.size() == max_request_page);
    log.clear();
    BOOST_TEST(log.page({}).requests.empty());
    log.add(answer("me", "x"), Time{});
    BOOST_TEST(log.page({}).requests.front().number == max_logged_requests + 2);
}
