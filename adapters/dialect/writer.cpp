#include "adapters/dialect/writer.hpp"

#include "adapters/dialect/row_values.hpp"
#include "adapters/dialect/values.hpp"
#include "spec/base/digits.hpp"
#include "spec/records/cp932.hpp"
#include "spec/records/csv_reader.hpp"
#include "spec/records/unpack.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace cpg::adapters {
namespace {

using DayCounts = std::array<int, days_of_longest_month>;

/// A row of the software's file before it is text.
struct Line {
    const RecordRule* rule = nullptr;
    std::vector<std::string> cells; // as rule->columns
    std::vector<DayCounts> days;    // as rule->products; empty where the rule has no days
    Values values;                  // of the (first) record it says
    std::string person;             // insurer and insured
};

/// What is known when a row of this set is read again, for deciding what a fill restores.
class Writer {
  public:
    Writer(const Knowledge& knowledge, const Dialect& dialect, const TableSet& set,
           ConversionReport& report)
        : knowledge_(knowledge), dialect_(dialect), set_(set), report_(report) {
        base_["@from"] = set.from.office.str();
        base_["@to"] = set.to.office.str();
        if (set.from.service_type) base_["@from_type"] = set.from.service_type->str();
        if (set.to.service_type) base_["@to_type"] = set.to.service_type->str();
        base_["@serial"] = set.serial.str();
        base_["@serial_date"] = set.serial.str().substr(0, 8);
        for (const Table& table : set.tables)
            if (table.month) base_["@month"] = table.month->str();
        month_ = Month::parse(value_of(base_, "@month")).value_or(Month());
    }

    std::vector<DialectFile> write() {
        std::vector<DialectFile> files;
        std::set<const FileType*> taken;
        for (const FileRule& rule : dialect_.files) {
            if (rule.standard)
                write_standard(rule, taken, files);
            else
                write_own(rule, taken, files);
        }
        for (const Table& table : set_.tables)
            if (!taken.contains(table.type)) tell_lost_file(*table.type);
        for (const InputFile& other : set_.others) {
            if (dialect_.files.front().standard)
                files.push_back({other.name, other.bytes});
            else
                tell_lost(other.name);
        }
        if (!report_.is_refused() && files.empty()) {
            Note note;
            note.id = "A-REC-05";
            report_.add(std::move(note));
        }
        return files;
    }

  private:
    // -- what has no place --

    void tell_lost(const std::string& what) {
        Note note;
        note.id = "A-LOSS-02";
        note.detail = what;
        report_.add(std::move(note));
    }
    void tell_lost_file(const FileType& type) {
        if (dialect_.is_lost(type.id, "*")) return tell_lost(type.name);
        Note note;
        note.id = "A-LOSS-03";
        note.detail = type.id;
        note.item = type.name;
        report_.add(std::move(note));
    }
    Note note_on(std::string id, const FileType& type, const std::string& key,
                 const Row& row) const {
        Note note;
        note.id = std::move(id);
        note.line = row.line;
        note.key = key;
        note.file = type.id;
        if (const Field* field = type.field(key)) note.item = field->name;
        return note;
    }

    /// Items with a value but without a place in the row: restored by a fill, declared as lost, or
    /// a refusal.
    void tell_losses(const Table& table, const Row& row, const std::set<std::string>& mapped,
                     const Values& values) {
        for (std::size_t i = 0; i < table.type->fields.size(); ++i) {
            const std::string& key = table.type->fields[i].key;
            if (row.values[i].empty() || mapped.contains(key)) continue;
            if (is_restored(*table.type, key, row.values[i], values)) continue;
            const bool declared = dialect_.is_lost(table.type->id, key);
            report_.add(note_on(declared ? "A-LOSS-01" : "A-LOSS-03", *table.type, key, row));
        }
    }

    bool is_restored(const FileType& type, const std::string& key, const std::string& value,
                     const Values& values) const {
        const auto found = filled(dialect_, type, key, values);
        return found && found->value == value;
    }

    // -- the standard's own columns --

