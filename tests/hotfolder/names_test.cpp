#include "adapters/hotfolder/backoff.hpp"
#include "adapters/hotfolder/layout.hpp"
#include "adapters/hotfolder/names.hpp"
#include "adapters/hotfolder/settings.hpp"
#include "spec/records/cp932.hpp"
#include "spec/records/unpack.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::hotfolder;

BOOST_AUTO_TEST_SUITE(hotfolder_names)

BOOST_AUTO_TEST_CASE(passes_over_what_nobody_meant_to_send) {
    for (const char* name : {".hidden", "~$plan.xlsx", "a.tmp", "A.TMP", "a.part", "a.partial",
                             "a.crdownload", "a.swp", "a~", "Thumbs.db", "DESKTOP.INI", ""})
        BOOST_TEST(is_passed_over(name), name);
    for (const char* name : {"UPPLAN.CSV", "a.tmp.csv", "part", "利用者.csv"})
        BOOST_TEST(!is_passed_over(name), name);
}

BOOST_AUTO_TEST_CASE(knows_the_names_that_windows_refuses) {
    for (const char* name :
         {"",        ".",       "..",   "a:b",      "a/b",      "a\\b",   "a?b",     "a*b",
          "a\"b",    "a<b",     "a>b",  "a|b",      "a\tb",     "a.",     "a ",      "CON",
          "con.txt", "Nul.CSV", "COM1", "lpt9.log", "com¹.txt", "CONIN$", "aux .txt"})
        BOOST_TEST(!is_windows_name(name), name);
    for (const char* name : {"a", "計画.csv", "CONSOLE", "COM10", "a.b.c", "髙橋.csv", ".a"})
        BOOST_TEST(is_windows_name(name), name);
    BOOST_TEST(!is_windows_name("😀.csv")); // no CP932 form
    BOOST_TEST(!is_windows_name("a〜b"));  // CP932 gives another character back
    BOOST_TEST(!is_windows_name("\xff"));  // not UTF-8
    BOOST_TEST(is_windows_name(std::string(120, 'a')));
    BOOST_TEST(!is_windows_name(std::string(121, 'a')));
}

BOOST_AUTO_TEST_CASE(makes_any_name_one_that_windows_takes) {
    const std::pair<std::string, std::string> cases[] = {{"計画.csv", "計画.csv"},
                                                         {"a:b?.csv", "a_b_.csv"},
                                                         {"CON", "_CON"},
                                                         {"nul.csv", "_nul.csv"},
                                                         {"a. .", "a"},
                                                         {"...", "_"},
                                                         {"😀.csv", "_.csv"},
                                                         {"9〜12時.csv", "9～12時.csv"},
                                                         {"", "_"}};
    for (const auto& [given, wanted] : cases) BOOST_TEST(windows_name(given) == wanted);
    std::string every;
    for (int c = 0; c < 256; ++c) every += static_cast<char>(c);
    BOOST_TEST(is_windows_name(windows_name(every)));
    std::string longest;
    for (int i = 0; i < 300; ++i) longest += "長";
    const std::string cut = windows_name(longest + ".csv");
    BOOST_TEST(is_windows_name(cut));
    BOOST_TEST(cut.ends_with("長.csv"));
    BOOST_TEST(utf16_length(cut) == max_name);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

Arrival arrival() {
    Arrival made;
    made.from = {*OfficeNo::parse("0370100017"), ServiceType::parse("43")};
    made.serial = Serial::parse("20261120093000");
    made.month = "202611";
    return made;
}

std::vector<std::string> paths(adapters::Layout layout) {
    std::vector<std::string> names;
    for (const auto& file : laid_out(layout, arrival(), {{"A.CSV", "1"}, {"B.CSV", "2"}}))
        names.push_back(file.name);
    return names;
}

} // namespace

BOOST_AUTO_TEST_SUITE(hotfolder_layout)

