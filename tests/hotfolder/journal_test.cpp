#include "adapters/hotfolder/lots.hpp"
#include "tests/hotfolder/world.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::hotfolder;
using namespace cpg::hotfolder::test;

namespace {

Record numbered(int number) {
    return {{"what", "test"}, {"number", number}};
}

std::string three_lines() {
    return line_of(numbered(1)) + line_of(numbered(2)) + line_of(numbered(3));
}

} // namespace

BOOST_AUTO_TEST_SUITE(hotfolder_journal)

BOOST_AUTO_TEST_CASE(a_line_cut_at_any_byte_is_no_line_and_costs_no_other) {
    const std::string text = three_lines();
    const std::size_t two = line_of(numbered(1)).size() * 2;
    for (std::size_t cut = two; cut < text.size(); ++cut) {
        const auto parsed = parse_journal(BytesView(text).substr(0, cut));
        BOOST_TEST(parsed.records.size() == 2u);
        BOOST_TEST(parsed.good_bytes == two);
        BOOST_TEST(!parsed.damaged_line);
    }
}

BOOST_AUTO_TEST_CASE(any_changed_byte_among_good_lines_is_told) {
    const std::string text = three_lines();
    const std::size_t line = line_of(numbered(1)).size();
    for (std::size_t at = 0; at + 1 < 2 * line; ++at) {
        std::string changed = text;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        const auto parsed = parse_journal(changed);
        BOOST_TEST(parsed.damaged_line.has_value(), "byte " << at);
    }
}

BOOST_AUTO_TEST_CASE(appends_after_a_torn_line_as_if_it_had_not_been) {
    const Scratch scratch;
    const Disk disk;
    const fs::path file = scratch.path / "x.journal";
    {
        Journal journal(file, disk);
        journal.append(numbered(1));
    }
    std::ofstream(file, std::ios::binary | std::ios::app) << line_of(numbered(2)).substr(0, 20);
    {
        Journal journal(file, disk);
        BOOST_TEST(journal.found().size() == 1u);
        journal.append(numbered(3));
    }
    Journal journal(file, disk);
    BOOST_REQUIRE(journal.found().size() == 2u);
    BOOST_TEST(journal.found()[1].at("number").as_int64() == 3);
    journal.rewrite({numbered(7)});
    journal.append(numbered(8));
    const auto parsed = parse_journal(*read_whole(file));
    BOOST_TEST(parsed.records.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_damaged_journal_stops_the_office) {
    Desk desk;
    desk.drop(schedule());
    desk.run_out();
    const fs::path file = desk.settings.folders.state / "out.journal";
    std::string text = *read_whole(file);
    text[30] = static_cast<char>(text[30] ^ 1);
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
    BOOST_CHECK_THROW(Outgoing(desk.world(), desk.converter), JournalDamaged);
}

BOOST_AUTO_TEST_CASE(a_snapshot_tells_the_same_as_the_whole_journal) {
    Desk desk;
    desk.drop(schedule(0));
    desk.run_out();
    desk.gateway.is_away = true;
    desk.drop(schedule(1));
    desk.run_out();
    OutgoingState whole, again, third;
    for (const auto& record :
         parse_journal(*read_whole(desk.settings.folders.state / "out.journal")).records)
        whole.apply(record);
    BOOST_TEST(whole.open().size() == 1u);
    BOOST_TEST(whole.sent_on("20261123") == 1u);
    for (const auto& record : whole.snapshot("20251023")) again.apply(record);
    BOOST_TEST((whole.snapshot("20251023") == again.snapshot("20251023")));
    BOOST_TEST(again.open().size() == 1u);
    BOOST_TEST(again.sent_on("20261123") == 1u);
    for (const auto& file : schedule(0)) {
        const auto finger = sent_finger(*embedded_catalog(), file.name, file.bytes);
        BOOST_TEST(again.place_of(finger) != nullptr);
    }
    for (const auto& record : whole.snapshot("20261124")) third.apply(record); // forgotten by then
    const auto first = schedule(0).front();
    BOOST_TEST(third.place_of(sent_finger(*embedded_catalog(), first.name, first.bytes)) ==
               nullptr);
}

BOOST_AUTO_TEST_CASE(a_lost_journal_gives_the_work_back_to_people) {
    Desk desk;
    desk.gateway.is_away = true;
    desk.drop(schedule());
    desk.run_out();
    fs::remove(desk.settings.folders.state / "out.journal");
    desk.gateway.is_away = false;
    desk.run_out();
    BOOST_TEST(desk.gateway.accepted.empty());
    std::size_t found = 0;
    for (const auto& [path, bytes] : all_below(desk.settings.folders.returned))
        found += path.find("_記録なし/原本/") != std::string::npos ? 1 : 0;
    BOOST_TEST(found == schedule().size());
}

BOOST_AUTO_TEST_SUITE_END()