    void write_standard(const FileRule& rule, std::set<const FileType*>& taken,
                        std::vector<DialectFile>& files) {
        for (const Table& table : set_.tables) {
            if (table.type != rule.standard || taken.contains(table.type)) continue;
            taken.insert(table.type);
            std::vector<std::vector<std::string>> rows;
            const RecordRule& record = rule.records.front();
            for (const Row& row : table.rows) {
                auto& cells = rows.emplace_back();
                for (std::size_t i = 0; i < record.columns.size(); ++i)
                    cells.push_back(text_of(record.columns[i], row.values[i], *table.type, row));
            }
            Values first =
                values_of(table, table.rows.empty() ? table.blank() : table.rows.front());
            if (table.type->has_month())
                first["@month"] = table.month ? table.month->str() : "000000";
            else
                first.erase("@month");
            std::string name =
                rule.name.write.empty()
                    ? make_file_name(*table.type, set_.from, set_.to, set_.serial, table.month)
                    : name_of(rule, first);
            std::vector<std::vector<std::string>> head;
            if (rule.header == HeaderRule::first_row || rule.header == HeaderRule::search)
                head.push_back(header_of(record));
            write_file(std::move(name), record, head, rows, files);
        }
    }

    /// A value that its column cannot hold is a refusal, but for the standard's columns: those take
    /// what the standard takes.
    std::string text_of(const Column& column, const std::string& value, const FileType& type,
                        const Row& row) {
        auto text = write_value(column, value, month_);
        if (text) return std::move(*text);
        Note note = note_on("A-VAL-05", type, column.to, row);
        note.column = column.label();
        report_.add(std::move(note));
        return {};
    }

    Values values_of(const Table& table, const Row& row) const {
        Values values = base_;
        for (std::size_t i = 0; i < table.type->fields.size(); ++i)
            if (!row.values[i].empty()) values[table.type->fields[i].key] = row.values[i];
        return values;
    }

    // -- a layout of its own --

    void write_own(const FileRule& rule, std::set<const FileType*>& taken,
                   std::vector<DialectFile>& files) {
        std::vector<Line> lines;
        lines_by_cells_.clear();
        std::set<const FileType*> mine;
        for (const RecordRule& record : rule.records) {
            if (record.role != RecordRule::Role::data) continue;
            for (std::size_t i = 0; i < record.products.size(); ++i)
                if (const Table* table = table_for(record.products[i]);
                    table && !taken.contains(table->type)) {
                    mine.insert(table->type);
                    add_lines(rule, record, i, *table, lines);
                }
        }
        taken.insert(mine.begin(), mine.end());
        if (lines.empty()) return;
        std::vector<std::vector<Line>> groups;
        if (rule.per == Per::person)
            groups = by_person(std::move(lines));
        else
            groups.push_back(std::move(lines));
        for (std::vector<Line>& group : groups) write_group(rule, std::move(group), files);
    }

    const Table* table_for(const Product& product) const {
        const FileType* const type = dialect_.type(*knowledge_.context().catalog, product.type);
        for (const Table& table : set_.tables)
            if (table.type == type) return &table;
        return nullptr;
    }

    void add_lines(const FileRule& file, const RecordRule& rule, std::size_t product,
                   const Table& table, std::vector<Line>& lines) {
        const Product& made = rule.products[product];
        for (const Row& row : table.rows) {
            Values values = values_of(table, row);
            if (!made.only_when.empty()) {
                if (is_variable(made.only_when))
                    values[made.only_when] = made.only_values.front();
                else if (std::find(made.only_values.begin(), made.only_values.end(),
                                   value_of(values, made.only_when)) == made.only_values.end())
                    continue;
            }
            std::set<std::string> mapped = mapped_by(file, rule, made);
            look_back(rule, table, row, values);
            tell_losses(table, row, mapped, values);
            Line line;
            line.rule = &rule;
            line.person = std::string(table.at(row, "insurer_no")) + "\x1f" +
                          std::string(table.at(row, "insured_no"));
            for (const Column& column : rule.columns)
                line.cells.push_back(cell_of(column, made, values, table, row));
            line.values = values;
            if (made.days)
                add_day(rule, product, table, row, std::move(line), lines);
            else
                lines.push_back(std::move(line));
        }
    }

    /// Items that the row, its context or its look-ups say.
    static std::set<std::string> mapped_by(const FileRule& file, const RecordRule& rule,
                                           const Product& product) {
        std::set<std::string> mapped;
        for (const Column& column : rule.columns) mapped.insert(column.to);
        std::set<std::string> written = mapped;
        for (const RecordRule& other : file.records)
            if (other.role == RecordRule::Role::context)
                for (const Column& column : other.columns) written.insert(column.to);
        for (const LookUp& look_up : rule.look_ups) {
            const bool has_all =
                std::any_of(look_up.by.begin(), look_up.by.end(),
                            [&](const auto& by) { return written.contains(by.second); });
            if (!has_all) continue;
            for (const auto& [reference, column] : look_up.give) mapped.insert(reference);
        }
        if (product.days) {
            mapped.insert(std::string(day_key));
            mapped.insert(std::string(count_key));
        }
        return mapped;
    }

