#include "spec/sample/sample.hpp"

#include "spec/check/checker.hpp"
#include "spec/load/load.hpp"
#include "spec/records/cp932.hpp"
#include "spec/records/csv_reader.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <set>

using namespace cpg;

namespace {

const Catalog& catalog() {
    static const CatalogPtr instance = embedded_catalog();
    return *instance;
}

OfficeRef office(const std::string& text) { // "1370100017:43"
    return {OfficeNo::parse(text.substr(0, 10)).value(), ServiceType::parse(text.substr(11))};
}

SampleRequest request(const std::string& from, const std::string& to) {
    SampleRequest out;
    out.from = office(from);
    out.to = {office(to)};
    out.month = Month::of(2026, 12);
    out.users = 12;
    return out;
}

std::vector<InputFile> sample(const SampleRequest& request) {
    auto files = make_sample(catalog(), request);
    BOOST_REQUIRE_MESSAGE(files, (files ? "" : files.error().detail));
    return std::move(*files);
}

/// A file as rows of UTF-8 texts by key.
using Row = std::map<std::string, std::string>;
std::vector<Row> rows_of(const BundleFile& file) {
    std::vector<Row> rows;
    read_csv(file.input.bytes, {[&](const Record& record) {
                                    Row row;
                                    for (std::size_t i = 0; i < record.cells.size(); ++i)
                                        row[file.name.type->fields.at(i).key] =
                                            to_utf8(record.cells[i].text());
                                    rows.push_back(std::move(row));
                                },
                                {}});
    return rows;
}

std::vector<Row> rows_of(const Heap& heap, std::string_view type) {
    std::vector<Row> rows;
    for (const Bundle& bundle : heap.bundles)
        for (const BundleFile& file : bundle.files)
            if (file.name.type->id == type)
                for (Row& row : rows_of(file)) rows.push_back(std::move(row));
    return rows;
}

Heap heap_of(const SampleRequest& request) {
    return group_files(catalog(), sample(request));
}

int number(const std::string& text) {
    return text.empty() ? 0 : std::stoi(text);
}

void require_no_finding(const SampleRequest& request, const std::string& what) {
    const Heap heap = heap_of(request);
    BOOST_TEST(heap.strays.empty(), what);
    const Report report = check_heap(catalog(), heap, {});
    for (const BundleReport& bundle : report.bundles) {
        BOOST_TEST(bundle.kind != "unknown", what);
        BOOST_TEST(bundle.errors == 0u, what << " " << bundle.kind);
        BOOST_TEST(bundle.warnings == 0u, what << " " << bundle.kind);
        std::set<std::string> told;
        for (const Finding& finding : bundle.findings)
            if (told.insert(finding.rule + finding.variant).second)
                BOOST_TEST_MESSAGE(what << ": " << finding.rule << " " << finding.variant << " "
                                        << finding.where.file << " record " << finding.where.record
                                        << " " << finding.key);
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(sample_files)

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_bytes) {
    for (const std::string to : {"1370100025:11", "1370100025:17", "1370100025:21"}) {
        SampleRequest one = request("1370100017:43", to);
        const auto first = sample(one);
        const auto second = sample(one);
        BOOST_REQUIRE(first.size() == second.size());
        for (std::size_t i = 0; i < first.size(); ++i) {
            BOOST_TEST(first[i].name == second[i].name);
            BOOST_TEST((first[i].bytes == second[i].bytes));
        }
        one.seed = 2;
        one.serial = Serial::parse(first[0].name.substr(first[0].name.size() - 18, 14));
        const auto other = sample(one);
        BOOST_REQUIRE(other.size() == first.size());
        for (std::size_t i = 0; i < first.size(); ++i)
            BOOST_TEST((first[i].bytes != other[i].bytes));
    }
}

BOOST_AUTO_TEST_CASE(a_direction_suggests_its_kinds) {
    const auto kinds = [](const SampleRequest& request) {
        std::string out;
        for (const BundleReport& bundle : check_heap(catalog(), heap_of(request), {}).bundles)
            out += bundle.kind + " ";
        return out;
    };
    BOOST_TEST(kinds(request("1370100017:43", "1370100025:11")) == "care_plan schedule ");
    BOOST_TEST(kinds(request("1370100017:46", "1370100025:A2")) ==
               "kihon yobo_with_kihon schedule ");
    BOOST_TEST(kinds(request("1370100017:AF", "1370100025:43")) ==
               "kihon yobo_with_kihon schedule ");
    BOOST_TEST(kinds(request("1370100025:11", "1370100017:43")) == "actual ");
    BOOST_TEST(kinds(request("1370100025:73", "1370100017:43")) == "actual ");
    BOOST_TEST(kinds(request("1370100025:73", "1370100017:11")) == "care_plan schedule ");
}

BOOST_AUTO_TEST_CASE(serials_count_up_by_a_second) {
    SampleRequest wanted = request("1370100017:43", "1370100025:11");
    wanted.to.push_back(office("1370100033:15"));
    wanted.serial = Serial::parse("20261231235959");
    std::set<std::string> serials;
    for (const Bundle& bundle : heap_of(wanted).bundles) serials.insert(bundle.serial.str());
    BOOST_TEST((serials == std::set<std::string>{"20261231235959", "20270101000000",
                                                 "20270101000001", "20270101000002"}));
}

BOOST_AUTO_TEST_CASE(refuses_what_cannot_be) {
    const auto refused = [](const SampleRequest& request) {
        const auto files = make_sample(catalog(), request);
        return !files && files.error().code == Errc::malformed;
    };
    const SampleRequest good = request("1370100017:43", "1370100025:11");
    BOOST_TEST(!refused(good));
    const auto with = [&](auto change) {
        SampleRequest bad = good;
        change(bad);
        return refused(bad);
    };
    BOOST_TEST(with([](SampleRequest& r) { r.users = 0; }));
    BOOST_TEST(with([](SampleRequest& r) { r.users = 100'001; }));
    BOOST_TEST(with([](SampleRequest& r) { r.to.clear(); }));
    BOOST_TEST(with([](SampleRequest& r) { r.to.push_back(r.to[0]); }));
    BOOST_TEST(with([](SampleRequest& r) { r.to[0].office = r.from.office; }));
    BOOST_TEST(with([](SampleRequest& r) { r.kinds = {"schedule", "schedule"}; }));
    BOOST_TEST(with([](SampleRequest& r) { r.month = {}; }));
    BOOST_TEST(with([](SampleRequest& r) { r.month = Month::of(2025, 3); }));
    BOOST_TEST(with([](SampleRequest& r) { r.edition = "3"; })); // not for 2026
    BOOST_TEST(with([](SampleRequest& r) { r.edition = "9"; }));
    BOOST_TEST(with([](SampleRequest& r) { r.kinds = {"nothing"}; }));
    BOOST_TEST(with([](SampleRequest& r) { r.kinds = {"actual"}; })); // a care manager to 訪問介護
    BOOST_TEST(with([](SampleRequest& r) {
        r.from = office("1370100017:11");
        r.kinds = {"schedule"};
    }));
    BOOST_TEST(with([](SampleRequest& r) { r.to[0] = office("1370100025:51"); })); // out of scope
    BOOST_TEST(with([](SampleRequest& r) { r.to[0].service_type.reset(); }));
    BOOST_TEST(with([](SampleRequest& r) { r.serial = Serial::parse("20261399000000"); }));
}

BOOST_AUTO_TEST_CASE(every_kind_from_every_sender_to_every_service_has_no_finding) {
    const Edition& edition = *catalog().edition("4.1");
    int bundles = 0;
    for (const std::string from : {"43", "46", "AF", "73", "75", "77"}) {
        for (const ServiceTypeInfo& info : edition.service_types) {
            if (info.scope == ServiceTypeInfo::Scope::out) continue;
            for (const BundleKind& kind : edition.bundles) {
                if (kind.id.starts_with("actual")) continue;
                SampleRequest wanted =
                    request("1370100017:" + from, "1370100025:" + info.code.str());
                wanted.kinds = {kind.id};
                require_no_finding(wanted, from + " to " + info.code.str() + " " + kind.id);
                ++bundles;
            }
        }
    }
    BOOST_TEST(bundles == 6 * 48 * 9);
}

BOOST_AUTO_TEST_CASE(every_kind_of_edition_3_has_no_finding) {
    const Edition& edition = *catalog().edition("3");
    for (const BundleKind& kind : edition.bundles) {
        const bool back = kind.id.starts_with("actual");
        for (const std::string type : {"11", "15", "17", "21", "76", "31", "63", "A2"}) {
            SampleRequest wanted = back ? request("1370100025:" + type, "1370100017:43")
                                        : request("1370100017:43", "1370100025:" + type);
            wanted.edition = "3";
            wanted.month = Month::of(2024, 2);
            wanted.kinds = {kind.id};
            require_no_finding(wanted, "edition 3 " + type + " " + kind.id);
        }
    }
}

BOOST_AUTO_TEST_CASE(actual_from_every_service_has_no_finding) {
    const Edition& edition = *catalog().edition("4.1");
    for (const ServiceTypeInfo& info : edition.service_types) {
        if (info.scope == ServiceTypeInfo::Scope::out) continue;
        for (const std::string to : {"43", "46", "AF"}) {
            SampleRequest wanted = request("1370100025:" + info.code.str(), "1370100017:" + to);
            wanted.kinds = {"actual", "actual_delete"};
            require_no_finding(wanted, info.code.str() + " to " + to);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_month_and_many_seeds_have_no_finding) {
    for (int month = 1; month <= 12; ++month) {
        for (std::uint64_t seed = 0; seed < 4; ++seed) {
            SampleRequest wanted = request("1370100017:43", "1370100025:11");
            wanted.month = Month::of(2028, month);
            wanted.seed = seed * 0x9E3779B97F4A7C15u;
            wanted.users = 6;
            require_no_finding(wanted, "month " + std::to_string(month));
        }
    }
}

BOOST_AUTO_TEST_CASE(one_user_and_many_users_have_no_finding) {
    for (const int users : {1, 2, 300}) {
        for (const std::string to : {"1370100025:11", "1370100025:21"}) {
            SampleRequest plan = request("1370100017:43", to);
            plan.users = users;
            require_no_finding(plan, std::to_string(users) + " users to " + to);
            SampleRequest actual = request(to, "1370100017:43");
            actual.users = users;
            require_no_finding(actual, std::to_string(users) + " users from " + to);
        }
    }
}

BOOST_AUTO_TEST_CASE(six_users_show_every_feature) {
    SampleRequest wanted = request("1370100017:43", "1370100025:11");
    wanted.users = 6;
    const Heap heap = heap_of(wanted);
    std::set<std::string> seen;
    for (const Row& row : rows_of(heap, "UPPLAN")) {
        for (const std::string key : {"satellite_no", "prorate_days", "tais_code", "detail_no",
                                      "stay_days_to_prev_month", "item_name"})
            if (!row.at(key).empty()) seen.insert(key);
        if (row.at("over_30_days") == "1") seen.insert("over_30_days");
        seen.insert(row.at("service_code").substr(0, 2));
    }
    for (const Row& row : rows_of(heap, "UPHOSOKU"))
        if (!row.at("slot1_service_type").empty()) seen.insert("slot1");
    for (const std::string wanted_feature :
         {"satellite_no", "prorate_days", "tais_code", "detail_no", "stay_days_to_prev_month",
          "item_name", "over_30_days", "slot1", "11", "15", "17", "21", "71"})
        BOOST_TEST(seen.contains(wanted_feature), wanted_feature);
}

BOOST_AUTO_TEST_CASE(every_user_is_served_by_the_receiver_and_by_others) {
    const Heap heap = heap_of(request("1370100017:43", "1370100025:15"));
    std::map<std::string, std::set<std::string>> offices;
    for (const Row& row : rows_of(heap, "UPPLAN"))
        offices[row.at("insured_no")].insert(row.at("service_office_no"));
    BOOST_TEST(offices.size() == 12u);
    for (const auto& [user, served_by] : offices) {
        BOOST_TEST(served_by.contains("1370100025"));
        BOOST_TEST(served_by.size() >= 2u);
        BOOST_TEST(served_by.size() <= 3u);
    }
}

BOOST_AUTO_TEST_CASE(table_7_adds_up) {
    SampleRequest wanted = request("1370100017:43", "1370100025:17");
    wanted.users = 60;
    const Heap heap = heap_of(wanted);
    std::map<std::string, int> planned; // user, office, code, units -> count of 第6表
    std::map<std::string, int> limits;
    for (const Row& row : rows_of(heap, "UPPLAN"))
        planned[row.at("insured_no") + row.at("service_office_no") + row.at("service_code") + "/" +
                row.at("units") + "/" + row.at("over_30_days")] +=
            row.at("prorate_days").empty() ? number(row.at("count")) : 0;
    for (const Row& row : rows_of(heap, "UPHOSOKU"))
        limits[row.at("insured_no")] = number(row.at("limit_units"));

    const std::vector<std::string> sums = {"service_units", "managed_units",   "in_limit_units",
                                           "total_cost",    "insurance_claim", "copay_insured",
                                           "copay_full"};
    std::map<std::string, std::map<std::string, int>> left;      // per user: total less details
    std::map<std::string, std::map<std::string, int>> subtotals; // per user, office, type, limit
    std::map<std::string, int> totals;
    for (const Row& row : rows_of(heap, "UPSIKYU")) {
        const std::string user = row.at("insured_no");
        const std::string code = row.at("service_code");
        if (code == "999999") {
            ++totals[user];
            for (const std::string& key : sums) left[user][key] += number(row.at(key));
            BOOST_TEST(number(row.at("in_limit_units")) <= limits[user]);
            continue;
        }
        const std::string group =
            user + row.at("service_office_no") + code.substr(0, 2) + row.at("over_30_days");
        if (code.ends_with("AAAA") || code.ends_with("ZZZZ")) {
            for (const std::string& key : sums) subtotals[group][key] -= number(row.at(key));
            subtotals[group]["rows"] = 0;
            continue;
        }
        for (const std::string& key : sums) {
            left[user][key] -= number(row.at(key));
            subtotals[group][key] += number(row.at(key));
        }
        BOOST_TEST(number(row.at("service_units")) ==
                   number(row.at("units")) * number(row.at("count")));
        BOOST_TEST(number(row.at("total_cost")) ==
                   number(row.at("insurance_claim")) + number(row.at("copay_insured")));
        int& count = planned[user + row.at("service_office_no") + code + "/" + row.at("units") +
                             "/" + row.at("over_30_days")];
        if (count != 0) count -= number(row.at("count"));
        BOOST_TEST(count == 0);
    }
    BOOST_TEST(totals.size() == 60u);
    for (const auto& [user, count] : totals) BOOST_TEST(count == 1);
    for (const auto& [user, sums_left] : left)
        for (const auto& [key, value] : sums_left) BOOST_TEST(value == 0, user << " " << key);
    int with_subtotal = 0;
    for (const auto& [group, sums_left] : subtotals) {
        if (!sums_left.contains("rows")) continue; // one row, no subtotal
        ++with_subtotal;
        for (const auto& [key, value] : sums_left) BOOST_TEST(value == 0, group << " " << key);
    }
    BOOST_TEST(with_subtotal > 60);
}

BOOST_AUTO_TEST_CASE(actual_matches_the_schedule_of_the_same_seed) {
    for (const std::string type : {"11", "15", "17", "21"}) {
        const Heap plan = heap_of(request("1370100017:43", "1370100025:" + type));
        const Heap actual = heap_of(request("1370100025:" + type, "1370100017:43"));
        const auto key = [](const Row& row) {
            return row.at("insurer_no") + row.at("insured_no") + row.at("service_date") +
                   row.at("service_code") + row.at("tais_code") + row.at("detail_no");
        };
        std::map<std::string, std::string> planned; // -> start
        std::set<std::string> planned_users, actual_users;
        for (const Row& row : rows_of(plan, "UPPLAN")) {
            if (row.at("service_office_no") != "1370100025") continue;
            planned[key(row)] = row.at("start_time");
            planned_users.insert(row.at("insured_no"));
        }
        std::size_t same = 0, later = 0;
        for (const Row& row : rows_of(actual, "UPJSK")) {
            BOOST_REQUIRE_MESSAGE(planned.contains(key(row)), type);
            planned[key(row)] == row.at("start_time") ? ++same : ++later;
            actual_users.insert(row.at("insured_no"));
            BOOST_TEST(row.at("service_office_no") == "1370100025");
        }
        BOOST_TEST((planned_users == actual_users));
        BOOST_TEST(same + later <= planned.size());
        BOOST_TEST(same > planned.size() * 7 / 10);
        const bool visits = type == "11" || type == "15";
        BOOST_TEST((later > 0) == visits, type);
        BOOST_TEST((same + later < planned.size()) == visits, type);
    }
}

BOOST_AUTO_TEST_CASE(users_are_told_apart_and_old_enough) {
    SampleRequest wanted = request("1370100017:43", "1370100025:11");
    wanted.to.push_back(office("1370100033:15"));
    wanted.users = 200;
    wanted.kinds = {"schedule"};
    std::set<std::string> users;
    bool welfare = false;
    for (const Row& row : rows_of(heap_of(wanted), "UPHOSOKU")) {
        BOOST_TEST(users.insert(row.at("insured_no")).second);
        welfare |= row.at("insured_no").starts_with('H');
        BOOST_TEST(row.at("birth_date") < "19611201");
        BOOST_TEST(row.at("birth_date") > "19200101");
    }
    BOOST_TEST(users.size() == 400u);
    BOOST_TEST(welfare);
}

BOOST_AUTO_TEST_CASE(free_text_is_quoted_and_holds_commas_quotes_and_line_breaks) {
    const Heap heap = heap_of(request("1370100017:43", "1370100025:11"));
    bool comma = false, quote = false, line_break = false;
    for (const Bundle& bundle : heap.bundles) {
        for (const BundleFile& file : bundle.files) {
            const CsvShape shape =
                read_csv(file.input.bytes,
                         {[&](const Record& record) {
                              BOOST_REQUIRE(record.cells.size() == file.name.type->fields.size());
                              for (std::size_t i = 0; i < record.cells.size(); ++i) {
                                  const Cell& cell = record.cells[i];
                                  BOOST_REQUIRE(cell.quoted == (file.name.type->fields[i].type ==
                                                                FieldType::free_text));
                                  comma |= cell.raw.find(',') != BytesView::npos;
                                  quote |= cell.escaped;
                                  line_break |= cell.raw.find("\r\n") != BytesView::npos;
                              }
                          },
                          {}});
            BOOST_TEST(shape.crlf);
            BOOST_TEST(!shape.lf_only);
            BOOST_TEST(shape.last_line_end);
            BOOST_TEST(!shape.header_row);
            BOOST_TEST((next_byte_problem(file.input.bytes).problem == ByteProblem::none));
        }
    }
    BOOST_TEST(comma);
    BOOST_TEST(quote);
    BOOST_TEST(line_break);
}

BOOST_AUTO_TEST_CASE(the_image_is_named_and_a_jpeg) {
    SampleRequest wanted = request("1370100017:46", "1370100025:A2");
    wanted.users = 60;
    wanted.kinds = {"kihon"};
    std::size_t images = 0;
    for (const InputFile& file : sample(wanted)) {
        if (!file.name.ends_with(".jpg")) continue;
        ++images;
        BOOST_TEST(file.bytes.starts_with("\xFF\xD8\xFF"));
        BOOST_TEST(file.bytes.ends_with("\xFF\xD9"));
    }
    BOOST_TEST(images == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
