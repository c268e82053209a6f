#include <boost/test/unit_test.hpp>

#include "gateway/exchange/retention.hpp"
#include "tests/api/world.hpp"

using namespace cpg;
using namespace cpg::test;

namespace {

constexpr std::chrono::hours day{24};

Time date(int year, unsigned month, unsigned day_of_month) {
    return std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) /
                                 static_cast<int>(day_of_month)) +
           std::chrono::hours(9);
}

struct Town : World {
    Office care = office("0370100017", "43");
    Office visit = office("0370100025", "11");
    exchange::RetentionRules rules;

    std::string send(const std::string& kind, int step = 0) {
        const auto sent = submit(care, sample(care, visit, kind, step));
        BOOST_REQUIRE_EQUAL(sent.status, 201);
        return text_at(json_of(sent), "/bundles/0/id");
    }
    /// Certificates end after a year: the offices come back with new ones.
    void move_to(Time time) {
        clock.set(time);
        care = office("0370100017", "43");
        visit = office("0370100025", "11");
    }
    exchange::RetentionSummary run(exchange::RetentionMode mode = exchange::RetentionMode::erase) {
        return exchange::run_retention(store(), rules, embedded_catalog()->digest, clock.now(),
                                       mode, {});
    }
    int status(const Office& caller, const std::string& target) {
        return get(caller, target).status;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(retention, Town)

BOOST_AUTO_TEST_CASE(nothing_is_erased_before_six_years_are_over_and_all_after) {
    const Time sent_at = clock.now();
    const auto id = send("schedule");
    const auto six_years = date(2032, 11, 22) - date(2026, 11, 22);
    for (const auto& moment : {sent_at, sent_at + six_years - day, sent_at + six_years}) {
        move_to(moment);
        BOOST_TEST(run().erased == 0u);
        BOOST_TEST(status(visit, "/v1/bundles/" + id + "/report") == 200);
    }
    move_to(sent_at + six_years + day);
    BOOST_TEST(run().erased == 1u);
    BOOST_TEST(run().erased == 0u);
    BOOST_TEST(store().counts().parcel_bytes == 0u);
}

BOOST_AUTO_TEST_CASE(five_years_is_the_floor_and_a_day_less_keeps) {
    rules.years = 5;
    BOOST_TEST(rules.check({}).has_value());
    const Time sent_at = clock.now();
    send("schedule");
    const auto five_years = date(2031, 11, 22) - date(2026, 11, 22);
    clock.set(sent_at + five_years - day);
    BOOST_TEST(run().erased == 0u);
    clock.set(sent_at + five_years + day);
    BOOST_TEST(run().erased == 1u);
}

BOOST_AUTO_TEST_CASE(the_floor_refuses_a_shorter_time_unless_it_is_lowered_itself) {
    rules.by_kind["papers"] = 4;
    BOOST_TEST((rules.check({"papers"}).error().code == Errc::configuration));
    rules.floor_years = 4;
    BOOST_TEST(rules.check({"papers"}).has_value());
    BOOST_TEST((rules.check({"schedule"}).error().code == Errc::configuration)); // no such kind
}

BOOST_AUTO_TEST_CASE(counts_from_the_last_step_not_from_the_first) {
    const auto id = send("schedule");
    move_to(clock.now() + 365 * day);
    BOOST_REQUIRE_EQUAL(status(visit, "/v1/bundles/" + id + "/content"), 200);
    move_to(clock.now() + 6 * 365 * day); // seven years after it was sent
    BOOST_TEST(run().erased == 0u);
    move_to(clock.now() + 3 * day);
    BOOST_TEST(run().erased == 1u);
}

BOOST_AUTO_TEST_CASE(each_kind_has_its_time) {
    rules.by_kind["care_plan"] = 8;
    send("schedule");
    send("care_plan", 1);
    clock.set(date(2033, 1, 1));
    const auto due = run(exchange::RetentionMode::look);
    BOOST_TEST(due.erased == 0u);
    BOOST_TEST(due.looked_at == 2u);
    BOOST_TEST(due.by_kind.size() == 1u);
    BOOST_TEST(due.by_kind.at("schedule") == 1u);
    BOOST_TEST(run().erased == 1u);
}

BOOST_AUTO_TEST_CASE(an_erased_bundle_still_says_what_it_was_and_proves_it) {
    const auto files = sample(care, visit, "schedule");
    const auto id = text_at(json_of(submit(care, files)), "/bundles/0/id");
    const std::string path = "/v1/bundles/" + id;
    get(visit, path + "/content");
    call(visit, "POST", path + "/ack", {}, R"({"state":"imported","note":"見本のメモ"})");
    const auto salted = json_of(get(care, path + "/receipts")).at("receipts").as_array();
    move_to(date(2033, 1, 1));
    BOOST_REQUIRE_EQUAL(run().erased, 1u);

    for (const auto& office : {care, visit}) {
        const auto shown = get(office, path);
        BOOST_REQUIRE_EQUAL(shown.status, 200);
        BOOST_TEST(text_at(json_of(shown), "/state") == "imported");
        BOOST_TEST(text_at(json_of(shown), "/erased_at") == "2033-01-01T09:00:00.000Z");
        BOOST_TEST(json_of(shown).at("file_list").as_array().empty());
        for (const char* const part : {"/content", "/report", "/view"}) {
            const auto gone = get(office, path + part);
            BOOST_TEST(gone.status == 410);
            BOOST_TEST(text_at(json_of(gone), "/type") == "urn:cpgw:problem:erased");
        }
        BOOST_TEST(status(office, path + "/files/" + files.front().name) == 410);
    }
    const auto receipts = json_of(get(care, path + "/receipts")).at("receipts").as_array();
    BOOST_REQUIRE_EQUAL(receipts.size(), 3u);
    for (const auto& receipt : receipts) { // still in the signed tree; nothing says of which bytes
        const auto verified = audit::verify_receipt(text_at(receipt, "/receipt"), {}, {log_key()});
        BOOST_TEST((verified.result == audit::Verified::proven));
        BOOST_TEST(!receipt.as_object().contains("note"));
    }
    // Who kept his receipt and the files still proves them.
    std::vector<audit::FileToVerify> at_hand;
    for (const auto& file : files)
        at_hand.push_back({file.name, sha256(file.bytes), file.bytes.size()});
    for (const auto& receipt : salted)
        BOOST_TEST(
            (audit::verify_receipt(text_at(receipt, "/receipt"), at_hand, {log_key()}).result ==
             audit::Verified::proven));
}

BOOST_AUTO_TEST_CASE(a_resend_of_erased_bytes_is_answered_with_an_outline) {
    const auto files = sample(care, visit, "schedule");
    submit(care, files, {{"idempotency-key", "once"}});
    move_to(date(2033, 1, 1));
    const auto summary = run();
    BOOST_TEST(summary.erased == 1u);
    BOOST_TEST(summary.answers_forgotten == 1u);
    const auto again = submit(care, files, {{"idempotency-key", "once"}});
    BOOST_REQUIRE_EQUAL(again.status, 201);
    BOOST_TEST(text_at(json_of(again), "/bundles/0/verdict") == "accepted");
    BOOST_TEST(text_at(json_of(again), "/bundles/0/report/kind") == "schedule");
    BOOST_TEST(json_of(again).at_pointer("/bundles/0/report/files").as_array().empty());
}

BOOST_AUTO_TEST_CASE(refused_bundles_are_erased_too) {
    auto files = sample(care, visit, "schedule");
    files.pop_back();
    const auto refused = submit(care, files);
    BOOST_REQUIRE_EQUAL(refused.status, 422);
    const auto id = text_at(json_of(refused), "/bundles/0/id");
    move_to(date(2033, 1, 1));
    BOOST_TEST(run().erased == 1u);
    BOOST_TEST(status(care, "/v1/bundles/" + id + "/report") == 410);
    BOOST_TEST(status(care, "/v1/bundles/" + id) == 200);
}

BOOST_AUTO_TEST_CASE(the_29th_of_february_ends_on_the_28th) {
    BOOST_TEST((exchange::keeping_ends(date(2032, 2, 29), 5) == date(2027, 2, 28)));
    BOOST_TEST((exchange::keeping_ends(date(2032, 2, 29), 4) == date(2028, 2, 29)));
}

BOOST_AUTO_TEST_SUITE_END()
