#include "spec/render/canonical.hpp"

#include "spec/base/digest.hpp"
#include "spec/records/cp932.hpp"
#include "spec/records/csv_reader.hpp"
#include "spec/records/utf8.hpp"
#include "spec/render/canonical_record.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace cpg {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

struct ChangeWords {
    std::string_view change, ja, en;
};
constexpr ChangeWords change_words[] = {
    {"encoding", "文字コードを MS932 にします", "the encoding becomes MS932"},
    {"header_row", "見出し行を除きます", "the header row is dropped"},
    {"blank_line", "空の行を除きます", "blank lines are dropped"},
    {"line_end", "行末を CRLF にします", "line ends become CRLF"},
    {"last_line_end", "最後の行末を補います", "the last line end is added"},
    {"free_text_quotes", "フリーテキストを引用符で囲みます", "free text gets its quotes"},
    {"coded_quotes", "コード項目の引用符を外します", "coded items lose their quotes"},
    {"odd_quotes", "余分な引用符を値として扱います", "stray quotes become part of the value"},
    {"open_quote", "閉じていない引用符を閉じます", "an open quote is closed"},
};

std::string_view change_of(CsvProblem problem) {
    switch (problem) {
    case CsvProblem::quote_open:
        return "open_quote";
    case CsvProblem::quote_inside:
        return "odd_quotes";
    case CsvProblem::lone_cr:
        return "line_end";
    case CsvProblem::blank_line:
        return "blank_line";
    case CsvProblem::too_long:
        break; // not without bounds
    }
    return "odd_quotes";
}

void append_string(std::string& out, std::string_view utf8) {
    out += boost::json::serialize(boost::json::string_view(utf8.data(), utf8.size()));
}

/// Compares what would be written with the source, piece by piece, keeping neither.
class Comparison {
  public:
    explicit Comparison(BytesView source) : rest_(source) {}
    void add(BytesView piece) {
        same_ = same_ && rest_.starts_with(piece);
        if (same_) rest_.remove_prefix(piece.size());
    }
    bool same() const { return same_ && rest_.empty(); }

  private:
    BytesView rest_;
    bool same_ = true;
};

class Converter {
  public:
    Converter(const FileName& name, BytesView bytes, Encoding encoding)
        : name_(name), bytes_(bytes), encoding_(encoding), comparison_(bytes) {}

    Canonical convert() {
        if (encoding_ != Encoding::ms932) changed("encoding", {});
        const BytesView text =
            encoding_ == Encoding::utf8_bom ? bytes_.substr(byte_order_mark.size()) : bytes_;
        const CsvShape shape = read_csv(
            text, {[&](const Record& record) { take(record); },
                   [&](const CsvNote& note) {
                       changed(change_of(note.problem), {.record = note.record, .line = note.line});
                   }});
        if (shape.header_row) changed("header_row", {.line = 1});
        if (shape.lf_only) changed("line_end", {});
        if (!shape.last_line_end && !text.empty()) changed("last_line_end", {.line = shape.lines});
        return finish();
    }

  private:
    void changed(std::string_view change, const Normalised& first) {
        const auto known = std::find_if(normalised_.begin(), normalised_.end(),
                                        [&](const auto& item) { return item.change == change; });
        if (known != normalised_.end()) {
            ++known->count;
            return;
        }
        normalised_.push_back(first);
        normalised_.back().change = change;
        normalised_.back().count = 1;
    }

    void take(const Record& record) {
        if (record.number == 0) return take_header(record);
        records_ += records_.empty() ? "\n{" : ",\n{";
        const auto& fields = name_.type->fields;
        written_.clear();
        for (std::size_t i = 0; i < record.cells.size(); ++i) {
            if (i == fields.size()) records_ += ",\"extra_columns\":[";
            if (i != 0 && i != fields.size()) records_ += ',';
            if (i < fields.size()) {
                append_string(records_, fields[i].key);
                records_ += ':';
            }
            take_cell(record, i);
        }
        if (record.cells.size() > fields.size()) records_ += ']';
        records_ += '}';
        end_csv_record(written_, 0);
        comparison_.add(written_);
    }

    void take_header(const Record& record) {
        for (const Cell& cell : record.cells) {
            if (!header_.empty()) header_ += ',';
            append_string(header_, utf8_of(cell.quoted ? cell.text() : Bytes(cell.raw)));
        }
    }

