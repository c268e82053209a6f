#include "spec/base/html.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(html)

BOOST_AUTO_TEST_CASE(marks_of_html_become_references_and_nothing_else_changes) {
    BOOST_TEST(cpg::html_escaped("<a href=\"x\" b='y'>&</a>") ==
               "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;&lt;/a&gt;");
    BOOST_TEST(cpg::html_escaped("見本 花子\n") == "見本 花子\n");
    BOOST_TEST(cpg::html_escaped("").empty());
}

BOOST_AUTO_TEST_SUITE_END()
