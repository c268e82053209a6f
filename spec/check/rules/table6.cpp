// 第6表: 予定 (UPPLAN) and 実績 (UPJSK) (別紙 第6表 No.8-22; numbers of V4.1).
#include "spec/check/rules/code_table.hpp"

#include "spec/records/csv_reader.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <tuple>

namespace cpg::checking {
namespace {

constexpr std::string_view no_time_text = "9999";

constexpr std::string_view equipment_rental = "17";            // 福祉用具貸与
constexpr std::string_view equipment_rental_prevention = "67"; // 介護予防福祉用具貸与

bool is_equipment(BytesView type) {
    return same(type, equipment_rental) || same(type, equipment_rental_prevention);
}

/// In the official code tables the items 4000 to 6999 of a service type are its 加算; the first
/// digit tells.
constexpr std::string_view first_digits_of_additions = "456";

/// A hash of what the row keeps of row_key; equal keys have equal hashes, the reverse is for
/// row_key_of() to say.
std::uint64_t hash_of(const Table6Row& row) {
    constexpr std::uint64_t factor = 0x9E3779B97F4A7C15u;
    std::uint64_t office = 0, code = 0;
    std::memcpy(&office, row.office.data(), sizeof office);
    std::memcpy(&code, row.code.data(), row.code.size());
    const auto pair = [](auto high, auto low) {
        return static_cast<std::uint64_t>(high) << 32 | static_cast<std::uint32_t>(low);
    };
    const std::uint64_t time = pair(row.start, row.end);
    const std::uint64_t rest =
        pair(row.day << 8 | row.detail, row.units) ^
        pair(row.office[8] << 24 | row.office[9] << 16 | row.satellite[0] << 8, row.satellite[1]);
    std::uint64_t hash = (office ^ code << 16) * factor;
    hash = (hash ^ hash >> 32 ^ time) * factor;
    hash = (hash ^ hash >> 32 ^ rest) * factor;
    return hash ^ hash >> 32;
}

/// The items of row_key of one record, read again from the file.
std::vector<std::string> row_key_of(const FileFacts& facts, const std::vector<int>& columns,
                                    const Table6Row& row) {
    std::vector<std::string> key;
    const Bytes bytes = facts.file->input.piece(row.offset, row.size);
    const auto read = [&](const Record& record) {
        for (const int column : columns)
            if (static_cast<std::size_t>(column) < record.cells.size())
                key.emplace_back(trim(record.cells[static_cast<std::size_t>(column)].raw));
    };
    read_csv(bytes, {.record = read, .note = {}});
    return key;
}

/// Raises for each row whose row_key an earlier one of the same hash has.
void equal_rows(const FileFacts& facts, const std::vector<int>& columns,
                std::span<const std::pair<std::uint64_t, const Table6Row*>> rows,
                Collector& findings) {
    std::map<std::vector<std::string>, std::uint32_t> first_record;
    for (const auto& [hash, row] : rows) {
        const auto [first, is_new] =
            first_record.emplace(row_key_of(facts, columns, *row), row->record);
        if (is_new) continue;
        if (Finding* finding = findings.raise_mild(Rule::dup_01, facts.at(row->record, row->line)))
            finding->args["first_record"] = std::to_string(first->second);
    }
}

/// A base service and a 加算 that belong together; sorts by time last.
using ServiceTime =
    std::tuple<std::uint8_t, std::string_view, std::string_view, std::uint16_t, std::uint16_t>;
ServiceTime service_time(const Table6Row& row) {
    return {row.day, view(row.office), row.type(), row.start, row.end};
}

/// Whether there is a base service of the same day, office and type, and none with the time of this
/// row.
bool has_other_time_than_base(const Table6Row& addition, const std::vector<ServiceTime>& bases) {
    const ServiceTime own = service_time(addition);
    if (std::binary_search(bases.begin(), bases.end(), own)) return false;
    ServiceTime first = own;
    std::get<3>(first) = std::get<4>(first) = 0;
    const auto base = std::lower_bound(bases.begin(), bases.end(), first);
    return base != bases.end() && std::get<0>(*base) == std::get<0>(own) &&
           std::get<1>(*base) == std::get<1>(own) && std::get<2>(*base) == std::get<2>(own);
}

/// The rules over the rows of one user, and the room they work in.
struct Table6Users {
    using Rows = std::span<const Table6Row>;
    const FileFacts& facts;
    const std::vector<int> row_key;
    const std::string& additions; // first digits of the items that are 加算
    Collector& findings;
    std::vector<std::pair<std::uint64_t, const Table6Row*>> hashes{};
    std::vector<ServiceTime> bases{};
    std::vector<const Table6Row*> timed_additions{}, pieces{};

