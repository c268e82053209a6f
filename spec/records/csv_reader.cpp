#include "spec/records/csv_reader.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <csv.h>
#include <exception>
#include <new>
#include <optional>

namespace cpg {

namespace {

/// Bytes handed to libcsv at a time: how soon a visitor that threw is noticed.
constexpr std::size_t chunk_size = 64 * 1024;
/// Growth of libcsv's cell buffer; its own 128 bytes make an open quote over a large file slow.
constexpr std::size_t buffer_growth = 16 * 1024;
/// Bytes looked at behind a piece: the line feed after its carriage return, the byte after a cell.
constexpr std::size_t look_ahead = 64;
constexpr std::size_t version_length = 6; // CSVバージョン, the first item of every type

bool is_blank(char byte) {
    return byte == ' ' || byte == '\t';
} // what libcsv trims
bool is_line_end(char byte) {
    return byte == '\r' || byte == '\n';
}
int is_space_but_tab(unsigned char byte) { // what libcsv trims where a tab separates
    return byte == ' ' ? 1 : 0;
}

constexpr std::uint64_t every_byte(std::uint64_t value) {
    return value * 0x0101010101010101u;
}

/// High bit of each byte that is zero; no false negative, false positives only above a true one.
std::uint64_t zero_bytes(std::uint64_t word) {
    return (word - every_byte(0x01)) & ~word & every_byte(0x80);
}

/// Whether a quote or a line end occurs, eight bytes a step.
bool has_quote_or_line_end(BytesView text) {
    std::size_t i = 0;
    for (; text.size() - i >= sizeof(std::uint64_t); i += sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + i, sizeof word);
        if ((zero_bytes(word ^ every_byte('"')) | zero_bytes(word ^ every_byte('\r')) |
             zero_bytes(word ^ every_byte('\n'))) != 0)
            return true;
    }
    return std::any_of(text.begin() + static_cast<std::ptrdiff_t>(i), text.end(),
                       [](char byte) { return byte == '"' || is_line_end(byte); });
}

std::uint32_t count_line_ends(BytesView text) {
    std::uint32_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool first_of_crlf = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
        if (is_line_end(text[i]) && !first_of_crlf) ++count;
    }
    return count;
}

