#include "adapters/client/answer_text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::client;

namespace {

const std::string id = "019a0000-0000-7000-8000-000000000001";
const std::string finding =
    R"({"rule":"R-MON-03","severity":"error","file":"UPPLAN.CSV","line":3,"item":"利用日",)"
    R"("message":"月が違います","hint":"対象年月"})";
const std::string submission =
    R"({"bundles":[{"id":")" + id +
    R"(","verdict":"accepted","report":{"kind":"schedule","serial":"20261122093000",)"
    R"("to":{"office":"0370100025","service_type":"11"},"files":[{"name":"a.csv"},{"name":"b"}],)"
    R"("findings":[)" +
    finding + R"(]},"receipt":"c2sp\n"}],"findings":[)" + finding + "]}";
const std::string listed =
    R"({"id":")" + id +
    R"(","kind":"schedule","edition":"4.1","month":"202612","state":"fetched",)"
    R"("from":{"office":"0370100017","service_type":"43"},"to":{"office":"0370100025"},)"
    R"("serial":"20261122093000","accepted_at":"2026-11-22T09:30:00.123Z","bytes":2048,"files":2})";

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const std::size_t place = text.find(what);
    BOOST_REQUIRE(place != std::string::npos);
    return text.replace(place, what.size(), by);
}

/// The member that a reader blames.
template<class T> std::string blamed(const Result<T>& read) {
    if (read) return "nothing";
    BOOST_TEST((read.error().code == Errc::malformed));
    return read.error().detail;
}

} // namespace

BOOST_AUTO_TEST_SUITE(answer_text)

BOOST_AUTO_TEST_CASE(a_problem_becomes_one_line) {
    const Problem problem = read_problem(
        R"({"type":"urn:cpgw:problem:overloaded","title":"混雑","detail":"later","instance":"i-1"})");
    BOOST_TEST(problem.type == "urn:cpgw:problem:overloaded");
    BOOST_TEST(line_of(503, problem) == "HTTP 503: 混雑: later: i-1");
    BOOST_TEST(line_of(400, read_problem(R"({"detail":"x"})")) == "HTTP 400: x");
    for (const std::string_view none :
         {"", "{", "[]", "null", "<html>", R"({"title":1})", "\x1b[2J"})
        BOOST_TEST(line_of(502, read_problem(none)) == "HTTP 502", none);
}

BOOST_AUTO_TEST_CASE(nothing_that_steers_a_terminal_is_printed) {
    BOOST_TEST(printable_line("見本 花子 ~") == "見本 花子 ~");
    BOOST_TEST(printable_line("a\x1b[31m\r\nb\x07\tc\x7f") == "a?[31m??b??c?");
    BOOST_TEST(printable_line("\xc2\x9b"
                              "0m") == "?0m"); // CSI as one character
    BOOST_TEST(printable_line("\x9b\xff\xc0\x9b\xed\xa0\x80") == "???????");
    BOOST_TEST(printable_line("\u202Eevil\u2066\u200F\u2028x") == "?evil???x");
    BOOST_TEST(printable_line(std::string_view("a\0b", 3)) == "a?b");
    const Problem problem = read_problem(R"({"title":"\u001b]0;x\u0007","detail":"a\nHTTP 200"})");
    BOOST_TEST(line_of(500, problem) == "HTTP 500: ?]0;x?: a?HTTP 200");
    const auto answer = read_submit_answer(replaced(submission, "月が違います", R"(\u001b[2J)"));
    BOOST_TEST(answer->bundles.at(0).findings.at(0).message == "?[2J");
}

BOOST_AUTO_TEST_CASE(the_answer_to_a_submission_is_read) {
    const auto answer = read_submit_answer(submission).value();
    BOOST_REQUIRE(answer.bundles.size() == 1u);
    const SentBundle& bundle = answer.bundles[0];
    BOOST_TEST(bundle.id.str() == id);
    BOOST_TEST(bundle.accepted);
    BOOST_TEST(bundle.receipt == "c2sp\n");
    BOOST_TEST(bundle.to == "0370100025");
    BOOST_TEST(bundle.kind == "schedule");
    BOOST_TEST(bundle.serial == "20261122093000");
    BOOST_TEST((bundle.files == std::vector<std::string>{"a.csv", "b"}));
    BOOST_REQUIRE(bundle.findings.size() == 1u);
    const FindingText& one = bundle.findings[0];
    BOOST_TEST(one.rule == "R-MON-03");
    BOOST_TEST(one.is_error());
    BOOST_TEST(one.file == "UPPLAN.CSV");
    BOOST_TEST(one.line.value() == 3u);
    BOOST_TEST(one.item == "利用日");
    BOOST_TEST(one.message == "月が違います");
    BOOST_TEST(one.hint == "対象年月");
    BOOST_TEST(answer.findings.size() == 1u);
    BOOST_TEST(boost::json::serialize(answer.json).find(id) != std::string::npos);
    BOOST_TEST(!read_submit_answer(replaced(submission, "accepted", "taken"))->bundles[0].accepted);
}

