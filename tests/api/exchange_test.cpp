#include <boost/test/unit_test.hpp>

#include "spec/load/profile_loader.hpp"
#include "tests/api/world.hpp"

#include <thread>

using namespace cpg;
using namespace cpg::test;

namespace {

struct Town : World {
    Office care = office("0370100017", "43");
    Office visit = office("0370100025", "11");
    Office day = office("0370100033", "15");
};

std::string id_of(const http::Response& answer) {
    return text_at(json_of(answer), "/bundles/0/id");
}

std::string state_of(World& world, const Office& caller, const std::string& id) {
    return text_at(json_of(world.get(caller, "/v1/bundles/" + id)), "/state");
}

std::string first_rule(const http::Response& answer) {
    return text_at(json_of(answer), "/bundles/0/report/findings/0/rule");
}

/// "R-SEQ-02 warning", one a finding, of one bundle of the answer.
std::vector<std::string> findings_of(const http::Response& answer, std::size_t bundle = 0) {
    std::vector<std::string> findings;
    const auto value = json_of(answer);
    const auto& report = value.at("bundles").at(bundle).at("report");
    for (const auto& finding : report.at("findings").as_array())
        findings.push_back(text_at(finding, "/rule") + " " + text_at(finding, "/severity"));
    return findings;
}

using Findings = std::vector<std::string>;

std::vector<InputFile> together(std::vector<InputFile> files, const std::vector<InputFile>& more) {
    files.insert(files.end(), more.begin(), more.end());
    return files;
}

/// Puts `text` in place of `old` in the files whose names begin so; both are ASCII.
std::vector<InputFile> with_text(std::vector<InputFile> files, std::string_view type,
                                 const std::string& old, const std::string& text) {
    for (auto& file : files) {
        if (!file.name.starts_with(type)) continue;
        for (auto at = file.bytes.find(old); at != Bytes::npos; at = file.bytes.find(old, at + 1))
            file.bytes.replace(at, old.size(), text);
    }
    return files;
}

bool proves(const Town& town, const std::string& receipt, const std::vector<InputFile>& files) {
    std::vector<audit::FileToVerify> at_hand;
    for (const auto& file : files)
        at_hand.push_back({file.name, sha256(file.bytes), file.bytes.size()});
    return audit::verify_receipt(receipt, at_hand, {town.log_key()}).result ==
           audit::Verified::proven;
}

audit::Entry entry_of(const Town& town, const std::string& receipt) {
    return audit::open_receipt(receipt, {town.log_key()}).value().entry;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(exchange_between_offices, Town)

BOOST_AUTO_TEST_CASE(goes_the_whole_way_with_a_proof_at_each_step) {
    const auto files = sample(care, visit, "schedule");
    const auto sent = submit(care, files);
    BOOST_REQUIRE_EQUAL(sent.status, 201);
    const auto id = id_of(sent);
    BOOST_TEST(proves(*this, text_at(json_of(sent), "/bundles/0/receipt"), files));

    const auto inbox = json_of(get(visit, "/v1/inbox"));
    BOOST_TEST(text_at(inbox, "/bundles/0/id") == id);
    BOOST_TEST(text_at(inbox, "/bundles/0/state") == "accepted");

    const auto content = get(visit, "/v1/bundles/" + id + "/content");
    BOOST_REQUIRE_EQUAL(content.status, 200);
    auto received = unpack_zip(content.body).value();
    BOOST_REQUIRE_EQUAL(received.size(), files.size());
    for (const auto& file : files)
        BOOST_TEST((std::find_if(received.begin(), received.end(),
                                 [&](const InputFile& other) {
                                     return other.name == file.name && other.bytes == file.bytes;
                                 }) != received.end()),
                   file.name);
    BOOST_TEST(state_of(*this, care, id) == "fetched");

    const auto acked =
        call(visit, "POST", "/v1/bundles/" + id + "/ack", {}, R"({"state":"imported"})");
    BOOST_REQUIRE_EQUAL(acked.status, 200);
    BOOST_TEST(text_at(json_of(acked), "/bundle/state") == "imported");
    BOOST_TEST(proves(*this, text_at(json_of(acked), "/receipt"), files));

    const auto receipts =
        json_of(get(care, "/v1/bundles/" + id + "/receipts")).at("receipts").as_array();
    BOOST_REQUIRE_EQUAL(receipts.size(), 3u);
    for (const auto& receipt : receipts)
        BOOST_TEST(proves(*this, text_at(receipt, "/receipt"), files));
    BOOST_TEST(text_at(receipts[2], "/event") == "ConsignmentAcceptance");
}

BOOST_AUTO_TEST_CASE(shows_the_forms_and_counts_that_as_handed_over) {
    const auto id = id_of(submit(care, sample(care, visit, "schedule")));
    const auto own = get(care, "/v1/bundles/" + id + "/view");
    BOOST_TEST(own.status == 200);
    BOOST_TEST(own.body.starts_with("<!"));
    BOOST_TEST(state_of(*this, care, id) == "accepted");
    BOOST_TEST(get(visit, "/v1/bundles/" + id + "/view").body == own.body);
    BOOST_TEST(state_of(*this, care, id) == "fetched");
}

BOOST_AUTO_TEST_CASE(shows_nothing_to_a_third_office) {
    const auto id = id_of(submit(care, sample(care, visit, "schedule")));
    for (const std::string tail : {"", "/content", "/report", "/receipts", "/files/x", "/view"})
        BOOST_TEST(get(day, "/v1/bundles/" + id + tail).status == 404, tail);
    BOOST_TEST(
        call(day, "POST", "/v1/bundles/" + id + "/ack", {}, R"({"state":"imported"})").status ==
        404);
    BOOST_TEST(call(day, "POST", "/v1/bundles/" + id + "/recall").status == 404);
    BOOST_TEST(json_of(get(day, "/v1/inbox?state=all")).at("bundles").as_array().empty());
    BOOST_TEST(get(day, "/v1/inbox?office=0370100025").status == 403);
}

BOOST_AUTO_TEST_CASE(takes_a_serial_once) {
    const auto files = sample(care, visit, "schedule");
    const auto first = submit(care, files);
    const auto again = submit(care, files);
    BOOST_TEST(again.status == 201);
    BOOST_TEST(again.body == first.body);
    const auto other = submit(care, sample(care, visit, "schedule", 0, 8));
    BOOST_TEST(other.status == 422);
    BOOST_TEST(first_rule(other) == "R-SEQ-01");
    BOOST_TEST(json_of(get(visit, "/v1/inbox")).at("bundles").as_array().size() == 1u);
}

BOOST_AUTO_TEST_CASE(refuses_a_serial_behind_what_was_handed_over) {
    const auto later = id_of(submit(care, sample(care, visit, "schedule", 5)));
    BOOST_TEST(get(visit, "/v1/bundles/" + later + "/content").status == 200);
    const auto behind = submit(care, sample(care, visit, "schedule", 3, 9));
    BOOST_TEST(behind.status == 422);
    const auto findings = findings_of(behind);
    BOOST_TEST((std::find(findings.begin(), findings.end(), "R-SEQ-01 error") != findings.end()));
}

BOOST_AUTO_TEST_CASE(answers_the_same_idempotency_key_with_the_same_bytes) {
    const auto files = sample(care, visit, "schedule");
    const std::vector<std::pair<std::string, std::string>> key{{"idempotency-key", "month-12"}};
    const auto first = submit(care, files, key);
    const auto again = submit(care, files, key);
    BOOST_TEST(first.status == 201);
    BOOST_TEST(again.status == 201);
    BOOST_TEST(again.body == first.body);
    const auto other = submit(care, sample(care, visit, "schedule", 1), key);
    BOOST_TEST(other.status == 422);
    BOOST_TEST(text_at(json_of(other), "/type") == "urn:cpgw:problem:idempotency-key-reused");
}

BOOST_AUTO_TEST_CASE(keeps_what_an_adapter_declares_in_the_leaf_of_each_bundle) {
    const Conversion declared{"sample-soft", 3, 12, 4, sha256("report")};
    const auto files = together(sample(care, visit, "schedule"), sample(care, day, "schedule", 1));
    const auto sent = submit(care, files, {{"cpgw-conversion", to_header(declared)}});
    BOOST_REQUIRE_EQUAL(sent.status, 201);
    for (const std::string pointer : {"/bundles/0/receipt", "/bundles/1/receipt"})
        BOOST_TEST((entry_of(*this, text_at(json_of(sent), pointer)).conversion == declared));

    auto incomplete = sample(care, visit, "schedule", 2);
    incomplete.pop_back();
    const auto refused = submit(care, incomplete, {{"cpgw-conversion", to_header(declared)}});
    BOOST_TEST(refused.status == 422);
    const auto entry = entry_of(*this, text_at(json_of(refused), "/bundles/0/receipt"));
    BOOST_TEST((entry.type == audit::EntryType::reject && entry.conversion == declared));

    const auto plain = submit(care, sample(care, visit, "schedule", 3));
    BOOST_TEST(!entry_of(*this, text_at(json_of(plain), "/bundles/0/receipt")).conversion);
}

BOOST_AUTO_TEST_CASE(answers_a_resend_with_the_conversion_that_was_declared_first) {
    const auto files = sample(care, visit, "schedule");
    const Conversion first{"sample-soft", 3, 12, 4, sha256("report")};
    Conversion second = first;
    second.fills = 13;
    const auto with = [](const Conversion& declared) {
        return std::vector<std::pair<std::string, std::string>>{
            {"idempotency-key", "month-12"}, {"cpgw-conversion", to_header(declared)}};
    };
    const auto sent = submit(care, files, with(first));
    BOOST_REQUIRE_EQUAL(sent.status, 201);
    BOOST_TEST(submit(care, files, with(second)).body == sent.body);
    BOOST_TEST(submit(care, files).body == sent.body); // by its serial, without a key
}

BOOST_AUTO_TEST_CASE(refuses_a_declaration_of_another_form) {
    const auto files = sample(care, visit, "schedule");
    const auto type = [](const http::Response& answer) {
        return std::to_string(answer.status) + " " + text_at(json_of(answer), "/type");
    };
    const std::string malformed = "400 urn:cpgw:problem:malformed";
    const std::string good = to_header({"sample-soft", 3, 12, 4, sha256("report")});
    for (const std::string& odd : {std::string(), std::string("sample-soft"), good + ";",
                                   "Sample" + good, " " + good, good + ", " + good})
        BOOST_TEST(type(submit(care, files, {{"cpgw-conversion", odd}})) == malformed, odd);
    BOOST_TEST(type(submit(care, files, {{"cpgw-conversion", good}, {"cpgw-conversion", good}})) ==
               malformed);
    const auto zip = pack_zip({{files[0].name, files[0].bytes}});
    const auto check = [&](const std::string& declared) {
        return call(care, "POST", "/v1/check",
                    {{"content-type", "application/zip"}, {"cpgw-conversion", declared}}, zip);
    };
    BOOST_TEST(check(good).status == 200);
    BOOST_TEST(type(check(good + "x")) == malformed);
    BOOST_TEST(json_of(get(visit, "/v1/inbox")).at("bundles").as_array().empty());
}

BOOST_AUTO_TEST_CASE(gives_many_the_answer_of_one) {
    const auto files = sample(care, visit, "schedule");
    std::vector<std::thread> threads;
    std::vector<std::string> bodies(24);
    for (auto& body : bodies) threads.emplace_back([&] { body = submit(care, files).body; });
    for (auto& thread : threads) thread.join();
    for (const auto& body : bodies) BOOST_TEST(body == bodies.front());
    BOOST_TEST(json_of(get(visit, "/v1/inbox")).at("bundles").as_array().size() == 1u);
}

BOOST_AUTO_TEST_CASE(keeps_a_rejected_bundle_for_its_sender_alone) {
    auto files = sample(care, visit, "schedule");
    files.pop_back();
    const auto answer = submit(care, files);
    BOOST_TEST(answer.status == 422);
    const auto id = id_of(answer);
    BOOST_TEST(proves(*this, text_at(json_of(answer), "/bundles/0/receipt"), files));
    BOOST_TEST(get(care, "/v1/bundles/" + id + "/report").status == 200);
    BOOST_TEST(get(care, "/v1/bundles/" + id + "/content").status == 404);
    BOOST_TEST(get(visit, "/v1/bundles/" + id).status == 404);
    BOOST_TEST(json_of(get(visit, "/v1/inbox?state=all")).at("bundles").as_array().empty());
}

BOOST_AUTO_TEST_CASE(rejects_what_another_office_claims_to_send) {
    const auto answer = submit(day, sample(care, visit, "schedule"));
    BOOST_TEST(answer.status == 422);
    BOOST_TEST(answer.body.find("R-AUTH-01") != std::string::npos);
    BOOST_TEST(json_of(get(care, "/v1/outbox")).at("bundles").as_array().empty());
    BOOST_TEST(json_of(get(day, "/v1/outbox")).at("bundles").as_array().size() == 1u);
}

BOOST_AUTO_TEST_CASE(says_when_no_receiver_is_known) {
    const auto nobody = stranger("0370100041", "11");
    const auto answer = submit(care, sample(care, nobody, "schedule"));
    BOOST_TEST(answer.status == 422);
    BOOST_TEST(text_at(json_of(answer), "/type") == "urn:cpgw:problem:unknown-receiver");
}

BOOST_AUTO_TEST_CASE(fans_out_and_takes_each_bundle_by_itself) {
    auto files = sample(care, visit, "schedule");
    for (auto& file : sample(care, day, "schedule", 1)) files.push_back(std::move(file));
    for (auto& file : sample(care, stranger("0370100041", "11"), "schedule", 2))
        files.push_back(std::move(file));
    const auto answer = submit(care, files);
    BOOST_TEST(answer.status == 201);
    const auto bundles = json_of(answer).at("bundles").as_array();
    BOOST_REQUIRE_EQUAL(bundles.size(), 3u);
    BOOST_TEST(text_at(bundles[0], "/verdict") == "accepted");
    BOOST_TEST(text_at(bundles[1], "/verdict") == "accepted");
    BOOST_TEST(text_at(bundles[2], "/verdict") == "rejected");
}

BOOST_AUTO_TEST_CASE(recalls_until_it_is_fetched) {
    const auto first = id_of(submit(care, sample(care, visit, "schedule")));
    BOOST_TEST(call(visit, "POST", "/v1/bundles/" + first + "/recall").status == 403);
    BOOST_TEST(call(care, "POST", "/v1/bundles/" + first + "/recall").status == 200);
    BOOST_TEST(get(visit, "/v1/bundles/" + first + "/content").status == 404);
    const auto second = id_of(submit(care, sample(care, visit, "schedule", 1)));
    BOOST_TEST(get(visit, "/v1/bundles/" + second + "/content").status == 200);
    BOOST_TEST(call(care, "POST", "/v1/bundles/" + second + "/recall").status == 409);
}

BOOST_AUTO_TEST_CASE(acknowledges_only_what_was_fetched) {
    const auto id = id_of(submit(care, sample(care, visit, "schedule")));
    const auto ack = "/v1/bundles/" + id + "/ack";
    BOOST_TEST(call(visit, "POST", ack, {}, R"({"state":"imported"})").status == 409);
    BOOST_TEST(get(visit, "/v1/bundles/" + id + "/content").status == 200);
    BOOST_TEST(call(care, "POST", ack, {}, R"({"state":"imported"})").status == 403);
    BOOST_TEST(call(visit, "POST", ack, {}, R"({"state":"lost"})").status == 400);
    BOOST_TEST(call(visit, "POST", ack, {}, "{").status == 400);
    BOOST_TEST(call(visit, "POST", ack, {}, R"({"state":"import_failed","note":"列が足りません"})")
                   .status == 200);
    const auto receipts =
        json_of(get(care, "/v1/bundles/" + id + "/receipts")).at("receipts").as_array();
    BOOST_TEST(text_at(receipts.back(), "/note") == "列が足りません");
    BOOST_TEST(call(visit, "POST", ack, {}, R"({"state":"imported"})").status == 200);
    BOOST_TEST(call(visit, "POST", ack, {}, R"({"state":"import_failed"})").status == 409);
}

BOOST_AUTO_TEST_CASE(supersedes_by_the_same_users_and_month) {
    const auto old = id_of(submit(care, sample(care, visit, "schedule")));
    const auto fresh = id_of(submit(care, sample(care, visit, "schedule", 1)));
    const auto seen = json_of(get(visit, "/v1/bundles/" + old));
    BOOST_TEST(text_at(seen, "/state") == "superseded");
    BOOST_TEST(text_at(seen, "/superseded_by") == fresh);
    BOOST_TEST(state_of(*this, visit, fresh) == "accepted");
}

BOOST_AUTO_TEST_CASE(delete_files_end_what_they_name) {
    const auto old = id_of(submit(care, sample(care, visit, "schedule")));
    const auto removal = submit(care, sample(care, visit, "schedule_delete", 1));
    BOOST_TEST(removal.status == 201);
    BOOST_TEST(state_of(*this, care, old) == "superseded");
    const auto nothing = submit(care, sample(care, day, "schedule_delete", 2));
    BOOST_TEST(nothing.status == 201);
    BOOST_TEST(first_rule(nothing) == "R-SEQ-02");
}

BOOST_AUTO_TEST_CASE(a_delete_of_results_ends_the_results_of_that_service) {
    const auto results = submit(visit, sample(visit, care, "actual"));
    BOOST_REQUIRE_EQUAL(results.status, 201);
    const auto removal = submit(visit, sample(visit, care, "actual_delete", 1));
    BOOST_TEST(removal.status == 201);
    BOOST_TEST(findings_of(removal) == Findings{}, boost::test_tools::per_element());
    BOOST_TEST(state_of(*this, visit, id_of(results)) == "superseded");
}

BOOST_AUTO_TEST_CASE(a_delete_is_warned_only_where_nothing_was_delivered) {
    submit(care, sample(care, visit, "schedule"));
    const auto removal = submit(care, sample(care, visit, "schedule_delete", 1));
    BOOST_TEST(findings_of(removal) == Findings{}, boost::test_tools::per_element());
    const auto again = submit(care, sample(care, visit, "schedule_delete", 2));
    BOOST_TEST(again.status == 201);
    BOOST_TEST(findings_of(again) == (Findings{"R-SEQ-02 warning", "R-SEQ-02 warning"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_month_split_over_two_bundles_is_warned) {
    submit(care, sample(care, visit, "schedule"));
    const auto others = submit(care, sample(care, visit, "schedule", 1, 8));
    BOOST_TEST(others.status == 201);
    BOOST_TEST(findings_of(others) == Findings{"R-BND-05 warning"},
               boost::test_tools::per_element());
    BOOST_TEST(text_at(json_of(others), "/bundles/0/report/findings/0/message")
                   .find("2 つに分かれています") != std::string::npos);
    const auto third = submit(care, sample(care, visit, "schedule", 2, 9));
    BOOST_TEST(text_at(json_of(third), "/bundles/0/report/findings/0/message")
                   .find("3 つに分かれています") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_bundle_in_place_of_another_is_no_split) {
    const auto replaces = [&](const std::vector<InputFile>& first,
                              const std::vector<InputFile>& second, const Office& from) {
        submit(from, first);
        const auto answer = submit(from, second);
        BOOST_TEST(answer.status == 201);
        BOOST_TEST(findings_of(answer) == Findings{}, boost::test_tools::per_element());
    };
    replaces(sample(care, visit, "schedule"), sample(care, visit, "schedule", 1), care);
    replaces(sample(visit, care, "actual"), sample(visit, care, "actual", 1), visit);
    // another receiver, and a bundle that was recalled
    const auto recalled = submit(care, sample(care, day, "schedule"));
    BOOST_TEST(findings_of(recalled) == Findings{}, boost::test_tools::per_element());
    BOOST_TEST(call(care, "POST", "/v1/bundles/" + id_of(recalled) + "/recall").status == 200);
    const auto others = submit(care, sample(care, day, "schedule", 1, 8));
    BOOST_TEST(findings_of(others) == Findings{}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(results_split_by_users_are_warned) {
    submit(visit, sample(visit, care, "actual"));
    const auto others = submit(visit, sample(visit, care, "actual", 1, 8));
    BOOST_TEST(findings_of(others) == Findings{"R-BND-05 warning"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(two_bundles_of_a_month_in_one_request_are_warned_both) {
    const auto answer = submit(
        care, together(sample(care, visit, "schedule"), sample(care, visit, "schedule", 1, 8)));
    BOOST_TEST(answer.status == 201);
    for (const std::size_t bundle : {0u, 1u})
        BOOST_TEST(findings_of(answer, bundle) == Findings{"R-BND-05 warning"},
                   boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_plan_is_the_receivers_when_its_schedule_was_delivered) {
    // The plan names the receiver no more; its users are those of the schedule.
    const auto plan =
        with_text(sample(care, visit, "care_plan", 2), "UP2KYO", visit.number.str(), "0370100066");
    const auto alone = submit(care, plan);
    BOOST_TEST(alone.status == 201);
    BOOST_TEST(findings_of(alone) == (Findings{"R-PRIV-02 warning", "R-PRIV-02 warning"}),
               boost::test_tools::per_element());
    submit(care, sample(care, visit, "schedule", 1));
    const auto later =
        with_text(sample(care, visit, "care_plan", 3), "UP2KYO", visit.number.str(), "0370100066");
    BOOST_TEST(findings_of(submit(care, later)) == Findings{}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_plan_is_the_receivers_when_its_schedule_is_in_the_same_request) {
    const auto plan =
        with_text(sample(care, visit, "care_plan", 0), "UP2KYO", visit.number.str(), "0370100066");
    const auto answer = submit(care, together(plan, sample(care, visit, "schedule", 1)));
    BOOST_TEST(answer.status == 201);
    for (const std::size_t bundle : {0u, 1u})
        BOOST_TEST(findings_of(answer, bundle) == Findings{}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_profile_rules_submissions_and_checks_and_is_named) {
    policy.profile = choose_profile(*embedded_catalog(), "strict", {}).profile;
    submit(care, sample(care, visit, "schedule"));
    const auto others = submit(care, sample(care, visit, "schedule", 1, 8));
    BOOST_TEST(others.status == 422);
    // R-NAME-04 is on too: the invented office numbers have no check digit.
    BOOST_TEST(findings_of(others) ==
                   (Findings{"R-NAME-04 warning", "R-NAME-04 warning", "R-BND-05 error"}),
               boost::test_tools::per_element());
    BOOST_TEST(text_at(json_of(others), "/bundles/0/report/profile") == "strict");
    auto own = std::make_shared<Profile>();
    own->name = "own";
    own->severities = {{"R-BND-05", Severity::off}, {"R-SEQ-02", Severity::off}};
    policy.profile = own;
    const auto silent = submit(care, sample(care, visit, "schedule", 2, 9));
    BOOST_TEST(silent.status == 201);
    BOOST_TEST(findings_of(silent) == Findings{}, boost::test_tools::per_element());
    BOOST_TEST(text_at(json_of(silent), "/bundles/0/report/profile") == "own");
    const auto removal = submit(care, sample(care, day, "schedule_delete", 3));
    BOOST_TEST(findings_of(removal) == Findings{}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_service_code_table_speaks_in_the_gateway) {
    ServiceCodeEntry other;
    other.code = "119999";
    other.name = "見本";
    other.from = Month::of(2024, 4);
    policy.service_codes =
        std::make_shared<const ServiceCodeTable>(std::vector<ServiceCodeEntry>{other});
    const auto answer = submit(visit, sample(visit, care, "actual"));
    BOOST_TEST(answer.status == 201);
    BOOST_TEST(first_rule(answer) == "R-SVC-02");
}

BOOST_AUTO_TEST_CASE(carries_papers_alone_and_with_a_bundle) {
    const InputFile pdf{"月次報告.pdf", "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n"};
    const std::string to =
        R"("to":{"office":"0370100025","service_type":"11"},"month":"202612","title":"12月の報告")";
    const auto alone = submit(care, {}, {}, {pdf}, "{" + to + "}");
    BOOST_REQUIRE_EQUAL(alone.status, 201);
    const auto id = id_of(alone);
    BOOST_TEST(proves(*this, text_at(json_of(alone), "/bundles/0/receipt"), {pdf}));
    const auto seen = json_of(get(visit, "/v1/bundles/" + id));
    BOOST_TEST(text_at(seen, "/kind") == "papers");
    BOOST_TEST(text_at(seen, "/title") == "12月の報告");
    BOOST_TEST(get(visit, "/v1/bundles/" + id + "/files/" + pdf.name).body == pdf.bytes);

    const auto files = sample(care, visit, "schedule");
    const auto together =
        submit(care, files, {}, {pdf}, "{" + to + R"(,"serial":"20261120120000"})");
    BOOST_REQUIRE_EQUAL(together.status, 201);
    BOOST_TEST(json_of(together).at("bundles").as_array().size() == 1u);
    BOOST_TEST(
        json_of(get(visit, "/v1/bundles/" + id_of(together))).at("file_list").as_array().size() ==
        files.size() + 1);
}

BOOST_AUTO_TEST_CASE(refuses_papers_that_are_not_what_they_say) {
    const std::string cover =
        R"({"to":{"office":"0370100025","service_type":"11"},"month":"202612","title":"報告"})";
    const auto fake = submit(care, {}, {}, {{"a.pdf", "MZ"}}, cover);
    BOOST_TEST(fake.status == 422);
    BOOST_TEST(first_rule(fake) == "R-PAPER-01");
    const auto uncovered = submit(care, {}, {}, {{"a.pdf", "%PDF-1.4\n%%EOF"}});
    BOOST_TEST(uncovered.status == 422);
    BOOST_TEST(text_at(json_of(uncovered), "/findings/0/rule") == "R-PAPER-04");
}

BOOST_AUTO_TEST_CASE(wakes_a_long_poll_when_something_arrives) {
    auto waiting = start(visit, "GET", "/v1/inbox?wait=60");
    BOOST_TEST((waiting.wait_for(std::chrono::milliseconds(0)) == std::future_status::timeout));
    const auto id = id_of(submit(care, sample(care, visit, "schedule")));
    BOOST_TEST(text_at(json_of(waiting.get()), "/bundles/0/id") == id);
}

BOOST_AUTO_TEST_CASE(ends_a_long_poll_with_an_empty_page_in_time) {
    auto waiting = start(visit, "GET", "/v1/inbox?wait=1");
    run_timers();
    const auto page = json_of(waiting.get());
    BOOST_TEST(page.at("bundles").as_array().empty());
    BOOST_TEST(page.at("next").is_null());
    auto draining = start(visit, "GET", "/v1/inbox?wait=60");
    api().drain();
    BOOST_TEST(draining.get().status == 200);
}

BOOST_AUTO_TEST_CASE(pages_by_cursor_in_serial_order) {
    for (int step = 0; step < 5; ++step)
        submit(care, sample(care, visit, "care_plan", step, 20 + static_cast<unsigned>(step)));
    std::vector<std::string> serials;
    std::string after;
    for (int page = 0; page < 10; ++page) {
        const auto answer =
            json_of(get(visit, "/v1/inbox?limit=2" + (after.empty() ? "" : "&after=" + after)));
        for (const auto& bundle : answer.at("bundles").as_array())
            serials.push_back(text_at(bundle, "/serial"));
        if (answer.at("next").is_null()) break;
        after = text_at(answer, "/next");
    }
    BOOST_TEST(serials.size() == 5u);
    BOOST_TEST(std::is_sorted(serials.begin(), serials.end()));
    for (const std::string wrong :
         {"limit=0", "limit=x", "after=-1", "state=lost", "month=202613", "wait=61", "office=1"})
        BOOST_TEST(get(visit, "/v1/inbox?" + wrong).status == 400, wrong);
}

BOOST_AUTO_TEST_CASE(turns_away_who_is_not_registered) {
    const auto unknown = stranger("0370100058", "11");
    const auto answer = get(unknown, "/v1/me");
    BOOST_TEST(answer.status == 403);
    BOOST_TEST(text_at(json_of(answer), "/type") == "urn:cpgw:problem:forbidden");
    BOOST_TEST(get({}, "/v1/me").status == 401);
}

BOOST_AUTO_TEST_CASE(serves_the_log_to_every_office) {
    submit(care, sample(care, visit, "schedule"));
    const auto note = audit::open_note(get(day, "/v1/audit/checkpoint").body, {log_key()});
    BOOST_REQUIRE(note.has_value());
    const auto checkpoint = audit::Checkpoint::parse(note->text);
    BOOST_REQUIRE(checkpoint.has_value());
    const auto width = std::to_string(checkpoint->size);
    const auto tile = get(day, "/v1/audit/tile/0/000.p/" + width);
    BOOST_TEST(tile.status == 200);
    BOOST_TEST(tile.body.size() == checkpoint->size * 32);
    const auto entries = get(day, "/v1/audit/tile/entries/000.p/" + width);
    BOOST_REQUIRE_EQUAL(entries.status, 200);
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(entries.body[0])) << 8 |
                        static_cast<unsigned char>(entries.body[1]);
    BOOST_TEST((audit::leaf_hash(std::string_view(entries.body).substr(2, length)).view() ==
                std::string_view(tile.body).substr(0, 32)));
    for (const std::string wrong : {"0/1", "0/000", "9/000.p/1", "0/000.p/0", "0/000.p/256", "x",
                                    "0/x000.p/1", "entries/001.p/1"})
        BOOST_TEST(get(day, "/v1/audit/tile/" + wrong).status == 404, wrong);
}

BOOST_AUTO_TEST_CASE(serves_the_logs_of_earlier_years) {
    submit(care, sample(care, visit, "schedule"));
    const auto year = std::stoi(rfc3339(clock.now()).substr(0, 4));
    const auto of = [](int which) { return "/v1/audit/" + std::to_string(which); };
    BOOST_TEST(get(day, of(year) + "/checkpoint").body == get(day, "/v1/audit/checkpoint").body);
    clock.advance(std::chrono::days(366));
    submit(care, sample(care, visit, "schedule", 1));
    BOOST_TEST(get(day, of(year + 1) + "/checkpoint").body ==
               get(day, "/v1/audit/checkpoint").body);
    BOOST_TEST(get(day, of(year) + "/checkpoint")
                   .body.starts_with("localhost/cpgw/" + std::to_string(year)));
    BOOST_TEST(get(day, of(year) + "/tile/0/000.p/2").body.size() == 64u);
    BOOST_TEST(get(day, of(year) + "/tile/0/000.p/3").status == 404);
    BOOST_TEST(get(day, of(year) + "/tile/entries/000.p/2").status == 200);
    const auto log_policy = json_of(get(day, "/v1/audit/policy"));
    BOOST_TEST(log_policy.at("vkeys").as_array().size() == 2u);
    BOOST_TEST(log_policy.at("logs").at(0).at("closed").as_bool());
    for (const std::string odd : {"/v1/audit/2001/checkpoint", "/v1/audit/26/checkpoint",
                                  "/v1/audit/x/checkpoint", "/v1/audit/2001/tile/0/000.p/1"})
        BOOST_TEST(get(day, odd).status == 404, odd);
}

BOOST_AUTO_TEST_CASE(checks_without_keeping) {
    const auto files = sample(care, visit, "schedule");
    std::string body = "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" +
                       files[0].name + "\"\r\n\r\n" + files[0].bytes + "\r\n--cut--\r\n";
    const auto answer = call(care, "POST", "/v1/check",
                             {{"content-type", "multipart/form-data; boundary=cut"}}, body);
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(text_at(json_of(answer), "/verdict") == "rejected");
    BOOST_TEST(json_of(get(care, "/v1/outbox")).at("bundles").as_array().empty());
}

BOOST_AUTO_TEST_CASE(refuses_bodies_it_cannot_read) {
    const auto post = [&](std::vector<std::pair<std::string, std::string>> headers,
                          const std::string& body) {
        return call(care, "POST", "/v1/bundles", std::move(headers), body).status;
    };
    BOOST_TEST(post({{"content-type", "text/csv"}}, "x") == 415);
    BOOST_TEST(post({}, "x") == 415);
    BOOST_TEST(post({{"content-type", "application/zip"}}, "not a zip") == 400);
    BOOST_TEST(post({{"content-type", "multipart/form-data"}}, "x") == 400);
    BOOST_TEST(post({{"content-type", "multipart/form-data; boundary=cut"}}, "--cut--\r\n") == 400);
    const auto zip = pack_zip(sample(care, visit, "schedule"));
    BOOST_TEST(post({{"content-type", "application/zip"},
                     {"content-digest", api::content_digest("other")}},
                    zip) == 400);
    BOOST_TEST(post({{"content-type", "application/zip"}, {"content-digest", "sha-256=:!!:"}},
                    zip) == 400);
    BOOST_TEST(
        post({{"content-type", "application/zip"}, {"idempotency-key", std::string(256, 'k')}},
             zip) == 400);
    BOOST_TEST(
        post({{"content-type", "application/zip"}, {"content-digest", api::content_digest(zip)}},
             zip) == 201);
}

BOOST_AUTO_TEST_SUITE_END()
