#include "gateway/cli/office_import.hpp"

#include "spec/records/cp932.hpp"

#include <boost/test/unit_test.hpp>

namespace cpg::cli {

BOOST_AUTO_TEST_SUITE(office_import)

BOOST_AUTO_TEST_CASE(reads_number_types_and_name_behind_a_header) {
    const auto list = read_office_list("事業所番号,サービス種類,名称\r\n"
                                       "0370100017,43 46,見本居宅\r\n"
                                       "0370100025,\"11\",\"見本, 訪問\",further\r\n");
    BOOST_TEST(list.problems.empty());
    BOOST_REQUIRE(list.offices.size() == 2);
    BOOST_TEST(list.offices[0].office.view() == "0370100017");
    BOOST_TEST(list.offices[0].service_types.size() == 2);
    BOOST_TEST(list.offices[0].enabled);
    BOOST_TEST(!list.offices[0].reachable);
    BOOST_TEST(list.offices[1].name == "見本, 訪問");
}

BOOST_AUTO_TEST_CASE(a_first_row_that_is_an_office_is_no_header) {
    BOOST_TEST(read_office_list("0370100017,43,a\n").offices.size() == 1);
}

BOOST_AUTO_TEST_CASE(utf8_with_bom_and_ms932_read_alike) {
    const std::string text = "事業所番号,サービス種類,名称\n0370100017,43,見本髙橋居宅①\n";
    for (const Bytes& bytes : {text, "\xef\xbb\xbf" + text, *to_ms932(text).bytes}) {
        const auto list = read_office_list(bytes);
        BOOST_TEST(list.problems.empty());
        BOOST_REQUIRE(list.offices.size() == 1);
        BOOST_TEST(list.offices[0].name == "見本髙橋居宅①");
    }
}

BOOST_AUTO_TEST_CASE(every_problem_has_its_line) {
    const auto list = read_office_list("number,types,name\n"
                                       "0370100017,43,a\n"
                                       "not an office,43,b\n"
                                       "0370100017,43,twice\n"
                                       "0370100025,4,c\n"
                                       "0370100033,43\n"
                                       "0370100041,43,\n");
    std::vector<std::uint32_t> lines;
    for (const auto& problem : list.problems) lines.push_back(problem.line);
    BOOST_TEST(lines == (std::vector<std::uint32_t>{3, 4, 5, 6, 7}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_open_quote_and_utf16_are_problems) {
    BOOST_TEST(!read_office_list("0370100017,43,\"a\n").problems.empty());
    BOOST_TEST(!read_office_list(std::string("\xff\xfe\x30\x00", 4)).problems.empty());
}

BOOST_AUTO_TEST_CASE(no_more_problems_are_kept_than_anyone_reads) {
    std::string csv = "number,types,name\n";
    for (int i = 0; i < 1000; ++i) csv += "x,y,z\n";
    BOOST_TEST(read_office_list(csv).problems.size() == max_list_problems);
}

BOOST_AUTO_TEST_CASE(a_list_does_not_bring_a_disabled_office_back) {
    auto list = read_office_list("0370100017,43,new name\n0370100025,11,b\n");
    store::OfficeRow known = list.offices[0];
    known.enabled = false;
    known.reachable = true;
    known.name = "old name";
    keep_what_is_known(list.offices, {known});
    BOOST_TEST(!list.offices[0].enabled);
    BOOST_TEST(list.offices[0].reachable);
    BOOST_TEST(list.offices[0].name == "new name");
    BOOST_TEST(list.offices[1].enabled);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace cpg::cli
