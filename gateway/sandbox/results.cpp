#include "gateway/sandbox/results.hpp"

#include "spec/base/digits.hpp"
#include "spec/records/csv_reader.hpp"
#include "spec/sample/random.hpp"

#include <map>
#include <set>

namespace cpg::sandbox {
namespace {

constexpr int share_cancelled = 12, share_later = 6; // every so-manieth day of a user
constexpr int minutes_later = 20;
constexpr int minutes_a_day = 24 * 60;
constexpr std::string_view no_time = "9999"; // 第6表 No.12: a service without time

struct Value {
    Bytes ms932;
    bool quoted = false;
};
using Row = std::map<std::string_view, Value>; // by key of the file type

/// The data records of a CSV file whose columns `type` names.
std::vector<Row> rows_of(const FileType& type, BytesView file) {
    std::vector<Row> rows;
    const auto take = [&](const Record& record) {
        if (record.number == 0 || record.cells.size() < type.fields.size()) return;
        Row row;
        for (std::size_t i = 0; i < type.fields.size(); ++i)
            row[type.fields[i].key] = {record.cells[i].text(), record.cells[i].quoted};
        rows.push_back(std::move(row));
    };
    read_csv(file, {take, [](const CsvNote&) {}});
    return rows;
}

std::string user_of(const Row& row) {
    return row.at("insurer_no").ms932 + "/" + row.at("insured_no").ms932;
}

int minutes_of(std::string_view hhmm) {
    return number_of(hhmm.substr(0, 2)) * 60 + number_of(hhmm.substr(2));
}

std::string hhmm_of(int minutes) {
    std::string text = std::to_string(minutes / 60 * 100 + minutes % 60);
    return text.insert(0, 4 - text.size(), '0');
}

/// Only within the day: what passes midnight stays as planned.
bool may_begin_later(const Row& row) {
    const auto &start = row.at("start_time").ms932, &end = row.at("end_time").ms932;
    return minutes_of(end) > minutes_of(start) && minutes_of(end) + minutes_later < minutes_a_day;
}

void begin_later(Row& row) {
    for (const auto* const key : {"start_time", "end_time"}) {
        Bytes& time = row.at(key).ms932;
        time = hhmm_of(minutes_of(time) + minutes_later);
    }
}

enum class Outcome { as_planned, cancelled, later };

/// One decision for all rows of a user's day: an addition keeps the time of its service.
class Outcomes {
  public:
    explicit Outcomes(std::uint64_t seed) : seed_(seed) {}

    Outcome of(const Row& row) {
        if (row.at("start_time").ms932 == no_time) return Outcome::as_planned;
        const std::string user = user_of(row);
        const Bytes& day = row.at("service_date").ms932;
        const bool first = first_days_.emplace(user, day).first->second == day;
        sampling::Random random(sampling::mix(seed_, user + day));
        const bool cancelled = random.below(share_cancelled) == 0;
        const bool later = random.below(share_later) == 0;
        if (cancelled && !first) return Outcome::cancelled; // a row of each user stays
        return later ? Outcome::later : Outcome::as_planned;
    }

  private:
    std::uint64_t seed_;
    std::map<std::string, Bytes> first_days_;
};

void write_row(Bytes& out, const FileType& type, const Row& row) {
    for (std::size_t i = 0; i < type.fields.size(); ++i) {
        const Field& field = type.fields[i];
        const auto value = row.find(field.key);
        if (i > 0) out += ',';
        if (value != row.end()) append_cell(out, value->second.ms932, value->second.quoted);
    }
    out += "\r\n";
}

const BundleFile* file_of(const Bundle& bundle, std::string_view type) {
    for (const BundleFile& file : bundle.files)
        if (file.name.type->id == type) return &file;
    return nullptr;
}

/// The first day after the month: when offices report.
std::string day_after(Month month) {
    const bool december = month.month() == 12;
    return Month::of(month.year() + (december ? 1 : 0), december ? 1 : month.month() + 1).str() +
           "01";
}

/// The days on which every row of the day may move: all of them, or none.
std::set<std::string> movable_days(const std::vector<Row>& rows) {
    std::set<std::string> days, fixed;
    for (const Row& row : rows) {
        if (row.at("start_time").ms932 == no_time) continue;
        const std::string day = user_of(row) + row.at("service_date").ms932;
        (may_begin_later(row) ? days : fixed).insert(day);
    }
    for (const auto& day : fixed) days.erase(day);
    return days;
}

std::vector<Row> own_rows(std::vector<Row> rows, const OfficeNo& office) {
    std::erase_if(
        rows, [&](const Row& row) { return row.at("service_office_no").ms932 != office.view(); });
    return rows;
}

void leave_out_last_user(std::vector<Row>& rows) {
    if (rows.empty()) return;
    const std::string last = user_of(rows.back());
    std::erase_if(rows, [&](const Row& row) { return user_of(row) == last; });
}

} // namespace

std::optional<InputFile> results_of(const Bundle& schedule, const ResultsRequest& request) {
    const BundleFile* const planned = file_of(schedule, "UPPLAN");
    const FileType* const type = schedule.edition->file("UPJSK");
    if (!planned || !type || !planned->name.month) return std::nullopt;
    auto rows = own_rows(rows_of(*planned->name.type, planned->input.bytes), schedule.to.office);
    if (request.users == Users::without_last) leave_out_last_user(rows);
    if (rows.empty()) return std::nullopt;
    const Month month = *planned->name.month;
    const auto movable = movable_days(rows);
    Outcomes outcomes(request.seed);
    Bytes out;
    for (Row& row : rows) {
        const Outcome outcome = outcomes.of(row);
        if (outcome == Outcome::cancelled) continue;
        if (outcome == Outcome::later &&
            movable.contains(user_of(row) + row.at("service_date").ms932))
            begin_later(row);
        row["created_date"].ms932 = day_after(month);
        row["planner_office_no"].ms932 = schedule.from.office.view();
        row["updater_office"].ms932 = schedule.to.office.view();
        write_row(out, *type, row);
    }
    return InputFile{make_file_name(*type, schedule.to, schedule.from, request.serial, month),
                     std::move(out)};
}

} // namespace cpg::sandbox
