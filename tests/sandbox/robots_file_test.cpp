#include "gateway/sandbox/robots_file.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <set>

using namespace cpg;
using namespace cpg::sandbox;

namespace {

const Catalog& catalog() {
    static const CatalogPtr instance = embedded_catalog();
    return *instance;
}

std::vector<LoadProblem> problems_of(const std::string& text) {
    std::vector<LoadProblem> problems;
    parse_robots({"robots.yaml", text}, catalog(), problems);
    return problems;
}

struct Case {
    std::string why, text;
};
std::ostream& operator<<(std::ostream& out, const Case& one) {
    return out << one.why;
}

std::string robot(const std::string& more, const std::string& office = "0370100033",
                  const std::string& type = "15", const std::string& behaviour = "prompt") {
    return "robots:\n  - {office: \"" + office + "\", service_type: \"" + type +
           "\", name: a, behaviour: " + behaviour + more + "}\n";
}

const std::array wrong{
    Case{"unknown key", robot(", colour: red")},
    Case{"unknown behaviour", robot("", "0370100033", "15", "angry")},
    Case{"unknown certificate", robot(", certificate: lost")},
    Case{"not an office", robot("", "12345")},
    Case{"one of yours", robot("", "0370100017")},
    Case{"an office twice", robot("") + robot("").substr(8)},
    Case{"unknown service type", robot("", "0370100033", "ZZ")},
    Case{"a service out of scope", robot("", "0370100033", "51")},
    Case{"a planner that is no care manager", robot("", "0370100033", "15", "planner")},
    Case{"a care manager that is no planner", robot("", "0370100033", "43")},
    Case{"users of another than a planner", robot(", users: 3")},
    Case{"too many users", robot(", users: 1001", "0370100033", "43", "planner")},
    Case{"a negative wait", robot(", answer_after: -1")},
    Case{"no name",
         "robots:\n  - {office: \"0370100033\", service_type: \"15\", behaviour: prompt}"},
    Case{"no list", "robots: 3\n"},
    Case{"nothing", ""},
};

} // namespace

BOOST_DATA_TEST_CASE(refuses_with_file_and_line, boost::unit_test::data::make(wrong), one) {
    const auto problems = problems_of(one.text);
    BOOST_REQUIRE(!problems.empty());
    BOOST_TEST(problems.front().file == "robots.yaml");
}

BOOST_AUTO_TEST_CASE(reads_what_a_robot_is) {
    std::vector<LoadProblem> problems;
    const auto robots = parse_robots(
        {"robots.yaml", robot(", answer_after: 20, certificate: revoked") +
                            robot(", users: 4", "0370100090", "43", "planner").substr(8)},
        catalog(), problems);
    BOOST_TEST(problems.empty());
    BOOST_REQUIRE(robots.size() == 2u);
    BOOST_TEST(robots[0].office.office.view() == "0370100033");
    BOOST_TEST(robots[0].office.service_type->view() == "15");
    BOOST_TEST((robots[0].behaviour == Behaviour::prompt));
    BOOST_TEST((robots[0].answer_after == std::chrono::seconds(20)));
    BOOST_TEST((robots[0].certificate == CertificateState::revoked));
    BOOST_TEST((robots[1].behaviour == Behaviour::planner));
    BOOST_TEST(robots[1].users == 4);
    BOOST_TEST(!robots[1].answer_after);
}

BOOST_AUTO_TEST_CASE(there_are_at_most_fifty) {
    std::string text = "robots:\n";
    for (int i = 0; i < 51; ++i) text += robot("", "03702" + std::to_string(10000 + i)).substr(8);
    BOOST_TEST(problems_of(text).size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_shipped_ones_show_every_behaviour_and_every_bad_certificate) {
    std::set<Behaviour> behaviours;
    std::set<CertificateState> certificates;
    for (const auto& plan : default_robots(catalog())) {
        behaviours.insert(plan.behaviour);
        certificates.insert(plan.certificate);
    }
    BOOST_TEST(behaviours.size() == 6u);
    BOOST_TEST(certificates.size() == 3u);
}
