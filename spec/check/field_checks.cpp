#include "spec/check/field_checks.hpp"

#include "spec/base/clock.hpp"
#include "spec/base/digits.hpp"
#include "spec/check/same.hpp"
#include "spec/records/cp932.hpp"

#include <algorithm>

namespace cpg::checking {
namespace {

bool is_integer(BytesView text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    return !text.empty() && all_digits(text);
}

/// Blanks of MS932: the ASCII ones and the full-width one, 81 40.
constexpr BytesView full_width_blank = "\x81\x40";

/// A full-width digit, letter, or hyphen (MS932 82 4F-58, 60-79, 81-9A; 81 7C).
bool has_full_width(BytesView text) {
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const auto trail = static_cast<unsigned char>(text[i + 1]);
        if (lead == 0x81 && trail == 0x7C) return true;
        if (lead == 0x82 && ((trail >= 0x4F && trail <= 0x58) || (trail >= 0x60 && trail <= 0x79) ||
                             (trail >= 0x81 && trail <= 0x9A)))
            return true;
        if (lead >= 0x81 && (lead <= 0x9F || lead >= 0xE0)) ++i;
    }
    return false;
}

/// How a clerk writes the form down.
std::string form_text(const Field& field) {
    switch (field.type) {
    case FieldType::hhmm:
        return "HHMM";
    case FieldType::hhmm_or_9999:
        return "HHMM / 9999";
    case FieldType::insurer_no:
        return "999999";
    case FieldType::office_no:
        return "9999999999 / 99A9999999";
    case FieldType::office_no_or_all9:
        return "9999999999 / 99A9999999";
    case FieldType::service_type:
        return "XX (0-9 A-Z)";
    case FieldType::service_code:
        return "XXXXXX (0-9 A-Z)";
    case FieldType::service_code_or_total:
        return "XXXXXX (0-9 A-Z) / 999999";
    case FieldType::seq:
        return "1-99";
    case FieldType::integer:
        return "0-9";
    case FieldType::alnum:
        return "0-9 A-Z a-z";
    case FieldType::postal:
        return "999-9999";
    case FieldType::phone:
        return "0-9 + ( ) -";
    case FieldType::decimal:
        return "99.99";
    default:
        return field.pattern.source();
    }
}

std::string allowed_codes(const CodeList& list) {
    std::string text;
    for (const auto& [code, meaning] : list.values) {
        if (!text.empty()) text += ", ";
        text += code;
        text += ' ';
        text += meaning;
    }
    return text;
}

/// 2400 as an end time: written by some, and what is meant is plain (R-TIME-02).
bool is_end_of_day(const Field& field, BytesView text) {
    return text == "2400" && (field.key == "end_time" || field.key.ends_with("_end"));
}

bool is_time(FieldType type) {
    return type == FieldType::hhmm || type == FieldType::hhmm_or_9999;
}

bool is_padded_seq(BytesView text) {
    return text.size() == 2 && text[0] == '0' && text[1] >= '1' && text[1] <= '9';
}

} // namespace

bool is_month(BytesView text) {
    return text.size() == 6 && all_digits(text) && text.substr(4) >= "01" && text.substr(4) <= "12";
}

BytesView trim(BytesView text) {
    for (;;) {
        if (text.starts_with(' ') || text.starts_with('\t'))
            text.remove_prefix(1);
        else if (text.starts_with(full_width_blank))
            text.remove_prefix(full_width_blank.size());
        else
            break;
    }
    for (;;) {
        if (text.ends_with(' ') || text.ends_with('\t'))
            text.remove_suffix(1);
        else if (text.ends_with(full_width_blank))
            text.remove_suffix(full_width_blank.size());
        else
            break;
    }
    return text;
}

FieldChecker::FieldChecker(const FileType& type, std::size_t file, Collector& findings)
    : type_(type), file_(file), findings_(findings), is_delete_(type.id.starts_with("DLT")),
      is_table6_(type.id == "UPPLAN" || type.id == "UPJSK") {
    columns_.reserve(type.fields.size());
    for (const Field& field : type.fields) columns_.push_back(compile(field));
    states_.resize(columns_.size());
}