    void take_cell(const Record& record, std::size_t i) {
        const Cell& cell = record.cells[i];
        const bool free_text = is_free_text(*name_.type, i);
        CsvValue value{cell.quoted ? cell.text() : Bytes(cell.raw), free_text && cell.quoted};
        value.present = value.present || !value.bytes.empty();
        if (i != 0) written_ += ',';
        append_csv_value(written_, value, free_text);
        append_json_value(value);
        const bool whole_record = record.cells.size() == 1 && !value.present; // written as ""
        const bool loses = cell.quoted && !free_text && !needs_quotes(value.bytes) && !whole_record;
        const bool gains =
            !cell.quoted && value.present && (free_text || needs_quotes(value.bytes));
        if (!loses && !gains) return;
        changed(loses       ? "coded_quotes"
                : free_text ? "free_text_quotes"
                            : "odd_quotes",
                {.record = record.number, .line = cell.line, .column = static_cast<int>(i) + 1});
    }

    std::string utf8_of(const Bytes& bytes) const {
        return encoding_ == Encoding::ms932 ? to_utf8(bytes) : bytes;
    }

    void append_json_value(const CsvValue& value) {
        if (!value.present) {
            records_ += "null";
            return;
        }
        const std::string text = utf8_of(value.bytes);
        if (encoding_ != Encoding::ms932 || to_ms932(text).bytes == value.bytes) {
            append_string(records_, text);
            return;
        }
        records_ += "{\"text\":";
        append_string(records_, text);
        records_ += ",\"ms932\":\"" + hex(value.bytes) + "\"}";
    }

    Canonical finish() {
        Canonical out;
        out.exact = encoding_ == Encoding::ms932 && comparison_.same();
        std::string& json = out.json;
        json = "{\"format\":\"cpgw-records/1\",\"edition\":";
        append_string(json, name_.edition->id);
        json += ",\"type\":";
        append_string(json, name_.type->id);
        json += ",\"file\":";
        append_string(json, name_.text);
        json += ",\n\"source\":{\"bytes\":" + std::to_string(bytes_.size()) + ",\"sha256\":\"" +
                prefixed_hex(sha256(bytes_)) + "\"},\"exact\":" + (out.exact ? "true" : "false");
        json += ",\n\"normalised\":[";
        for (const Normalised& item : normalised_) {
            if (&item != normalised_.data()) json += ',';
            append_normalised(json, item);
        }
        json += ']';
        if (!header_.empty()) json += ",\n\"header\":[" + header_ + "]";
        json += ",\n\"records\":[" + records_ + "\n]}\n";
        out.normalised = std::move(normalised_);
        return out;
    }

    void append_normalised(std::string& json, const Normalised& item) const {
        json += "{\"change\":\"" + item.change + "\",\"count\":" + std::to_string(item.count);
        if (item.record != 0) json += ",\"record\":" + std::to_string(item.record);
        if (item.line != 0) json += ",\"line\":" + std::to_string(item.line);
        if (item.column != 0) {
            json += ",\"column\":" + std::to_string(item.column);
            const auto& fields = name_.type->fields;
            const auto index = static_cast<std::size_t>(item.column) - 1;
            if (index < fields.size()) json += ",\"key\":\"" + fields[index].key + "\"";
        }
        json += '}';
    }

    const FileName& name_;
    BytesView bytes_;
    Encoding encoding_;
    Comparison comparison_;
    std::vector<Normalised> normalised_;
    std::string records_, header_; // JSON
    Bytes written_;                // the current record as it will be written
};

Error malformed(std::string detail) {
    return {Errc::malformed, std::move(detail)};
}

} // namespace

std::string_view words_of_change(std::string_view change, bool japanese) {
    for (const ChangeWords& words : change_words)
        if (words.change == change) return japanese ? words.ja : words.en;
    return change;
}

Result<Canonical> to_canonical(const FileName& name, BytesView bytes) {
    if (!name.type->is_csv()) return malformed(name.text + ": not a CSV file");
    const Encoding encoding = guess_encoding(bytes);
    if (encoding == Encoding::utf16le || encoding == Encoding::utf16be)
        return malformed(name.text + ": UTF-16, not MS932 (R-ENC-01)");
    if (encoding != Encoding::ms932 && !is_utf8(bytes))
        return malformed(name.text + ": begins as UTF-8 but is not (R-ENC-01)");
    return Converter(name, bytes, encoding).convert();
}

} // namespace cpg
