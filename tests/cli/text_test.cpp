#include "gateway/cli/text.hpp"

#include <boost/test/unit_test.hpp>

namespace cpg::cli {

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(japanese_takes_two_columns_a_character) {
    BOOST_TEST(display_width("abc") == 3);
    BOOST_TEST(display_width("受領ー（A）") == 11);
    BOOST_TEST(display_width("ｶﾞ") == 2);
    BOOST_TEST(display_width("\xff") == 1);
    BOOST_TEST(display_width("\xe4\xbb") == 1);
}

BOOST_AUTO_TEST_CASE(columns_line_up) {
    BOOST_TEST(table_text({{"状態", "ID"}, {"x", "1"}, {"受付済", "2"}}) ==
               "状態    ID\nx       1\n受付済  2\n");
}

BOOST_AUTO_TEST_CASE(lines_are_broken_where_the_terminal_ends) {
    BOOST_CHECK_EQUAL(wrapped("  短い行\n", 80), "  短い行\n");
    BOOST_CHECK_EQUAL(wrapped("  サービス利用日が対象年月の日ではありません。\n次\n", 26),
                      "  サービス利用日が対象年月\n    の日ではありません。\n次\n");
    BOOST_CHECK_EQUAL(wrapped("a line of english words that goes on", 24),
                      "a line of english words \n  that goes on");
    BOOST_CHECK_EQUAL(wrapped("12345678901234567890123456", 24), "123456789012345678901234\n  56");
    BOOST_CHECK_EQUAL(wrapped("サービス利用日がない日です。次", 26), // no line begins with 。
                      "サービス利用日がない日で\n  す。次");
    const std::string wide(200, 'x');
    BOOST_CHECK_EQUAL(wrapped(wide, 0), wide);
}

BOOST_AUTO_TEST_CASE(times_are_shown_in_japan) {
    BOOST_TEST(japan_time(*parse_rfc3339("2026-11-22T15:00:59.999Z")) == "2026-11-23 00:00");
}

BOOST_AUTO_TEST_CASE(the_same_state_reads_differently_for_sender_and_receiver) {
    BOOST_TEST(state_text("accepted", Reader::receiver, Lang::ja) == "未受領");
    BOOST_TEST(state_text("accepted", Reader::sender, Lang::ja) == "受付（相手未受領）");
    BOOST_TEST(state_text("rejected", Reader::sender, Lang::ja) == "差戻し");
    BOOST_TEST(state_text("later-version", Reader::sender, Lang::ja) == "later-version");
    BOOST_TEST(kind_text("actual", Lang::ja) == "実績");
}

BOOST_AUTO_TEST_CASE(what_another_machine_says_does_not_steer_the_terminal) {
    BOOST_TEST(printable("a\x1b[2Jb\x07\n介護\x7f") == "a?[2Jb?\n介護?");
    BOOST_TEST(printable("\xc2\x9b") == "?"); // CSI as one code point
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace cpg::cli
