// Writes one CSV file of the standard from values by key: free text quoted, coded items bare, CRLF,
// MS932. One thread an instance.
#pragma once

#include "spec/model/catalog.hpp"

#include <unordered_map>

namespace cpg::sampling {

class TableWriter {
  public:
    /// Both outlive the writer. Every record starts with the edition's CSVバージョン.
    TableWriter(const Edition& edition, const FileType& type);

    /// An item of the current record, UTF-8. Items which edition 3 does not have yet are dropped
    /// there; any other unknown key, and a character without MS932 form, is a bug:
    /// std::logic_error.
    TableWriter& set(std::string_view key, std::string_view utf8);
    TableWriter& set(std::string_view key, int value);
    /// Only when there is something to say.
    TableWriter& set_if(bool condition, std::string_view key, std::string_view utf8);
    TableWriter& set_if(bool condition, std::string_view key, int value);
    void end_record();

    const FileType& type() const { return type_; }
    Bytes take() { return std::move(out_); }

  private:
    void begin_record();

    const Edition& edition_;
    const FileType& type_;
    std::unordered_map<std::string_view, std::size_t> columns_;
    std::vector<Bytes> cells_; // MS932
    Bytes out_;
};

} // namespace cpg::sampling
