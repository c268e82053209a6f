#include "gateway/ops/log.hpp"
#include "gateway/ops/metrics.hpp"
#include "tests/http/pki.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <thread>

using namespace cpg;

namespace {

/// Sends the log to a file for the time of one test.
class LogFile {
  public:
    LogFile() { log::set_file(path()); }
    ~LogFile() {
        log::set_file("");
        log::set_level(log::Level::info);
    }
    std::vector<boost::json::object> lines() const {
        std::ifstream in(path());
        std::vector<boost::json::object> result;
        for (std::string line; std::getline(in, line);)
            result.push_back(boost::json::parse(line).as_object());
        return result;
    }

  private:
    std::string path() const { return (folder_.path() / "log").string(); }
    test::TemporaryFolder folder_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(operations)

BOOST_AUTO_TEST_CASE(an_event_is_one_line_of_json) {
    const LogFile file;
    log::info("bundle.accepted", {{"bundle", "id"}, {"ms", std::int64_t{12}}, {"fast", true}});
    const auto lines = file.lines();
    BOOST_REQUIRE(lines.size() == 1u);
    BOOST_TEST(lines[0].at("level").as_string() == "info");
    BOOST_TEST(lines[0].at("event").as_string() == "bundle.accepted");
    BOOST_TEST(lines[0].at("ms").as_int64() == 12);
    BOOST_TEST(lines[0].at("fast").as_bool() == true);
    BOOST_TEST(lines[0].at("time").as_string().size() == 24u);
}

BOOST_AUTO_TEST_CASE(no_text_can_break_a_line) {
    const LogFile file;
    log::warning("x", {{"a", std::string("two\nlines \"quoted\" \x01 \0 end", 27)},
                       {"b", std::string("\xff\xfe 見 \xe8\xa6")},
                       {"c", std::nan("")},
                       {"d", std::string(5000, 'x')}});
    const auto lines = file.lines();
    BOOST_REQUIRE(lines.size() == 1u);
    BOOST_TEST(lines[0].at("a").as_string().starts_with("two\nlines \"quoted\""));
    BOOST_TEST(lines[0].at("b").as_string() == "\uFFFD\uFFFD 見 \uFFFD\uFFFD");
    BOOST_TEST(lines[0].at("c").is_null());
    BOOST_TEST(lines[0].at("d").as_string().size() < 1100u);
}

BOOST_AUTO_TEST_CASE(lines_of_many_threads_stay_whole) {
    const LogFile file;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([t] {
            for (int i = 0; i < 200; ++i)
                log::error("burst", {{"thread", std::int64_t{t}}, {"text", std::string(300, 'x')}});
        });
    for (auto& thread : threads) thread.join();
    BOOST_TEST(file.lines().size() == 800u);
}

BOOST_AUTO_TEST_CASE(events_below_the_level_are_not_written) {
    const LogFile file;
    log::set_level(log::Level::warning);
    log::info("quiet");
    log::event(log::Level::debug, "quieter");
    log::error("loud");
    BOOST_TEST(file.lines().size() == 1u);
    BOOST_CHECK_THROW(log::set_file("/nonexistent-folder/log"), std::runtime_error);
    log::error("still the same file");
    BOOST_TEST(file.lines().size() == 2u);
}

BOOST_AUTO_TEST_CASE(metrics_are_in_prometheus_form) {
    Metrics metrics;
    metrics.describe("cpgw_requests_total", "counter", "Requests answered");
    metrics.count("cpgw_requests_total", "status=\"200\"");
    metrics.count("cpgw_requests_total", "status=\"200\"", 2);
    metrics.count("cpgw_starts_total");
    metrics.observe("cpgw_seconds", "route=\"a\"", 0.02);
    metrics.observe("cpgw_seconds", "route=\"a\"", 400);
    metrics.gauge("cpgw_open", "Open connections", [] { return 7.0; });
    metrics.gauge("cpgw_broken", "Cannot be read",
                  []() -> double { throw std::runtime_error("x"); });
    const auto text = metrics.text();
    for (const char* line :
         {"# HELP cpgw_requests_total Requests answered\n", "# TYPE cpgw_requests_total counter\n",
          "cpgw_requests_total{status=\"200\"} 3\n", "cpgw_starts_total 1\n",
          "# TYPE cpgw_seconds histogram\n", "cpgw_seconds_bucket{route=\"a\",le=\"0.01\"} 0\n",
          "cpgw_seconds_bucket{route=\"a\",le=\"0.025\"} 1\n",
          "cpgw_seconds_bucket{route=\"a\",le=\"60\"} 1\n",
          "cpgw_seconds_bucket{route=\"a\",le=\"+Inf\"} 2\n",
          "cpgw_seconds_sum{route=\"a\"} 400.02\n", "cpgw_seconds_count{route=\"a\"} 2\n",
          "# TYPE cpgw_open gauge\ncpgw_open 7\n", "cpgw_broken NaN\n"})
        BOOST_TEST(text.find(line) != std::string::npos, line << "missing in\n" << text);
}

BOOST_AUTO_TEST_CASE(labels_from_outside_do_not_fill_the_memory) {
    Metrics metrics;
    for (int i = 0; i < 3000; ++i) metrics.count("cpgw_x_total", "v=\"" + std::to_string(i) + "\"");
    const auto text = metrics.text();
    BOOST_TEST(std::count(text.begin(), text.end(), '\n') < 1100);
    BOOST_TEST(text.find("cpgw_x_total{overflow=\"true\"} 2000\n") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
