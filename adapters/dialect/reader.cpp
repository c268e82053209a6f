#include "adapters/dialect/reader.hpp"

#include "adapters/dialect/row_values.hpp"
#include "adapters/dialect/values.hpp"
#include "spec/base/digits.hpp"

#include <algorithm>
#include <set>

namespace cpg::adapters {
namespace {

constexpr int most_times_a_day = 99; // R-CNT-01

/// A note of the row; of one of its products, or of all.
struct RowNote {
    Note note;
    const Product* product = nullptr;
    bool is_refusal() const { return note_text(note.id).kind == NoteKind::refused; }
};

/// Reads one file row by row.
class Reader {
  public:
    Reader(const Knowledge& knowledge, const Dialect& dialect, const DialectFile& file,
           const Match& match, FileRead& out)
        : knowledge_(knowledge), dialect_(dialect), file_(file), match_(match), out_(out),
          last_cells_(match.rule->records.size()), contexts_(match.rule->records.size()) {}

    void read(const RawFile& raw) {
        read_names();
        ends_with_commas_ = ends_with_commas(raw);
        std::size_t data_rows = 0;
        bool ended = false;
        for (std::size_t i = match_.first_row; i < raw.rows.size(); ++i) {
            line_ = raw.rows[i].line;
            const RecordRule* const rule = record_of(*match_.rule, raw.rows[i]);
            if (ended) note_file("A-REC-04", "");
            ended = false;
            if (!rule) {
                row_failed("A-REC-01");
                continue;
            }
            if (rule->role == RecordRule::Role::data) ++data_rows;
            if (rule->role == RecordRule::Role::end) ended = true;
            if (rule->role != RecordRule::Role::skip) read_row(*rule, raw.rows[i]);
        }
        line_ = 0;
        check_ends(data_rows, ended);
    }

  private:
    // -- the name --

    void read_names() {
        for (const auto& [name, text] : match_.variables) file_values_["@" + name] = text;
        mend_office("@from");
        mend_office("@to");
        mend_types();
        const auto set = [&](const char* name, bool good) {
            if (file_values_.contains(name) && !file_values_[name].empty() && !good)
                note_file("A-NAME-03", std::string(name).substr(1));
        };
        const std::string month = value_of(file_values_, "@month");
        set("@month", Month::parse(month) || month == "000000");
        set("@from", OfficeNo::parse(value_of(file_values_, "@from")).has_value());
        set("@to", OfficeNo::parse(value_of(file_values_, "@to")).has_value());
        const auto serial = Serial::parse(value_of(file_values_, "@serial"));
        set("@serial", serial && serial->is_real());
        if (month == "000000") {
            file_values_.erase("@month");
            zero_month_ = true;
        } else if (month.empty() && knowledge_.context().month && asks_for_month()) {
            file_values_["@month"] = knowledge_.context().month->str();
            note_filled("対象年月 / month");
        }
        const std::string used_serial = value_of(file_values_, "@serial");
        file_values_["@serial_date"] =
            (used_serial.size() == 14 ? used_serial : knowledge_.context().serial.str())
                .substr(0, 8);
    }

    /// Only files that do not say it themselves: those of the standard's columns do, or need none.
    bool asks_for_month() const { return match_.rule->standard == nullptr; }

    void mend_office(const char* name) {
        if (!match_.rule->mend_office_zero) return;
        std::string& office = file_values_[name];
        if (office.size() != 9 || !OfficeNo::parse("0" + office)) return;
        office.insert(0, "0");
        Note note = note_at("A-FILL-02", "事業所番号 / office number");
        note.line = 0;
        out_.notes.push_back(std::move(note));
    }

    /// 実績 goes from the service office to the care manager; some name it in the order of the
    /// plan.
    void mend_types() {
        if (!match_.rule->mend_swapped_types) return;
        const std::string_view type = match_.rule->standard->id;
        if (type != "UPJSK" && type != "DLTJSK") return;
        std::string& from = file_values_["@from_type"];
        std::string& to = file_values_["@to_type"];
        const Edition& edition = *knowledge_.context().catalog->edition(dialect_.edition);
        if (to.empty() || !edition.is_care_management(from) || edition.is_care_management(to))
            return;
        std::swap(from, to);
        out_.notes.push_back(note_at("A-FILL-03", ""));
    }

