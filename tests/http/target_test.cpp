#include "gateway/http/target.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg::http;

BOOST_AUTO_TEST_SUITE(target)

BOOST_AUTO_TEST_CASE(decodes_path_and_query) {
    const auto target = parse_target("/a%20b/%E8%A6%8B?q=%E8%8A%B1+%2B&empty=&bare&&x=1=2");
    BOOST_REQUIRE(target);
    BOOST_TEST(target->path == "/a b/見");
    BOOST_REQUIRE(target->query.size() == 4u);
    BOOST_TEST(target->query[0].first == "q");
    BOOST_TEST(target->query[0].second == "花 +");
    BOOST_TEST(target->query[1].second == "");
    BOOST_TEST(target->query[2].first == "bare");
    BOOST_TEST(target->query[3].second == "1=2");
}

BOOST_AUTO_TEST_CASE(takes_the_absolute_form) {
    BOOST_TEST(parse_target("https://gateway:8443/a?b=c")->path == "/a");
    BOOST_TEST(parse_target("http://gateway")->path == "/");
}

BOOST_AUTO_TEST_CASE(refuses_what_could_mean_two_things) {
    for (const char* text :
         {"",        "a",     "*",       "/%",   "/%4",       "/%4g",       "/%00",
          "/%0d%0a", "/\x01", "/\x7f",   "/%80", "/%c0%af",   "/%ed%a0%80", "/%f5%80%80%80",
          "/%e3%81", "/..",   "/a/../b", "/a/.", "/%2e%2e/b", "/a#b",       "/a?x=%ff",
          "/a?%zz=1"})
        BOOST_TEST(!parse_target(text), text);
    BOOST_TEST(!parse_target(std::string_view("/a\0b", 4)));
    std::string many = "/a?";
    for (int i = 0; i < 65; ++i) many += "x&";
    BOOST_TEST(!parse_target(many));
}

BOOST_AUTO_TEST_CASE(leaves_dots_in_names_alone) {
    BOOST_TEST(parse_target("/a.b/..c/d..")->path == "/a.b/..c/d..");
    BOOST_TEST(parse_target("/a?x=../..")->query[0].second == "../..");
}

BOOST_AUTO_TEST_SUITE_END()
