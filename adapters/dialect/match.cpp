#include "adapters/dialect/match.hpp"

#include "adapters/dialect/row_values.hpp"
#include "adapters/dialect/values.hpp"

#include <algorithm>
#include <set>

namespace cpg::adapters {
namespace {

constexpr std::size_t longest_name = 255;      // bytes, of a file's name
constexpr std::size_t longest_preamble = 4096; // bytes, of a line that a pattern looks at
constexpr std::size_t rows_looked_at = 50;     // to know a form without header

Note note_about(std::string id, const DialectFile& file, std::string detail,
                std::string column = {}) {
    Note note;
    note.id = std::move(id);
    note.file = file.path;
    note.detail = std::move(detail);
    note.column = std::move(column);
    return note;
}

/// The header's names -> their columns.
class Header {
  public:
    explicit Header(const RawRow& row) {
        for (std::size_t i = 0; i < row.cells.size(); ++i) {
            const std::string name = folded(row.cells[i]);
            if (!name.empty()) places_[name].push_back(static_cast<int>(i));
        }
    }
    /// The columns of any of the names.
    std::vector<int> find(const std::vector<std::string>& names) {
        std::vector<int> found;
        for (const std::string& name : names)
            if (const auto place = places_.find(folded(name)); place != places_.end()) {
                used_.insert(place->first);
                found.insert(found.end(), place->second.begin(), place->second.end());
            }
        return found;
    }
    std::size_t unused() const { return places_.size() - used_.size(); }

