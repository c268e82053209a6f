// Item by item: is it filled, has it its form, its length, its code (standard 別紙: 必須, 項目長,
// 書式, コード表)? A checker is made per file, compiled once from the table of its type, and fed
// record by record. One thread.
#pragma once

#include "spec/check/collector.hpp"
#include "spec/records/csv_reader.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace cpg::checking {

enum class CellState : std::uint8_t {
    empty,
    good,
    trimmed, // good once the blanks around it are dropped
    bad,
};

/// Blanks (also full-width ones) at both ends dropped.
BytesView trim(BytesView ms932);

/// YYYYMM with a month of 01 to 12; also the form of CSVバージョン.
bool is_month(BytesView text);

class FieldChecker {
  public:
    /// `type` must outlive the checker.
    FieldChecker(const FileType& type, std::size_t file, Collector& findings);

    /// Checks one record of at least type.fields.size() cells. `spoilt`: the offsets of bytes
    /// already reported as not MS932, sorted; a coded item with one of them is bad without a
    /// further finding.
    void check(const Record& record, const std::vector<std::uint64_t>& spoilt);
    /// What the last check() found, by column from 0.
    const std::vector<CellState>& states() const { return states_; }

  private:
    enum class Form : std::uint8_t {
        text,
        version,
        month,
        month_or_zero,
        day,
        day_or_zero,
        code,
        integer,
        pattern,
        anything,
        unused,
    };
    static constexpr std::size_t slots = 8;
    /// A copy: the bytes of earlier records may be gone.
    struct Seen {
        static constexpr std::size_t longest = 31; // 日割対象日
        std::array<char, longest> text;
        std::uint8_t size = 0;
        BytesView view() const { return {text.data(), size}; }
        void keep(BytesView value) {
            if (value.size() > longest) return;
            std::copy(value.begin(), value.end(), text.begin());
            size = static_cast<std::uint8_t>(value.size());
        }
    };
    struct Column {
        const Field* field = nullptr;
        Form form = Form::text;
        bool quoted = false; // free text
        bool takes_any_text = false;
        bool reports_empty = false;
        bool exact = false;
        bool doubtful_form =
            false; // the length or the form rests on a source of medium or low confidence
        std::uint16_t length = 0; // to accept, in characters; 0 = any
        bool told_quotes = false, told_blanks = false, told_filled = false; // once a file
        std::vector<std::uint64_t> codes;
        std::array<Seen, slots> good_before; // values of earlier records: most come again
    };
    static std::size_t slot_of(BytesView text) {
        const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
        return (byte(text.size() - 1) + byte(text.size() / 2)) % slots;
    }

    static Column compile(const Field& field);
    static bool fits(const Column& column, BytesView text);
    void empty_item(const Column& column, const Record& record);
    CellState judge(Column& column, const Cell& cell, const Record& record,
                    const std::vector<std::uint64_t>& spoilt);
    CellState judge_text(Column& column, const Cell& cell, const Record& record);
    CellState judge_form(Column& column, BytesView text, const Cell& cell, const Record& record);
    void wrong_length(const Column& column, BytesView text, const Site& site);
    void wrong_pattern(const Column& column, const Site& site, bool mild);
    Site site(const Column& column, const Cell& cell, const Record& record) const;

    const FileType& type_;
    std::size_t file_;
    Collector& findings_;
    bool is_delete_; // R-DEL-01 in place of R-REQ-01
    bool is_table6_;
    std::vector<Column> columns_;
    std::vector<CellState> states_;
};

} // namespace cpg::checking