    Site at(const Table6Row& row, std::string_view field_key = {}) const {
        return facts.at(row.record, row.line, field_key);
    }

    // own: two records equal in row_key
    void duplicate_rows(Rows rows) {
        hashes.clear();
        for (const Table6Row& row : rows) hashes.emplace_back(hash_of(row), &row);
        std::sort(hashes.begin(), hashes.end());
        for (std::size_t from = 0, to = 1; from < hashes.size(); from = to++) {
            while (to < hashes.size() && hashes[to].first == hashes[from].first) ++to;
            if (to - from > 1)
                equal_rows(facts, row_key, std::span(hashes).subspan(from, to - from), findings);
        }
    }

    // No.12: 加算は算定対象の基本サービスと同じ時刻を設定する。率の加算は9999
    void times_of_additions(Rows rows, CodesOfUser& codes) {
        timed_additions.clear();
        bases.clear();
        for (const Table6Row& row : rows) {
            if (row.start == no_time) continue;
            const CodesOfUser::Word word = codes.of(view(row.code));
            if (word.entry && word.entry->unit == BillingUnit::percent)
                findings.raise(Rule::time_03, at(row, "start_time"), "percent");
            else if (is_addition(word, row.code, additions))
                timed_additions.push_back(&row);
            else
                bases.push_back(service_time(row));
        }
        if (timed_additions.empty()) return;
        std::sort(bases.begin(), bases.end());
        for (const Table6Row* const row : timed_additions)
            if (has_other_time_than_base(*row, bases))
                findings.raise_mild(Rule::time_03, at(*row, "start_time"));
    }

    // No.19: 同じサービスコード・単位数が複数あるとき 1, 2, 3 … と設定する
    void numbering_of_equipment(Rows rows) {
        pieces.clear();
        for (const Table6Row& row : rows)
            if (same(row.type(), equipment_rental)) pieces.push_back(&row);
        const auto group = [](const Table6Row* row) {
            return std::tie(row->office, row->satellite, row->code, row->units);
        };
        std::sort(pieces.begin(), pieces.end(), [&](const Table6Row* left, const Table6Row* right) {
            return std::tuple_cat(group(left), std::tie(left->detail, left->record)) <
                   std::tuple_cat(group(right), std::tie(right->detail, right->record));
        });
        for (std::size_t from = 0, to = 1; from < pieces.size(); from = to++) {
            while (to < pieces.size() && group(pieces[to]) == group(pieces[from])) ++to;
            if (to - from > 1) numbers_without_gap(std::span(pieces).subspan(from, to - from));
        }
    }