    // -- notes --

    Note note_at(std::string id, std::string detail) const {
        Note note;
        note.id = std::move(id);
        note.file = file_.path;
        note.line = line_;
        note.detail = std::move(detail);
        return note;
    }
    Note note_on(std::string id, const Column& column, std::string detail = {}) const {
        Note note = note_at(std::move(id), std::move(detail));
        note.column = column.label();
        name_item(note, column.to);
        return note;
    }
    void name_item(Note& note, const std::string& key) const {
        if (key.empty() || is_variable(key)) return;
        note.key = key;
        for (const RecordRule& record : match_.rule->records)
            for (const Product& product : record.products) {
                const FileType* const type =
                    dialect_.type(*knowledge_.context().catalog, product.type);
                if (const Field* field = type ? type->field(key) : nullptr) {
                    note.item = field->name;
                    return;
                }
            }
    }
    void note_file(std::string id, std::string detail) {
        out_.notes.push_back(note_at(std::move(id), std::move(detail)));
    }
    void note_filled(std::string detail) {
        Note note = note_at("A-FILL-01", std::move(detail));
        note.line = 0;
        out_.notes.push_back(std::move(note));
    }
    /// About the row that is read, or what is made of it right now.
    void tell(Note note) { row_notes_.push_back({std::move(note), making_}); }
    void row_failed(const std::string& id) {
        tell(note_at(id, ""));
        settle_row({});
    }

    // -- a row --

    void read_row(const RecordRule& rule, const RawRow& raw) {
        const auto index = static_cast<std::size_t>(&rule - match_.rule->records.data());
        const Places& places = match_.places[index];
        if (!has_good_width(rule, raw)) {
            tell(note_at("A-CSV-02", std::to_string(raw.cells.size())));
            return settle_row({});
        }
        const std::vector<std::string> cells = cells_of(rule, places, raw, last_cells_[index]);
        Values values = file_values_;
        if (rule.role == RecordRule::Role::data)
            for (const Values& context : contexts_)
                for (const auto& [name, value] : context) values[name] = value;
        Values own;
        for (std::size_t i = 0; i < rule.columns.size(); ++i)
            read_column(rule.columns[i], places.columns[i], cells[i], values, own);
        for (const auto& [name, value] : own) values[name] = value;
        switch (rule.role) {
        case RecordRule::Role::context:
            contexts_[index] = std::move(own);
            seen_.push_back(index);
            return settle_row({});
        case RecordRule::Role::control:
            for (auto& [name, value] : own) file_values_[name] = value;
            return settle_row({});
        case RecordRule::Role::end:
        case RecordRule::Role::skip:
            return settle_row({});
        case RecordRule::Role::data:
            break;
        }
        need_contexts();
        look_up(rule, values);
        check_derived(rule, places, cells, values);
        std::vector<Draft> drafts;
        for (std::size_t i = 0; i < rule.products.size(); ++i) {
            making_ = &rule.products[i];
            make(rule, rule.products[i], places.days[i], raw, values, drafts);
        }
        making_ = nullptr;
        check_totals(rule, places, cells, drafts);
        if (rule.products.size() > 1) refuse_file();
        settle_row(std::move(drafts));
    }

    /// Cells that the row must have: those of the header, by which its columns are found; 0 = no
    /// matter.
    std::size_t width_of(const RecordRule& rule) const {
        return match_.width != 0 ? match_.width : rule.cells;
    }
    bool has_one_empty_more(const RawRow& raw) const {
        const RecordRule* const rule = record_of(*match_.rule, raw);
        return rule && width_of(*rule) != 0 && raw.cells.size() == width_of(*rule) + 1 &&
               trimmed(raw.cells.back()).empty();
    }
    /// A comma too many or too few moves everything behind it into other columns, and the last one
    /// is often empty: a comma at the end is one only when every row has it.
    bool ends_with_commas(const RawFile& raw) const {
        const auto first = raw.rows.begin() + static_cast<std::ptrdiff_t>(match_.first_row);
        return raw.rows.end() - first > 1 &&
               std::all_of(first, raw.rows.end(),
                           [&](const RawRow& row) { return has_one_empty_more(row); });
    }
    bool has_good_width(const RecordRule& rule, const RawRow& raw) const {
        const std::size_t wanted = width_of(rule);
        return wanted == 0 || raw.cells.size() == wanted ||
               (ends_with_commas_ && has_one_empty_more(raw));
    }

