#include "gateway/cli/args.hpp"

#include <boost/test/unit_test.hpp>

namespace cpg::cli {
namespace {

const Usage usage{"demo do",
                  "見本です",
                  "an example",
                  {"PATH…", 1, 2},
                  {{"--out", "DIR", "書き出し先", "where to write"},
                   {"--format", "text|json", "形式", "shape of it"},
                   {"--key", "KEY", "鍵", "who vouches", Takes::many_values},
                   {"--wait", "", "待ちます", "waits"}}};

Arguments parse(const std::vector<std::string>& words) {
    return Arguments::parse(usage, words);
}

} // namespace

BOOST_AUTO_TEST_SUITE(args)

BOOST_AUTO_TEST_CASE(options_and_operands_come_in_any_order) {
    const auto given = parse({"a", "--out", "x", "--wait", "--format=json", "b"});
    BOOST_TEST((given.operands() == std::vector<std::string>{"a", "b"}));
    BOOST_TEST(given.text("--out") == "x");
    BOOST_TEST(given.text("--format") == "json");
    BOOST_TEST(given.has("--wait"));
    BOOST_TEST(!given.has("--key"));
    BOOST_TEST(given.text("--key", "none") == "none");
}

BOOST_AUTO_TEST_CASE(a_value_may_be_empty_or_look_like_an_option) {
    BOOST_TEST(parse({"a", "--out="}).text("--out", "x").empty());
    BOOST_TEST(parse({"a", "--out", "--wait"}).text("--out") == "--wait");
    BOOST_TEST(parse({"a", "--out=b=c"}).text("--out") == "b=c");
}

BOOST_AUTO_TEST_CASE(after_two_dashes_everything_is_an_operand) {
    const auto given = parse({"--", "--out", "-x"});
    BOOST_TEST((given.operands() == std::vector<std::string>{"--out", "-x"}));
    BOOST_TEST((parse({"-"}).operands() == std::vector<std::string>{"-"}));
}

BOOST_AUTO_TEST_CASE(a_repeatable_option_keeps_its_order) {
    BOOST_TEST(
        (parse({"a", "--key", "1", "--key=2"}).all("--key") == std::vector<std::string>{"1", "2"}));
}

BOOST_AUTO_TEST_CASE(every_wrong_line_is_a_usage_error_that_names_the_word) {
    const std::pair<std::vector<std::string>, std::string> cases[] = {
        {{"a", "--nope"}, "--nope"},
        {{"a", "-x"}, "-x"},
        {{"a", "--out"}, "--out"},
        {{"a", "--out", "1", "--out", "2"}, "--out"},
        {{"a", "--wait=1"}, "--wait"},
        {{"a", "--format", "xml"}, "xml"},
        {{"a", "--format", ""}, "--format"},
        {{}, "PATH"},
        {{"a", "b", "c"}, "c"},
        {{"a", "--ou", "x"}, "--ou"},
    };
    for (const auto& [words, named] : cases)
        BOOST_CHECK_EXCEPTION(parse(words), UsageError, [&named = named](const UsageError& error) {
            return std::string(error.what()).find(named) != std::string::npos;
        });
}

BOOST_AUTO_TEST_CASE(help_wins_over_every_mistake) {
    BOOST_TEST(parse({"--nope", "--help"}).wants_help());
    BOOST_TEST(!parse({"a"}).wants_help());
}

BOOST_AUTO_TEST_CASE(numbers_are_whole_and_within_their_range) {
    const auto number = [](const std::string& text) {
        return parse({"a", "--out=" + text}).number("--out", 5, -3, 100);
    };
    BOOST_TEST(number("100") == 100);
    BOOST_TEST(number("-3") == -3);
    BOOST_TEST(parse({"a"}).number("--out", 5, 0, 10) == 5);
    for (const std::string text :
         {"", "1.5", "101", "-4", "1x", " 1", "+1", "99999999999999999999"})
        BOOST_CHECK_THROW(number(text), UsageError);
}

BOOST_AUTO_TEST_CASE(a_required_option_is_asked_for) {
    BOOST_CHECK_THROW(parse({"a"}).required("--out"), UsageError);
    BOOST_TEST(parse({"a", "--out", "x"}).required("--out") == "x");
}

BOOST_AUTO_TEST_CASE(help_names_every_option_japanese_first) {
    const std::string text = help_text(usage);
    BOOST_TEST(text.starts_with("cpgw demo do [options] PATH…\n  見本です\n  an example\n"));
    for (const auto& option : usage.options) {
        BOOST_TEST(text.find(option.name) != std::string::npos);
        BOOST_TEST(text.find(option.ja) < text.find(option.en));
    }
    BOOST_TEST(text.find("--help") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(lists_drop_empty_parts) {
    BOOST_TEST((split("a,,b,") == std::vector<std::string>{"a", "b"}));
    BOOST_TEST(split("").empty());
    BOOST_TEST((split("11 15", ' ') == std::vector<std::string>{"11", "15"}));
}

BOOST_AUTO_TEST_CASE(each_kind_of_failure_has_its_exit_code) {
    BOOST_TEST(exit_of(Errc::configuration) == 78);
    BOOST_TEST(exit_of(Errc::unreachable) == 4);
    BOOST_TEST(exit_of(Errc::conflict) == 3);
    BOOST_TEST(exit_of(Errc::forbidden) == 3);
    BOOST_TEST(exit_of(Errc::malformed) == 2);
    BOOST_TEST(exit_of(Errc::tampered) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace cpg::cli
