// The rows of a dialect's file -> records of the standard, not yet sorted into sets. Pure, any
// thread.
#pragma once

#include "adapters/dialect/match.hpp"

namespace cpg::adapters {

/// Who sends to whom, as texts of the source; empty = not said.
struct Ends {
    std::string from, from_type, to, to_type, serial;
    auto operator<=>(const Ends&) const = default;
};

/// One record of the standard made from one row.
struct Draft {
    const Product* product = nullptr;
    const FileType* type = nullptr;
    std::optional<Month> month; // of the file it will stand in
    Row row;
    Ends ends;
    std::string file;
    std::vector<std::string> unique; // values of RecordRule::unique; empty = none
    std::string period_from, period_to;
    bool refused = false; // its row has a refusal among `notes` of its file
};

struct FileRead {
    std::string path;
    std::vector<Draft> drafts;
    std::vector<Note> notes; // of the file as a whole, and of rows whose set is not known
    /// Of rows that belong to a set: index into `drafts`.
    std::vector<std::pair<std::size_t, Note>> row_notes;
    bool is_refused() const;
};

/// What a conversion knows besides the file, made once.
class Knowledge {
  public:
    explicit Knowledge(const Context& context);
    const Context& context() const { return context_; }
    /// "people", "offices", "services" (with the names of the loaded codes of that month) or
    /// another; null = there is none.
    const OfficeTable* table(std::string_view name, Month month) const;
    /// Users of a set's 利用者補足情報 come before those of people.csv.
    void learn_people(const TableSet& set);

  private:
    const Context& context_;
    OfficeTable people_;
    bool has_people_ = false;
    mutable std::map<Month, OfficeTable> services_;
};

FileRead read_file(const Knowledge& knowledge, const Dialect& dialect, const DialectFile& file);

} // namespace cpg::adapters