    /// The cells of the columns, blank ones filled from the row above where the rule says so.
    std::vector<std::string> cells_of(const RecordRule& rule, const Places& places,
                                      const RawRow& raw, std::vector<std::string>& last) {
        std::vector<std::string> cells(rule.columns.size());
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const int place = places.columns[i];
            if (place < 0 || static_cast<std::size_t>(place) >= raw.cells.size()) continue;
            const std::string& cell = raw.cells[static_cast<std::size_t>(place)];
            const bool is_text = rule.columns[i].type == ValueType::text && !rule.columns[i].codes;
            cells[i] = is_text && !dialect_.trim ? cell : std::string(trimmed(cell));
        }
        bool continues = !last.empty();
        for (const std::size_t i : rule.fill_down) {
            continues = continues && cells[i].empty();
            if (continues) cells[i] = last[i];
        }
        if (!rule.fill_down.empty()) last = cells;
        return cells;
    }

    void read_column(const Column& column, int place, const std::string& cell, const Values& values,
                     Values& own) {
        if (column.to.empty()) return;
        if (cell.empty() && column.required) {
            tell(note_on("A-VAL-02", column));
            return;
        }
        if (place < 0) return;
        const std::string known = column.to == "@month" ? "" : value_of(values, "@month");
        const Month month = Month::parse(known).value_or(Month());
        auto value = read_value(column, cell, month);
        if (!value && match_.rule->standard) value = ReadValue{cell, false}; // R-… will judge it
        if (!value) {
            tell(column.codes ? note_on("A-VAL-03", column, column.codes->name)
                              : note_on("A-VAL-01", column));
            return;
        }
        if (value->normalised) tell(note_on("A-VAL-04", column));
        own[column.to] = std::move(value->text);
    }

    void need_contexts() {
        const auto& records = match_.rule->records;
        for (std::size_t i = 0; i < records.size(); ++i)
            if (records[i].role == RecordRule::Role::context &&
                std::find(seen_.begin(), seen_.end(), i) == seen_.end())
                tell(note_at("A-REC-02", records[i].when.front()));
    }

    void look_up(const RecordRule& rule, Values& values) {
        const Month month = Month::parse(value_of(values, "@month")).value_or(Month());
        for (const LookUp& look_up : rule.look_ups) {
            const bool needed =
                std::any_of(look_up.give.begin(), look_up.give.end(),
                            [&](const auto& give) { return value_of(values, give.first).empty(); });
            std::vector<std::pair<std::string, std::string>> where;
            for (const auto& [column, reference] : look_up.by)
                if (const std::string value = value_of(values, reference); !value.empty())
                    where.emplace_back(column, value);
            if (!needed || where.empty()) continue;
            const OfficeTable* const table = knowledge_.table(look_up.table, month);
            for (const auto& [reference, column] : look_up.give) {
                const auto found =
                    table ? table->look_up(where, column) : std::vector<std::string>();
                std::string id = found.size() == 1 ? "A-LOOK-03"
                                 : found.empty()   ? "A-LOOK-01"
                                                   : "A-LOOK-02";
                if (found.size() == 1) {
                    if (!value_of(values, reference).empty()) continue;
                    values[reference] = found.front();
                }
                Note note = note_at(std::move(id), look_up.table);
                name_item(note, reference);
                tell(std::move(note));
            }
        }
    }

