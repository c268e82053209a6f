#include <boost/test/unit_test.hpp>

#include "gateway/exchange/papers.hpp"
#include "spec/load/load.hpp"

using namespace cpg;
using namespace cpg::exchange;

namespace {

const std::string plain_pdf =
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";
const std::string png = std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16) + std::string(40, '\0');
const std::string jpeg = "\xFF\xD8\xFF\xE0" + std::string(60, 'j');

std::vector<std::string> rules_of(const std::vector<InputFile>& papers,
                                  const PaperLimits& limits = {}) {
    std::vector<std::string> rules;
    for (const auto& finding : check_papers(*embedded_catalog(), papers, limits))
        rules.push_back(finding.rule + (finding.variant.empty() ? "" : "/" + finding.variant));
    return rules;
}

std::string with(std::string_view marker) {
    auto pdf = plain_pdf;
    return pdf.insert(9, "3 0 obj<<" + std::string(marker) + ">>endobj\n");
}

using Rules = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(papers)

BOOST_AUTO_TEST_CASE(of_the_three_kinds_pass) {
    BOOST_TEST(
        (rules_of({{"報告.pdf", plain_pdf}, {"a.PNG", png}, {"b.jpg", jpeg}, {"c.jpeg", jpeg}}) ==
         Rules{}));
}

BOOST_AUTO_TEST_CASE(are_told_by_content_not_by_name) {
    BOOST_TEST((rules_of({{"a.pdf", png}}) == Rules{"R-PAPER-01/mismatch"}));
    BOOST_TEST((rules_of({{"a.pdf", "MZ not a pdf"}}) == Rules{"R-PAPER-01/kind"}));
    BOOST_TEST((rules_of({{"a.exe", plain_pdf}}) == Rules{"R-PAPER-01/kind"}));
    BOOST_TEST((rules_of({{"a.pdf", "%PDF-1.4 cut off"}}) == Rules{"R-PAPER-01/kind"}));
    BOOST_TEST((rules_of({{"a.pdf", ""}}) == Rules{"R-PAPER-01/kind"}));
}

BOOST_AUTO_TEST_CASE(that_are_locked_or_act_are_refused) {
    BOOST_TEST((rules_of({{"a.pdf", with("/Encrypt 5 0 R")}}) == Rules{"R-PAPER-02"}));
    BOOST_TEST(
        (rules_of({{"a.pdf", with("/S/JavaScript/JS(app.alert)")}}) == Rules{"R-PAPER-03/script"}));
    BOOST_TEST((rules_of({{"a.pdf", with("/S/J#61vaScript")}}) == Rules{"R-PAPER-03/script"}));
    BOOST_TEST((rules_of({{"a.pdf", with("/S/Launch/F(cmd)")}}) == Rules{"R-PAPER-03/launch"}));
    BOOST_TEST((rules_of({{"a.pdf", with("/Type/EmbeddedFile")}}) == Rules{"R-PAPER-03/embedded"}));
    BOOST_TEST((rules_of({{"a.pdf", with("/OpenAction[3 0 R/FitH null]")}}) == Rules{}));
}

BOOST_AUTO_TEST_CASE(need_flat_names_used_once) {
    BOOST_TEST((rules_of({{"../a.pdf", plain_pdf}}) == Rules{"R-PAPER-05/not_flat"}));
    BOOST_TEST((rules_of({{"a.pdf", plain_pdf}, {"a.pdf", plain_pdf}}) ==
                Rules{"R-PAPER-05/not_allowed"}));
}

BOOST_AUTO_TEST_CASE(stay_within_size_and_number) {
    PaperLimits limits;
    limits.max_bytes = 10;
    BOOST_TEST((rules_of({{"a.pdf", plain_pdf}}, limits) == Rules{"R-PAPER-06/size"}));
    limits = {};
    limits.max_papers = 1;
    BOOST_TEST((rules_of({{"a.pdf", plain_pdf}, {"b.pdf", plain_pdf}}, limits) ==
                Rules{"R-PAPER-06/count"}));
}

BOOST_AUTO_TEST_CASE(a_cover_says_whom_what_and_when) {
    const auto cover = parse_cover(
        R"({"to":{"office":"0370100025","service_type":"11"},"month":"202612","title":"12月の報告","serial":"20261201090000"})");
    BOOST_REQUIRE(cover.has_value());
    BOOST_TEST(cover->to.office.view() == "0370100025");
    BOOST_TEST(cover->to.service_type->view() == "11");
    BOOST_TEST(cover->month.str() == "202612");
    BOOST_TEST(cover->title == "12月の報告");
    BOOST_TEST(cover->serial->view() == "20261201090000");
    for (
        const auto* wrong :
        {"", "[]", "{}", R"({"to":{"office":"1"},"month":"202612","title":"x"})",
         R"({"to":{"office":"0370100025"},"month":"202613","title":"x"})",
         R"({"to":{"office":"0370100025"},"month":"202612","title":""})",
         R"({"to":{"office":"0370100025"},"month":"202612"})",
         R"({"to":{"office":"0370100025","service_type":"1"},"month":"202612","title":"x"})",
         R"({"to":{"office":"0370100025"},"month":"202612","title":"x","serial":"20261301090000"})",
         R"({"to":{"office":"0370100025"},"month":"202612","title":"x","from":{}})"})
        BOOST_TEST(!parse_cover(wrong).has_value(), wrong);
}

BOOST_AUTO_TEST_SUITE_END()
