// What the forms are filled from: the records of a heap of files, gathered by user. Views the
// files' bytes: they must outlive it. Personal data: never logged. One thread.
#pragma once

#include "spec/records/bundle.hpp"

#include <map>
#include <set>

namespace cpg::forms {

/// One CSV file, cells found but not copied.
class Table {
  public:
    /// Takes at most `max_rows` records; `rows_left_out` counts the others.
    Table(const FileName& name, BytesView bytes, std::size_t max_rows);

    const FileName& name() const { return name_; }
    std::size_t rows() const { return first_cells_.size(); }
    std::size_t rows_left_out() const { return rows_left_out_; }
    /// UTF-8; empty when the record has no such item, or the type has none of that key.
    std::string text(std::size_t row, std::string_view key) const;
    /// Every byte of the record but CSVバージョン: equal for equal records.
    std::string identity(std::size_t row) const;

  private:
    struct CellView {
        const char* data = nullptr;
        std::uint32_t size = 0;
        bool quoted_text = false; // holds doubled quotes
    };
    std::string utf8(const CellView& cell) const;

    FileName name_;
    bool is_utf8_ = false;
    std::vector<CellView> cells_;
    std::vector<std::size_t> first_cells_; // of each row
    std::size_t rows_left_out_ = 0;
};

/// One record.
class FormRow {
  public:
    FormRow(const Table& table, std::size_t row) : table_(&table), row_(row) {}
    std::string text(std::string_view key) const { return table_->text(row_, key); }
    /// Meaning of a coded item.
    std::string meaning(std::string_view key) const;
    const Field* field(std::string_view key) const { return table_->name().type->field(key); }
    const FileName& name() const { return table_->name(); }
    const Edition& edition() const { return *table_->name().edition; }
    std::string identity() const { return table_->identity(row_); }

  private:
    const Table* table_;
    std::size_t row_;
};

/// The records of one key out of all files that have it. A later serial of the same sender and
/// receiver replaces an earlier one (standard 2.5); what was sent to several receivers counts once.
class RowSet {
  public:
    void add(const FormRow& row);
    bool empty() const { return by_pair_.empty(); }
    const std::vector<FormRow>& rows() const;
    const FormRow* first() const { return rows().empty() ? nullptr : &rows().front(); }

  private:
    struct Source {
        Serial serial;
        std::vector<FormRow> rows;
    };
    std::map<std::pair<OfficeRef, OfficeRef>, Source> by_pair_;
    std::vector<std::pair<OfficeRef, OfficeRef>> order_;
    mutable std::vector<FormRow> merged_;
    mutable bool is_merged_ = false;
};

struct CarePlan { // of one 作成（変更）日
    RowSet table1, table2, table3, person;
};
struct UserMonth { // of one 対象年月
    RowSet planned, actual, limits, person;
};
struct BasicInformation { // of one 相談日
    RowSet main, hours, illnesses;
};
struct PreventionPlan { // of one 作成（変更）日
    RowSet main, supports;
};

/// Everything about one 被保険者 of one 保険者; keys are the dates as sent.
struct UserForms {
    std::string insurer_no, insured_no;
    std::map<std::string, CarePlan> care_plans;
    std::map<std::string, UserMonth> months;
    std::map<std::string, BasicInformation> basics;
    std::map<std::string, PreventionPlan> preventions;

    /// 利用者氏名 out of whichever sheet has it.
    std::string name() const;
};

/// The rows of one delete file.
struct DeleteForm {
    const Table* table = nullptr;
};

struct Image {
    std::string name;
    BytesView bytes;
};

struct FormData {
    std::vector<std::unique_ptr<Table>> tables;
    std::vector<UserForms> users; // in the order of the files
    std::vector<DeleteForm> deletes;
    std::vector<Image> images;
    std::vector<std::string> unread; // names that are none of the standard's
    std::size_t rows_left_out = 0;

    const Image* image(std::string_view name) const;
};

FormData gather(const Catalog& catalog, const std::vector<InputFile>& files, std::size_t max_rows);

} // namespace cpg::forms
