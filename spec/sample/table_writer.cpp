#include "spec/sample/table_writer.hpp"

#include "spec/records/cp932.hpp"
#include "spec/records/csv_reader.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace cpg::sampling {

namespace {

/// Items that came with edition 4 (CSVバージョン履歴).
constexpr std::array<std::string_view, 3> new_in_edition_4 = {"tais_code", "notified_item_code",
                                                              "item_name"};

bool is_new_in_edition_4(std::string_view key) {
    return std::find(new_in_edition_4.begin(), new_in_edition_4.end(), key) !=
           new_in_edition_4.end();
}

} // namespace

TableWriter::TableWriter(const Edition& edition, const FileType& type)
    : edition_(edition), type_(type), cells_(type.fields.size()) {
    for (std::size_t i = 0; i < type.fields.size(); ++i) columns_.emplace(type.fields[i].key, i);
    begin_record();
}

void TableWriter::begin_record() {
    for (Bytes& cell : cells_) cell.clear();
    set("csv_version", edition_.csv_version);
}

TableWriter& TableWriter::set(std::string_view key, std::string_view utf8) {
    const auto column = columns_.find(key);
    if (column == columns_.end()) {
        if (is_new_in_edition_4(key)) return *this;
        throw std::logic_error(type_.id + " has no item " + std::string(key));
    }
    Encoded encoded = to_ms932(utf8);
    if (!encoded.bytes)
        throw std::logic_error(type_.id + "." + std::string(key) + " cannot be written in MS932");
    cells_[column->second] = std::move(*encoded.bytes);
    return *this;
}

TableWriter& TableWriter::set(std::string_view key, int value) {
    return set(key, std::to_string(value));
}

TableWriter& TableWriter::set_if(bool condition, std::string_view key, std::string_view utf8) {
    return condition ? set(key, utf8) : *this;
}

TableWriter& TableWriter::set_if(bool condition, std::string_view key, int value) {
    return condition ? set(key, value) : *this;
}

void TableWriter::end_record() {
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        if (i != 0) out_ += ',';
        append_cell(out_, cells_[i], type_.fields[i].type == FieldType::free_text);
    }
    out_ += "\r\n";
    begin_record();
}

} // namespace cpg::sampling
