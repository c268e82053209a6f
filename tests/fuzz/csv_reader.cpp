#include "spec/records/csv_reader.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;

namespace {

/// Holds what it is told against the promises of the header.
class Watcher {
  public:
    explicit Watcher(BytesView file) : file_(file) {}

    void take(const Record& record) {
        if (record.number == 0)
            ++headers_;
        else
            fuzz::require(record.number == ++records_, "records are counted from 1 without a gap");
        fuzz::require(!record.cells.empty(), "a record has a cell");
        advance(record.line, record.offset, "records come in the order of the file");
        for (const Cell& cell : record.cells) take(cell);
    }
    void take(const CsvNote& note) {
        fuzz::require(note.line >= 1 && note.offset <= file_.size(), "a note lies in the file");
    }
    void finish(const CsvShape& shape) const {
        fuzz::require(shape.records == records_, "the shape counts the records");
        fuzz::require(headers_ == (shape.header_row ? 1u : 0u), "one header row at most");
        fuzz::require(line_ <= shape.lines || file_.empty(), "no line beyond the last");
        const bool ends = !file_.empty() && (file_.back() == '\n' || file_.back() == '\r');
        fuzz::require(!shape.last_line_end || ends, "the last line end is one");
    }

  private:
    void take(const Cell& cell) {
        fuzz::require(fuzz::within(cell.raw, file_), "a cell views the file");
        advance(cell.line, cell.offset, "cells come in the order of the file");
        const Bytes text = cell.text();
        fuzz::require(text.size() <= cell.raw.size(),
                      "undoing doubled quotes makes no text longer");
        fuzz::require(cell.escaped || text == cell.raw, "only doubled quotes are undone");
    }
    void advance(std::uint32_t line, std::uint64_t offset, const char* promise) {
        fuzz::require(line >= line_ && line >= 1 && offset >= offset_ && offset <= file_.size(),
                      promise);
        line_ = line;
        offset_ = offset;
    }

    BytesView file_;
    std::uint32_t records_ = 0, headers_ = 0, line_ = 0;
    std::uint64_t offset_ = 0;
};

/// A cell that is written reads as itself.
void write_and_read(BytesView text) {
    Bytes file = "202407,";
    append_cell(file, text, true);
    file += "\r\n";
    bool seen = false;
    read_csv(file, {[&](const Record& record) {
                        seen = record.cells.size() == 2 && record.cells[1].text() == text;
                    },
                    [](const CsvNote&) {}});
    fuzz::require(seen || text.find('\0') != BytesView::npos, "a written cell reads as itself");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView file = fuzz::view(data, size);
    Watcher watcher(file);
    const CsvShape shape = read_csv(file, {[&](const Record& record) { watcher.take(record); },
                                           [&](const CsvNote& note) { watcher.take(note); }});
    watcher.finish(shape);
    write_and_read(file);
    return 0;
}