BOOST_AUTO_TEST_CASE(lays_files_out_in_each_of_the_six_ways) {
    using adapters::Layout;
    const std::pair<Layout, std::vector<std::string>> cases[] = {
        {Layout::flat, {"A.CSV", "B.CSV"}},
        {Layout::one_at_a_time, {"A.CSV", "B.CSV"}},
        {Layout::partner_folder, {"0370100017/A.CSV", "0370100017/B.CSV"}},
        {Layout::serial_folder,
         {"0370100017_20261120093000/A.CSV", "0370100017_20261120093000/B.CSV"}},
        {Layout::month_folder, {"202611/0370100017/A.CSV", "202611/0370100017/B.CSV"}},
        {Layout::partner_zip, {"0370100017_20261120093000.zip"}},
    };
    for (const auto& [layout, wanted] : cases)
        BOOST_TEST(paths(layout) == wanted, boost::test_tools::per_element());
    const auto zip =
        laid_out(Layout::partner_zip, arrival(), {{"A.CSV", "1"}, {"B.CSV", "2"}}).front();
    const auto inside = unpack_zip(zip.bytes);
    BOOST_REQUIRE(inside);
    BOOST_TEST(inside->size() == 2u);
    BOOST_TEST((*inside)[1].bytes == "2");
}

BOOST_AUTO_TEST_CASE(keeps_names_apart_that_windows_holds_for_the_same) {
    std::vector<InputFile> files{
        {"x/a.pdf", ""}, {"x/A.pdf", ""}, {"x/a?.pdf", ""}, {"x/a_.pdf", ""}};
    make_windows_paths(files);
    BOOST_TEST(files[0].name == "x/a.pdf");
    BOOST_TEST(files[1].name == "x/A_2.pdf");
    BOOST_TEST(files[2].name == "x/a_.pdf");
    BOOST_TEST(files[3].name == "x/a__2.pdf");
}

BOOST_AUTO_TEST_CASE(leaves_folders_out_when_a_path_would_be_too_long) {
    const std::string part(100, 'f');
    std::vector<InputFile> files{{part + "/" + part + "/a.csv", ""}};
    make_windows_paths(files);
    BOOST_TEST(files[0].name == "a.csv");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hotfolder_backoff)

BOOST_AUTO_TEST_CASE(doubles_up_to_its_cap_and_is_half_chance) {
    const RetryPolicy policy{Duration(1'000), Duration(10'000)};
    const std::pair<unsigned, int> whole[] = {
        {1, 1'000}, {2, 2'000}, {4, 8'000}, {5, 10'000}, {4'000'000'000u, 10'000}};
    for (const auto& [failures, most] : whole) {
        BOOST_TEST(retry_delay(policy, failures, 0.0).count() == most / 2);
        BOOST_TEST(retry_delay(policy, failures, 0.5).count() == most * 3 / 4);
        BOOST_TEST(retry_delay(policy, failures, 0.999999).count() < most);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hotfolder_settings)

BOOST_AUTO_TEST_CASE(reads_durations_with_their_units) {
    const std::pair<const char*, int> good[] = {
        {"300ms", 300}, {"2s", 2'000}, {"2", 2'000}, {"10m", 600'000}, {"1h", 3'600'000}};
    for (const auto& [text, wanted] : good) BOOST_TEST(parse_duration(text)->count() == wanted);
    for (const char* text : {"", "s", "-1s", "1.5s", "1 s", "1w", "99999999999s"})
        BOOST_TEST(!parse_duration(text), text);
}

BOOST_AUTO_TEST_CASE(the_example_is_good_and_says_the_defaults) {
    const auto outcome = read_agent_settings(CPG_SOURCE_DIR "/deploy/agent.example.yaml");
    for (const auto& problem : outcome.problems) BOOST_TEST_MESSAGE(problem.line << problem.text);
    BOOST_REQUIRE(outcome.problems.empty());
    BOOST_REQUIRE(outcome.settings.offices.size() == 1u);
    const OfficeSettings& office = outcome.settings.offices[0];
    const OfficeSettings defaults;
    BOOST_TEST((office.lots.settle == defaults.lots.settle));
    BOOST_TEST((office.lots.set_settle == defaults.lots.set_settle));
    BOOST_TEST((office.lots.set_timeout == defaults.lots.set_timeout));
    BOOST_TEST(
        (office.retry.first == defaults.retry.first && office.retry.cap == defaults.retry.cap));
    BOOST_TEST((office.taken_grace == defaults.taken_grace && office.poll == defaults.poll));
    BOOST_TEST(office.min_free_bytes == defaults.min_free_bytes);
    BOOST_TEST((office.client.timeout == defaults.client.timeout));
    BOOST_TEST((office.ack == defaults.ack));
    BOOST_TEST(office.folders.outgoing.filename().string() == "送信");
    BOOST_TEST(office.folders.failed.parent_path() == office.folders.incoming);
}

BOOST_AUTO_TEST_SUITE_END()
