#include "spec/tables/service_codes.hpp"

#include "spec/records/cp932.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;

namespace {

const std::filesystem::path sample_file =
    std::filesystem::path(CPG_SOURCE_DIR) / "spec/tables/sample.yaml";

std::string problems_of(const ServiceCodeOutcome& outcome) {
    std::string out;
    for (const LoadProblem& problem : outcome.problems)
        out += problem.file + ":" + std::to_string(problem.line) + ": " + problem.text + "\n";
    return out;
}

ServiceCodeTable loaded(const std::vector<SourceFile>& sources) {
    const ServiceCodeOutcome outcome = load_service_codes(sources);
    BOOST_REQUIRE_MESSAGE(outcome.table, problems_of(outcome));
    return *outcome.table;
}

std::string refusal(const std::vector<SourceFile>& sources) {
    const ServiceCodeOutcome outcome = load_service_codes(sources);
    BOOST_TEST(!outcome.table);
    return problems_of(outcome);
}

const std::string city_header =
    "保険者番号,サービス種類コード,サービス項目コード,適用開始年月,適用終了年月,サービス名称,"
    "単位数,"
    "算定単位,制限日数回数,算定回数制限期間,限度額管理対象区分,単位数単価,給付率,利用者負担額,"
    "事業対象者実施区分,支援1受給者実施区分,支援2受給者実施区分,国保連委託区分,作成日\r\n";

/// One row as cities write them: quoted but for one column.
std::string city_row(const std::string& item, const std::string& from, const std::string& to,
                     const std::string& name, const std::string& units, const std::string& unit,
                     const std::string& insurer = "990010") {
    return "\"" + insurer + "\",\"A2\",\"" + item + "\",\"" + from + "\",\"" + to + "\",\"" + name +
           "\",\"" + units + "\",\"" + unit +
           "\",\"1\",\"01\",\"3\",\"\",\"\",\"\",\"2\",\"2\",2,\"1\",\"20260401\"\r\n";
}

SourceFile city(const std::string& utf8, const std::string& name = "city.csv") {
    return {name, to_ms932(utf8).bytes.value()};
}

SourceFile yaml(const std::string& codes) {
    return {"t.yaml", "service_codes:\n  codes:\n" + codes};
}

const std::string good_code =
    R"(    - {code: "111111", name: "a", from: "202404", to: "202503", unit: per_time, units: 1})"
    "\n";

} // namespace

BOOST_AUTO_TEST_SUITE(service_codes)

BOOST_AUTO_TEST_CASE(the_shipped_sample_says_what_each_code_is_billed_by) {
    const ServiceCodeTable table = loaded(service_code_sources(sample_file));
    const Month month = Month::of(2026, 12);
    const auto unit = [&](std::string_view code) {
        const ServiceCodeEntry* const entry = table.lookup(code, month);
        return entry ? std::string(name_of(entry->unit)) + " " + std::to_string(entry->units)
                     : std::string("none");
    };
    BOOST_TEST(unit("111111") == "per_time 244");
    BOOST_TEST(unit("116275") == "percent 245");
    BOOST_TEST(unit("114111") == "per_time -24");
    BOOST_TEST(unit("152341") == "per_day 658");
    BOOST_TEST(unit("731111") == "per_month 10458");
    BOOST_TEST(unit("731121") == "prorated 344");
    BOOST_TEST(unit("119999") == "none");
    BOOST_TEST(unit("") == "none");
}

BOOST_AUTO_TEST_CASE(a_code_is_that_of_the_service_month) {
    const ServiceCodeTable table = loaded(service_code_sources(sample_file));
    const auto units = [&](int year, int month) {
        const auto* entry = table.lookup("111111", Month::of(year, month));
        return entry ? entry->units : 0;
    };
    BOOST_TEST(units(2024, 3) == 0);
    BOOST_TEST(units(2024, 4) == 244);
    BOOST_TEST(units(2027, 3) == 244);
    BOOST_TEST(units(2027, 4) == 250);
    BOOST_TEST(units(2099, 12) == 250);
}

