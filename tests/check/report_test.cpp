#include "tests/check/vectors.hpp"

#include "spec/load/load.hpp"
#include "spec/render/report_json.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::test;

namespace {

const Catalog& catalog() {
    static const CatalogPtr loaded = embedded_catalog();
    return *loaded;
}

VectorCase case_of(const std::string& base) {
    VectorCase item;
    item.files = load_base(catalog(), base);
    return item;
}

VectorFile& file(VectorCase& item, const std::string& type) {
    for (VectorFile& candidate : item.files)
        if (candidate.type == type) return candidate;
    throw std::runtime_error("no file " + type);
}

Bytes& cell(VectorCase& item, const std::string& type, std::size_t record, const std::string& key) {
    VectorFile& target = file(item, type);
    return target.records.at(record - 1).at(static_cast<std::size_t>(target.layout->column(key)));
}

Report check(const VectorCase& item) {
    return check_heap(catalog(), group_files(catalog(), item.input()), item.options);
}

std::string json_text(const Report& report, Lang lang = Lang::ja) {
    return boost::json::serialize(to_json(catalog(), report, lang));
}

std::vector<std::string> names_of(const boost::json::object& object) {
    std::vector<std::string> names;
    for (const auto& member : object) names.emplace_back(member.key());
    return names;
}

using Names = std::vector<std::string>;

void check_names(const boost::json::object& object, const Names& expected) {
    const Names names = names_of(object);
    BOOST_CHECK_EQUAL_COLLECTIONS(names.begin(), names.end(), expected.begin(), expected.end());
}

} // namespace

BOOST_AUTO_TEST_SUITE(reports)

BOOST_AUTO_TEST_CASE(json_has_the_shape_of_the_contract) {
    VectorCase item = case_of("4.1-schedule");
    cell(item, "UPPLAN", 3, "service_date") = "20260101";
    const boost::json::object json = to_json(catalog(), check(item), Lang::ja);
    check_names(json, {"catalog", "profile", "verdict", "bundles", "findings"});
    BOOST_CHECK(json.at("catalog").as_string().starts_with("sha256:"));
    BOOST_CHECK_EQUAL(json.at("catalog").as_string().size(), 7 + 64);
    BOOST_CHECK(json.at("verdict") == "rejected");

    const boost::json::object& bundle = json.at("bundles").as_array().at(0).as_object();
    check_names(bundle, {"kind", "edition", "profile", "from", "to", "serial", "verdict", "counts",
                         "files", "findings", "findings_dropped"});
    BOOST_CHECK(bundle.at("kind") == "schedule");
    BOOST_CHECK(bundle.at("edition") == "4.1");
    check_names(bundle.at("from").as_object(), {"office", "service_type"});
    BOOST_CHECK(bundle.at("to").at("office") == "0370100025");
    BOOST_CHECK(bundle.at("to").at("service_type") == "11");
    BOOST_CHECK(bundle.at("serial") == "20251125093000");
    BOOST_CHECK(bundle.at("counts") == (boost::json::object{{"error", 1}, {"warning", 0}}));
    BOOST_CHECK(bundle.at("findings_dropped") == 0);

    const boost::json::object& plan = bundle.at("files").as_array().at(1).as_object();
    check_names(plan, {"name", "type", "records", "bytes", "sha256"});
    BOOST_CHECK(plan.at("type") == "UPPLAN");
    BOOST_CHECK(plan.at("records") == 9);
    BOOST_CHECK_EQUAL(plan.at("sha256").as_string().size(), 64);

    const boost::json::object& finding = bundle.at("findings").as_array().at(0).as_object();
    check_names(finding, {"rule", "severity", "file", "record", "line", "column", "key", "item",
                          "byte_offset", "message", "hint", "section"});
    BOOST_CHECK(finding.at("rule") == "R-MON-03");
    BOOST_CHECK(finding.at("severity") == "error");
    BOOST_CHECK(finding.at("record") == 3);
    BOOST_CHECK(finding.at("line") == 3);
    BOOST_CHECK(finding.at("column") == 10);
    BOOST_CHECK(finding.at("key") == "service_date");
    BOOST_CHECK(finding.at("item") == "サービス利用日");
    BOOST_CHECK(finding.at("section") == "別紙 第6表 No.10");
    const auto offset = static_cast<std::size_t>(finding.at("byte_offset").to_number<int>());
    BOOST_CHECK(file(item, "UPPLAN").bytes().substr(offset, 8) == "20260101");
}