    /// Look-ups backwards: from the items to what the software calls them.
    void look_back(const RecordRule& rule, const Table& table, const Row& row, Values& values) {
        for (const LookUp& look_up : rule.look_ups) {
            std::vector<std::pair<std::string, std::string>> where;
            bool direct = true; // the items have columns of their own too
            for (const auto& given : look_up.give) {
                const std::string& reference = given.first;
                where.emplace_back(given.second, value_of(values, reference));
                direct = direct && std::any_of(rule.columns.begin(), rule.columns.end(),
                                               [&](const Column& c) { return c.to == reference; });
            }
            const OfficeTable* const known = knowledge_.table(look_up.table, month_);
            for (const auto& [column, reference] : look_up.by) {
                if (!value_of(values, reference).empty()) continue;
                const auto found =
                    known ? known->look_up(where, column) : std::vector<std::string>();
                if (found.size() == 1) {
                    values[reference] = found.front();
                    continue;
                }
                if (known && !known->has(column)) continue;
                const std::string id = direct          ? "A-LOOK-04"
                                       : found.empty() ? "A-LOOK-01"
                                                       : "A-LOOK-02";
                Note note = note_on(id, *table.type, look_up.give.front().first, row);
                note.detail = look_up.table;
                report_.add(std::move(note));
            }
        }
    }

    std::string cell_of(const Column& column, const Product& made, const Values& values,
                        const Table& table, const Row& row) {
        switch (column.derived) {
        case Derived::weekday:
            return std::string(weekday_of(value_of(values, column.derived_from[0])));
        case Derived::duration_minutes: {
            const auto minutes = minutes_between(value_of(values, column.derived_from[0]),
                                                 value_of(values, column.derived_from[1]));
            return minutes ? std::to_string(*minutes) : std::string();
        }
        case Derived::row_number:
        case Derived::day_total:
            return {}; // known when all rows are
        case Derived::none:
            break;
        }
        if (column.to.empty()) return column.constant;
        // The day is in the columns of the days.
        if (made.days && (column.to == day_key || column.to == count_key)) return {};
        const std::string value = value_of(values, column.to);
        if (!is_variable(column.to) && table.type->column(column.to) < 0) return {};
        return text_of(column, value, *table.type, row);
    }

    /// Rows that differ by the day alone are one row; a second time on a day takes another.
    void add_day(const RecordRule& rule, std::size_t product, const Table& table, const Row& row,
                 Line line, std::vector<Line>& lines) {
        const std::string date(table.at(row, day_key)), count(table.at(row, count_key));
        const bool good = date.size() == 8 && all_digits(date) &&
                          Month::parse(date.substr(0, 6)) == month_ && !count.empty() &&
                          count.size() <= 2 && all_digits(count) && number_of(count) > 0;
        const int day = good ? number_of(date.substr(6)) : 0;
        const bool fits = good && day >= 1 && day <= month_.days() &&
                          (!rule.products[product].days->flag || number_of(count) == 1);
        if (!fits) {
            report_.add(
                note_on("A-VAL-05", *table.type, std::string(good ? count_key : day_key), row));
            return;
        }
        line.days.resize(rule.products.size());
        for (DayCounts& days : line.days) days.fill(0);
        const auto index = static_cast<std::size_t>(day) - 1;
        std::vector<std::string> key = line.cells;
        key.push_back(line.person);
        std::vector<std::size_t>& same = lines_by_cells_[{line.rule, std::move(key)}];
        for (const std::size_t known : same) {
            int& there = lines[known].days[product][index];
            if (there != 0) continue;
            there = number_of(count);
            return;
        }
        line.days[product][index] = number_of(count);
        same.push_back(lines.size());
        lines.push_back(std::move(line));
    }

    static std::vector<std::vector<Line>> by_person(std::vector<Line> lines) {
        std::vector<std::vector<Line>> groups;
        std::map<std::string, std::size_t> places;
        for (Line& line : lines) {
            const auto [place, added] = places.emplace(line.person, groups.size());
            if (added) groups.emplace_back();
            groups[place->second].push_back(std::move(line));
        }
        return groups;
    }