    void check_derived(const RecordRule& rule, const Places& places,
                       const std::vector<std::string>& cells, const Values& values) {
        for (std::size_t i = 0; i < rule.columns.size(); ++i) {
            const Column& column = rule.columns[i];
            if (places.columns[i] < 0 || cells[i].empty()) continue;
            std::string expected;
            if (column.derived == Derived::weekday) {
                expected = weekday_of(value_of(values, column.derived_from[0]));
                std::string said = folded(cells[i]);
                for (const std::string_view extra : {"(", ")", "曜日", "曜"})
                    if (const std::size_t at = said.find(extra); at != std::string::npos)
                        said.erase(at, extra.size());
                if (!expected.empty() && said != expected)
                    tell(note_on("A-DER-01", column, "曜日 / weekday"));
            } else if (column.derived == Derived::duration_minutes) {
                const auto minutes = minutes_between(value_of(values, column.derived_from[0]),
                                                     value_of(values, column.derived_from[1]));
                const std::string said = half_width(cells[i]);
                const bool readable = said.size() <= 4 && all_digits(said);
                if (!readable || (minutes ? number_of(said) != *minutes : number_of(said) != 0))
                    tell(note_on("A-DER-01", column, "時間 / duration"));
            }
        }
    }

    void check_totals(const RecordRule& rule, const Places& places,
                      const std::vector<std::string>& cells, const std::vector<Draft>& drafts) {
        for (std::size_t i = 0; i < rule.columns.size(); ++i) {
            const Column& column = rule.columns[i];
            if (column.derived != Derived::day_total || places.columns[i] < 0 || cells[i].empty())
                continue;
            // Of the row's first product that has days: 予定 and 実績 have totals of their own.
            int sum = 0;
            const Product* const counted = drafts.empty() ? nullptr : drafts.front().product;
            for (const Draft& draft : drafts) {
                if (draft.product != counted) continue;
                const std::string count(
                    draft.row.values[static_cast<std::size_t>(draft.type->column(count_key))]);
                sum += count.size() <= 2 && all_digits(count) ? number_of(count) : 0;
            }
            const std::string said = half_width(cells[i]);
            if (said.size() > 4 || !all_digits(said) || number_of(said) != sum)
                tell(note_on("A-DER-01", column, "合計 / total"));
        }
    }

    // -- products --

    void make(const RecordRule& rule, const Product& product, const std::vector<int>& places,
              const RawRow& raw, const Values& values, std::vector<Draft>& drafts) {
        if (!product.only_when.empty()) {
            const std::string value = value_of(values, product.only_when);
            if (std::find(product.only_values.begin(), product.only_values.end(), value) ==
                product.only_values.end())
                return;
        }
        if (!product.days) {
            drafts.push_back(draft_of(rule, product, values));
            return;
        }
        const Month month = Month::parse(value_of(values, "@month")).value_or(Month());
        for (int day = 1; day <= days_of_longest_month; ++day) {
            const auto count = count_on(*product.days, places, raw, day);
            if (!count) continue;
            if (!month.has_value() || day > month.days()) {
                tell(note_at("A-DAY-01", std::to_string(day)));
                continue;
            }
            Values with_day = values;
            with_day[std::string(day_key)] =
                month.str() + (day < 10 ? "0" : "") + std::to_string(day);
            with_day[std::string(count_key)] = std::to_string(*count);
            drafts.push_back(draft_of(rule, product, with_day));
        }
    }

    /// How often on that day; nothing = not, or not readable (told).
    std::optional<int> count_on(const Days& days, const std::vector<int>& places, const RawRow& raw,
                                int day) {
        const auto index = static_cast<std::size_t>(day) - 1;
        const int place = days.one_cell ? places.front() : places[index];
        if (place < 0 || static_cast<std::size_t>(place) >= raw.cells.size()) return std::nullopt;
        std::string cell = raw.cells[static_cast<std::size_t>(place)];
        if (days.one_cell) {
            cell = half_width(cell);
            if (trimmed(cell).empty()) return std::nullopt;
            if (cell.size() != static_cast<std::size_t>(days_of_longest_month)) {
                if (day == 1) tell(note_at("A-DAY-02", "1-31"));
                return std::nullopt;
            }
            cell = cell.substr(index, 1);
        }
        const std::string text = half_width(trimmed(cell));
        if (text.empty() || text == "0" || text == "-") return std::nullopt;
        if (days.flag) {
            for (const std::string& word : days.yes)
                if (half_width(word) == text) return 1;
        } else if (text.size() <= 2 && all_digits(text) && number_of(text) <= most_times_a_day) {
            return number_of(text) == 0 ? std::nullopt : std::optional(number_of(text));
        }
        tell(note_at("A-DAY-02", std::to_string(day)));
        return std::nullopt;
    }