FieldChecker::Column FieldChecker::compile(const Field& field) {
    Column column;
    column.field = &field;
    column.quoted = field.type == FieldType::free_text;
    column.reports_empty = field.required == Requirement::yes || field.needed;
    column.exact = field.fixed_length;
    // A doubtful mark of a required item says nothing about its form, and the other way round.
    column.doubtful_form =
        field.confidence != Confidence::high && field.required != Requirement::yes;
    column.length = static_cast<std::uint16_t>(
        std::min<std::size_t>(field.accept_length, std::numeric_limits<std::uint16_t>::max()));
    if (field.codes)
        for (const auto& [code, meaning] : field.codes->values)
            column.codes.push_back(pack_code(code));

    switch (field.type) {
    case FieldType::free_text:
        column.form = Form::text;
        break;
    case FieldType::unused:
        column.form = Form::unused;
        break;
    case FieldType::yyyymm:
        column.form = Form::month;
        break;
    case FieldType::yyyymm_or_zero:
        column.form = Form::month_or_zero;
        break;
    case FieldType::yyyymmdd:
        column.form = Form::day;
        break;
    case FieldType::yyyymmdd_or_zero:
        column.form = Form::day_or_zero;
        break;
    case FieldType::code:
        column.form = Form::code;
        break;
    case FieldType::integer:
        column.form = Form::integer;
        break;
    case FieldType::image_name:
        column.form = Form::anything;
        break; // R-IMG-01 looks for the file
    default:
        column.form = Form::pattern;
        break;
    }
    column.takes_any_text = column.form == Form::text && column.length == 0;
    if (field.key == "csv_version") column.form = Form::version;
    if (!field.fixed.empty()) column.form = Form::pattern;
    return column;
}

bool FieldChecker::fits(const Column& column, BytesView text) {
    const Field& field = *column.field;
    switch (column.form) {
    case Form::text:
        return column.length == 0 || character_count(text) <= column.length;
    case Form::version:
    case Form::month:
        return is_month(text);
    case Form::month_or_zero:
        return is_month(text) || text == field.zero_value;
    case Form::day:
        return is_real_day(text);
    case Form::day_or_zero:
        return is_real_day(text) || text == field.zero_value;
    case Form::code: {
        if (text.size() > sizeof(std::uint64_t)) return field.codes && field.codes->contains(text);
        return std::find(column.codes.begin(), column.codes.end(), pack_code(text)) !=
               column.codes.end();
    }
    case Form::integer:
        return text.size() <= column.length && is_integer(text);
    case Form::anything:
        return true;
    case Form::unused:
        return false;
    case Form::pattern:
        break;
    }
    if (!field.fixed.empty()) return text == field.fixed;
    if (column.length != 0 &&
        (column.exact ? text.size() != column.length : text.size() > column.length))
        return false;
    return field.pattern.matches(text);
}

void FieldChecker::check(const Record& record, const std::vector<std::uint64_t>& spoilt) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        Column& column = columns_[i];
        const Cell& cell = record.cells[i];
        if (cell.raw.empty()) {
            states_[i] = CellState::empty;
            if (column.reports_empty) [[unlikely]]
                empty_item(column, record);
            continue;
        }
        if (cell.quoted == column.quoted) {
            if (column.takes_any_text) {
                states_[i] = CellState::good;
                continue;
            }
            Seen& seen = column.good_before[slot_of(cell.raw)];
            if (same(cell.raw, seen.view())) {
                states_[i] = CellState::good;
                continue;
            }
            if (fits(column, cell.raw)) {
                states_[i] = CellState::good;
                if (!column.quoted) seen.keep(cell.raw);
                continue;
            }
        }
        states_[i] = judge(column, cell, record, spoilt);
    }
}

// 別紙 必須, 必要; 削除ファイルは全項目必須 (別紙 使用目的)
void FieldChecker::empty_item(const Column& column, const Record& record) {
    const Cell& cell = record.cells[static_cast<std::size_t>(column.field->no - 1)];
    const Site where = site(column, cell, record);
    if (is_delete_)
        findings_.raise(Rule::del_01, where);
    else if (column.field->required != Requirement::yes)
        findings_.raise(Rule::req_02, where);
    else if (column.field->confidence == Confidence::high)
        findings_.raise(Rule::req_01, where);
    else
        findings_.raise_mild(Rule::req_01, where, "doubtful");
}

CellState FieldChecker::judge(Column& column, const Cell& cell, const Record& record,
                              const std::vector<std::uint64_t>& spoilt) {
    if (column.quoted) return judge_text(column, cell, record);
    const auto first_spoilt = std::lower_bound(spoilt.begin(), spoilt.end(), cell.offset);
    if (first_spoilt != spoilt.end() && *first_spoilt <= cell.offset + cell.raw.size())
        return CellState::bad;

    const BytesView text = trim(cell.raw);
    if (text.empty()) { // nothing but blanks is nothing
        if (column.reports_empty) empty_item(column, record);
        return CellState::empty;
    }
    if (cell.quoted && !column.told_quotes) {
        column.told_quotes = true;
        findings_.raise_mild(Rule::csv_06, site(column, cell, record), "quoted");
    }
    const bool trimmed = text.size() != cell.raw.size();
    if (trimmed && !column.told_blanks) {
        column.told_blanks = true;
        findings_.raise_mild(Rule::csv_06, site(column, cell, record), "blank");
    }
    const CellState state =
        fits(column, text) ? CellState::good : judge_form(column, text, cell, record);
    return state == CellState::good && trimmed ? CellState::trimmed : state;
}