    /// One file: context rows before the first of their rows, header and preamble above.
    void write_group(const FileRule& rule, std::vector<Line> lines,
                     std::vector<DialectFile>& files) {
        std::vector<std::vector<std::string>> rows, head;
        for (const Preamble& preamble : rule.preamble)
            if (!preamble.write.empty())
                head.push_back({filled_in(preamble, lines.front().values)});
        const RecordRule* const data = lines.front().rule;
        if (rule.header != HeaderRule::none) head.push_back(header_of(*data));
        std::vector<const RecordRule*> contexts;
        for (const RecordRule& record : rule.records)
            if (record.role == RecordRule::Role::context) contexts.push_back(&record);
        sort_by_context(contexts, lines);
        std::vector<std::vector<std::string>> current(contexts.size());
        std::map<const RecordRule*, std::vector<std::string>> last;
        int number = 0;
        for (Line& line : lines) {
            for (std::size_t i = 0; i < contexts.size(); ++i) {
                std::vector<std::string> cells = context_cells(*contexts[i], line);
                if (cells == current[i]) continue;
                current[i] = cells;
                rows.push_back(row_of(rule, *contexts[i], cells, {}, ++number));
            }
            blank_repeated(*line.rule, line.cells, last[line.rule]);
            rows.push_back(row_of(rule, *line.rule, line.cells, line.days, ++number));
        }
        write_file(name_of(rule, lines.front().values), *data, head, rows, files);
    }

    std::vector<std::string> context_cells(const RecordRule& rule, const Line& line) {
        std::vector<std::string> cells;
        for (const Column& column : rule.columns) {
            if (column.to.empty()) {
                cells.push_back(column.constant);
                continue;
            }
            auto text = write_value(column, value_of(line.values, column.to), month_);
            if (!text) {
                Note note;
                note.id = "A-VAL-05";
                note.column = column.label();
                report_.add(std::move(note));
            }
            cells.push_back(text.value_or(""));
        }
        return cells;
    }

    /// Rows of one context together, contexts in the order in which they first appear.
    void sort_by_context(const std::vector<const RecordRule*>& contexts, std::vector<Line>& lines) {
        if (contexts.empty()) return;
        std::map<std::vector<std::string>, std::size_t> order;
        std::vector<std::pair<std::size_t, Line>> keyed;
        for (Line& line : lines) {
            std::vector<std::string> key;
            for (const RecordRule* rule : contexts)
                for (std::string& cell : context_cells(*rule, line)) key.push_back(std::move(cell));
            const auto place = order.emplace(std::move(key), order.size()).first;
            keyed.emplace_back(place->second, std::move(line));
        }
        std::stable_sort(keyed.begin(), keyed.end(), [](const auto& left, const auto& right) {
            return left.first < right.first;
        });
        lines.clear();
        for (auto& [place, line] : keyed) lines.push_back(std::move(line));
    }

    /// Leaves out what the row above says already; where a blank would be read as going on, the
    /// outer cells are written again.
    static void blank_repeated(const RecordRule& rule, std::vector<std::string>& cells,
                               std::vector<std::string>& last) {
        if (rule.fill_down.empty()) return;
        const std::vector<std::string> full = cells;
        if (!last.empty()) {
            std::size_t same = 0;
            while (same < rule.fill_down.size() &&
                   cells[rule.fill_down[same]] == last[rule.fill_down[same]])
                ++same;
            const bool blank_follows = same < rule.fill_down.size() &&
                                       cells[rule.fill_down[same]].empty() &&
                                       !last[rule.fill_down[same]].empty();
            if (!blank_follows)
                for (std::size_t i = 0; i < same; ++i) cells[rule.fill_down[i]].clear();
        }
        last = full;
    }

    static std::vector<std::string> header_of(const RecordRule& rule) {
        std::vector<std::string> names;
        for (const Column& column : rule.columns) names.push_back(column.names.front());
        for (const Product& product : rule.products) {
            if (!product.days) continue;
            if (product.days->one_cell) {
                names.push_back(product.days->header);
                continue;
            }
            for (int day = 1; day <= days_of_longest_month; ++day)
                names.push_back(day_header(product.days->header, day));
        }
        return names;
    }

