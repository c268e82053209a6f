#include "adapters/hotfolder/status.hpp"
#include "tests/hotfolder/world.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::hotfolder;
using namespace cpg::hotfolder::test;

namespace {

constexpr std::chrono::seconds no_wait{0};

void turns(Desk& desk, Incoming& incoming, int count) {
    for (int i = 0; i < count; ++i) {
        const Turn turn = incoming.turn(no_wait);
        desk.clock.time = std::max(turn.next, desk.clock.time + Duration(10));
    }
}

bool has_trouble(const IncomingView& view, std::string_view code) {
    return std::any_of(view.troubles.begin(), view.troubles.end(),
                       [&](const Trouble& trouble) { return trouble.code == code; });
}

} // namespace

BOOST_AUTO_TEST_SUITE(hotfolder_incoming)

BOOST_AUTO_TEST_CASE(one_at_a_time_waits_for_each_file_and_keeps_the_order_of_serials) {
    Desk desk;
    desk.settings.layout = adapters::Layout::one_at_a_time;
    desk.put(schedule(1), "0370100017", "20261101090011");
    desk.put(schedule(0), "0370100017", "20261101090010");
    Incoming incoming(desk.world(), {});
    std::vector<std::string> order;
    for (int i = 0; i < 60 && order.size() < 6; ++i) {
        turns(desk, incoming, 1);
        const auto placed = desk.placed();
        BOOST_TEST(placed.size() <= 1u);
        if (placed.empty()) continue;
        order.push_back(placed.begin()->first);
        fs::remove(desk.settings.folders.incoming / order.back());
    }
    BOOST_REQUIRE(order.size() == 6u);
    for (int i = 0; i < 6; ++i)
        BOOST_TEST(order[static_cast<std::size_t>(i)].find(
                       i < 3 ? "20261101090010" : "20261101090011") != std::string::npos);
    turns(desk, incoming, 3);
    BOOST_TEST(desk.gateway.mailbox[0].imported == 1u);
}

BOOST_AUTO_TEST_CASE(a_failed_import_is_told_with_the_softwares_own_words) {
    Desk desk;
    desk.put(schedule(), "0370100017", "20261101090010");
    Incoming incoming(desk.world(), {});
    turns(desk, incoming, 2);
    const auto placed = desk.placed();
    BOOST_REQUIRE(placed.size() == 3u);
    const std::string bad = placed.begin()->first;
    std::ofstream(desk.settings.folders.failed / (bad + ".txt")) << "被保険者が\n未登録";
    for (const auto& [path, bytes] : placed)
        fs::rename(desk.settings.folders.incoming / path,
                   (path == bad ? desk.settings.folders.failed : desk.settings.folders.taken) /
                       path);
    turns(desk, incoming, 2);
    BOOST_TEST(desk.gateway.mailbox[0].failed == 1u);
    BOOST_TEST(desk.gateway.mailbox[0].imported == 0u);
    BOOST_TEST(desk.gateway.mailbox[0].note == bad + ": 被保険者が 未登録");
}

