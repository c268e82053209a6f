#include "spec/kit/compare.hpp"

#include "spec/records/cp932.hpp"
#include "spec/records/csv_reader.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace cpg::kit {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr char key_separator = '\x1F';
// Two visits a day of one code make a group of two; a longer one is paired in order, so that no
// file makes this quadratic.
constexpr std::size_t most_pairs = 4096;

std::string without_line_breaks_of_one_kind(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
        out += text[i] == '\r' ? '\n' : text[i];
    }
    return out;
}

std::string without_leading_zeros(std::string_view text) {
    const std::size_t digit = text.find_first_not_of('0');
    if (digit == std::string_view::npos) return text.empty() ? "" : "0";
    return std::string(text.substr(digit));
}

/// What is left of a value when the declared differences of form are taken away.
class Normaliser {
  public:
    explicit Normaliser(const Pattern& pattern)
        : line_breaks_(pattern.tolerates(Tolerance::line_breaks)),
          leading_zeros_(pattern.tolerates(Tolerance::leading_zeros)) {}

    std::string operator()(const Field& field, const std::string& text) const {
        if (line_breaks_ && field.type == FieldType::free_text)
            return without_line_breaks_of_one_kind(text);
        if (leading_zeros_ && field.type == FieldType::integer) return without_leading_zeros(text);
        return text;
    }

  private:
    bool line_breaks_, leading_zeros_;
};

class FileComparer {
  public:
    FileComparer(const Pattern& pattern, const MadeFile& made, const SeenFile& seen)
        : made_(made), seen_(seen), normal_(pattern), fields_(made.name.type->fields) {
        for (std::size_t i = 0; i < fields_.size(); ++i)
            if (!pattern.is_free(made.source->type, fields_[i].key)) compared_.push_back(i);
        for (const std::string& key : made.source->match)
            if (const int column = made.name.type->column(key); column >= 0)
                match_.push_back(static_cast<std::size_t>(column));
    }

    Comparison run() {
        result_.row.resize(made_.records.size());
        std::map<std::string, Group> groups;
        for (std::size_t i = 0; i < made_.records.size(); ++i)
            groups[key_of([&](std::size_t c) { return made_.records[i].values[c]; })]
                .made.push_back(i);
        for (std::size_t i = 0; i < seen_.rows.size(); ++i)
            groups[key_of([&](std::size_t c) { return seen_.rows[i].cells[c].text; })]
                .seen.push_back(i);
        for (const auto& [key, group] : groups) pair_up(group);
        tell_differences();
        return std::move(result_);
    }

  private:
    struct Group {
        std::vector<std::size_t> made, seen;
    };

    template<class Value> std::string key_of(Value value) const {
        std::string key;
        for (const std::size_t column : match_)
            key += normal_(fields_[column], value(column)) + key_separator;
        return key;
    }

    bool same(std::size_t made, std::size_t seen, std::size_t column) const {
        return normal_(fields_[column], made_.records[made].values[column]) ==
               normal_(fields_[column], seen_.rows[seen].cells[column].text);
    }

    std::size_t likeness(std::size_t made, std::size_t seen) const {
        return static_cast<std::size_t>(
            std::count_if(compared_.begin(), compared_.end(),
                          [&](std::size_t column) { return same(made, seen, column); }));
    }

    void pair_up(const Group& group) {
        std::set<std::size_t> used;
        if (group.made.size() * group.seen.size() > most_pairs) {
            for (std::size_t i = 0; i < std::min(group.made.size(), group.seen.size()); ++i) {
                result_.row[group.made[i]] = group.seen[i];
                used.insert(group.seen[i]);
            }
        } else {
            std::vector<std::tuple<std::size_t, std::size_t, std::size_t>> pairs; // unlike first
            for (const std::size_t made : group.made)
                for (const std::size_t seen : group.seen)
                    pairs.emplace_back(fields_.size() - likeness(made, seen), made, seen);
            std::sort(pairs.begin(), pairs.end());
            for (const auto& [unlike, made, seen] : pairs)
                if (!result_.row[made] && used.insert(seen).second) result_.row[made] = seen;
        }
        for (const std::size_t seen : group.seen)
            if (!used.contains(seen)) result_.extra.push_back(&seen_.rows[seen]);
    }

    void tell_differences() {
        for (std::size_t i = 0; i < made_.records.size(); ++i) {
            const MadeRecord& record = made_.records[i];
            if (!result_.row[i]) {
                result_.differences.push_back({record.source, record.values, nullptr, 0});
                continue;
            }
            for (const std::size_t column : compared_)
                if (!same(i, *result_.row[i], column))
                    result_.differences.push_back(
                        {record.source, record.values, &seen_.rows[*result_.row[i]], column});
        }
    }

    const MadeFile& made_;
    const SeenFile& seen_;
    Normaliser normal_;
    const std::vector<Field>& fields_;
    std::vector<std::size_t> compared_, match_; // columns
    Comparison result_;
};

} // namespace

SeenFile read_seen(const FileName& name, BytesView bytes) {
    SeenFile seen{name.text, name.type, {}, 0};
    const Encoding encoding = guess_encoding(bytes);
    const bool utf8 = encoding == Encoding::utf8 || encoding == Encoding::utf8_bom;
    if (encoding == Encoding::utf8_bom) bytes.remove_prefix(byte_order_mark.size());
    read_csv(bytes, {[&](const Record& record) {
                         if (record.number == 0 || ++seen.rows_in_all > max_seen_rows) return;
                         SeenRow row{record.line, {}};
                         row.cells.resize(name.type->fields.size(), {"", record.line});
                         const std::size_t count = std::min(row.cells.size(), record.cells.size());
                         for (std::size_t i = 0; i < count; ++i) {
                             const Bytes text = record.cells[i].text();
                             row.cells[i] = {utf8 ? text : to_utf8(text), record.cells[i].line};
                         }
                         seen.rows.push_back(std::move(row));
                     },
                     {}});
    return seen;
}

Comparison compare(const Pattern& pattern, const MadeFile& made, const SeenFile& seen) {
    return FileComparer(pattern, made, seen).run();
}

} // namespace cpg::kit