    /// The cells at their places.
    static std::vector<std::string> row_of(const FileRule& file, const RecordRule& rule,
                                           const std::vector<std::string>& cells,
                                           const std::vector<DayCounts>& days, int number) {
        const bool by_name = file.header != HeaderRule::none;
        std::vector<std::string> row(rule.cells);
        const auto put = [&](std::size_t place, std::string text) {
            if (place >= row.size()) row.resize(place + 1);
            row[place] = std::move(text);
        };
        for (std::size_t i = 0; i < rule.columns.size(); ++i) {
            const Column& column = rule.columns[i];
            std::string text = cells[i];
            if (column.derived == Derived::row_number) text = std::to_string(number);
            if (column.derived == Derived::day_total) text = total_of(days);
            put(by_name ? i : static_cast<std::size_t>(column.at) - 1, std::move(text));
        }
        std::size_t next = rule.columns.size();
        for (std::size_t i = 0; i < rule.products.size(); ++i) {
            const auto& form = rule.products[i].days;
            if (!form) continue;
            const std::size_t first = by_name ? next : static_cast<std::size_t>(form->first) - 1;
            const DayCounts counts = i < days.size() ? days[i] : DayCounts{};
            if (form->one_cell) {
                std::string text;
                for (const int count : counts) text += count == 0 ? "0" : form->yes.front();
                put(first, std::move(text));
                next += 1;
                continue;
            }
            for (std::size_t day = 0; day < counts.size(); ++day)
                put(first + day, counts[day] == 0 ? std::string()
                                 : form->flag     ? form->yes.front()
                                                  : std::to_string(counts[day]));
            next += counts.size();
        }
        if (file.type_column != 0)
            put(static_cast<std::size_t>(file.type_column) - 1, rule.when.front());
        return row;
    }

    static std::string total_of(const std::vector<DayCounts>& days) {
        for (const DayCounts& counts : days) {
            int sum = 0;
            for (const int count : counts) sum += count;
            if (sum != 0) return std::to_string(sum);
        }
        return "0";
    }

    std::string filled_in(const Preamble& preamble, const Values& values) {
        std::string text = preamble.write;
        for (const auto& [name, rule] : preamble.groups) {
            Column column;
            column.type = rule.first;
            column.forms = rule.second;
            const auto value = write_value(column, value_of(values, "@" + name), Month());
            replace(text, "{" + name + "}", value.value_or(""));
        }
        return substituted(std::move(text), values);
    }

    std::string name_of(const FileRule& rule, const Values& values) {
        Values with_type = values;
        if (!rule.type_names.empty()) with_type["@type"] = rule.type_names.front();
        std::string name = without_places(substituted(rule.name.write, with_type));
        if (!is_flat_name(name)) {
            Note note;
            note.id = "A-NAME-03";
            note.detail = rule.id;
            report_.add(std::move(note));
        }
        return name;
    }

    static void replace(std::string& text, const std::string& place, const std::string& by) {
        for (std::size_t at = text.find(place); at != std::string::npos;
             at = text.find(place, at + by.size()))
            text.replace(at, place.size(), by);
    }

    /// A part of a name that there is nothing for goes, with its underline: {month} of 第1表.
    static std::string without_places(std::string name) {
        for (std::size_t at = name.find('{'); at != std::string::npos; at = name.find('{')) {
            const std::size_t end = name.find('}', at);
            if (end == std::string::npos) break;
            const bool underline = end + 1 < name.size() && name[end + 1] == '_';
            name.erase(at, end - at + (underline ? 2 : 1));
        }
        return name;
    }

    static std::string substituted(std::string text, const Values& values) {
        for (const auto& [reference, value] : values)
            replace(text, "{" + (is_variable(reference) ? reference.substr(1) : reference) + "}",
                    value);
        return text;
    }

    // -- bytes --

    void write_file(std::string name, const RecordRule& rule,
                    const std::vector<std::vector<std::string>>& head,
                    const std::vector<std::vector<std::string>>& rows,
                    std::vector<DialectFile>& files) {
        const std::string line_end = dialect_.crlf ? "\r\n" : "\n";
        std::string text;
        for (const auto& row : head) text += joined(row, nullptr) + line_end;
        for (const auto& row : rows) text += joined(row, &rule) + line_end;
        if (!dialect_.last_line_end && text.size() >= line_end.size())
            text.resize(text.size() - line_end.size());
        std::string unique = name;
        for (int n = 2; std::any_of(files.begin(), files.end(),
                                    [&](const DialectFile& file) { return file.path == unique; });
             ++n) { // two persons of one name
            const std::size_t dot = name.rfind('.');
            unique = name.substr(0, dot) + "_" + std::to_string(n) +
                     (dot == std::string::npos ? "" : name.substr(dot));
        }
        files.push_back({std::move(unique), encoded(text)});
    }

