#include "adapters/client/mailbox.hpp"

#include "spec/base/digest.hpp"
#include "spec/records/unpack.hpp"
#include "tests/client/scratch.hpp"
#include "tests/client/tls_server.hpp"

#include <boost/test/unit_test.hpp>

namespace cpg::client {
namespace {

using std::chrono::milliseconds;
using test::Connection;
using test::Server;

constexpr std::string_view id_text = "019a0000-0000-7000-8000-000000000001";
const BundleId id = *BundleId::parse(id_text);

std::string bundle_text(std::string_view state) {
    return R"({"id":")" + std::string(id_text) +
           R"(","kind":"schedule","edition":"4.1","month":"202612","state":")" +
           std::string(state) +
           R"(","from":{"office":"0370100017","service_type":"43"},"to":{"office":"0370100025","service_type":"11"},)"
           R"("serial":"20261120093000","accepted_at":"2026-11-22T09:30:00.123Z","bytes":10,"files":1,"new_member":[]})";
}

std::string sent_text() {
    return R"({"bundles":[{"id":")" + std::string(id_text) +
           R"(","verdict":"accepted","receipt":"the receipt","report":{"files":[{"name":"A.CSV"}]}}],"findings":[]})";
}

std::string problem(int status, const std::string& slug, const std::string& headers = {}) {
    const std::string body = R"({"type":"urn:cpgw:problem:)" + slug + R"(","title":"t","status":)" +
                             std::to_string(status) + R"(,"instance":"i-1"})";
    return "HTTP/1.1 " + std::to_string(status) +
           " X\r\nContent-Type: application/problem+json\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string fine(const std::string& body, const std::string& headers = {}) {
    return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

/// A gateway that gives these answers in order, each to one request; an empty one: it hangs up.
class World {
  public:
    explicit World(std::vector<std::string> answers) : answers_(std::move(answers)) {
        const identity::Validity validity{system_clock().now() - std::chrono::hours(1), 2};
        const auto root = identity::make_authority("Test CA", validity);
        const auto authority = *identity::Authority::open(root);
        const auto office = authority.issue_office({*OfficeNo::parse("0370100017")}, validity);
        save_file(scratch_.path() / "ca.pem", root.certificate_pem);
        save_file(scratch_.path() / "office.pem", office.certificate_pem);
        save_file(scratch_.path() / "office.key", office.key_pem,
                  std::filesystem::perms::owner_read);
        const auto hang_ups = std::count(answers_.begin(), answers_.end(), std::string());
        const std::vector<Server::Script> scripts(
            static_cast<std::size_t>(hang_ups) + 1,
            [this](Connection& connection) { serve(connection); });
        server_.emplace(test::ServerIdentity{*authority.issue_server({"localhost"}, validity),
                                             root.certificate_pem, false},
                        scripts);
    }
    Mailbox mailbox() {
        Settings settings;
        settings.gateway = server_->url();
        settings.certificate = scratch_.path() / "office.pem";
        settings.key = scratch_.path() / "office.key";
        settings.ca = scratch_.path() / "ca.pem";
        settings.timeout = std::chrono::seconds(5);
        return Mailbox(settings, {4, milliseconds(10), milliseconds(2000),
                                  [this](milliseconds time) { waits.push_back(time); }});
    }
    std::vector<std::string> requests;
    std::vector<milliseconds> waits;

  private:
    void serve(Connection& connection) {
        for (;;) {
            const std::string request = connection.read_request();
            if (request.empty()) return;
            requests.push_back(request);
            if (requests.size() > answers_.size() || answers_[requests.size() - 1].empty()) return;
            connection.write(answers_[requests.size() - 1]);
        }
    }
    test::Scratch scratch_;
    std::vector<std::string> answers_;
    std::optional<Server> server_;
};

std::string first_line(const std::string& request) {
    return request.substr(0, request.find("\r\n"));
}

std::string header_of(const std::string& request, const std::string& name) {
    const auto at = request.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 4;
    return request.substr(begin, request.find("\r\n", begin) - begin);
}

const std::vector<InputFile> two_files{{"B.CSV", "b"}, {"A.CSV", "a"}};

} // namespace

