#include "spec/base/digest.hpp"
#include "spec/kit/pages.hpp"
#include "spec/kit/summary.hpp"
#include "tests/kit/export.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::test;

namespace {

const kit::Kit& the_kit() {
    return *kit::embedded_kit();
}

const kit::Pattern& pattern(const std::string& id) {
    return *the_kit().pattern(id);
}

boost::json::object json_of(const std::string& id) {
    return kit::to_json(catalog(), Export(pattern(id), "4.1").judged(), Lang::ja);
}

Result<kit::ResultDocument> read_back(const boost::json::object& object) {
    return kit::read_result(the_kit(), catalog(), boost::json::serialize(object));
}

std::string problem_of(const boost::json::object& object) {
    const auto read = read_back(object);
    return read ? "" : read.error().detail;
}

bool holds(const std::string& text, const std::string& piece) {
    return text.find(piece) != std::string::npos;
}

/// Every point of the sheet answered.
std::string answered(const std::string& id, const std::string& answer) {
    std::string sheet = kit::answer_sheet(pattern(id), *catalog().edition("4.1"));
    for (std::size_t at = sheet.find(",,"); at != std::string::npos; at = sheet.find(",,", at + 2))
        sheet.replace(at, 2, "," + answer + ",");
    return sheet;
}

Result<kit::ResultDocument> answers(const std::string& csv) {
    return kit::read_answers(the_kit(), catalog(), pattern("D7"), *catalog().edition("4.1"),
                             Month::of(2026, 2), csv);
}

kit::Maker maker() {
    return {"見本ソフト株式会社", "見本ケア", "1.2.3", "2026-11-23"};
}

std::string summary(const kit::Maker& who, std::vector<kit::ResultDocument> results) {
    const auto text = kit::summary_text(the_kit(), catalog(), who, std::move(results));
    return text ? *text : "refused: " + text.error().detail;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_result_is_read_back_with_points_and_files) {
    const auto read = read_back(json_of("D1"));
    BOOST_REQUIRE(read);
    BOOST_TEST(read->pattern == "D1");
    BOOST_TEST(read->met() == 27);
    BOOST_TEST(read->points.size() == 27);
    BOOST_REQUIRE(read->files.size() == 4);
    const auto files = Export(pattern("D1"), "4.1").files();
    for (const kit::CheckedFile& file : read->files)
        BOOST_TEST(std::any_of(files.begin(), files.end(), [&](const InputFile& one) {
            return one.name == file.name && one.bytes.size() == file.bytes &&
                   sha256(one.bytes) == file.digest;
        }));
}

BOOST_AUTO_TEST_CASE(a_result_that_was_edited_badly_is_refused) {
    using boost::json::value;
    const boost::json::object good = json_of("D7");
    BOOST_TEST(problem_of(good) == "");
    const auto with = [&](const char* key, const value& other) {
        boost::json::object object = good;
        object[key] = other;
        return problem_of(object);
    };
    BOOST_TEST(holds(with("format", "cpgw-kit-result/2"), "format"));
    BOOST_TEST(holds(with("direction", "inward"), "direction"));
    BOOST_TEST(holds(with("pattern", "D6"), "point"));
    BOOST_TEST(holds(with("pattern", "D9"), "pattern"));
    BOOST_TEST(holds(with("edition", "3"), "edition"));
    BOOST_TEST(holds(with("kit", value("sha256:" + std::string(64, '0'))), "another version"));
    BOOST_TEST(holds(with("catalog", value("sha256:" + std::string(64, '0'))), "another version"));
    BOOST_TEST(holds(with("verdict", "not_met"), "verdict"));
    BOOST_TEST(holds(with("counts", boost::json::object{{"met", 1}, {"not_met", 0}}), "counts"));
    BOOST_TEST(holds(with("points", boost::json::array{}), "missing"));
    BOOST_TEST(holds(with("files", 7), "files"));

    boost::json::object object = good;
    object["points"].as_array()[0].as_object()["state"] = "fine";
    BOOST_TEST(holds(problem_of(object), "state"));
    object = good;
    object["points"].as_array().push_back(object["points"].as_array()[0]);
    BOOST_TEST(holds(problem_of(object), "twice"));
    object = good;
    object["files"].as_array()[0].as_object()["name"] = "a\nresult met";
    BOOST_TEST(holds(problem_of(object), "control characters"));
    BOOST_TEST(!kit::read_result(the_kit(), catalog(), "{"));
}

BOOST_AUTO_TEST_CASE(answers_are_read_from_the_filled_sheet) {
    const auto all = answers(answered("D7", "ok"));
    BOOST_REQUIRE_MESSAGE(all, (all ? "" : all.error().detail));
    BOOST_TEST(all->met() == all->points.size());
    BOOST_TEST(all->points.size() == 11); // not those of the checker
    std::string sheet = answered("D7", "ok");
    sheet.replace(sheet.find("D7-06,ok,"), 9, "D7-06,ng,\"髙が,出ない\r\n二行目\"");
    const auto one = answers(sheet);
    BOOST_REQUIRE(one);
    BOOST_TEST(one->met() == 10);
    const auto read = read_back(kit::to_json(the_kit(), catalog(), *one, Lang::ja));
    BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().detail));
    BOOST_TEST((read->direction == kit::Direction::imported));
    BOOST_TEST(read->points[3].note == "髙が,出ない  二行目");
}

