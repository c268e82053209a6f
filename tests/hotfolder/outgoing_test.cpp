#include "tests/hotfolder/world.hpp"

#include "spec/records/unpack.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <system_error>

using namespace cpg;
using namespace cpg::hotfolder;
using namespace cpg::hotfolder::test;

namespace {

std::string report_in(const Desk& desk) {
    for (const auto& [path, bytes] : all_below(desk.settings.folders.returned))
        if (path.ends_with("/報告.txt")) return bytes;
    return "";
}

bool has_trouble(const OutgoingView& view, std::string_view code) {
    return std::any_of(view.troubles.begin(), view.troubles.end(),
                       [&](const Trouble& trouble) { return trouble.code == code; });
}

Scanned scanned(const std::string& path, std::uint64_t bytes = 1) {
    return {path, bytes, 1, 1, false};
}

} // namespace

BOOST_AUTO_TEST_SUITE(hotfolder_lots)

BOOST_AUTO_TEST_CASE(a_file_that_changes_begins_to_settle_anew) {
    Watched watched;
    const Time start{std::chrono::seconds(1'000)};
    watched.look({scanned("a", 1)}, start);
    BOOST_TEST((watched.look({scanned("a", 1)}, start + Duration(500))[0].since == start));
    const Time later = start + Duration(900);
    BOOST_TEST((watched.look({scanned("a", 2)}, later)[0].since == later));
    Scanned held = scanned("a", 2);
    held.open_for_writing = true; // being open is no change
    BOOST_TEST((watched.look({held}, later + Duration(1))[0].since == later));
    watched.look({}, later); // gone
    BOOST_TEST(
        (watched.look({scanned("a", 2)}, later + Duration(5))[0].since == later + Duration(5)));
}

BOOST_AUTO_TEST_CASE(names_what_a_set_still_needs) {
    const Edition& edition = *embedded_catalog()->edition("4.1");
    const auto missing = missing_types(edition, {"UPPLAN"});
    BOOST_REQUIRE(missing.size() == 2u);
    BOOST_TEST(missing[0].starts_with("UPSIKYU（"));
    BOOST_TEST(missing[1].starts_with("UPHOSOKU（"));
    BOOST_TEST(missing_types(edition, {"UPPLAN", "UPSIKYU", "UPHOSOKU"}).empty());
    BOOST_TEST(missing_types(edition, {"UPJSK"}).empty());
    BOOST_TEST(missing_types(edition, {"UPJSK", "UPPLAN"}).empty()); // no kind: a check will say it
}

BOOST_AUTO_TEST_CASE(a_set_waits_for_more_and_an_incomplete_one_longer) {
    const auto files = schedule();
    const LotPolicy policy;
    const Time start{std::chrono::seconds(1'000)};
    std::vector<Seen> seen;
    for (const auto& file : files) seen.push_back({scanned(file.name), start});
    const auto state = [&](const std::vector<Seen>& look, Duration after) {
        return lots_of(*embedded_catalog(), look, policy, start + after).front().state;
    };
    BOOST_TEST((state(seen, policy.set_settle - Duration(1)) == Lot::State::waiting));
    BOOST_TEST((state(seen, policy.set_settle) == Lot::State::ready));
    const std::vector<Seen> two(seen.begin(), seen.begin() + 2);
    BOOST_TEST((state(two, policy.set_timeout - Duration(1)) == Lot::State::waiting));
    BOOST_TEST((state(two, policy.set_timeout) == Lot::State::incomplete));
    seen[0].file.open_for_writing = true;
    BOOST_TEST((state(seen, policy.set_timeout) == Lot::State::waiting));
}

BOOST_AUTO_TEST_CASE(lots_come_in_the_order_of_their_serials_and_signatures_with_their_files) {
    std::vector<Seen> seen;
    for (const int number : {2, 0, 1})
        for (const auto& file : schedule(number)) seen.push_back({scanned(file.name), Time{}});
    seen.push_back({scanned(schedule(1)[0].name + ".p7s"), Time{}});
    seen.push_back({scanned("x.zip"), Time{}});
    seen.push_back({scanned("月次.txt"), Time{}});
    const auto lots = lots_of(*embedded_catalog(), seen, {}, Time{});
    BOOST_REQUIRE(lots.size() == 5u);
    BOOST_TEST(lots[0].serial->str() == "20261101090010");
    BOOST_TEST(lots[1].files.size() == 4u);
    BOOST_TEST(lots[2].serial->str() == "20261101090012");
    BOOST_TEST((lots[3].kind == Lot::Kind::zip));
    BOOST_TEST((lots[4].kind == Lot::Kind::foreign));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hotfolder_outgoing)

BOOST_AUTO_TEST_CASE(sends_the_bytes_of_the_files_and_keeps_originals_and_receipt) {
    Desk desk;
    const auto files = schedule();
    desk.drop(files);
    desk.run_out();
    BOOST_REQUIRE(desk.gateway.accepted.size() == 1u);
    BOOST_TEST((as_map(desk.gateway.accepted[0].files) == as_map(files)));
    BOOST_TEST(desk.gateway.accepted[0].conversion.empty());
    const auto kept = all_below(desk.settings.folders.archive);
    std::size_t found = 0;
    for (const auto& [path, bytes] : kept) {
        BOOST_TEST(path.starts_with("2026-11/20261123-"));
        if (path.find("/原本/") == std::string::npos) continue;
        BOOST_TEST((bytes == as_map(files).at(path.substr(path.rfind('/') + 1))));
        ++found;
    }
    BOOST_TEST(found == files.size());
}

BOOST_AUTO_TEST_CASE(a_file_dropped_again_is_answered_with_the_first_receipt) {
    Desk desk;
    for (int i = 0; i < 3; ++i) {
        desk.drop(schedule());
        desk.run_out();
        desk.pass(std::chrono::hours(24));
    }
    BOOST_TEST(desk.gateway.accepted.size() == 1u);
    BOOST_TEST(all_below(desk.settings.folders.returned).empty());
    std::size_t answered = 0;
    for (const auto& [path, bytes] : all_below(desk.settings.folders.archive))
        if (path.find("_送信済み/receipts/") != std::string::npos) {
            ++answered;
            BOOST_TEST(bytes.starts_with("receipt of "));
        }
    BOOST_TEST(answered == 2u);
}

BOOST_AUTO_TEST_CASE(a_file_dropped_twice_before_the_first_could_go_is_sent_once) {
    Desk desk;
    desk.gateway.is_away = true;
    desk.drop(schedule());
    Outgoing outgoing(desk.world(), desk.converter);
    desk.run_out(outgoing);
    desk.drop(schedule());
    desk.run_out(outgoing);
    desk.gateway.is_away = false;
    desk.pass(std::chrono::hours(1));
    desk.run_out(outgoing);
    BOOST_TEST(desk.gateway.accepted.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_setting_sends_again_what_was_sent) {
    Desk desk;
    desk.settings.send_again = true;
    for (int i = 0; i < 2; ++i) {
        desk.drop(schedule());
        desk.run_out();
    }
    BOOST_TEST(desk.gateway.accepted.size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_incomplete_set_comes_back_with_the_names_of_what_is_missing) {
    Desk desk;
    auto files = schedule();
    std::erase_if(files, [](const InputFile& file) { return file.name.starts_with("UPSIKYU"); });
    desk.drop(files);
    Outgoing outgoing(desk.world(), desk.converter);
    const Turn turn = outgoing.turn();
    BOOST_TEST(turn.idle); // waits for people
    desk.pass(desk.settings.lots.set_timeout);
    outgoing.turn();
    BOOST_TEST(desk.gateway.accepted.empty());
    const std::string report = report_in(desk);
    BOOST_TEST(report.find("H-MISSING") != std::string::npos);
    BOOST_TEST(report.find("UPSIKYU（") != std::string::npos);
    BOOST_TEST(outgoing.returned_count() == 1u);
    BOOST_TEST(outgoing.view().returned->size() == 1u);
}

BOOST_AUTO_TEST_CASE(its_own_check_returns_a_file_with_line_and_what_to_do) {
    Desk desk;
    auto files = schedule();
    for (auto& file : files)
        if (file.name.starts_with("UPPLAN")) file.bytes += "x,y\r\n";
    desk.drop(files);
    desk.run_out();
    BOOST_TEST(desk.gateway.calls == 0u);
    const std::string report = report_in(desk);
    BOOST_TEST(report.find("[R-") != std::string::npos);
    BOOST_TEST(report.find("行目") != std::string::npos);
    BOOST_TEST(report.find("→") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_the_gateway_rejects_comes_back_with_its_words) {
    Desk desk;
    desk.gateway.rejects = {{"R-SEQ-01", true, "", 0, "", {"通番が使われています", "used"}, {}}};
    desk.drop(schedule());
    desk.run_out();
    BOOST_TEST(report_in(desk).find("[R-SEQ-01]") != std::string::npos);
    // Returned is not sent: the mended gateway gets it when it is dropped again.
    desk.gateway.rejects.clear();
    desk.drop(schedule());
    desk.run_out();
    BOOST_TEST(desk.gateway.accepted.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_unknown_file_comes_back_and_the_others_go_on) {
    Desk desk;
    desk.drop(schedule());
    desk.drop("メモ.txt", "memo");
    desk.drop("壊れた.zip", std::string("PK\x03\x04", 4) + "no zip");
    desk.run_out();
    BOOST_TEST(desk.gateway.accepted.size() == 1u);
    std::string reports;
    for (const auto& [path, bytes] : all_below(desk.settings.folders.returned))
        if (path.ends_with(".txt")) reports += bytes;
    BOOST_TEST(reports.find("H-UNKNOWN") != std::string::npos);
    BOOST_TEST(reports.find("H-ZIP") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(waits_for_a_gateway_that_is_away_longer_each_time) {
    Desk desk;
    desk.gateway.is_away = true;
    desk.drop(schedule());
    Outgoing outgoing(desk.world(), desk.converter);
    while (!has_trouble(outgoing.view(), "gateway.away")) {
        const Turn turn = outgoing.turn();
        desk.clock.time = std::max(turn.next, desk.clock.time + Duration(1));
    }
    BOOST_TEST(outgoing.view().queued->size() == 1u);
    Duration last{0};
    for (int i = 0; i < 14; ++i) {
        const Turn turn = outgoing.turn();
        last = std::chrono::ceil<Duration>(turn.next - desk.clock.time);
        BOOST_TEST(last.count() <= 30'000); // looks at the folder in between
        BOOST_TEST(turn.gateway_away);
        desk.clock.time = turn.next;
    }
    desk.gateway.is_away = false;
    desk.pass(desk.settings.retry.cap);
    outgoing.turn();
    BOOST_TEST(desk.gateway.accepted.size() == 1u);
    BOOST_TEST(outgoing.view().troubles.empty());
}

BOOST_AUTO_TEST_CASE(never_sends_bytes_other_than_those_recorded) {
    Desk desk;
    desk.gateway.is_away = true;
    desk.drop(schedule());
    desk.run_out();
    for (const auto& entry : fs::recursive_directory_iterator(desk.settings.folders.state / "work"))
        if (entry.is_regular_file() && entry.path().string().find("送付") != std::string::npos)
            std::ofstream(entry.path(), std::ios::app) << "x";
    desk.gateway.is_away = false;
    Outgoing outgoing(desk.world(), desk.converter);
    outgoing.turn();
    BOOST_TEST(has_trouble(outgoing.view(), "work.changed"));
    BOOST_TEST(desk.gateway.accepted.empty());
}

BOOST_AUTO_TEST_CASE(takes_nothing_new_when_the_disk_is_nearly_full) {
    Desk desk;
    desk.settings.min_free_bytes = ~std::uint64_t{0};
    desk.drop(schedule());
    Outgoing outgoing(desk.world(), desk.converter);
    desk.run_out(outgoing, 5);
    BOOST_TEST(has_trouble(outgoing.view(), "disk.full"));
    BOOST_TEST(all_below(desk.settings.folders.outgoing).size() == schedule().size());
    desk.settings.min_free_bytes = 0;
    desk.run_out(outgoing);
    BOOST_TEST(desk.gateway.accepted.size() == 1u);
}

BOOST_AUTO_TEST_CASE(
    a_disk_that_refuses_one_job_does_not_hold_the_others_and_a_full_one_is_waited_for) {
    for (const int code : {EACCES, ENOSPC}) {
        Desk desk;
        int refusals = 1;
        const Disk disk([&](std::string_view step) {
            if (step == "move" && refusals-- > 0)
                throw std::system_error(code, std::generic_category(), "x");
        });
        const World world{desk.settings, desk.link,           disk,
                          desk.clock,    [](const Event&) {}, [](const Asked<void>&) {}};
        desk.drop(schedule(0));
        desk.drop(schedule(1));
        Outgoing outgoing(world, desk.converter);
        outgoing.turn();
        desk.pass(desk.settings.lots.set_settle);
        const Turn turn = outgoing.turn();
        BOOST_TEST(has_trouble(outgoing.view(), code == ENOSPC ? "disk.full" : "folder"));
        BOOST_TEST((turn.next <= desk.clock.time + Duration(5'000)));
        BOOST_TEST(desk.gateway.accepted.size() == (code == ENOSPC ? 0u : 1u));
        desk.run_out(outgoing);
        BOOST_TEST(desk.gateway.accepted.size() == 2u);
        BOOST_TEST(outgoing.view().troubles.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_dialect_may_mend_files_that_only_have_the_standards_names) {
    Desk desk;
    const auto good = schedule();
    auto loose = good;
    for (auto& file : loose) file.bytes = "loose " + file.bytes;
    int asked = 0;
    desk.converter.read_dialects = [&](const std::vector<InputFile>& files, const Serial&) {
        ++asked;
        Made made;
        for (const auto& file : files) made.sources.push_back(file.name);
        made.state =
            files[0].bytes.starts_with("loose") ? Made::State::ready : Made::State::refused;
        if (made.state == Made::State::ready) made.files = good;
        made.header = "std-v4-loose@1; report=sha256:00";
        return std::vector<Made>{made};
    };
    desk.drop(loose);
    desk.run_out();
    BOOST_REQUIRE(desk.gateway.accepted.size() == 1u);
    BOOST_TEST((as_map(desk.gateway.accepted[0].files) == as_map(good)));
    BOOST_TEST(desk.gateway.accepted[0].conversion.starts_with("std-v4-loose@1"));
    BOOST_TEST(asked == 1);
    desk.drop(schedule(1)); // good as it is: nobody is asked
    desk.run_out();
    BOOST_TEST(asked == 1);
    BOOST_TEST((as_map(desk.gateway.accepted.at(1).files) == as_map(schedule(1))));
    auto broken = schedule(2);
    for (auto& file : broken) file.bytes = "broken " + file.bytes;
    desk.drop(broken);
    desk.run_out();
    BOOST_TEST(report_in(desk).find("[R-") != std::string::npos); // the standard's own words
}

BOOST_AUTO_TEST_CASE(a_folder_that_goes_away_is_said_and_tried_again) {
    Desk desk;
    Outgoing outgoing(desk.world(), desk.converter);
    fs::rename(desk.settings.folders.outgoing, desk.scratch.path / "away");
    const Turn turn = outgoing.turn();
    BOOST_TEST(has_trouble(outgoing.view(), "folder"));
    BOOST_TEST(!outgoing.view().waiting.has_value()); // unknown, not none
    BOOST_TEST((turn.next <= desk.clock.time + Duration(5'000)));
    fs::rename(desk.scratch.path / "away", desk.settings.folders.outgoing);
    outgoing.turn();
    BOOST_TEST(outgoing.view().troubles.empty());
    BOOST_TEST(outgoing.view().waiting->empty());
}

BOOST_AUTO_TEST_CASE(a_file_held_open_by_its_writer_is_waited_for) {
    Desk desk;
    const auto files = schedule();
    desk.drop(files);
    Outgoing outgoing(desk.world(), desk.converter);
    {
        std::ofstream writer(desk.settings.folders.outgoing / files[0].name,
                             std::ios::binary | std::ios::app);
        for (int i = 0; i < 5; ++i) {
            outgoing.turn();
            desk.pass(desk.settings.lots.set_settle);
        }
        BOOST_TEST(desk.gateway.accepted.empty());
    }
    desk.run_out(outgoing);
    BOOST_TEST(desk.gateway.accepted.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_zip_of_a_bundle_is_sent_and_kept_as_it_was) {
    Desk desk;
    const auto files = schedule();
    const Bytes zip = pack_zip(files);
    desk.drop("月次.zip", zip);
    desk.run_out();
    BOOST_REQUIRE(desk.gateway.accepted.size() == 1u);
    BOOST_TEST((as_map(desk.gateway.accepted[0].files) == as_map(files)));
    std::size_t found = 0;
    for (const auto& [path, bytes] : all_below(desk.settings.folders.archive))
        if (path.ends_with("/原本/月次.zip")) found += bytes == zip ? 1 : 0;
    BOOST_TEST(found == 1u);
}

BOOST_AUTO_TEST_CASE(files_of_a_dialect_are_converted_and_the_header_goes_with_them) {
    Desk desk;
    std::vector<std::string> serials;
    desk.converter.read_dialects = [&](const std::vector<InputFile>& files, const Serial& serial) {
        std::vector<Made> made;
        for (const auto& file : files) {
            Made one;
            one.sources = {file.name};
            one.header = "web@1; report=sha256:00";
            one.report_json = "{}";
            if (file.bytes == "good") {
                one.state = Made::State::ready;
                one.files = schedule(static_cast<int>(serials.size()) % 5);
                serials.push_back(serial.str());
            } else if (file.bytes == "half") {
                one.state = Made::State::partial;
            } else {
                throw std::runtime_error("a bug");
            }
            made.push_back(std::move(one));
        }
        return made;
    };
    desk.drop("予定.csv", "good");
    desk.drop("半分.csv", "half");
    Outgoing outgoing(desk.world(), desk.converter);
    for (int i = 0; i < 5; ++i) {
        outgoing.turn();
        desk.pass(desk.settings.lots.set_settle);
    }
    BOOST_REQUIRE(desk.gateway.accepted.size() == 1u);
    BOOST_TEST(desk.gateway.accepted[0].conversion == "web@1; report=sha256:00");
    BOOST_TEST(all_below(desk.settings.folders.outgoing).size() == 1u); // waits for its rest
    desk.pass(desk.settings.lots.set_timeout);
    desk.run_out(outgoing);
    BOOST_TEST(report_in(desk).find("H-MISSING") != std::string::npos);
    desk.drop("別名.csv", "good"); // the same bytes under another name
    desk.run_out(outgoing);
    BOOST_TEST(desk.gateway.accepted.size() == 1u);
    desk.drop("壊.csv", "crash");
    desk.run_out(outgoing);
    std::string reports;
    for (const auto& [path, bytes] : all_below(desk.settings.folders.returned))
        if (path.ends_with(".txt")) reports += bytes;
    BOOST_TEST(reports.find("H-FAILED") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(sends_that_are_refused_come_back_but_busy_ones_wait_as_asked) {
    Desk desk;
    desk.gateway.send_problem =
        LinkProblem{LinkProblem::Kind::away, {"混雑", "busy"}, std::chrono::seconds(77)};
    desk.drop(schedule());
    Outgoing outgoing(desk.world(), desk.converter);
    outgoing.turn();
    desk.pass(desk.settings.lots.set_settle);
    outgoing.turn();
    desk.gateway.send_problem.reset();
    desk.pass(std::chrono::seconds(76));
    outgoing.turn();
    BOOST_TEST(desk.gateway.accepted.empty());
    desk.pass(std::chrono::seconds(1));
    outgoing.turn();
    BOOST_TEST(desk.gateway.accepted.size() == 1u);
    desk.gateway.send_problem =
        LinkProblem{LinkProblem::Kind::refused, {"大きすぎます", "too large"}, {}};
    desk.drop(schedule(1));
    desk.run_out(outgoing);
    BOOST_TEST(report_in(desk).find("H-REFUSED") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