bool is_version(BytesView text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text.size() == version_length &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Where the cell that starts at `from` ends by libcsv's lenient reading; needed for odd cells
/// only, the others are told by their length. Blanks at both ends belong to the cell.
std::size_t end_of_odd_cell(BytesView file, std::size_t from, char delimiter) {
    enum class State { start, bare, quoted, after_quote };
    State state = State::start;
    bool blank_after_quote = false;
    for (std::size_t i = from; i < file.size(); ++i) {
        const char byte = file[i];
        const bool separator = byte == delimiter || is_line_end(byte);
        switch (state) {
        case State::start:
            if (separator) return i;
            if (!is_blank(byte)) state = byte == '"' ? State::quoted : State::bare;
            break;
        case State::bare:
            if (separator) return i;
            break;
        case State::quoted:
            if (byte == '"') {
                state = State::after_quote;
                blank_after_quote = false;
            }
            break;
        case State::after_quote:
            if (separator) return i;
            if (byte != '"' && !is_blank(byte)) state = State::quoted;
            if (byte == '"' && !blank_after_quote) state = State::quoted;
            blank_after_quote = is_blank(byte);
            break;
        }
    }
    return file.size();
}

/// Follows libcsv through the file: libcsv says how long each cell's text is, the cursor finds its
/// bytes.
class Reader {
  public:
    Reader(BytesView file, const CsvVisitor& visitor, const CsvPlace& from)
        : file_(file), visitor_(visitor), cursor_(static_cast<std::size_t>(from.offset)),
          seen_first_record_(from.offset != 0) {
        shape_.records = from.record;
        shape_.lines = from.line;
        if (csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
        csv_set_blk_size(&parser_, buffer_growth);
        csv_set_delim(&parser_, static_cast<unsigned char>(visitor_.delimiter));
        if (visitor_.delimiter == '\t') csv_set_space_func(&parser_, is_space_but_tab);
        record_.number = from.record + 1;
    }
    ~Reader() { csv_free(&parser_); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    CsvShape read() {
        for (std::size_t position = cursor_; position < file_.size();) {
            if (visitor_.move) visitor_.move(begin_of_record(), position + chunk_size + look_ahead);
            position = feed(position, std::min(chunk_size, file_.size() - position));
            if (record_.cells.empty()) skip_blank_lines(position);
            if (is_too_long(position)) file_ = file_.substr(0, position);
        }
        finish();
        shape_.end = file_.size();
        return shape_;
    }

  private:
    /// Of the record that is being read.
    std::size_t begin_of_record() const {
        return record_.cells.empty() ? cursor_ : static_cast<std::size_t>(record_.offset);
    }

    bool is_too_long(std::size_t position) {
        const std::size_t begin = std::min(begin_of_record(), position);
        if (position - begin <= visitor_.max_record_bytes &&
            record_.cells.size() <= visitor_.max_record_cells)
            return false;
        note(CsvProblem::too_long, shape_.lines + 1, begin_of_record());
        return true;
    }

    static void on_cell(void* text, std::size_t length, void* self) {
        static_cast<Reader*>(self)->guard(
            [&](Reader& reader) { reader.take_cell(static_cast<const char*>(text), length); });
    }
    static void on_row(int, void* self) {
        static_cast<Reader*>(self)->guard([](Reader& reader) { reader.take_row(); });
    }

    /// No exception crosses libcsv: the first one is kept and thrown again by feed().
    template<class Action> void guard(Action action) noexcept {
        if (failure_) return;
        try {
            action(*this);
        } catch (...) {
            failure_ = std::current_exception();
        }
    }

    /// Returns the position after what was read. A quote where none may stand stops libcsv's strict
    /// reading; it is noted and its byte is read leniently.
    std::size_t feed(std::size_t position, std::size_t length) {
        const std::size_t done =
            csv_parse(&parser_, file_.data() + position, length, on_cell, on_row, this);
        rethrow();
        if (done == length) return position + length;
        if (csv_error(&parser_) != CSV_EPARSE) throw std::bad_alloc();
        const std::size_t odd = position + done;
        if (!odd_quote_) odd_quote_ = odd;
        odd_ = true;
        csv_set_opts(&parser_, 0);
        const std::size_t lenient =
            csv_parse(&parser_, file_.data() + odd, 1, on_cell, on_row, this);
        csv_set_opts(&parser_, CSV_STRICT | CSV_STRICT_FINI);
        rethrow();
        if (lenient != 1) throw std::bad_alloc();
        return odd + 1;
    }

    void finish() {
        if (csv_fini(&parser_, on_cell, on_row, this) != 0) {
            open_quote_ = odd_ = true;
            csv_set_opts(&parser_, 0);
            csv_fini(&parser_, on_cell, on_row, this);
        }
        rethrow();
        skip_blank_lines(file_.size());
        if (!file_.empty() && !is_line_end(file_.back())) ++shape_.lines;
        shape_.last_line_end = !file_.empty() && is_line_end(file_.back()) && !open_quote_;
    }

    void rethrow() {
        if (failure_) std::rethrow_exception(failure_);
    }

    void take_cell(const char* text, std::size_t length) {
        const bool first = record_.cells.empty();
        if (first) begin_record();
        Cell& cell = record_.cells.emplace_back();
        cell.offset = cursor_;
        cell.line = shape_.lines + 1;
        if (!take_plain_cell(cell, {text, length})) take_odd_cell(cell);
        if (first) number_record(cell);
        if (byte_at(cursor_) == visitor_.delimiter) ++cursor_;
    }

    /// The end of the file ends a row as a line end does.
    char byte_at(std::size_t position) const {
        return position < file_.size() ? file_[position] : '\n';
    }

    bool is_cell_end(std::size_t position) const {
        const char byte = byte_at(position);
        return byte == visitor_.delimiter || is_line_end(byte);
    }

    /// The cell as nearly all are: bare without blanks around it, or quoted with nothing around the
    /// quotes.
    bool take_plain_cell(Cell& cell, BytesView text) {
        const char first = byte_at(cursor_);
        if (odd_ || (is_blank(first) && first != visitor_.delimiter)) return false;
        if (first == '"') return take_quoted_cell(cell, text);
        const std::size_t end = cursor_ + text.size();
        if (!is_cell_end(end)) return false;
        cell.raw = {file_.data() + cursor_, text.size()};
        cursor_ = end;
        return true;
    }

    bool take_quoted_cell(Cell& cell, BytesView text) {
        std::size_t inner_quotes = 0;
        std::uint32_t line_ends = 0;
        if (has_quote_or_line_end(text)) {
            inner_quotes = static_cast<std::size_t>(std::count(text.begin(), text.end(), '"'));
            line_ends = count_line_ends(text);
        }
        const std::size_t raw_length = text.size() + inner_quotes;
        const std::size_t end = cursor_ + raw_length + 2;
        if (end > file_.size() || !is_cell_end(end)) return false;
        cell.quoted = true;
        cell.escaped = inner_quotes != 0;
        cell.raw = {file_.data() + cursor_ + 1, raw_length};
        cursor_ = end;
        shape_.lines += line_ends;
        return true;
    }

    void take_odd_cell(Cell& cell) {
        const std::size_t end = end_of_odd_cell(file_, cursor_, visitor_.delimiter);
        const BytesView whole = file_.substr(cursor_, end - cursor_);
        const std::size_t quote = whole.find('"');
        cell.raw = whole;
        cell.quoted = open_quote_ && !odd_quote_ && quote == 0;
        if (cell.quoted) cell.raw.remove_prefix(1);
        cell.escaped = cell.quoted && cell.raw.find('"') != BytesView::npos;
        if (odd_quote_ || (!open_quote_ && quote != BytesView::npos))
            note(CsvProblem::quote_inside, cell.line, odd_quote_.value_or(cursor_ + quote));
        if (open_quote_) note(CsvProblem::quote_open, cell.line, cursor_);
        shape_.lines += count_line_ends(whole);
        cursor_ = end;
        odd_quote_.reset();
        odd_ = open_quote_;
    }

    void begin_record() {
        skip_blank_lines(file_.size());
        record_.line = shape_.lines + 1;
        record_.offset = cursor_;
    }

    void number_record(const Cell& first) {
        if (!seen_first_record_) {
            seen_first_record_ = true;
            shape_.header_row = !is_version(first.raw);
            if (shape_.header_row) {
                record_.number = 0;
                return;
            }
        }
        record_.number = ++shape_.records;
    }

    void take_row() {
        if (cursor_ < file_.size()) take_line_end();
        if (visitor_.record) visitor_.record(record_);
        record_.cells.clear();
        record_.number = shape_.records + 1; // of the record that notes from here on belong to
    }

    void take_line_end() {
        const std::size_t at = cursor_;
        const std::uint32_t line = shape_.lines + 1;
        const bool carriage_return = file_[cursor_] == '\r';
        ++cursor_;
        if (carriage_return && cursor_ < file_.size() && file_[cursor_] == '\n') {
            ++cursor_;
            shape_.crlf = true;
        } else if (carriage_return) {
            note(CsvProblem::lone_cr, line, at);
        } else {
            shape_.lf_only = true;
        }
        ++shape_.lines;
    }

    /// libcsv swallows lines of nothing but blanks between records. A line that is not known to its
    /// end yet waits.
    void skip_blank_lines(std::size_t known) {
        while (cursor_ < known) {
            std::size_t end = cursor_;
            while (end < known && is_blank(file_[end]) && file_[end] != visitor_.delimiter) ++end;
            if (end == known ? known != file_.size() : !is_line_end(file_[end])) return;
            note(CsvProblem::blank_line, shape_.lines + 1, cursor_);
            cursor_ = end;
            if (cursor_ < file_.size()) take_line_end();
        }
    }

    void note(CsvProblem problem, std::uint32_t line, std::uint64_t offset) {
        if (visitor_.note) visitor_.note({problem, record_.number, line, offset});
    }

    BytesView file_;
    const CsvVisitor& visitor_;
    csv_parser parser_{};
    std::size_t cursor_;                   // of the next byte not yet told to the visitor
    std::optional<std::size_t> odd_quote_; // where strict reading stopped inside the current cell
    bool open_quote_ = false;
    bool odd_ = false; // either of both
    bool seen_first_record_;
    Record record_;
    CsvShape shape_;
    std::exception_ptr failure_;
};

} // namespace

Bytes Cell::text() const {
    Bytes out(raw);
    if (!escaped) return out;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[kept++] = out[i];
        if (out[i] == '"' && i + 1 < out.size() && out[i + 1] == '"') ++i;
    }
    out.resize(kept);
    return out;
}

CsvShape read_csv(BytesView file, const CsvVisitor& visitor) {
    return Reader(file, visitor, {}).read();
}

CsvShape read_csv(BytesView file, const CsvVisitor& visitor, const CsvPlace& from,
                  std::uint64_t to) {
    return Reader(file.substr(0, static_cast<std::size_t>(to)), visitor, from).read();
}

void append_cell(Bytes& out, BytesView ms932, bool quote) {
    if (!quote) {
        out += ms932;
        return;
    }
    out += '"';
    for (const char byte : ms932) {
        if (byte == '"') out += '"';
        out += byte;
    }
    out += '"';
}

} // namespace cpg