BOOST_AUTO_TEST_CASE(json_leaves_out_what_does_not_apply) {
    VectorCase item = case_of("3-schedule");
    item.files.pop_back();
    const boost::json::object json = to_json(catalog(), check(item), Lang::en);
    const boost::json::object& bundle = json.at("bundles").as_array().at(0).as_object();
    BOOST_CHECK(bundle.at("kind") == "unknown");
    check_names(bundle.at("from").as_object(), {"office"});
    const boost::json::object& finding = bundle.at("findings").as_array().at(0).as_object();
    check_names(finding, {"rule", "severity", "message", "hint", "section"});
}

BOOST_AUTO_TEST_CASE(a_file_of_no_bundle_is_a_finding_of_the_report) {
    VectorCase item = case_of("4.1-actual");
    item.files.front().name = "notes.txt";
    const Report report = check(item);
    BOOST_CHECK(report.bundles.empty());
    BOOST_REQUIRE(report.findings.size() == 1);
    BOOST_CHECK(report.findings.front().where.file == "notes.txt");
    BOOST_CHECK(report.verdict == Verdict::rejected);
    BOOST_CHECK(to_text(catalog(), report, Lang::ja).find("notes.txt") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(warnings_never_reject) {
    VectorCase item = case_of("4.1-actual");
    file(item, "UPJSK").line_end = "\n";
    const Report report = check(item);
    BOOST_CHECK(report.verdict == Verdict::accepted);
    BOOST_CHECK(report.bundles.front().warnings == 1);
}

BOOST_AUTO_TEST_CASE(severities_of_a_profile_are_obeyed) {
    VectorCase item = case_of("4.1-actual");
    cell(item, "UPJSK", 2, "count") = "0";
    item.options.severities = {{"R-CNT-01", Severity::off}};
    BOOST_CHECK(check(item).bundles.front().findings.empty());
    cell(item, "UPJSK", 2, "count") = "x";
    item.options.severities = {{"R-CNT-01", Severity::warning}};
    BOOST_CHECK(check(item).verdict == Verdict::accepted);
    file(item, "UPJSK").line_end = "\n";
    item.options.severities = {{"R-CSV-05", Severity::off}, {"R-CNT-01", Severity::error}};
    const Report report = check(item);
    BOOST_CHECK(report.bundles.front().warnings == 0);
    BOOST_CHECK(report.bundles.front().errors == 1);
}

BOOST_AUTO_TEST_CASE(a_profile_raises_a_warning_but_not_the_milder_form_of_an_error) {
    VectorCase item = case_of("4.1-actual");
    file(item, "UPJSK").line_end = "\n"; // R-CSV-05 is a warning by itself
    item.options.severities = {{"R-CSV-05", Severity::error}};
    BOOST_CHECK(check(item).verdict == Verdict::rejected);
    item.options.severities = {{"R-CNT-01", Severity::error}}; // an error, milder when it is 0
    cell(item, "UPJSK", 2, "count") = "0";
    BOOST_CHECK(check(item).verdict == Verdict::accepted);
}

BOOST_AUTO_TEST_CASE(a_report_names_its_profile) {
    VectorCase item = case_of("4.1-actual");
    BOOST_CHECK(to_json(catalog(), check(item), Lang::ja).at("profile") == "standard");
    BOOST_CHECK(to_text(catalog(), check(item), Lang::ja).find("検査の厳しさ") ==
                std::string::npos);
    item.options.profile = "strict";
    const Report report = check(item);
    const boost::json::object json = to_json(catalog(), report, Lang::ja);
    BOOST_CHECK(json.at("profile") == "strict");
    BOOST_CHECK(json.at("bundles").as_array().at(0).at("profile") == "strict");
    BOOST_CHECK(to_text(catalog(), report, Lang::ja).find("検査の厳しさ：strict\n") !=
                std::string::npos);
}

BOOST_AUTO_TEST_CASE(only_a_warning_says_that_it_is_accepted) {
    VectorCase item = case_of("4.1-actual");
    file(item, "UPJSK").line_end = "\n";
    const std::string promise = "この点は、このままでも受け付けます。";
    BOOST_CHECK(json_text(check(item)).find(promise) != std::string::npos);
    item.options.severities = {{"R-CSV-05", Severity::error}};
    BOOST_CHECK(json_text(check(item)).find(promise) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_schedule_delivered_before_speaks_for_the_receiver) {
    VectorCase item = case_of("4.1-care_plan");
    cell(item, "UP2KYO", 4, "service_office_no") = "0370100033";
    std::vector<std::string> asked;
    bool answer = true;
    item.options.has_schedule = [&](const Bundle& bundle, std::string_view user) {
        BOOST_CHECK(bundle.to.office.view() == "0370100025");
        asked.emplace_back(user);
        return answer;
    };
    BOOST_CHECK(check(item).bundles.front().findings.empty());
    BOOST_CHECK(asked == std::vector<std::string>{"030001\x1F"
                                                  "0000000102"}); // not of the other
    answer = false;
    const BundleReport report = check(item).bundles.front();
    BOOST_REQUIRE(report.findings.size() == 1);
    BOOST_CHECK(report.findings.front().rule == "R-PRIV-02");
}

BOOST_AUTO_TEST_CASE(the_same_bytes_give_the_same_report) {
    for (const VectorCase& item : load_cases(catalog())) {
        const std::string first = json_text(check(item));
        BOOST_CHECK_MESSAGE(first == json_text(check(item)), item.name);
        VectorCase turned = item;
        std::reverse(turned.files.begin(), turned.files.end());
        if (item.rule != "R-BND-03") // two files of one name keep the order in which they came
            BOOST_CHECK_MESSAGE(first == json_text(check(turned)),
                                item.name << " (files reversed)");
    }
}

BOOST_AUTO_TEST_CASE(findings_are_sorted_by_file_record_and_column) {
    VectorCase item = case_of("4.1-schedule");
    for (std::size_t record = 9; record >= 1; --record) {
        cell(item, "UPPLAN", record, "count") = "x";
        cell(item, "UPPLAN", record, "created_date") = "20250230";
    }
    cell(item, "UPSIKYU", 1, "count") = "x";
    const std::vector<Finding> findings = check(item).bundles.front().findings;
    BOOST_REQUIRE(findings.size() == 19);
    for (std::size_t i = 0; i < 18; ++i) {
        BOOST_CHECK(findings[i].where.record == i / 2 + 1);
        BOOST_CHECK(findings[i].where.column == (i % 2 == 0 ? 4 : 14));
    }
    BOOST_CHECK(findings.back().where.file.starts_with("UPSIKYU"));
}

BOOST_AUTO_TEST_CASE(the_list_is_capped_and_the_counts_are_complete) {
    VectorCase item = case_of("4.1-schedule");
    for (std::size_t record = 1; record <= 9; ++record) {
        cell(item, "UPPLAN", record, "units") = "";         // 9 warnings
        cell(item, "UPPLAN", record, "created_date") = "x"; // 9 errors
    }
    cell(item, "UPPLAN", 9, "service_date") = "20260101"; // 1 error, last of all
    item.options.max_findings = 5;
    const BundleReport report = check(item).bundles.front();
    BOOST_CHECK(report.errors == 10);
    BOOST_CHECK(report.warnings >= 9);
    BOOST_CHECK(report.findings.size() == 5);
    BOOST_CHECK(report.findings_dropped == report.errors + report.warnings - 5);
    BOOST_CHECK(report.verdict == Verdict::rejected);
    // Errors come before warnings, and the flood of one rule does not hide the other.
    for (const Finding& finding : report.findings) BOOST_CHECK(finding.severity == Severity::error);
    BOOST_CHECK(std::any_of(report.findings.begin(), report.findings.end(),
                            [](const Finding& finding) { return finding.rule == "R-MON-03"; }));
    item.options.max_findings = 0;
    const BundleReport none = check(item).bundles.front();
    BOOST_CHECK(none.findings.empty());
    BOOST_CHECK(none.errors == 10);
    BOOST_CHECK(none.verdict == Verdict::rejected);
}

BOOST_AUTO_TEST_CASE(the_users_of_every_file_are_told) {
    VectorCase item = case_of("4.1-schedule");
    const Heap heap = group_files(catalog(), item.input());
    const CheckedBundle checked = check_bundle(catalog(), heap.bundles.front(), item.options);
    BOOST_REQUIRE(checked.keys.size() == 6);
    BOOST_CHECK(std::is_sorted(checked.keys.begin(), checked.keys.end()));
    BOOST_CHECK(checked.keys.front().file_type == "UPHOSOKU");
    BOOST_CHECK(checked.keys.front().key == "030001\x1F"
                                            "0000000101\x1F"
                                            "202512");
    BOOST_CHECK(checked.report.month == Month::of(2025, 12));
}

BOOST_AUTO_TEST_CASE(progress_ends_at_all_bytes) {
    VectorCase item = case_of("4.1-schedule");
    std::uint64_t total = 0, last = 0;
    for (const InputFile& input : item.input()) total += input.bytes.size();
    check_heap(catalog(), group_files(catalog(), item.input()), item.options,
               [&](const CheckProgress& progress) {
                   BOOST_CHECK(progress.done > last);
                   BOOST_CHECK_EQUAL(progress.total, total);
                   last = progress.done;
               });
    BOOST_CHECK_EQUAL(last, total);
}

BOOST_AUTO_TEST_CASE(text_names_file_line_item_cause_and_next_step) {
    VectorCase item = case_of("4.1-schedule");
    cell(item, "UPPLAN", 3, "service_date") = "20260101";
    const std::string text = to_text(catalog(), check(item), Lang::ja);
    BOOST_TEST_INFO(text);
    BOOST_CHECK(text.find("UPPLAN_202512_0370100017_43_0370100025_11_20251125093000.CSV › 3行目 › "
                          "サービス利用日") != std::string::npos);
    BOOST_CHECK(text.find("「サービス利用日」が、対象年月 202512 の中の日ではありません。") !=
                std::string::npos);
    BOOST_CHECK(text.find("→ ") != std::string::npos);
    BOOST_CHECK(text.find("R-MON-03、別紙 第6表 No.10") != std::string::npos);
    BOOST_CHECK(text.ends_with("全体の結果：受け付けられません（エラー 1件、警告 0件）\n"));
    const std::string english = to_text(catalog(), check(item), Lang::en);
    BOOST_CHECK(english.find("line 3 › サービス利用日") != std::string::npos);
    BOOST_CHECK(english.find("errors: 1, warnings: 0") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(text_folds_what_says_the_same_and_names_the_lines) {
    VectorCase item = case_of("4.1-schedule");
    for (std::size_t record = 2; record <= 6; ++record)
        cell(item, "UPPLAN", record, "service_date") = "20260101";
    cell(item, "UPPLAN", 3, "insurer_no") = "12345";
    const std::string text = to_text(catalog(), check(item), Lang::ja);
    BOOST_TEST_INFO(text);
    BOOST_CHECK(text.find("2行目 › サービス利用日") != std::string::npos);
    BOOST_CHECK(text.find("3行目 › サービス利用日") == std::string::npos);
    BOOST_CHECK(text.find("3行目 › 保険者番号") != std::string::npos);
    BOOST_CHECK(text.find("    ほか 4 件：行 3-6\n") != std::string::npos);
    const std::string english = to_text(catalog(), check(item), Lang::en);
    BOOST_CHECK(english.find("    and 4 more: lines 3-6\n") != std::string::npos);
    cell(item, "UPPLAN", 4, "service_date") = "20251201";
    BOOST_CHECK(to_text(catalog(), check(item), Lang::ja).find("ほか 3 件：行 3, 5-6\n") !=
                std::string::npos);
    cell(item, "UPPLAN", 4, "service_date") = "20260101";
    item.options.keep_values = true;
    cell(item, "UPPLAN", 6, "service_date") = "20260102";
    const std::string values = to_text(catalog(), check(item), Lang::ja);
    BOOST_TEST_INFO(values);
    BOOST_CHECK(values.find("ほか 3 件：行 3-5\n") != std::string::npos);
    BOOST_CHECK(values.find("値：20260102") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(csv_disarms_whatever_may_be_a_formula) {
    for (const char* const name :
         {"=1+1.CSV", "+1.CSV", "-1.CSV", "@a.CSV", "|a.CSV", ";a.CSV", "＝1.CSV", "＋1.CSV",
          "－1.CSV", "＠1.CSV", "\t=1.CSV", "\r=1.CSV", "\n=1.CSV", "   =1.CSV", "　=1.CSV",
          "\xEF\xBB\xBF=1.CSV"}) {
        const Report report = check_heap(catalog(), group_files(catalog(), {{name, ""}}), {});
        const std::string csv = to_csv(catalog(), report, Lang::ja);
        BOOST_TEST_INFO(csv);
        BOOST_CHECK(csv.find(std::string("\"'") + name + "\"") != std::string::npos);
    }
    const Report harmless = check_heap(catalog(), group_files(catalog(), {{"a-=1.CSV", ""}}), {});
    BOOST_CHECK(to_csv(catalog(), harmless, Lang::ja).find("\"a-=1.CSV\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(csv_opens_in_a_spreadsheet_and_runs_nothing) {
    VectorCase item = case_of("4.1-actual");
    item.files.front().name = "=cmd|calc.CSV";
    const std::string csv = to_csv(catalog(), check(item), Lang::ja);
    BOOST_CHECK(csv.starts_with("\xEF\xBB\xBF\"区分\",\"規則\""));
    BOOST_CHECK(csv.ends_with("\"\r\n"));
    BOOST_CHECK(csv.find("\"'=cmd|calc.CSV\"") != std::string::npos);
    BOOST_CHECK(csv.find("\"=cmd") == std::string::npos);
    BOOST_CHECK_EQUAL(std::count(csv.begin(), csv.end(), '\n'), 2);
}

BOOST_AUTO_TEST_CASE(values_are_shown_only_on_a_terminal_that_asks) {
    VectorCase item = case_of("4.1-actual");
    cell(item, "UPJSK", 2, "service_code") = "CANARY";
    cell(item, "UPJSK", 2, "created_date") = "CANARY99";
    item.options.keep_values = true;
    const Report report = check(item);
    BOOST_CHECK(to_text(catalog(), report, Lang::ja).find("CANARY99") != std::string::npos);
    BOOST_CHECK(json_text(report).find("CANARY") == std::string::npos);
    BOOST_CHECK(to_csv(catalog(), report, Lang::ja).find("CANARY") == std::string::npos);
    item.options.keep_values = false;
    BOOST_CHECK(to_text(catalog(), check(item), Lang::ja).find("CANARY") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