BOOST_AUTO_TEST_CASE(a_table_that_is_not_loaded_proves_nothing) {
    const ServiceCodeTable table = loaded(service_code_sources(sample_file));
    BOOST_TEST(table.covers("11", Month::of(2026, 12)));
    BOOST_TEST(!table.covers("11", Month::of(2024, 3)));
    BOOST_TEST(!table.covers("13", Month::of(2026, 12)));
    BOOST_TEST(!ServiceCodeTable().covers("11", Month::of(2026, 12)));
    BOOST_TEST(ServiceCodeTable().lookup("111111", Month::of(2026, 12)) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_citys_table_loads_as_it_is_published) {
    const ServiceCodeTable table = loaded({city(
        city_header + city_row("1111", "202104", "999999", "見本独自サービスⅠ　　", "1176", "03") +
        city_row("2111", "202104", "999999", "見本独自サービスⅠ日割", "39", "02") +
        city_row("1211", "202104", "202403", "見本独自サービス１回数", "268", "01") +
        city_row("1211", "202404", "999999", "見本独自サービス１回数", "287", "01") +
        city_row("6269", "202104", "999999", "見本独自処遇改善加算Ⅰ", "137", "03") +
        city_row("4001", "202104", "999999", "見本初回加算", "200", "03") +
        city_row("1511", "202104", "999999", "見本一日", "10", "02") +
        city_row("1611", "202104", "999999", "見本一週", "10", "05"))});
    const auto unit = [&](std::string_view code) {
        const auto* entry = table.lookup(code, Month::of(2026, 12), "990010");
        return entry ? entry->name + " " + std::string(name_of(entry->unit)) + " " +
                           std::to_string(entry->units)
                     : std::string("none");
    };
    BOOST_TEST(unit("A21111") == "見本独自サービスⅠ per_month 1176");
    BOOST_TEST(unit("A22111") == "見本独自サービスⅠ日割 prorated 39");
    BOOST_TEST(unit("A21211") == "見本独自サービス１回数 per_time 287");
    BOOST_TEST(unit("A26269") == "見本独自処遇改善加算Ⅰ percent 137");
    BOOST_TEST(unit("A24001") == "見本初回加算 per_month 200");
    BOOST_TEST(unit("A21511") == "見本一日 per_day 10");
    BOOST_TEST(unit("A21611") == "見本一週 per_week 10");
    BOOST_TEST(table.lookup("A21211", Month::of(2024, 3), "990010")->units == 268);
    BOOST_TEST(table.size() == 8u);
}

BOOST_AUTO_TEST_CASE(a_citys_table_is_for_its_own_insured_only) {
    const ServiceCodeTable table = loaded(
        {city(city_row("1111", "202104", "999999", "見本", "1176", "03")),
         city(city_row("1111", "202104", "999999", "見本", "1180", "03", "990028"), "b.csv")});
    const Month month = Month::of(2026, 12);
    BOOST_TEST(table.lookup("A21111", month, "990010")->units == 1176);
    BOOST_TEST(table.lookup("A21111", month, "990028")->units == 1180);
    BOOST_TEST(table.lookup("A21111", month, "990036") == nullptr);
    BOOST_TEST(table.lookup("A21111", month) == nullptr);
    BOOST_TEST(table.covers("A2", month, "990010"));
    BOOST_TEST(!table.covers("A2", month, "990036"));
    BOOST_TEST(!table.covers("A2", month));
}

BOOST_AUTO_TEST_CASE(the_citys_own_code_comes_before_the_countrys) {
    const ServiceCodeTable table = loaded(
        {yaml(R"(    - {code: "A21111", name: "a", from: "202104", unit: per_month, units: 1})"
              "\n"),
         city(city_row("1111", "202404", "999999", "見本", "2", "03"))});
    BOOST_TEST(table.lookup("A21111", Month::of(2026, 12), "990010")->units == 2);
    BOOST_TEST(table.lookup("A21111", Month::of(2023, 12), "990010")->units == 1);
    BOOST_TEST(table.lookup("A21111", Month::of(2026, 12), "990028")->units == 1);
}

BOOST_AUTO_TEST_CASE(additions_and_kyosei_reductions_are_told_by_flag_or_name) {
    const ServiceCodeTable table = loaded(
        {yaml(R"(    - {code: "110001", name: "見本", from: "202404", unit: per_time, units: 1}
    - {code: "110002", name: "見本初回加算", from: "202404", unit: per_month, units: 1}
    - {code: "110003", name: "見本減算", from: "202404", unit: per_time, units: -1}
    - {code: "110004", name: "見本", from: "202404", unit: per_time, units: 1, addition: true}
    - {code: "110005", name: "見本加算型", from: "202404", unit: per_time, units: 1, addition: false}
    - {code: "110006", name: "見本共生型", from: "202404", unit: per_time, units: -1}
    - {code: "110007", name: "見本共生型", from: "202404", unit: per_time, units: 1}
    - {code: "110008", name: "見本", from: "202404", unit: per_time, units: -1, kyosei: true}
)"),
         city(city_row("6100", "202404", "999999", "見本独自共生型減算", "-10", "01"))});
    const auto said = [&](std::string_view code, std::string_view insurer = {}) {
        const auto* const entry = table.lookup(code, Month::of(2026, 12), insurer);
        return std::string(entry->addition ? "addition " : "") + (entry->kyosei ? "kyosei" : "");
    };
    BOOST_TEST(said("110001") == "");
    BOOST_TEST(said("110002") == "addition ");
    BOOST_TEST(said("110003") == "addition ");
    BOOST_TEST(said("110004") == "addition ");
    BOOST_TEST(said("110005") == "");
    BOOST_TEST(said("110006") == "kyosei");
    BOOST_TEST(said("110007") == "");
    BOOST_TEST(said("110008") == "kyosei");
    BOOST_TEST(said("A26100", "990010") == "addition kyosei");
}

BOOST_AUTO_TEST_CASE(a_code_of_another_month_is_known) {
    const ServiceCodeTable table =
        loaded({yaml(good_code), city(city_row("1111", "202104", "202203", "見本", "1", "03"))});
    BOOST_TEST(table.lookup("111111", Month::of(2026, 12)) == nullptr);
    BOOST_TEST(table.knows("111111"));
    BOOST_TEST(table.knows("111111", "990010"));
    BOOST_TEST(table.knows("A21111", "990010"));
    BOOST_TEST(!table.knows("A21111", "990028"));
    BOOST_TEST(!table.knows("A21111"));
    BOOST_TEST(!table.knows("111112"));
}

BOOST_AUTO_TEST_CASE(problems_name_file_and_line) {
    const auto row = [](const std::string& item, const std::string& from, const std::string& to,
                        const std::string& units, const std::string& unit,
                        const std::string& insurer = "990010") {
        return refusal(
            {city(city_header + city_row(item, from, to, "見本", units, unit, insurer))});
    };
    BOOST_TEST(row("111", "202104", "999999", "1", "03").find("city.csv:2: サービス項目コード") ==
               0u);
    BOOST_TEST(row("1111", "202113", "999999", "1", "03").find("city.csv:2: 適用開始年月") == 0u);
    BOOST_TEST(row("1111", "202104", "202013", "1", "03").find("city.csv:2: 適用終了年月") == 0u);
    BOOST_TEST(row("1111", "202104", "202103", "1", "03") == "city.csv:2: ends before it begins\n");
    BOOST_TEST(row("1111", "202104", "999999", "", "03").find("city.csv:2: 単位数") == 0u);
    BOOST_TEST(row("1111", "202104", "999999", "1.5", "03").find("city.csv:2: 単位数") == 0u);
    BOOST_TEST(row("1111", "202104", "999999", "1", "09").find("city.csv:2: 算定単位") == 0u);
    BOOST_TEST(refusal({city("\"990010\",A2\r\n")}) == "city.csv:1: 2 columns instead of 19\n");
    BOOST_TEST(refusal({city("a,b\r\n")}) == "city.csv:1: 2 columns instead of 19\n");
    std::string other_header = city_header;
    other_header.replace(0, std::string("保険者番号").size(), "番号");
    BOOST_TEST(refusal({city(other_header)}) ==
               "city.csv:1: the header row does not begin with 保険者番号\n");
    BOOST_TEST(refusal({{"city.csv", "\xEF\xBB\xBF"
                                     "990010"}}) == "city.csv:0: not MS932\n");
    BOOST_TEST(refusal({{"city.csv", "990010\r\n\x80,"}}) ==
               "city.csv:2: a byte that is not MS932 text\n");
    BOOST_TEST(refusal({city(city_row("1111", "202104", "999999", "a\"b", "1", "03"))})
                   .find("city.csv:1: quotes or line ends are wrong") == 0u);
    BOOST_TEST(refusal({{"table.txt", ""}}) == "table.txt:0: neither .yaml nor .csv\n");
}

BOOST_AUTO_TEST_CASE(months_of_one_code_never_overlap) {
    const std::string twice =
        refusal({city(city_row("1111", "202104", "999999", "見本", "1", "03") +
                      city_row("1111", "202404", "999999", "見本", "2", "03"))});
    BOOST_TEST(twice == "city.csv:2: code A21111 is valid in months that city.csv:1 has already\n");
    const std::string in_two_files = refusal({yaml(good_code), {"u.yaml", yaml(good_code).text}});
    BOOST_TEST(in_two_files ==
               "u.yaml:3: code 111111 is valid in months that t.yaml:3 has already\n");
}

BOOST_AUTO_TEST_CASE(our_own_form_is_read_strictly) {
    const auto with = [](std::string_view from, std::string_view to) {
        std::string text = good_code;
        const std::size_t at = text.find(from);
        BOOST_REQUIRE(at != std::string::npos);
        return refusal({yaml(text.replace(at, from.size(), to))});
    };
    BOOST_TEST(loaded({yaml(good_code)}).size() == 1u);
    for (const auto& [from, to] :
         {std::pair{"\"111111\"", "\"11111\""}, std::pair{"\"111111\"", "\"11111a\""},
          std::pair{"\"202404\"", "\"202400\""}, std::pair{"\"202503\"", "\"202403\""},
          std::pair{"per_time", "per_hour"}, std::pair{"units: 1", "units: one"},
          std::pair{"units: 1", "units: 1000000"}, std::pair{"name: \"a\"", "nom: \"a\""},
          std::pair{"name: \"a\", ", ""}, std::pair{"units: 1", "units: 1, more: 2"},
          std::pair{"units: 1", "units: 1, kyosei: perhaps"},
          std::pair{"units: 1", "units: 1, addition: 1"}}) {
        BOOST_TEST_INFO(from << " -> " << to);
        BOOST_TEST(with(from, to).find("t.yaml:3: ") == 0u);
    }
    BOOST_TEST(refusal({{"t.yaml", "codes: []\n"}}).find("t.yaml:1: ") == 0u);
    BOOST_TEST(refusal({{"t.yaml", "service_codes: {insurer_no: \"1\", codes: []}\n"}})
                   .find("six digits") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