    Draft draft_of(const RecordRule& rule, const Product& product, const Values& values) {
        Draft draft;
        draft.product = &product;
        draft.type = dialect_.type(*knowledge_.context().catalog, product.type);
        draft.file = file_.path;
        draft.row.line = line_;
        draft.row.values.resize(draft.type->fields.size());
        for (std::size_t i = 0; i < draft.type->fields.size(); ++i)
            draft.row.values[i] = value_of(values, draft.type->fields[i].key);
        Values filled = values;
        for (std::size_t i = 0; i < draft.type->fields.size(); ++i)
            if (draft.row.values[i].empty()) fill(draft, i, filled);
        const auto end = [&](const std::string& reference, const char* otherwise) {
            return value_of(filled, reference.empty() ? std::string(otherwise) : reference);
        };
        draft.ends = {end(product.from, "@from"), end(product.from_type, "@from_type"),
                      end(product.to, "@to"), end(product.to_type, "@to_type"),
                      value_of(values, "@serial")};
        draft.month = month_of(draft, values);
        for (const std::string& reference : rule.unique)
            draft.unique.push_back(value_of(filled, reference));
        draft.period_from = value_of(filled, rule.period_from);
        draft.period_to = value_of(filled, rule.period_to);
        return draft;
    }

    void fill(Draft& draft, std::size_t index, Values& values) {
        const Field& field = draft.type->fields[index];
        auto found = filled(dialect_, *draft.type, field.key, values);
        if (!found) return;
        draft.row.values[index] = found->value;
        values[field.key] = std::move(found->value);
        Note note = note_at("A-FILL-01", found->fill->why_ja + " / " + found->fill->why_en);
        note.key = field.key;
        note.item = field.name;
        tell(std::move(note));
    }

    std::optional<Month> month_of(const Draft& draft, const Values& values) const {
        if (!draft.type->has_month() || zero_month_) return std::nullopt;
        if (match_.rule->standard) return Month::parse(value_of(values, "@month"));
        const int column = draft.type->column("target_month");
        const std::string own =
            column < 0 ? "" : draft.row.values[static_cast<std::size_t>(column)];
        if (own == "000000") return std::nullopt;
        if (const auto month = Month::parse(own)) return month;
        return Month::parse(value_of(values, "@month"));
    }

    /// What a row would have made may be missing from a set that none of its drafts is in: the
    /// refusal holds for every set of the file.
    void refuse_file() {
        if (dialect_.on_row_error == RowErrors::skip_and_report) return;
        for (const RowNote& told : row_notes_)
            if (told.is_refusal()) out_.notes.push_back(told.note);
        std::erase_if(row_notes_, [](const RowNote& told) { return told.is_refusal(); });
    }

    /// Gives the row's notes to the first draft of each product, to the file, or leaves the row
    /// out.
    void settle_row(std::vector<Draft> drafts) {
        const auto refusal = std::find_if(row_notes_.begin(), row_notes_.end(),
                                          [](const RowNote& told) { return told.is_refusal(); });
        const bool refused = refusal != row_notes_.end();
        if (refused && dialect_.on_row_error == RowErrors::skip_and_report) {
            Note skipped = refusal->note;
            skipped.detail = refusal->note.id;
            skipped.id = "A-SKIP-01";
            out_.notes.push_back(std::move(skipped));
            row_notes_.clear();
            return;
        }
        if (drafts.empty())
            for (RowNote& told : row_notes_) out_.notes.push_back(std::move(told.note));
        std::set<const Product*> seen;
        for (Draft& draft : drafts) {
            if (seen.insert(draft.product).second)
                for (const RowNote& told : row_notes_)
                    if (!told.product || told.product == draft.product)
                        out_.row_notes.emplace_back(out_.drafts.size(), told.note);
            draft.refused = refused;
            out_.drafts.push_back(std::move(draft));
        }
        row_notes_.clear();
    }

