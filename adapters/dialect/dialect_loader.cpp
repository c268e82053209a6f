#include "adapters/dialect/dialect.hpp"

#include "adapters/dialect/row_values.hpp"
#include "adapters/dialect/text_pattern.hpp"
#include "spec/base/digest.hpp"
#include "spec/base/digits.hpp"
#include "spec/load/map_reader.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace cpg::adapters {
namespace {

using Kind = YamlNode::Kind;

constexpr std::size_t longest_id = 40; // it stands in the audit leaf
constexpr std::string_view extension = ".yaml";
constexpr int most_columns = 1000; // of a file; the widest known has 130

template<class T> using Names = std::vector<std::pair<std::string_view, T>>;

const Names<Direction> directions{
    {"in", Direction::in}, {"out", Direction::out}, {"both", Direction::both}};
const Names<TextEncoding> encodings{{"utf-8", TextEncoding::utf8},
                                    {"utf-8-bom", TextEncoding::utf8_bom},
                                    {"cp932", TextEncoding::ms932}};
const Names<QuoteRule> quote_rules{{"all", QuoteRule::all},
                                   {"minimal", QuoteRule::minimal},
                                   {"free-text", QuoteRule::free_text},
                                   {"none", QuoteRule::none}};
const Names<Layout> layouts{{"L1", Layout::flat},          {"L2", Layout::partner_folder},
                            {"L3", Layout::serial_folder}, {"L4", Layout::one_at_a_time},
                            {"L5", Layout::partner_zip},   {"L6", Layout::month_folder}};
const Names<RowErrors> row_errors{{"reject_set", RowErrors::reject_set},
                                  {"skip_and_report", RowErrors::skip_and_report}};
const Names<ValueType> value_types{
    {"text", ValueType::text},   {"code", ValueType::code},       {"digits", ValueType::digits},
    {"int", ValueType::integer}, {"decimal", ValueType::decimal}, {"date", ValueType::date},
    {"ym", ValueType::month},    {"time", ValueType::time},       {"flags31", ValueType::flags31}};
const Names<Form> forms{{"plain", Form::plain},
                        {"zero_padded", Form::zero_padded},
                        {"commas", Form::commas},
                        {"slashes", Form::slashes},
                        {"slashes_2", Form::slashes_2},
                        {"hyphens", Form::hyphens},
                        {"kanji", Form::kanji},
                        {"wareki", Form::wareki},
                        {"wareki_short", Form::wareki_short},
                        {"wareki_fixed", Form::wareki_fixed},
                        {"day", Form::day},
                        {"day_kanji", Form::day_kanji},
                        {"clock", Form::clock},
                        {"clock_2", Form::clock_2},
                        {"clock_s", Form::clock_s},
                        {"minutes", Form::minutes}};
const Names<Derived> derivations{{"weekday", Derived::weekday},
                                 {"duration_minutes", Derived::duration_minutes},
                                 {"row_number", Derived::row_number},
                                 {"day_total", Derived::day_total}};
const Names<HeaderRule> header_rules{{"none", HeaderRule::none},
                                     {"optional", HeaderRule::optional},
                                     {"first_row", HeaderRule::first_row},
                                     {"search", HeaderRule::search}};
const Names<Per> pers{{"set", Per::set}, {"person", Per::person}};
const Names<RecordRule::Role> roles{{"data", RecordRule::Role::data},
                                    {"context", RecordRule::Role::context},
                                    {"control", RecordRule::Role::control},
                                    {"end", RecordRule::Role::end},
                                    {"skip", RecordRule::Role::skip}};

bool fits(ValueType type, Form form) {
    constexpr std::array date_forms{Form::slashes,     Form::slashes_2, Form::hyphens,
                                    Form::kanji,       Form::wareki,    Form::wareki_short,
                                    Form::wareki_fixed};
    constexpr std::array time_forms{Form::clock, Form::clock_2, Form::clock_s, Form::minutes};
    const auto among = [form](const auto& list) {
        return std::find(list.begin(), list.end(), form) != list.end();
    };
    if (form == Form::plain) return true;
    switch (type) {
    case ValueType::date:
        return among(date_forms) || form == Form::day || form == Form::day_kanji;
    case ValueType::month:
        return among(date_forms);
    case ValueType::time:
        return among(time_forms);
    case ValueType::integer:
    case ValueType::decimal:
        return form == Form::commas || form == Form::zero_padded;
    default:
        return false;
    }
}

ValueType value_type_of(FieldType type) {
    switch (type) {
    case FieldType::yyyymm:
    case FieldType::yyyymm_or_zero:
        return ValueType::month;
    case FieldType::yyyymmdd:
    case FieldType::yyyymmdd_or_zero:
        return ValueType::date;
    case FieldType::hhmm:
    case FieldType::hhmm_or_9999:
        return ValueType::time;
    case FieldType::free_text:
        return ValueType::text;
    default:
        return ValueType::code;
    }
}

bool is_id(std::string_view text) {
    const auto plain = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); };
    return !text.empty() && text.size() <= longest_id && plain(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return plain(c) || c == '-'; });
}

