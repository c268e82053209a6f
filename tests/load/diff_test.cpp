#include "spec/load/diff.hpp"

#include "spec/load/load.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

using namespace cpg;

namespace {

using Area = EditionChange::Area;

const Edition& edition(const char* id) {
    static const CatalogPtr catalog = embedded_catalog();
    return *catalog->edition(id);
}

/// The embedded catalogue with one piece of v4.1.yaml written otherwise.
CatalogPtr edited(std::string_view from, std::string_view to) {
    std::vector<SourceFile> sources = embedded_sources();
    for (SourceFile& source : sources) {
        if (source.name.find("v4.1.yaml") == std::string::npos) continue;
        const std::size_t at = source.text.find(from);
        BOOST_REQUIRE_MESSAGE(at != std::string::npos, from);
        source.text.replace(at, from.size(), to);
    }
    LoadOutcome outcome = load_catalog(sources);
    BOOST_REQUIRE_MESSAGE(outcome.catalog,
                          (outcome.problems.empty() ? "" : outcome.problems.front().text));
    return outcome.catalog;
}

/// The changes of v4.1 to the edited one, as "subject: english".
std::vector<std::string> changes(std::string_view from, std::string_view to) {
    const CatalogPtr catalog = edited(from, to);
    std::vector<std::string> out;
    for (const EditionChange& change : diff_editions(edition("4.1"), *catalog->edition("4.1")))
        out.push_back(change.subject + ": " + change.en);
    return out;
}

bool says(const std::vector<EditionChange>& list, Area area, std::string_view subject,
          std::string_view ja) {
    return std::any_of(list.begin(), list.end(), [&](const EditionChange& change) {
        return change.area == area && change.subject == subject && change.ja == ja;
    });
}

} // namespace

BOOST_AUTO_TEST_SUITE(edition_diff)

BOOST_AUTO_TEST_CASE(an_edition_does_not_differ_from_itself) {
    for (const char* id : {"3", "4.1"}) BOOST_TEST(diff_editions(edition(id), edition(id)).empty());
}

BOOST_AUTO_TEST_CASE(says_what_edition_4_1_brought) {
    const auto list = diff_editions(edition("3"), edition("4.1"));
    BOOST_TEST(says(list, Area::edition, "4.1", "CSVバージョン：202208 → 202407"));
    BOOST_TEST(says(list, Area::file_type, "UP3KYO", "追加：居宅サービス計画３表"));
    BOOST_TEST(says(list, Area::file_type, "UPPLAN", "項目数：22 → 25"));
    BOOST_TEST(says(list, Area::file_name, "UPPLAN",
                    "ファイル名：UPPLAN_<対象年月>_<送信元>_<送信先>_<連番>.CSV → "
                    "UPPLAN_<対象年月>_<送信元>_<送信元種類>_<送信先>_<送信先種類>_<連番>.CSV"));
    BOOST_TEST(
        says(list, Area::item, "UPPLAN No.16", "追加：TAISコード（条件により必須、12 桁固定）"));
    BOOST_TEST(says(list, Area::item, "UPPLAN", "番号が変わる：No.16-22 → No.19-25"));
    BOOST_TEST(says(list, Area::item, "UPSIKYU No.16 回数／日数", "項目長：2 桁まで → 3 桁まで"));
    BOOST_TEST(
        says(list, Area::bundle, "care_plan",
             "必ず要るファイル：UP1KYO, UP2KYO, UPHOSOKU → UP1KYO, UP2KYO, UP3KYO, UPHOSOKU"));
    BOOST_TEST(says(list, Area::bundle, "kihon", "追加：UPKIHON"));
}

BOOST_AUTO_TEST_CASE(the_way_back_removes_what_the_way_there_adds) {
    const auto there = diff_editions(edition("3"), edition("4.1"));
    const auto back = diff_editions(edition("4.1"), edition("3"));
    const auto count = [](const auto& list, std::string_view start) {
        return std::count_if(list.begin(), list.end(), [&](const EditionChange& change) {
            return std::string_view(change.en).starts_with(start);
        });
    };
    BOOST_TEST(count(there, "added: ") > 10);
    BOOST_TEST(count(there, "added: ") == count(back, "removed: "));
    BOOST_TEST(count(there, "removed: ") == count(back, "added: "));
    BOOST_TEST(there.size() == back.size());
}

BOOST_AUTO_TEST_CASE(one_changed_fact_is_one_change) {
    const std::pair<std::pair<std::string_view, std::string_view>, std::string_view> cases[] = {
        {{"\"2\": \"女性\"", "\"2\": \"女\""}, "sex: value 2: 女性 -> 女"},
        {{"\"2\": \"女性\"}", "\"2\": \"女性\", \"9\": \"不明\"}"}, "sex: added: 9 不明"},
        {{"{code: \"71\", name: \"夜間対応型訪問介護\", group: \"介護給付\", scope: \"in\"}",
          "{code: \"71\", name: \"夜間対応型訪問介護\", group: \"介護給付\", scope: \"out\"}"},
         "71: scope: in scope -> out of scope"},
        {{"  - {code: \"42\", name: \"住宅改修\", group: \"介護給付\", scope: \"out\"}\n", ""},
         "42: removed: 住宅改修"},
        {{"{\"no\": 13, key: \"cert_date\", name: \"認定日\", length: 8, required: false",
          "{\"no\": 13, key: \"cert_date\", name: \"認定日\", length: 8, required: true"},
         "UPHOSOKU No.13 認定日: requirement: optional -> required"},
        {{"name: \"認定日\", length: 8", "name: \"認定した日\", length: 8"},
         "UPHOSOKU No.13 認定した日: name: 認定日 -> 認定した日"},
        {{"removes: [\"UPPLAN\", \"UPSIKYU\"]", "removes: [\"UPPLAN\"]"},
         "DLTPLAN: removes: UPPLAN, UPSIKYU -> UPPLAN"},
        {{"integer: {fixed_length: false, pattern: \"^-?[0-9]+$\"",
          "integer: {fixed_length: false, pattern: \"^[0-9]+$\""},
         "integer: pattern: ^-?[0-9]+$ -> ^[0-9]+$"},
    };
    for (const auto& [edit, words] : cases) {
        const auto list = changes(edit.first, edit.second);
        BOOST_TEST_INFO(words << " of " << list.size());
        BOOST_TEST((list == std::vector<std::string>{std::string(words)}),
                   (list.empty() ? std::string("nothing") : list.front()));
    }
}

BOOST_AUTO_TEST_CASE(every_area_and_change_has_words_in_both_languages) {
    for (const EditionChange& change : diff_editions(edition("3"), edition("4.1"))) {
        BOOST_TEST(!words_of(change.area, true).empty());
        BOOST_TEST(!words_of(change.area, false).empty());
        BOOST_TEST(!change.subject.empty());
        BOOST_TEST(!change.ja.empty());
        BOOST_TEST(!change.en.empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()