    void check_ends(std::size_t data_rows, bool ended) {
        const auto has = [&](RecordRule::Role role) {
            return std::any_of(match_.rule->records.begin(), match_.rule->records.end(),
                               [&](const RecordRule& rule) { return rule.role == role; });
        };
        if (has(RecordRule::Role::end) && !ended) note_file("A-REC-04", "");
        if (!has(RecordRule::Role::control)) return;
        const std::string said = value_of(file_values_, "@count");
        if (said.empty() || said.size() > 9 || !all_digits(said) ||
            static_cast<std::size_t>(number_of(said)) != data_rows)
            note_file("A-REC-03", said + " / " + std::to_string(data_rows));
    }

    const Knowledge& knowledge_;
    const Dialect& dialect_;
    const DialectFile& file_;
    const Match& match_;
    FileRead& out_;
    Values file_values_;
    bool zero_month_ = false;
    bool ends_with_commas_ = false;
    std::uint32_t line_ = 0;
    std::vector<RowNote> row_notes_;
    const Product* making_ = nullptr;                  // whose drafts are made right now
    std::vector<std::vector<std::string>> last_cells_; // by record rule
    std::vector<Values> contexts_;                     // by record rule
    std::vector<std::size_t> seen_;                    // context rules
};

} // namespace

bool FileRead::is_refused() const {
    return std::any_of(notes.begin(), notes.end(), [](const Note& note) {
        return note_text(note.id).kind == NoteKind::refused;
    });
}

Knowledge::Knowledge(const Context& context) : context_(context) {
    if (const OfficeTable* table = context.tables.table("people")) {
        people_ = *table;
        has_people_ = true;
    }
}

const OfficeTable* Knowledge::table(std::string_view name, Month month) const {
    if (name == "people") return has_people_ ? &people_ : nullptr;
    const OfficeTable* const own = context_.tables.table(name);
    if (name != "services" || !context_.tables.service_codes) return own;
    auto found = services_.find(month);
    if (found == services_.end()) {
        std::vector<std::vector<std::string>> rows;
        for (const ServiceCodeEntry& entry : context_.tables.service_codes->entries()) {
            const bool covers = entry.from <= month && (!entry.to.has_value() || month <= entry.to);
            if (covers) rows.push_back({entry.name, entry.code});
        }
        OfficeTable official({"name", "service_code"}, std::move(rows));
        found = services_.emplace(month, own ? own->joined(official) : std::move(official)).first;
    }
    return &found->second;
}

void Knowledge::learn_people(const TableSet& set) {
    const Table* const table = set.table("UPHOSOKU");
    if (!table) return;
    std::vector<std::vector<std::string>> rows;
    for (const Row& row : table->rows)
        rows.push_back(
            {std::string(table->at(row, "insurer_no")), std::string(table->at(row, "insured_no")),
             std::string(table->at(row, "name")), std::string(table->at(row, "name_kana")),
             std::string(table->at(row, "birth_date")), std::string(table->at(row, "sex"))});
    const OfficeTable learned({"insurer_no", "insured_no", "name", "kana", "birth_date", "sex"},
                              std::move(rows));
    people_ = has_people_ ? learned.joined(people_) : learned;
    has_people_ = true;
}

FileRead read_file(const Knowledge& knowledge, const Dialect& dialect, const DialectFile& file) {
    FileRead out;
    out.path = file.path;
    const auto raw = read_raw(dialect, file, out.notes);
    if (!raw) return out;
    Why why;
    std::vector<Note> refused;
    const auto found = match_any(dialect, file, *raw, why, refused);
    if (!found) {
        if (refused.empty()) {
            Note note;
            note.id = "A-NAME-01";
            note.file = file.path;
            refused.push_back(std::move(note));
        }
        out.notes.insert(out.notes.end(), refused.begin(), refused.end());
        return out;
    }
    out.notes.insert(out.notes.end(), found->notes.begin(), found->notes.end());
    Reader(knowledge, dialect, file, *found, out).read(*raw);
    return out;
}

} // namespace cpg::adapters