class DialectLoader {
  public:
    DialectLoader(const Catalog& catalog, const SourceFile& source,
                  std::vector<LoadProblem>& problems)
        : catalog_(catalog), source_(source), problems_(source.name, problems),
          document_(YamlDocument::parse(source, problems)) {}

    Dialect load() {
        MapReader map(problems_, document_.root(), "the dialect");
        read_head(map);
        read_encoding(map);
        read_csv_rules(map);
        read_code_tables(map);
        read_own_records(map);
        if (const YamlNode* files = map.child("files", Kind::sequence))
            for (const YamlNode* file : files->items) read_file(*file);
        read_loses(map);
        read_fills(map);
        map.finish();
        dialect_.digest = sha256(source_.text);
        return std::move(dialect_);
    }

  private:
    template<class T>
    T choice(MapReader& map, std::string_view key, const Names<T>& names, std::string_view text) {
        for (const auto& [name, value] : names)
            if (name == text) return value;
        std::string known;
        for (const auto& [name, value] : names)
            known += (known.empty() ? "" : ", ") + std::string(name);
        map.problem(key, "'" + std::string(text) + "' is none of " + known);
        return names.front().second;
    }
    template<class T>
    T choice_if_any(MapReader& map, std::string_view key, const Names<T>& names, T otherwise) {
        const std::string text = map.text_if_any(key);
        return text.empty() ? otherwise : choice(map, key, names, text);
    }
    /// A nested map that may be absent.
    template<class Read> void nested(MapReader& map, std::string_view key, Read read) {
        const YamlNode* const node = map.child_if_any(key, Kind::map);
        if (!node) return;
        MapReader inner(problems_, *node, "'" + std::string(key) + "'");
        read(inner);
        inner.finish();
    }
    template<class Read> void each(MapReader& map, std::string_view key, Read read) {
        const YamlNode* const list = map.child_if_any(key, Kind::sequence);
        if (!list) return;
        for (const YamlNode* node : list->items) {
            MapReader inner(problems_, *node, "an entry of '" + std::string(key) + "'");
            read(inner);
            inner.finish();
        }
    }