BOOST_AUTO_TEST_SUITE(mailbox)

BOOST_AUTO_TEST_CASE(a_busy_gateway_is_asked_again_with_the_same_bytes_under_the_same_key) {
    World world({problem(503, "overloaded", "Retry-After: 1\r\n"),
                 problem(409, "idempotency-in-flight"),
                 problem(429, "rate-limited", "Retry-After: 3600\r\n"), fine(sent_text())});
    auto mailbox = world.mailbox();
    const auto sent = mailbox.send({.files = two_files});
    BOOST_REQUIRE(sent);
    BOOST_TEST((sent->bundles.at(0).id == id && sent->bundles.at(0).accepted));
    BOOST_TEST(sent->bundles[0].files == std::vector<std::string>{"A.CSV"},
               boost::test_tools::per_element());
    BOOST_TEST((world.waits == std::vector<milliseconds>{milliseconds(1000), milliseconds(20),
                                                         milliseconds(2000)}));
    BOOST_REQUIRE_EQUAL(world.requests.size(), 4u);
    BOOST_TEST(std::count(world.requests.begin(), world.requests.end(), world.requests[0]) == 4);
    BOOST_TEST(header_of(world.requests[0], "Idempotency-Key").size() == 64u);
}

BOOST_AUTO_TEST_CASE(the_same_files_in_any_order_are_the_same_submission) {
    World world({fine(sent_text()), fine(sent_text()), fine(sent_text())});
    auto mailbox = world.mailbox();
    BOOST_REQUIRE(mailbox.send({.files = two_files}));
    BOOST_REQUIRE(mailbox.send({.files = {two_files[1], two_files[0]}}));
    BOOST_REQUIRE(mailbox.send({.files = two_files, .idempotency_key = "mine"}));
    BOOST_TEST(world.requests.at(0) == world.requests.at(1));
    BOOST_TEST(header_of(world.requests.at(2), "Idempotency-Key") == "mine");
}

BOOST_AUTO_TEST_CASE(a_refused_bundle_is_a_value_and_a_problem_an_error) {
    const std::string report = R"({"bundles":[],"findings":[{"rule":"R-NAME-01"}]})";
    World world({"HTTP/1.1 422 X\r\nContent-Type: application/json\r\nContent-Length: " +
                     std::to_string(report.size()) + "\r\n\r\n" + report,
                 problem(422, "unknown-receiver")});
    auto mailbox = world.mailbox();
    const auto sent = mailbox.send({.files = two_files});
    BOOST_REQUIRE(sent);
    BOOST_TEST(sent->findings.size() == 1u);
    const auto refused = mailbox.send({.files = two_files});
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == Errc::unknown_receiver));
    BOOST_TEST(refused.error().detail == "HTTP 422: t: i-1");
}

BOOST_AUTO_TEST_CASE(papers_and_their_cover_have_parts_of_their_own) {
    World world({fine(sent_text())});
    auto mailbox = world.mailbox();
    const Cover cover{{*OfficeNo::parse("0370100025"), ServiceType::parse("11")},
                      *Month::parse("202611"),
                      "見本"};
    BOOST_REQUIRE(mailbox.send({.papers = {{"b.PDF", "%PDF"}}, .cover = cover}));
    for (const std::string part :
         {"name=\"attachment\"; filename=\"b.PDF\"\r\nContent-Type: application/pdf\r\n\r\n%PDF",
          "{\"to\":{\"office\":\"0370100025\",\"service_type\":\"11\"},\"month\":\"202611\","
          "\"title\":\"見本\"}"})
        BOOST_TEST(world.requests.at(0).find(part) != std::string::npos, part);
    const auto wrong = mailbox.send({.papers = {{"b.doc", ""}}, .cover = cover});
    BOOST_TEST((!wrong && wrong.error().code == Errc::malformed && world.requests.size() == 1));
}