BOOST_AUTO_TEST_CASE(acknowledges_by_the_policy) {
    for (const auto policy : {AckPolicy::on_written, AckPolicy::manual}) {
        Desk desk;
        desk.settings.ack = policy;
        desk.put(schedule(), "0370100017", "20261101090010");
        Incoming incoming(desk.world(), {});
        turns(desk, incoming, 3);
        BOOST_TEST(desk.placed().size() == 3u);
        BOOST_TEST(desk.gateway.mailbox[0].imported == (policy == AckPolicy::manual ? 0u : 1u));
        BOOST_TEST(!incoming.is_watching());
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_proven_holds_its_sender_and_nobody_else) {
    Desk desk;
    desk.put(schedule(0), "0370100017", "20261101090010");
    desk.put(schedule(1), "0370100017", "20261101090011");
    desk.put(schedule(2), "0370100033", "20261101090012");
    Link link = desk.gateway.link();
    bool proven = false;
    const BundleId doubtful = desk.gateway.mailbox[0].arrival.id;
    const Link plain = link;
    link.fetch = [&](const BundleId& id) -> Asked<Delivery> {
        if (!proven && id == doubtful)
            return LinkProblem{LinkProblem::Kind::not_proven, {"違う", "differs"}, {}};
        return plain.fetch(id);
    };
    World world{
        desk.settings, link, desk.disk, desk.clock, [](const Event&) {}, [](const Asked<void>&) {}};
    Incoming incoming(world, {});
    turns(desk, incoming, 3);
    BOOST_TEST(has_trouble(incoming.view(), "receipt.not_proven"));
    BOOST_TEST(desk.gateway.fetched.size() == 1u);
    proven = true;
    turns(desk, incoming, 4);
    BOOST_REQUIRE(desk.gateway.fetched.size() == 3u);
    BOOST_TEST((desk.gateway.fetched[1] == doubtful));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_converted_is_put_aside_with_a_report_and_the_others_go_on) {
    Desk desk;
    desk.put(schedule(0), "0370100017", "20261101090010");
    desk.put(schedule(1), "0370100017", "20261101090011");
    int calls = 0;
    Incoming incoming(desk.world(), [&](const std::vector<InputFile>& files) {
        ForImport made;
        if (++calls == 1) {
            made.refused = true;
            made.complaints.push_back(
                {"A-VAL-01", true, "x.csv", 3, "", {"書けません", "cannot"}, {}});
        } else {
            made.files = {{"予定/予定:1.csv", files[0].bytes}};
            made.report_json = "{}";
        }
        return made;
    });
    turns(desk, incoming, 3);
    BOOST_TEST(incoming.quarantined_count() == 1u);
    const auto returned = all_below(desk.settings.folders.returned);
    BOOST_TEST(returned.size() == 2u);
    BOOST_TEST(returned.begin()->first.starts_with("受信_0370100017_20261101090010_"));
    const auto placed = desk.placed();
    BOOST_REQUIRE(placed.size() == 1u);
    BOOST_TEST(placed.begin()->first == "予定/予定_1.csv"); // a name that Windows takes
    BOOST_TEST(desk.gateway.mailbox[0].imported + desk.gateway.mailbox[0].failed == 0u);
    std::size_t raw = 0;
    for (const auto& [path, bytes] : all_below(desk.settings.folders.archive))
        raw += path.ends_with(".CSV") ? 1 : 0;
    BOOST_TEST(raw == 6u);
}

BOOST_AUTO_TEST_CASE(never_writes_over_a_file_that_is_still_there) {
    Desk desk;
    const auto files = schedule();
    desk.put(files, "0370100017", "20261101090010");
    std::ofstream(desk.settings.folders.incoming / files[0].name) << "somebody's";
    Incoming incoming(desk.world(), {});
    turns(desk, incoming, 3);
    BOOST_TEST(has_trouble(incoming.view(), "name.taken"));
    BOOST_TEST(*read_whole(desk.settings.folders.incoming / files[0].name) == "somebody's");
    fs::remove(desk.settings.folders.incoming / files[0].name);
    turns(desk, incoming, 2);
    BOOST_TEST((desk.placed() == as_map(files)));
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_away_took_nothing) {
    Desk desk;
    desk.put(schedule(), "0370100017", "20261101090010");
    Incoming incoming(desk.world(), {});
    turns(desk, incoming, 2);
    fs::rename(desk.settings.folders.incoming, desk.scratch.path / "away");
    turns(desk, incoming, 3);
    BOOST_TEST(has_trouble(incoming.view(), "folder"));
    fs::rename(desk.scratch.path / "away", desk.settings.folders.incoming);
    turns(desk, incoming, 3);
    BOOST_TEST(desk.gateway.mailbox[0].imported == 0u);
    BOOST_TEST(desk.placed().size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_recalled_bundle_is_forgotten_but_a_busy_gateway_loses_nothing) {
    Desk desk;
    desk.put(schedule(), "0370100017", "20261101090010");
    desk.gateway.fetch_problem = LinkProblem{LinkProblem::Kind::away, {"混雑", "busy"}, {}};
    Incoming incoming(desk.world(), {});
    turns(desk, incoming, 3);
    BOOST_TEST(incoming.is_watching());
    desk.gateway.fetch_problem = LinkProblem{LinkProblem::Kind::refused, {"取消", "recalled"}, {}};
    turns(desk, incoming, 2);
    BOOST_TEST(!incoming.is_watching());
    BOOST_TEST(desk.placed().empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hotfolder_status)

BOOST_AUTO_TEST_CASE(what_could_not_be_looked_at_is_never_drawn_as_nothing) {
    OfficeView office;
    office.name = "<見本>";
    office.gateway.reachable = false;
    office.gateway.why = {"届きません", "away"};
    const Time now = *parse_rfc3339("2026-11-23T03:00:00.000Z");
    const auto value = boost::json::parse(status_json({office}, now));
    const auto& shown = value.at("offices").at(0).as_object();
    for (const char* name : {"waiting", "queued", "sent_today", "returned", "received_today",
                             "waiting_for_import", "certificate_days_left"})
        BOOST_TEST(shown.at(name).is_null(), name);
    BOOST_TEST(shown.at("gateway_reachable") == false);
    BOOST_TEST(shown.at("needs_attention") == true);
    for (const std::string& text : {status_html({office}, now), status_text(office, now)}) {
        BOOST_TEST(text.find("0 件") == std::string::npos);
        BOOST_TEST(text.find("不明") != std::string::npos);
        BOOST_TEST(text.find("届きません") != std::string::npos);
    }
    BOOST_TEST(status_html({office}, now).find("<見本>") == std::string::npos);
    BOOST_TEST(status_html({office}, now).find("<script") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(says_when_all_is_well_and_when_the_certificate_ends) {
    OfficeView office;
    office.gateway.reachable = true;
    office.gateway.certificate_days = 31;
    office.outgoing.waiting.emplace();
    office.outgoing.queued.emplace();
    office.outgoing.returned.emplace();
    BOOST_TEST(!needs_attention(office));
    office.gateway.certificate_days = 30;
    BOOST_TEST(needs_attention(office));
    BOOST_TEST(status_text(office, Time{}).find("あと 30 日。更新") != std::string::npos);
    BOOST_TEST(status_json({office}, Time{}).find("certificate.ends") != std::string::npos);
    office.gateway.certificate_days = -1;
    BOOST_TEST(status_json({office}, Time{}).find("certificate.expired") != std::string::npos);
    BOOST_TEST(status_text(office, Time{}).find("期限が切れています") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_report_shows_whatever_is_in_a_name_as_text) {
    const ReturnReport report{
        "見本",
        "job",
        Time{},
        {"<b>.csv"},
        {{"R-X", true, "<i>", 3, "項目", {"<script>", "&"}, {"直す", "mend"}}},
        {}};
    const std::string html = to_html(report);
    BOOST_TEST(html.find("<script>") == std::string::npos);
    BOOST_TEST(html.find("&lt;i&gt; › 3行目 › 項目") != std::string::npos);
    BOOST_TEST(to_text(report).find("1. エラー [R-X] <i> › 3行目 › 項目\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