// 別紙 注: フリーテキストは「"」で囲む
CellState FieldChecker::judge_text(Column& column, const Cell& cell, const Record& record) {
    if (!cell.quoted && !column.told_quotes) {
        column.told_quotes = true;
        findings_.raise(Rule::csv_02, site(column, cell, record));
    }
    if (!fits(column, cell.raw)) wrong_length(column, cell.raw, site(column, cell, record));
    return CellState::good;
}

CellState FieldChecker::judge_form(Column& column, BytesView text, const Cell& cell,
                                   const Record& record) {
    const Field& field = *column.field;
    const Site where = site(column, cell, record);
    if (column.form == Form::unused) { // 識別子 ※使用しない
        if (!column.told_filled) findings_.raise_mild(Rule::code_01, where, "unused");
        column.told_filled = true;
        return CellState::good;
    }
    if (!field.fixed.empty()) { // 第7表 No.34 事業所コード 9999999999 固定
        findings_.raise(Rule::t7_08, where);
        return CellState::good;
    }
    if (field.type == FieldType::tais_code) {
        findings_.raise(Rule::wel_02, where, "form");
        return CellState::good;
    }
    if (is_time(field.type) && is_end_of_day(field, text)) {
        findings_.raise(Rule::time_02, where, "end_2400");
        return CellState::good;
    }
    if (has_full_width(text)) {
        findings_.raise(Rule::csv_06, where, "full_width");
        return CellState::bad;
    }
    if (column.form == Form::version) {
        if (Finding* finding = findings_.raise(Rule::code_01, where, "version"))
            if (field.codes && !field.codes->values.empty())
                finding->args["expected"] = field.codes->values.front().first;
        return CellState::bad;
    }
    if (column.form == Form::code) {
        Finding* const finding = column.doubtful_form
                                     ? findings_.raise_mild(Rule::code_01, where, "code")
                                     : findings_.raise(Rule::code_01, where, "code");
        if (finding && field.codes) finding->args["allowed"] = allowed_codes(*field.codes);
        return CellState::bad;
    }
    if (field.type == FieldType::insured_no) { // 別紙 No.3: 10桁、生保単独は「H」+9桁
        findings_.raise(Rule::id_01, where);
        return CellState::bad;
    }
    if (field.type == FieldType::day_bitmap31) { // 第6表 No.11
        if (text.size() != column.length) {
            if (Finding* finding = findings_.raise(Rule::hiw_01, where, "length"))
                finding->args["found_length"] = std::to_string(character_count(text));
        } else {
            findings_.raise(Rule::hiw_01, where, "characters");
        }
        return CellState::bad;
    }
    if (is_table6_ && field.key == "count") { // 第6表 No.14 サービス回数
        findings_.raise(Rule::cnt_01, where);
        return CellState::bad;
    }
    if (is_table6_ && field.type == FieldType::hhmm_or_9999) { // 第6表 No.12, 13
        findings_.raise(Rule::time_01, where);
        return CellState::bad;
    }
    const std::size_t length = character_count(text);
    if (column.length != 0 && (column.exact ? length != column.length : length > column.length)) {
        wrong_length(column, text, where);
        return CellState::bad;
    }
    switch (column.form) {
    case Form::month:
    case Form::month_or_zero:
    case Form::day:
    case Form::day_or_zero:
        findings_.raise(Rule::date_01, where);
        return CellState::bad;
    default:
        break;
    }
    if (field.type == FieldType::seq &&
        is_padded_seq(text)) { // zero padding: the standard is silent
        wrong_pattern(column, where, true);
        return CellState::good;
    }
    if (field.type == FieldType::phone) { // no form given by the standard
        wrong_pattern(column, where, true);
        return CellState::good;
    }
    wrong_pattern(column, where, column.doubtful_form);
    return CellState::bad;
}

void FieldChecker::wrong_length(const Column& column, BytesView text, const Site& where) {
    const std::string_view variant = column.exact ? "exact" : "max";
    Finding* const finding = column.doubtful_form
                                 ? findings_.raise_mild(Rule::len_01, where, variant)
                                 : findings_.raise(Rule::len_01, where, variant);
    if (!finding) return;
    finding->args["expected"] = std::to_string(column.length);
    finding->args["found_length"] = std::to_string(character_count(text));
}

void FieldChecker::wrong_pattern(const Column& column, const Site& where, bool mild) {
    Finding* const finding = mild ? findings_.raise_mild(Rule::code_01, where, "pattern")
                                  : findings_.raise(Rule::code_01, where, "pattern");
    if (finding) finding->args["form"] = form_text(*column.field);
}

Site FieldChecker::site(const Column& column, const Cell& cell, const Record& record) const {
    return {.file = file_,
            .record = record.number,
            .line = cell.line,
            .type = &type_,
            .field = column.field,
            .byte_offset = cell.offset,
            .value = cell.raw};
}

} // namespace cpg::checking