BOOST_AUTO_TEST_CASE(a_submission_that_is_not_as_it_should_be_is_blamed_on_a_member) {
    const std::pair<std::string, std::string> changes[] = {
        {R"({"bundles":[)", R"({"bundle":[)"},
        {"\"" + id + "\"", "\"" + id + "x\""},
        {"\"" + id + "\"", "17"},
        {R"("report":{)", R"("reports":{)"},
        {R"("to":{"office":"0370100025","service_type":"11"})", R"("to":[])"},
        {R"([{"name":"a.csv"})", R"([1)"},
        {R"("line":3)", R"("line":-3)"},
        {R"("line":3)", R"("line":3.5)"},
        {R"("line":3)", R"("line":"3")"},
        {R"("line":3)", R"("line":99999999999999999999999)"},
        {R"("findings":[{)", R"("findings":[[],{)"},
    };
    const std::string blames[] = {"bundles", "id",   "id",   "report", "to",      "files",
                                  "line",    "line", "line", "line",   "findings"};
    for (std::size_t i = 0; i < std::size(changes); ++i)
        BOOST_TEST(blamed(read_submit_answer(
                       replaced(submission, changes[i].first, changes[i].second))) == blames[i],
                   changes[i].second);
    for (const std::string_view bad : {"", "null", "[]", "{}x", "{\"bundles\":[1]}", "\xff"})
        BOOST_TEST(blamed(read_submit_answer(bad)) != "nothing", bad);
    // A problem document is no answer.
    BOOST_TEST(blamed(read_submit_answer(R"({"type":"urn:cpgw:problem:x"})")) == "bundles");
}

BOOST_AUTO_TEST_CASE(a_page_of_a_mailbox_is_read) {
    const auto page =
        read_bundle_page(R"({"bundles":[)" + listed + "," + listed + R"(],"next":"17"})").value();
    BOOST_TEST(page.next == "17");
    BOOST_REQUIRE(page.bundles.size() == 2u);
    const ListedBundle& bundle = page.bundles[1];
    BOOST_TEST(bundle.id.str() == id);
    BOOST_TEST(bundle.from.office.str() == "0370100017");
    BOOST_TEST(bundle.from.service_type->str() == "43");
    BOOST_TEST(!bundle.to.service_type.has_value());
    BOOST_TEST(bundle.serial->str() == "20261122093000");
    BOOST_TEST(rfc3339(*bundle.accepted_at) == "2026-11-22T09:30:00.123Z");
    BOOST_TEST(!bundle.fetched_at.has_value());
    BOOST_TEST(bundle.bytes == 2048u);
    BOOST_TEST(bundle.files == 2u);
    BOOST_TEST(bundle.state == "fetched");
    BOOST_TEST(read_bundle_page(R"({"bundles":[]})")->next.empty());
}

BOOST_AUTO_TEST_CASE(a_listed_bundle_that_is_not_as_it_should_be_is_blamed_on_a_member) {
    const auto blame = [](std::string_view what, std::string_view by) {
        return blamed(read_bundle_page(R"({"bundles":[)" + replaced(listed, what, by) + "]}"));
    };
    BOOST_TEST(blame("\"id\"", "\"ID\"") == "id");
    BOOST_TEST(blame("0370100017", "../../etc") == "from");
    BOOST_TEST(blame(R"("to":{)", R"("to_":{)") == "to");
    BOOST_TEST(blame("\"43\"", "\"043\"") == "service_type");
    BOOST_TEST(blame("20261122093000", "2026/1122") == "serial");
    BOOST_TEST(blame("09:30:00", "25:30:00") == "accepted_at");
    BOOST_TEST(blame("2048", "-1") == "bytes");
    BOOST_TEST(blame(R"("files":2)", R"("files":[])") == "files");
    BOOST_TEST(blamed(read_bundle_page(R"({"bundles":{}})")) == "bundles");
    BOOST_TEST(blamed(read_bundle_page(R"({"bundles":["x"]})")) == "bundles");
}

BOOST_AUTO_TEST_CASE(receipts_are_listed_as_received) {
    const auto receipts =
        read_receipts(R"({"receipts":[{"step":"fetched","receipt":"a\nb","timestamp":"MAA="},)"
                      R"({"step":"later","receipt":"","timestamp":"!"}]})")
            .value();
    BOOST_REQUIRE(receipts.size() == 2u);
    BOOST_TEST(receipts[0].step == "fetched");
    BOOST_TEST(receipts[0].text == "a\nb");
    BOOST_TEST(receipts[0].timestamp == std::string("0\0", 2));
    BOOST_TEST(receipts[1].timestamp.empty());
    BOOST_TEST(blamed(read_receipts(R"({"receipts":[null]})")) == "receipts");
    BOOST_TEST(blamed(read_receipts("{}")) == "receipts");
}

BOOST_AUTO_TEST_CASE(what_is_too_deep_or_too_large_is_no_answer) {
    BOOST_TEST(blamed(read_object(std::string(100'000, '['))) == "JSON");
    BOOST_TEST(blamed(read_object(R"({"a":)" + std::string(40, '[') + std::string(40, ']') +
                                  "}")) == "JSON");
    BOOST_TEST(
        read_object(R"({"a":)" + std::string(20, '[') + std::string(20, ']') + "}").has_value());
    std::string large(max_json_bytes + 1, ' ');
    large.front() = '{', large.back() = '}';
    BOOST_TEST(blamed(read_object(large)) == "JSON");
}

BOOST_AUTO_TEST_SUITE_END()