    void read_head(MapReader& map) {
        dialect_.id = map.text("dialect");
        if (!dialect_.id.empty() && !is_id(dialect_.id))
            map.problem("dialect", "a dialect's name is at most 40 of a-z 0-9 -");
        else if (!dialect_.id.empty() && dialect_.id + std::string(extension) != source_.name)
            map.problem("dialect", "'" + dialect_.id + "' is not the name of its file");
        dialect_.version = map.number("version", 1, 999'999);
        dialect_.title_ja = map.text("title_ja");
        dialect_.title_en = map.text("title_en");
        dialect_.about_ja = map.text("about_ja");
        dialect_.about_en = map.text("about_en");
        dialect_.direction = choice(map, "direction", directions, map.text("direction"));
        if (const std::string edition = map.text_if_any("edition"); !edition.empty())
            dialect_.edition = edition;
        edition_ = catalog_.edition(dialect_.edition);
        if (!edition_) {
            map.problem("edition", "'" + dialect_.edition + "' is no edition of the standard");
            edition_ = catalog_.editions.front().get();
        }
        dialect_.layout = choice_if_any(map, "layout", layouts, Layout::flat);
        dialect_.on_row_error =
            choice_if_any(map, "on_row_error", row_errors, RowErrors::reject_set);
        nested(map, "limits", [&](MapReader& limits) {
            if (const auto file = limits.number_if_any("file", 1, 64 << 20))
                dialect_.max_file = static_cast<std::size_t>(*file);
            if (const auto rows = limits.number_if_any("rows", 1, 1'000'000))
                dialect_.max_rows = static_cast<std::size_t>(*rows);
        });
    }

    void read_encoding(MapReader& map) {
        const YamlNode* const node = map.child("encoding", Kind::map);
        if (!node) return;
        MapReader encoding(problems_, *node, "'encoding'");
        for (const std::string& name : encoding.texts("read"))
            dialect_.read.push_back(choice(encoding, "read", encodings, name));
        if (dialect_.read.empty() && dialect_.reads())
            encoding.problem("read", "no encoding to read is named");
        if (dialect_.writes() || encoding.has("write"))
            dialect_.write = choice(encoding, "write", encodings, encoding.text("write"));
        const Names<bool> unmappable{{"reject", false}, {"replace-and-report", true}};
        dialect_.fold = choice_if_any(encoding, "on_unmappable", unmappable, false);
        choice_if_any(encoding, "gaiji", Names<bool>{{"reject", true}}, true);
        encoding.finish();
    }

    void read_csv_rules(MapReader& map) {
        nested(map, "csv", [&](MapReader& csv) {
            const Names<char> delimiters{{"comma", ','}, {"tab", '\t'}};
            dialect_.delimiter = choice_if_any(csv, "delimiter", delimiters, ',');
            dialect_.quote = choice_if_any(csv, "quote", quote_rules, QuoteRule::minimal);
            if (csv.has("trim")) dialect_.trim = csv.flag("trim");
        });
        nested(map, "newline", [&](MapReader& newline) {
            const Names<bool> ends{{"crlf", true}, {"lf", false}};
            dialect_.crlf = choice_if_any(newline, "write", ends, true);
            if (newline.has("last")) dialect_.last_line_end = newline.flag("last");
        });
    }

    void read_code_tables(MapReader& map) {
        const YamlNode* const tables = map.child_if_any("code_tables", Kind::map);
        if (!tables) return;
        for (const auto& [name, codes] : tables->entries) {
            CodeTable& table = dialect_.code_tables[name->text];
            table.name = name->text;
            if (codes->kind != Kind::map) {
                problems_.add(*codes, "code table '" + name->text + "' is not a map");
                continue;
            }
            std::set<std::string> seen;
            for (const auto& [code, words] : codes->entries) {
                auto list = texts_of(problems_, *words, "the words of code '" + code->text + "'");
                if (list.empty()) problems_.add(*words, "a code has no word");
                for (const std::string& word : list)
                    if (!seen.insert(word).second)
                        problems_.add(*words, "'" + word + "' stands for two codes");
                table.codes.emplace_back(code->text, std::move(list));
            }
        }
    }

    void read_own_records(MapReader& map) {
        const YamlNode* const own = map.child_if_any("own_records", Kind::map);
        if (!own) return;
        for (const auto& [id, node] : own->entries) {
            MapReader record(problems_, *node, "record '" + id->text + "'");
            auto type = std::make_unique<FileType>();
            type->id = id->text;
            if (edition_->file(id->text))
                problems_.add(*id, "'" + id->text + "' is a file of the standard");
            type->name = record.text("name");
            each(record, "items", [&](MapReader& item) {
                Field field;
                field.no = static_cast<int>(type->fields.size()) + 1;
                field.key = item.text("key");
                field.name = item.text("name");
                type->fields.push_back(std::move(field));
            });
            type->keys = record.texts("keys");
            record.finish();
            dialect_.own_types.push_back(std::move(type));
        }
    }

    void read_loses(MapReader& map) {
        const YamlNode* const loses = map.child_if_any("loses", Kind::map);
        if (!loses) return;
        for (const auto& [id, items] : loses->entries) {
            const FileType* const type = dialect_.type(catalog_, id->text);
            if (!type) problems_.add(*id, "'" + id->text + "' is no file of the standard");
            auto keys = texts_of(problems_, *items, "what is lost of '" + id->text + "'");
            for (const std::string& key : keys)
                if (type && key != "*" && type->column(key) < 0)
                    problems_.add(*items, "'" + key + "' is no item of " + id->text);
            dialect_.loses[id->text] = std::move(keys);
        }
    }

    void read_fills(MapReader& map) {
        each(map, "fills", [&](MapReader& entry) {
            Fill fill;
            fill.type = entry.text("type");
            fill.key = entry.text("item");
            fill.value = entry.text("value");
            fill.why_ja = entry.text("why_ja");
            fill.why_en = entry.text("why_en");
            const FileType* const type =
                fill.type == "*" ? nullptr : dialect_.type(catalog_, fill.type);
            if (fill.type != "*" && !type)
                entry.problem("type", "'" + fill.type + "' is no file of the standard");
            if (type && type->column(fill.key) < 0)
                entry.problem("item", "'" + fill.key + "' is no item of " + fill.type);
            dialect_.fills.push_back(std::move(fill));
        });
    }

    // -- files --

    void read_file(const YamlNode& node) {
        MapReader map(problems_, node, "a file");
        FileRule rule;
        rule.line = node.line;
        rule.id = map.text("id");
        nested(map, "name", [&](MapReader& name) {
            rule.name.read = name.texts("read");
            rule.name.write = name.text_if_any("write");
        });
        rule.header = choice_if_any(map, "header", header_rules, HeaderRule::none);
        rule.max_preamble = map.number_if_any("max_preamble", 0, 100).value_or(0);
        rule.per = choice_if_any(map, "per", pers, Per::set);
        if (map.has("standard")) {
            read_standard(map, rule);
        } else {
            check_patterns(map, rule.name.read, "name");
            if (dialect_.writes() && rule.name.write.empty())
                map.problem("name", "a file that is written needs 'write' in its name");
            read_own_layout(map, rule);
            dialect_.files.push_back(std::move(rule));
        }
        map.finish();
    }

    void check_patterns(MapReader& map, const std::vector<std::string>& patterns,
                        std::string_view key) {
        for (const std::string& pattern : patterns)
            if (!is_text_pattern(pattern))
                map.problem(key, "'" + pattern + "' is no regular expression");
    }

    /// One rule a file type of an edition, its columns those of the standard.
    void read_standard(MapReader& map, const FileRule& shared) {
        const std::string id = map.text("standard");
        const Edition* const edition = catalog_.edition(id);
        if (!edition || edition != edition_) {
            map.problem("standard", "'" + id + "' is not the edition of this dialect");
            map.for_readers({"types", "type_names", "kinds", "items", "mend", "headers"});
            return;
        }
        const std::vector<std::string> only = map.texts("types");
        for (const std::string& type : only)
            if (!edition->file(type)) map.problem("types", "'" + type + "' is no file type");
        std::map<std::string, std::vector<std::string>> aliases;
        if (const YamlNode* names = map.child_if_any("type_names", Kind::map))
            for (const auto& [type, words] : names->entries)
                aliases[type->text] = texts_of(problems_, *words, "names of '" + type->text + "'");
        std::map<std::string, Column> by_kind = overrides(map, "kinds");
        std::map<std::string, Column> by_item = overrides(map, "items");
        for (const auto& [kind, column] : by_kind)
            if (!field_type_of(kind)) map.problem("kinds", "'" + kind + "' is no type of items");
        std::vector<std::string> mend = map.texts("mend");
        const Names<bool> header_names{{"names", false}, {"keys", true}};
        const bool by_key = choice_if_any(map, "headers", header_names, false);
        if (by_key && shared.header == HeaderRule::none)
            map.problem("headers", "there is no header row to hold the keys");
        for (const FileType& type : edition->files) {
            if (!type.is_csv()) continue;
            if (!only.empty() && std::find(only.begin(), only.end(), type.id) == only.end())
                continue;
            FileRule rule = shared;
            rule.id += ":" + type.id;
            rule.standard = &type;
            rule.type_names = {type.id};
            for (const std::string& alias : aliases[type.id]) rule.type_names.push_back(alias);
            for (const std::string& what : mend) {
                if (what == "swapped_types")
                    rule.mend_swapped_types = true;
                else if (what == "office_zero")
                    rule.mend_office_zero = true;
                else
                    map.problem("mend", "'" + what + "' is none of swapped_types, office_zero");
            }
            for (std::string& pattern : rule.name.read) pattern = with_type(pattern, rule);
            check_patterns(map, rule.name.read, "name");
            RecordRule record;
            record.line = map.line();
            record.cells = type.fields.size();
            for (const Field& field : type.fields) {
                Column column;
                if (const auto kind = by_kind.find(std::string(name_of(field.type)));
                    kind != by_kind.end())
                    column = kind->second;
                else
                    column.type = value_type_of(field.type);
                if (const auto item = by_item.find(field.key); item != by_item.end())
                    column = item->second;
                if (column.forms.empty()) column.forms = {Form::plain};
                column.at = by_key ? 0 : field.no; // Japanese names may stand twice: 第3表
                column.to = field.key;
                column.names = {by_key ? field.key : field.name};
                record.columns.push_back(std::move(column));
            }
            Product product;
            product.type = type.id;
            record.products.push_back(std::move(product));
            rule.records.push_back(std::move(record));
            dialect_.files.push_back(std::move(rule));
        }
    }

    std::map<std::string, Column> overrides(MapReader& map, std::string_view key) {
        std::map<std::string, Column> columns;
        const YamlNode* const node = map.child_if_any(key, Kind::map);
        if (!node) return columns;
        for (const auto& [name, value] : node->entries) {
            MapReader inner(problems_, *value, "'" + name->text + "'");
            Column column;
            column.type = ValueType::code;
            read_value_rules(inner, column);
            inner.finish();
            columns.emplace(name->text, std::move(column));
        }
        return columns;
    }

    static std::string with_type(std::string pattern, const FileRule& rule) {
        std::string names;
        for (const std::string& name : rule.type_names) names += (names.empty() ? "" : "|") + name;
        const std::string place = "{type}";
        if (const std::size_t at = pattern.find(place); at != std::string::npos)
            pattern.replace(at, place.size(), "(?:" + names + ")");
        return pattern;
    }

    void read_own_layout(MapReader& map, FileRule& rule) {
        rule.type_column = map.number_if_any("type_column", 1, most_columns).value_or(0);
        each(map, "preamble", [&](MapReader& entry) {
            Preamble preamble;
            preamble.pattern = entry.text("pattern");
            preamble.write = entry.text_if_any("write");
            check_patterns(entry, {preamble.pattern}, "pattern");
            if (const YamlNode* groups = entry.child_if_any("groups", Kind::map))
                for (const auto& [name, value] : groups->entries) {
                    MapReader inner(problems_, *value, "group '" + name->text + "'");
                    Column column;
                    read_value_rules(inner, column);
                    inner.finish();
                    preamble.groups[name->text] = {column.type, column.forms};
                }
            rule.preamble.push_back(std::move(preamble));
        });
        each(map, "records", [&](MapReader& entry) { read_record(entry, rule); });
        if (rule.records.empty()) map.problem("records", "a file has no records");
        if (rule.type_column == 0 && rule.records.size() > 1)
            map.problem("records", "several records need a type_column");
        if (dialect_.writes())
            for (const RecordRule& record : rule.records)
                if (record.role == RecordRule::Role::control ||
                    record.role == RecordRule::Role::end)
                    problems_.add(record.line, "control and end records are read only: the "
                                               "dialect's direction has to be 'in'");
    }

    void read_record(MapReader& map, FileRule& rule) {
        RecordRule record;
        record.line = map.line();
        record.role = choice_if_any(map, "role", roles, RecordRule::Role::data);
        record.when = map.texts("when");
        record.cells =
            static_cast<std::size_t>(map.number_if_any("cells", 1, most_columns).value_or(0));
        each(map, "products", [&](MapReader& entry) { read_product(entry, record); });
        each(map, "columns", [&](MapReader& entry) { read_column(entry, rule, record); });
        each(map, "look_ups", [&](MapReader& entry) {
            LookUp look_up;
            look_up.table = entry.text("table");
            read_pairs(entry, "by", false, record, look_up.by);
            read_pairs(entry, "give", true, record, look_up.give);
            record.look_ups.push_back(std::move(look_up));
        });
        for (const std::string& target : map.texts("fill_down")) {
            const auto found = std::find_if(record.columns.begin(), record.columns.end(),
                                            [&](const Column& c) { return c.to == target; });
            if (found == record.columns.end())
                map.problem("fill_down", "no column is for '" + target + "'");
            else
                record.fill_down.push_back(
                    static_cast<std::size_t>(found - record.columns.begin()));
        }
        record.unique = map.texts("unique");
        for (const std::string& reference : record.unique)
            check_reference(map, "unique", reference, record);
        if (const auto period = map.texts("period"); period.size() == 2) {
            record.period_from = period[0];
            record.period_to = period[1];
            for (const std::string& reference : period)
                check_reference(map, "period", reference, record);
        } else if (!period.empty()) {
            map.problem("period", "a period has two items: from and to");
        }
        if (record.role == RecordRule::Role::data && record.products.empty())
            map.problem("products", "a data record makes nothing");
        if (rule.type_column != 0 && record.when.empty())
            map.problem("when", "no value of the type column is named");
        rule.records.push_back(std::move(record));
    }

    void read_product(MapReader& map, RecordRule& record) {
        Product product;
        product.type = map.text("type");
        if (!dialect_.type(catalog_, product.type))
            map.problem("type", "'" + product.type + "' is no file of the standard");
        product.from = map.text_if_any("from");
        product.to = map.text_if_any("to");
        product.from_type = map.text_if_any("from_type");
        product.to_type = map.text_if_any("to_type");
        product.alone = map.flag_if_any("alone");
        product.only_when = map.text_if_any("only_when");
        product.only_values = map.texts("only_values");
        nested(map, "days", [&](MapReader& entry) {
            Days days;
            days.first = entry.number_if_any("first", 1, most_columns).value_or(0);
            days.header = entry.text_if_any("header");
            days.one_cell = entry.flag_if_any("one_cell");
            days.yes = entry.texts("yes");
            days.flag = !days.yes.empty();
            if ((days.first == 0) == days.header.empty())
                entry.problem("first", "days are found either by 'first' or by 'header'");
            if (days.one_cell && !days.flag)
                entry.problem("yes", "days of one character each need the word that says yes");
            product.days = std::move(days);
        });
        record.products.push_back(std::move(product));
    }

    void read_column(MapReader& map, const FileRule& rule, RecordRule& record) {
        Column column;
        column.line = map.line();
        column.at = map.number_if_any("at", 1, most_columns).value_or(0);
        column.names = map.texts("name");
        const bool by_name = rule.header != HeaderRule::none;
        if (by_name && column.names.empty()) map.problem("name", "a column needs a header's name");
        if (!by_name && column.at == 0) map.problem("at", "a column needs its number");
        column.to = map.text_if_any("to");
        if (!column.to.empty()) check_reference(map, "to", column.to, record);
        if (record.role != RecordRule::Role::data && !column.to.empty() && !is_variable(column.to))
            map.problem("to", "only data records have items; others set variables (@name)");
        read_value_rules(map, column);
        column.required = map.flag_if_any("required");
        column.optional_column = map.flag_if_any("optional");
        column.quote = map.flag_if_any("quote");
        column.constant = map.text_if_any("constant");
        column.derived = choice_if_any(map, "derived", derivations, Derived::none);
        column.derived_from = map.texts("of");
        if (column.derived != Derived::none && !column.to.empty())
            map.problem("derived", "a derived column sets no item");
        for (const std::string& reference : column.derived_from)
            check_reference(map, "of", reference, record);
        const std::size_t wanted = column.derived == Derived::weekday            ? 1
                                   : column.derived == Derived::duration_minutes ? 2
                                                                                 : 0;
        if (column.derived_from.size() != wanted)
            map.problem("of", "this derivation is of " + std::to_string(wanted) + " items");
        record.columns.push_back(std::move(column));
    }

    void read_value_rules(MapReader& map, Column& column) {
        column.type = choice_if_any(map, "type", value_types, column.type);
        for (const std::string& form : map.texts("forms")) {
            column.forms.push_back(choice(map, "forms", forms, form));
            if (!fits(column.type, column.forms.back()))
                map.problem("forms", "'" + form + "' is no form of this type");
        }
        if (column.forms.empty()) column.forms = {Form::plain};
        column.pad = static_cast<std::size_t>(map.number_if_any("pad", 1, 40).value_or(0));
        if (const std::string table = map.text_if_any("codes"); !table.empty()) {
            const auto found = dialect_.code_tables.find(table);
            if (found == dialect_.code_tables.end())
                map.problem("codes", "'" + table + "' is no code table of this dialect");
            else
                column.codes = &found->second;
        }
        column.untimed = map.texts("untimed");
        column.empty = map.text_if_any("empty");
    }

    void read_pairs(MapReader& map, std::string_view key, bool item_first, const RecordRule& record,
                    std::vector<std::pair<std::string, std::string>>& pairs) {
        const YamlNode* const node = map.child(key, Kind::map);
        if (!node) return;
        for (const auto& [left, right] : node->entries) {
            check_reference(map, key, item_first ? left->text : right->text, record);
            pairs.emplace_back(left->text, right->text);
        }
    }

    /// An item of one of the record's products, or a variable.
    void check_reference(MapReader& map, std::string_view key, const std::string& reference,
                         const RecordRule& record) {
        if (is_variable(reference)) return;
        for (const Product& product : record.products) {
            const FileType* const type = dialect_.type(catalog_, product.type);
            if (type && type->column(reference) >= 0) return;
        }
        map.problem(key, "'" + reference + "' is no item of what this record makes");
    }

    const Catalog& catalog_;
    const SourceFile& source_;
    Problems problems_;
    YamlDocument document_;
    const Edition* edition_ = nullptr;
    Dialect dialect_;
};

} // namespace