    std::string joined(const std::vector<std::string>& cells, const RecordRule* rule) {
        std::string line;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            if (i != 0) line += dialect_.delimiter;
            const Column* const column = column_at(rule, i);
            append_cell(line, cells[i], is_quoted(cells[i], column));
        }
        // A row of one empty cell would be a blank line, which nobody reads.
        return line.empty() ? "\"\"" : line;
    }

    static const Column* column_at(const RecordRule* rule, std::size_t place) {
        if (!rule) return nullptr;
        for (std::size_t i = 0; i < rule->columns.size(); ++i) {
            const Column& column = rule->columns[i];
            if ((column.at != 0 ? static_cast<std::size_t>(column.at) - 1 : i) == place)
                return &column;
        }
        return nullptr;
    }

    bool is_quoted(const std::string& cell, const Column* column) {
        const bool needed =
            cell.find_first_of(std::string("\"\r\n") + dialect_.delimiter) != std::string::npos ||
            cell.starts_with(' ') || cell.ends_with(' ');
        const bool text = column && column->type == ValueType::text && !column->codes;
        if (column && column->quote) return true;
        switch (dialect_.quote) {
        case QuoteRule::all:
            return true;
        case QuoteRule::minimal:
            return needed;
        case QuoteRule::free_text:
            return needed || text;
        case QuoteRule::none:
            if (needed) {
                Note note;
                note.id = "A-VAL-05";
                if (column) note.column = column->label();
                report_.add(std::move(note));
            }
            return false;
        }
        return needed;
    }

    Bytes encoded(const std::string& utf8) {
        if (dialect_.write == TextEncoding::utf8) return utf8;
        if (dialect_.write == TextEncoding::utf8_bom) return "\xEF\xBB\xBF" + utf8;
        Encoded out = to_ms932(utf8, dialect_.fold ? Fold::yes : Fold::no);
        if (out.bytes) {
            if (dialect_.fold && foldable(utf8)) {
                Note note;
                note.id = "A-ENC-03";
                report_.add(std::move(note));
            }
            return std::move(*out.bytes);
        }
        Note note;
        note.id = "A-ENC-02";
        note.line = static_cast<std::uint32_t>(
            1 +
            std::count(utf8.begin(), utf8.begin() + static_cast<std::ptrdiff_t>(out.offset), '\n'));
        report_.add(std::move(note));
        return {};
    }

    const Knowledge& knowledge_;
    const Dialect& dialect_;
    const TableSet& set_;
    ConversionReport& report_;
    Values base_;
    Month month_;
    /// Of the file that is being written: lines with days, by everything but the days.
    std::map<std::pair<const RecordRule*, std::vector<std::string>>, std::vector<std::size_t>>
        lines_by_cells_;
};

} // namespace

std::vector<DialectFile> write_set(const Knowledge& knowledge, const Dialect& dialect,
                                   const TableSet& set, ConversionReport& report) {
    return Writer(knowledge, dialect, set, report).write();
}

std::vector<DialectFile> laid_out(const Dialect& dialect, const TableSet& set,
                                  std::vector<DialectFile> files) {
    const std::string partner = set.from.office.str(), serial = set.serial.str();
    std::string month = serial.substr(0, 6);
    for (const Table& table : set.tables)
        if (table.month) month = table.month->str();
    std::string folder;
    switch (dialect.layout) {
    case Layout::flat:
    case Layout::one_at_a_time:
        return files;
    case Layout::partner_folder:
        folder = partner + "/";
        break;
    case Layout::serial_folder:
        folder = serial + "/";
        break;
    case Layout::month_folder:
        folder = month + "/" + partner + "/";
        break;
    case Layout::partner_zip: {
        std::vector<InputFile> packed;
        for (DialectFile& file : files)
            packed.push_back({file.path, std::move(file.bytes), nullptr});
        return {{partner + "_" + serial + ".zip", pack_zip(packed)}};
    }
    }
    for (DialectFile& file : files) file.path = folder + file.path;
    return files;
}

} // namespace cpg::adapters