BOOST_AUTO_TEST_CASE(a_page_is_read_strictly_and_a_query_is_asked_for) {
    World world({fine(R"({"bundles":[)" + bundle_text("fetched") + R"(],"next":"7","cursor":"7"})"),
                 fine(R"({"bundles":[],"next":null,"cursor":"9"})")});
    auto mailbox = world.mailbox();
    const auto page = mailbox.inbox(
        {.state = "all", .after = "5 6", .limit = 10, .wait = std::chrono::seconds(60)});
    BOOST_REQUIRE(page);
    BOOST_TEST(
        (page->bundles.at(0).id == id && page->bundles[0].from.office.view() == "0370100017"));
    BOOST_TEST((page->next == "7" && page->cursor == "7"));
    BOOST_TEST(first_line(world.requests.at(0)) ==
               "GET /v1/inbox?limit=10&state=all&after=5%206&wait=60 HTTP/1.1");
    const auto last = mailbox.outbox();
    BOOST_TEST((last && last->bundles.empty() && last->next.empty() && last->cursor == "9"));
    BOOST_TEST(first_line(world.requests.at(1)) == "GET /v1/outbox?limit=100 HTTP/1.1");
}

BOOST_AUTO_TEST_CASE(a_bundle_is_fetched_when_its_digest_is_right_and_becomes_a_folder) {
    const Bytes zip = pack_zip({{"A.CSV", "a"}});
    const std::string digest = "Content-Digest: sha-256=:" + base64(sha256(zip).view()) + ":\r\n";
    const std::string receipts =
        R"({"receipts":[{"step":"accepted","receipt":"one"},{"step":"import_failed","receipt":"old"},)"
        R"({"step":"import_failed","receipt":"new"},{"step":"../x","receipt":"bad"}]})";
    World world({fine(zip, digest), fine(bundle_text("fetched")), fine(receipts),
                 fine(zip + " ", digest), fine(zip)});
    auto mailbox = world.mailbox();
    const auto fetched = mailbox.fetch(id);
    BOOST_REQUIRE(fetched);
    std::map<std::string, std::string> folder;
    for (const auto& file : folder_of(*fetched))
        folder[file.path.string()] = std::string(file.bytes);
    BOOST_TEST((folder ==
                std::map<std::string, std::string>{{"A.CSV", "a"},
                                                   {"receipts/accepted.receipt.txt", "one"},
                                                   {"receipts/import_failed.receipt.txt", "new"}}));
    for (int i = 0; i < 2; ++i) { // changed, not announced
        const auto damaged = mailbox.fetch(id);
        BOOST_TEST((!damaged && damaged.error().code == Errc::digest_mismatch));
    }
}

BOOST_AUTO_TEST_CASE(an_acknowledgement_whose_answer_was_lost_is_found_done) {
    const std::string receipts =
        R"({"receipts":[{"step":"fetched","receipt":"f"},{"step":"imported","receipt":"done"}]})";
    World world({"", problem(409, "conflict"), fine(receipts), fine(bundle_text("imported"))});
    auto mailbox = world.mailbox();
    const auto taken = mailbox.acknowledge(id, Import::imported, "済");
    BOOST_REQUIRE(taken);
    BOOST_TEST((taken->receipt == "done" && taken->bundle.state == "imported"));
    BOOST_TEST(world.requests.at(0).find("{\"state\":\"imported\",\"note\":\"済\"}") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_conflict_at_the_first_try_is_the_callers) {
    World world(
        {problem(409, "conflict"), "", problem(409, "conflict"), fine(R"({"receipts":[]})")});
    auto mailbox = world.mailbox();
    for (int i = 0; i < 2; ++i) { // also when an answer was lost and the step was never taken
        const auto taken = mailbox.recall(id);
        BOOST_TEST((!taken && taken.error().code == Errc::conflict));
    }
    BOOST_TEST(world.requests.size() == 4u);
}

BOOST_AUTO_TEST_CASE(nobody_there_is_unreachable_after_all_tries) {
    World world({"", "", "", ""});
    auto mailbox = world.mailbox();
    const auto found = mailbox.bundle(id);
    BOOST_TEST((!found && found.error().code == Errc::unreachable));
    BOOST_TEST((world.waits ==
                std::vector<milliseconds>{milliseconds(10), milliseconds(20), milliseconds(40)}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace cpg::client