  private:
    std::map<std::string, std::vector<int>> places_;
    std::set<std::string> used_;
};

struct HeaderMatch {
    std::vector<Places> places;
    std::size_t unused = 0, needed = 0;
    std::vector<std::string> missing, doubled; // labels
};

HeaderMatch look_at_header(const FileRule& rule, const RawRow& row) {
    Header header(row);
    HeaderMatch out;
    const auto take = [&](const std::vector<std::string>& names, bool optional) {
        const auto found = header.find(names);
        if (found.size() > 1) out.doubled.push_back(names.front());
        if (!optional) ++out.needed;
        if (found.empty() && !optional) out.missing.push_back(names.front());
        return found.empty() ? -1 : found.front();
    };
    for (const RecordRule& record : rule.records) {
        Places& places = out.places.emplace_back();
        for (const Column& column : record.columns) {
            const bool written_only = column.to.empty() && column.derived == Derived::none;
            places.columns.push_back(take(column.names, column.optional_column || written_only));
        }
        for (const Product& product : record.products) {
            auto& days = places.days.emplace_back();
            if (!product.days) continue;
            if (product.days->one_cell) {
                days.push_back(take({product.days->header}, false));
                continue;
            }
            for (int day = 1; day <= days_of_longest_month; ++day)
                days.push_back(take({day_header(product.days->header, day)}, false));
        }
    }
    out.unused = header.unused();
    return out;
}

std::vector<Places> positional(const FileRule& rule) {
    std::vector<Places> out;
    for (const RecordRule& record : rule.records) {
        Places& places = out.emplace_back();
        for (const Column& column : record.columns) places.columns.push_back(column.at - 1);
        for (const Product& product : record.products) {
            auto& days = places.days.emplace_back();
            if (!product.days) continue;
            const int count = product.days->one_cell ? 1 : days_of_longest_month;
            for (int day = 0; day < count; ++day) days.push_back(product.days->first - 1 + day);
        }
    }
    return out;
}

/// A row of words: every record of the standard has numbers. A record whose version is damaged is
/// no header.
bool is_header(const RawRow& row) {
    return std::none_of(row.cells.begin(), row.cells.end(), [](const std::string& cell) {
        const std::string_view text = trimmed(cell);
        return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
    });
}

std::string joined(const std::vector<std::string>& list) {
    std::string out;
    for (const std::string& text : list) out += (out.empty() ? "" : ", ") + text;
    return out;
}

/// What the rows above the header say; false when a line is missing.
bool read_preamble(const FileRule& rule, const DialectFile& file, const RawFile& raw,
                   std::size_t header, Variables& variables, std::vector<Note>& refused) {
    bool good = true;
    for (const Preamble& preamble : rule.preamble) {
        std::optional<Variables> found;
        for (std::size_t i = 0; i < header && !found; ++i) {
            std::string line;
            for (const std::string& cell : raw.rows[i].cells)
                line += (line.empty() ? "" : ",") + cell;
            while (line.ends_with(',')) line.pop_back();
            if (line.size() <= longest_preamble)
                found = match_text(preamble.pattern, std::string(trimmed(line)));
        }
        if (!found) {
            refused.push_back(note_about("A-HEAD-05", file, preamble.pattern));
            good = false;
            continue;
        }
        for (auto& [name, text] : *found) {
            Column column;
            if (const auto group = preamble.groups.find(name); group != preamble.groups.end()) {
                column.type = group->second.first;
                column.forms = group->second.second;
            } else {
                column.forms = {Form::plain};
            }
            const auto value = read_value(column, trimmed(text), Month());
            if (!value) {
                refused.push_back(note_about("A-VAL-01", file, "", name));
                good = false;
                continue;
            }
            variables[name] = value->text;
        }
    }
    return good;
}

/// The row of the header; raw.rows.size() = none.
std::size_t find_header(const FileRule& rule, const RawFile& raw, HeaderMatch& best) {
    const std::size_t rows =
        std::min(raw.rows.size(), static_cast<std::size_t>(rule.max_preamble) + 1);
    const std::size_t looked_at =
        rule.header == HeaderRule::search ? rows : std::min<std::size_t>(rows, 1);
    std::size_t fewest = static_cast<std::size_t>(-1), place = raw.rows.size();
    for (std::size_t i = 0; i < looked_at; ++i) {
        HeaderMatch found = look_at_header(rule, raw.rows[i]);
        if (found.missing.size() >= fewest) continue;
        fewest = found.missing.size();
        best = std::move(found);
        place = i;
    }
    return fewest == 0 ? place : raw.rows.size();
}

bool rows_fit(const FileRule& rule, const RawFile& raw, std::size_t first_row, Why& why) {
    const std::size_t last = std::min(raw.rows.size(), first_row + rows_looked_at);
    std::size_t known = 0;
    for (std::size_t i = first_row; i < last; ++i) {
        const RecordRule* const record = record_of(rule, raw.rows[i]);
        if (record &&
            (record->cells == 0 || record->cells == raw.rows[i].cells.size() ||
             (record->cells + 1 == raw.rows[i].cells.size() && raw.rows[i].cells.back().empty())))
            ++known;
    }
    const std::size_t looked_at = last - first_row;
    const std::string ratio = std::to_string(known) + "/" + std::to_string(looked_at);
    why.add("行の種類と列数が合う行: " + ratio, "rows of a known kind and width: " + ratio);
    return known * 2 > looked_at; // more rows fit than not: a slip in one is told with its line
}

} // namespace

void Why::add(std::string sentence_ja, std::string sentence_en) {
    ja.push_back(std::move(sentence_ja));
    en.push_back(std::move(sentence_en));
}

bool name_fits(const FileRule& rule, std::string_view path) {
    if (rule.name.read.empty()) return true;
    const std::string name(file_name_of(path));
    return name.size() <= longest_name &&
           std::any_of(rule.name.read.begin(), rule.name.read.end(),
                       [&](const std::string& pattern) { return match_text(pattern, name); });
}

const RecordRule* record_of(const FileRule& rule, const RawRow& row) {
    if (rule.type_column == 0) return &rule.records.front();
    const auto column = static_cast<std::size_t>(rule.type_column) - 1;
    if (column >= row.cells.size()) return nullptr;
    const std::string kind = half_width(trimmed(row.cells[column]));
    for (const RecordRule& record : rule.records)
        if (std::find(record.when.begin(), record.when.end(), kind) != record.when.end())
            return &record;
    return nullptr;
}

std::optional<Match> match(const FileRule& rule, const DialectFile& file, const RawFile& raw,
                           Why& why, std::vector<Note>& refused) {
    Match out;
    out.rule = &rule;
    const std::string name(file_name_of(file.path));
    if (!rule.name.read.empty()) {
        std::optional<Variables> found;
        for (const std::string& pattern : rule.name.read)
            if (!found && name.size() <= longest_name) found = match_text(pattern, name);
        if (!found) {
            why.add("ファイル名が合いません", "the file's name does not fit");
            return std::nullopt;
        }
        why.add("ファイル名が合います", "the file's name fits");
        out.variables = std::move(*found);
    }
    if (raw.rows.empty()) {
        refused.push_back(note_about("A-REC-05", file, ""));
        why.add("記録がありません", "there are no rows");
        return std::nullopt;
    }
    out.places = positional(rule);
    if (rule.header == HeaderRule::optional) {
        out.first_row = is_header(raw.rows.front()) ? 1 : 0;
        if (out.first_row == 1) out.notes.push_back(note_about("A-HEAD-06", file, ""));
    } else if (rule.header != HeaderRule::none) {
        HeaderMatch header;
        const std::size_t place = find_header(rule, raw, header);
        if (place == raw.rows.size()) {
            const std::string missing = joined(header.missing);
            why.add("見出しに足りない列: " + missing, "columns missing in the header: " + missing);
            // Half of the needed columns or more: meant to be of this form.
            const bool nearly = header.missing.size() * 2 <= header.needed;
            if (nearly)
                for (const std::string& label : header.missing)
                    refused.push_back(note_about("A-HEAD-02", file, label));
            else
                refused.push_back(note_about("A-HEAD-01", file, ""));
            return std::nullopt;
        }
        why.add("見出し行（" + std::to_string(raw.rows[place].line) + " 行目）が合います",
                "the header row (line " + std::to_string(raw.rows[place].line) + ") fits");
        for (const std::string& label : header.doubled)
            refused.push_back(note_about("A-HEAD-03", file, label));
        if (!header.doubled.empty()) return std::nullopt;
        if (header.unused != 0)
            out.notes.push_back(note_about("A-HEAD-04", file, std::to_string(header.unused)));
        out.places = std::move(header.places);
        out.first_row = place + 1;
        out.width = raw.rows[place].cells.size();
        if (!read_preamble(rule, file, raw, place, out.variables, refused)) {
            why.add("見出しの前の行が合いません", "the lines above the header do not fit");
            return std::nullopt;
        }
        return out;
    }
    if (out.first_row == raw.rows.size()) {
        refused.push_back(note_about("A-REC-05", file, ""));
        why.add("記録がありません", "there are no rows");
        return std::nullopt;
    }
    if (!rows_fit(rule, raw, out.first_row, why)) {
        // A name of deletion over the rows of something else must never delete.
        const bool says_delete = rule.standard && rule.standard->id.starts_with("DLT");
        const std::size_t cells = raw.rows[out.first_row].cells.size();
        refused.push_back(says_delete ? note_about("A-NAME-02", file, "")
                                      : note_about("A-CSV-02", file, std::to_string(cells)));
        return std::nullopt;
    }
    return out;
}

std::optional<Match> match_any(const Dialect& dialect, const DialectFile& file, const RawFile& raw,
                               Why& why, std::vector<Note>& refused) {
    bool named = false;
    for (const FileRule& rule : dialect.files) {
        if (!name_fits(rule, file.path)) continue;
        named = true;
        Why own;
        std::vector<Note> own_refused;
        auto found = match(rule, file, raw, own, own_refused);
        why.ja.insert(why.ja.end(), own.ja.begin(), own.ja.end());
        why.en.insert(why.en.end(), own.en.begin(), own.en.end());
        if (found) {
            refused.clear();
            return found;
        }
        // The rule that came nearest speaks: the one with the fewest complaints.
        if (refused.empty() || own_refused.size() < refused.size())
            refused = std::move(own_refused);
    }
    if (!named) {
        why.add("ファイル名が合いません", "the file's name does not fit");
        refused.push_back(note_about("A-NAME-01", file, ""));
    }
    return std::nullopt;
}

} // namespace cpg::adapters