BOOST_AUTO_TEST_CASE(answers_that_are_not_whole_are_refused) {
    const std::string sheet = answered("D7", "ok");
    const auto problem = [](const std::string& csv) {
        const auto read = answers(csv);
        return read ? "" : read.error().detail;
    };
    BOOST_TEST(
        holds(problem(kit::answer_sheet(pattern("D7"), *catalog().edition("4.1"))), "ok or ng"));
    std::string other = sheet;
    other.replace(other.find("D7-06"), 5, "D7-99");
    BOOST_TEST(holds(problem(other), "D7-06 is missing"));
    BOOST_TEST(holds(problem(sheet + "D7-99,ok,\r\n"), "unknown point D7-99"));
    BOOST_TEST(holds(problem(sheet + "D7-06,ok,\r\n"), "D7-06 twice"));
    BOOST_TEST(problem("") != "");
}

BOOST_AUTO_TEST_CASE(the_summary_says_who_what_and_which_points) {
    Export failing(pattern("D7"), "4.1");
    failing.file("a", "UPJSK").records.front().values.back() = "";
    kit::MadeFile& file = failing.file("a", "UPJSK");
    file.records.front().values[static_cast<std::size_t>(file.name.type->column("count"))] = "2";
    const auto exported = read_back(kit::to_json(catalog(), failing.judged(), Lang::en)).value();
    const auto imported = answers(answered("D7", "ok")).value();
    const std::string text = summary(maker(), {imported, exported});
    BOOST_TEST(text.starts_with("cpgw-kit-summary/v1\nvendor 見本ソフト株式会社\nproduct 見本ケア\n"
                                "version 1.2.3\ndate 2026-11-23\ncatalog sha256:"));
    BOOST_TEST(holds(text, "\nkit " + prefixed_hex(the_kit().digest) + "\n"));
    BOOST_TEST(holds(text, "\npattern D7 edition 4.1 month 202602 export points 13 met 12\nfile " +
                               prefixed_hex(exported.files.front().digest) + " "));
    BOOST_TEST(holds(text, "\nnot-met D7-04 differs\npattern D7 edition 4.1 month 202602 import "
                           "points 11 met 11\nresult not_met\n"));
    BOOST_TEST(kit::is_summary(text));
    BOOST_TEST(!kit::is_summary(text.substr(1)));
    BOOST_TEST(!kit::is_summary(text.substr(0, text.size() - 3)));
    BOOST_TEST(!kit::is_summary(""));
    BOOST_TEST(summary(maker(), {imported}).ends_with("\nresult met\n"));
}

BOOST_AUTO_TEST_CASE(a_summary_of_nothing_or_of_unclear_words_is_refused) {
    const auto imported = answers(answered("D7", "ok")).value();
    BOOST_TEST(holds(summary(maker(), {}), "no results"));
    BOOST_TEST(holds(summary(maker(), {imported, imported}), "two results"));
    for (const char* wrong : {"", "a\nresult met", "\xFF"}) {
        kit::Maker other = maker();
        other.vendor = wrong;
        BOOST_TEST(holds(summary(other, {imported}), "one line"));
    }
    for (const char* wrong : {"", "20261123", "2026-02-30", "2026-1-23"}) {
        kit::Maker other = maker();
        other.date = wrong;
        BOOST_TEST(holds(summary(other, {imported}), "date"));
    }
}

BOOST_AUTO_TEST_CASE(texts_and_pages_tell_the_same_and_break_on_no_data) {
    Export given(pattern("D1"), "4.1");
    kit::MadeFile& file = given.file("a", "UP2KYO");
    file.records[4].values[static_cast<std::size_t>(file.name.type->column("frequency"))] =
        "<script>&\"";
    const kit::Judgement judgement = given.judged();
    const std::string text = kit::to_text(catalog(), judgement, Lang::ja);
    BOOST_TEST(holds(text, "D1-20  NG 相違"));
    BOOST_TEST(holds(text, " › 7 行 › 頻度  期待: 毎日  実際: <script>&\""));
    BOOST_TEST(holds(text, "不合格: 26 / 27 点"));
    BOOST_TEST(holds(kit::to_text(catalog(), judgement, Lang::en), "not passed: 26 / 27"));
    const std::string page = kit::report_html(judgement);
    BOOST_TEST(holds(page, "&lt;script&gt;"));
    BOOST_TEST(!holds(page, "<script>"));
    BOOST_TEST(holds(page, "NG 相違"));
}

BOOST_AUTO_TEST_CASE(the_sheet_shows_every_point_with_its_values) {
    for (const kit::Pattern& one : the_kit().patterns) {
        const kit::Setting setting = kit::usual_setting(catalog(), one, "4.1");
        const auto made = kit::make_bundles(one, setting).value();
        const std::string sheet = kit::sheet_html(one, setting, made);
        for (const kit::Point& point : one.points) BOOST_TEST(holds(sheet, point.id), point.id);
        BOOST_TEST(!holds(sheet, "{to}"));
        BOOST_TEST(holds(sheet, one.to.office.str()));
        BOOST_TEST(sheet == kit::sheet_html(one, setting, made));
    }
    const kit::Setting setting = kit::usual_setting(catalog(), pattern("D1"), "4.1");
    const std::string sheet =
        kit::sheet_html(pattern("D1"), setting, kit::make_bundles(pattern("D1"), setting).value());
    BOOST_TEST(holds(sheet, "計画書区分 = 54（初回＆紹介＆継続）"));
    BOOST_TEST(holds(sheet, "認定日 = （空）"));
}