    void numbers_without_gap(std::span<const Table6Row* const> group) {
        if (group.back()->detail == unreadable_detail) return; // told already
        for (std::size_t i = 0; i < group.size(); ++i) {
            const Table6Row& row = *group[i];
            if (row.detail == i + 1) continue;
            findings.raise_mild(Rule::wel_04, at(row, "detail_no"),
                                row.detail == 0 ? "missing" : "gap");
            return; // one slip shifts all that follow
        }
    }
};

} // namespace

// No.12, 13. R-TIME-01: 開始・終了とも時刻、またはとも9999
//            R-TIME-02: end = start; an end before the start is read as passing midnight
void times_of_record(RecordContext& context) {
    const Columns& columns = context.columns;
    const BytesView start = context.text(columns.start_time), end = context.text(columns.end_time);
    if (start.empty() || end.empty()) return;
    const bool start_is_time = !same(start, no_time_text);
    const bool end_is_time = !same(end, no_time_text);
    if (start_is_time != end_is_time) {
        context.findings.raise(Rule::time_01,
                               context.at(start_is_time ? columns.end_time : columns.start_time));
        return;
    }
    if (!start_is_time) return;
    if (start == end)
        context.findings.raise_mild(Rule::time_02, context.at(columns.end_time), "equal");
    else if (end < start)
        context.findings.raise_mild(Rule::time_02, context.at(columns.end_time), "midnight");
}

// No.14: サービス回数は1以上
void count_of_record(RecordContext& context) {
    const BytesView text = context.text(context.columns.count);
    const std::int32_t count = amount_of(text);
    if (text.empty() || count >= 1) return;
    if (count == 0)
        context.findings.raise_mild(Rule::cnt_01, context.at(context.columns.count), "zero");
    else
        context.findings.raise(Rule::cnt_01, context.at(context.columns.count));
}

// No.11: n文字目がn日。R-HIW-02 beyond the last day of the month there is nothing; R-HIW-03 some
// day is marked, the day of use among them
void prorate_days_of_record(RecordContext& context) {
    const Columns& columns = context.columns;
    const BytesView days = context.text(columns.prorate_days);
    if (days.empty()) return;
    if (days.find('1') == BytesView::npos) {
        context.findings.raise_mild(Rule::hiw_03, context.at(columns.prorate_days), "none");
        return;
    }
    const BytesView month = context.text(columns.target_month);
    if (const std::optional<Month> parsed = Month::parse(month)) {
        const auto last = static_cast<std::size_t>(parsed->days());
        if (days.substr(std::min(last, days.size())).find('1') != BytesView::npos)
            if (Finding* finding =
                    context.findings.raise(Rule::hiw_02, context.at(columns.prorate_days)))
                finding->args["days"] = std::to_string(last);
    }
    const BytesView date = context.text(columns.service_date);
    if (date.empty() || !date.starts_with(month)) return;
    const std::int32_t day = amount_of(date.substr(6));
    if (day >= 1 && static_cast<std::size_t>(day) <= days.size() &&
        days[static_cast<std::size_t>(day) - 1] != '1')
        context.findings.raise_mild(Rule::hiw_03, context.at(columns.prorate_days), "service_date");
}

// 6表 No.16, 17; 7表 No.10, 11 (V4.1). R-WEL-01: 17と67は TAISコード か 福祉用具届出コード
// を設定する
void equipment_codes(RecordContext& context) {
    const Columns& columns = context.columns;
    const BytesView code = context.text(columns.service_code);
    if (code.empty() || columns.tais_code < 0) return;
    if (context.facts.type->id == "UPSIKYU" && table7_kind(code) != Table7Kind::detail) return;
    const bool tais = context.filled(columns.tais_code);
    const bool notified = context.filled(columns.notified_item_code);
    if (!is_equipment(code.substr(0, 2))) {
        if (tais || notified)
            context.findings.raise_mild(
                Rule::wel_02, context.at(tais ? columns.tais_code : columns.notified_item_code),
                "other_type");
        return;
    }
    if (!tais && !notified)
        context.findings.raise(Rule::wel_01, context.at(columns.tais_code));
    else if (tais && notified)
        context.findings.raise_mild(Rule::wel_02, context.at(columns.notified_item_code), "both");
}

// No.19: 明細判別コードは17で同じサービスコード・単位数が複数あるとき。それ以外は空
void detail_no_of_record(RecordContext& context) {
    const Columns& columns = context.columns;
    const BytesView code = context.text(columns.service_code);
    if (!context.filled(columns.detail_no) || code.empty()) return;
    const BytesView type = code.substr(0, 2);
    if (type == equipment_rental) return;
    if (type == equipment_rental_prevention)
        context.findings.raise_mild(Rule::wel_03, context.at(columns.detail_no), "prevention");
    else
        context.findings.raise(Rule::wel_03, context.at(columns.detail_no), "other_type");
}

/// Keeps what the rules over several records need; a record without key, office or code is left
/// out.
void keep_table6_row(RecordContext& context) {
    const Columns& columns = context.columns;
    const BytesView office = context.text(columns.service_office);
    const BytesView code = context.text(columns.service_code);
    if (!context.use || office.empty() || code.empty()) return;
    const Record& record = context.record;
    const Cell& last = record.cells.back();

    Table6Row row;
    row.offset = record.offset;
    row.size = static_cast<std::uint32_t>(last.offset + last.raw.size() + (last.quoted ? 2 : 0) -
                                          record.offset);
    row.key = context.use->key;
    row.record = record.number;
    row.line = record.line;
    row.units = amount_of(context.text(columns.units));
    row.office = characters<10>(office);
    row.code = characters<6>(code);
    row.satellite = characters<2>(context.text(columns.satellite_no));
    const std::int32_t start = amount_of(context.text(columns.start_time));
    const std::int32_t end = amount_of(context.text(columns.end_time));
    if (start >= 0 && end >= 0) {
        row.start = static_cast<std::uint16_t>(start);
        row.end = static_cast<std::uint16_t>(end);
    }
    const auto small = [](std::int32_t value) {
        return static_cast<std::uint8_t>(std::clamp(value, 0, 99));
    };
    const BytesView date = context.text(columns.service_date);
    row.day = date.empty() ? std::uint8_t{0} : small(amount_of(date.substr(6)));
    row.count = small(amount_of(context.text(columns.count)));
    row.detail = small(amount_of(context.text(columns.detail_no)));
    if (context.filled(columns.detail_no) && !context.good(columns.detail_no))
        row.detail = unreadable_detail;
    row.prorated = context.filled(columns.prorate_days);
    context.facts.table6.push_back(row);
}

// R-DUP-01, R-TIME-03 and R-WEL-04 look at one user's rows at a time, while these are in the cache
void table6_of_users(BundleFacts& bundle, Collector& findings) {
    const std::string additions = parameter(bundle.envelope.catalog, Rule::time_03,
                                            "addition_digits", first_digits_of_additions);
    for (const FileFacts& facts : bundle.files) {
        if (facts.table6.empty()) continue;
        Table6Users users{.facts = facts,
                          .row_key = Columns(*facts.type).row_key,
                          .additions = additions,
                          .findings = findings};
        for (const UserRows<Table6Row>& user : facts.users6) {
            users.duplicate_rows(user.rows);
            CodesOfUser codes(bundle.envelope.options, bundle.keys.text(user.key));
            users.times_of_additions(user.rows, codes);
            users.numbering_of_equipment(user.rows);
        }
    }
}

// No.22: サテライト枝番は同じ事業所番号・サービス種類に複数の事業所があるときだけ. A file of 実績
// holds all satellites.
void satellites_of_actual(BundleFacts& bundle, Collector& findings) {
    const FileFacts* const actual = bundle.file("UPJSK");
    if (!actual || !actual->complete) return;
    if (actual->totals.rows6 != actual->records) return; // one not kept may be of another site
    for (const auto& [service, site] : actual->totals.sites)
        if (!site.several_satellites && site.satellite != Characters<2>{})
            findings.raise_mild(Rule::sat_01, actual->at(site.record, site.line, "satellite_no"),
                                "single");
}

void add_sites_to_totals(FileFacts& facts) {
    facts.totals.rows6 += facts.table6.size();
    for (const Table6Row& row : facts.table6) {
        const auto [entry, is_new] = facts.totals.sites.try_emplace(
            {row.office, characters<2>(row.type())},
            FileTotals::Site{.record = row.record, .line = row.line, .satellite = row.satellite});
        FileTotals::Site& site = entry->second;
        if (is_new) continue;
        site.several_satellites = site.several_satellites || site.satellite != row.satellite;
        if (row.record >= site.record) continue;
        site.record = row.record;
        site.line = row.line;
    }
}

} // namespace cpg::checking