std::string Column::label() const {
    return names.empty() ? "No." + std::to_string(at) : names.front();
}

const FileType* Dialect::type(const Catalog& catalog, std::string_view type_id) const {
    for (const auto& own : own_types)
        if (own->id == type_id) return own.get();
    const Edition* const known = catalog.edition(edition);
    return known ? known->file(type_id) : nullptr;
}

bool Dialect::is_lost(std::string_view type, std::string_view key) const {
    const auto found = loses.find(type);
    if (found == loses.end()) return false;
    return std::any_of(found->second.begin(), found->second.end(),
                       [&](const std::string& lost) { return lost == "*" || lost == key; });
}

DialectOutcome load_dialect(const Catalog& catalog, const SourceFile& source) {
    DialectOutcome outcome;
    auto dialect =
        std::make_shared<Dialect>(DialectLoader(catalog, source, outcome.problems).load());
    if (outcome.problems.empty()) outcome.dialect = std::move(dialect);
    return outcome;
}

std::vector<DialectPtr> load_dialects(const Catalog& catalog, const std::filesystem::path& folder,
                                      std::vector<LoadProblem>& problems) {
    std::map<std::string, DialectPtr> dialects;
    const auto take = [&](const SourceFile& source) {
        DialectOutcome outcome = load_dialect(catalog, source);
        problems.insert(problems.end(), outcome.problems.begin(), outcome.problems.end());
        if (outcome.dialect) dialects[outcome.dialect->id] = outcome.dialect;
    };
    for (const SourceFile& source : embedded_dialects()) take(source);
    if (!folder.empty())
        for (const SourceFile& source : yaml_sources_of(folder)) take(source);
    std::vector<DialectPtr> list;
    for (auto& [id, dialect] : dialects) list.push_back(std::move(dialect));
    return list;
}

} // namespace cpg::adapters
