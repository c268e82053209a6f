#include "adapters/dialect/edition.hpp"

#include <algorithm>
#include <array>

namespace cpg::adapters {

namespace {

/// What names a piece of equipment in equipment.csv, as far as the table has these columns.
constexpr std::string_view equipment_table = "equipment";
constexpr std::array<std::string_view, 6> equipment_keys = {
    "insurer_no", "insured_no", "service_office_no", "service_code", "detail_no", "units"};
/// 福祉用具貸与 and 介護予防福祉用具貸与: edition 4.1 wants to know the piece (R-WEL-01).
constexpr std::array<std::string_view, 2> equipment_types = {"17", "67"};

bool names_service_types(const Edition& edition) {
    return std::any_of(edition.files.begin(), edition.files.end(), [](const FileType& type) {
        return std::any_of(
            type.name_parts.begin(), type.name_parts.end(),
            [](const NamePart& part) { return part.kind == NamePart::Kind::from_service_type; });
    });
}

/// The file type stands for the column: the source is a file of the standard.
Note note_of(std::string_view id, const FileType& type, const Field* field, std::string detail,
             std::uint64_t count) {
    Note note;
    note.id = id;
    note.column = type.id;
    if (field) {
        note.key = field->key;
        note.item = field->name;
    }
    note.detail = std::move(detail);
    note.count = count;
    return note;
}

Note note_of_set(std::string_view id, std::string detail) {
    Note note;
    note.id = id;
    note.detail = std::move(detail);
    return note;
}

/// A detail row of rented equipment; sums (17AAAA) name no piece.
bool is_equipment(const Table& table, const Row& row) {
    const std::string_view code = table.at(row, "service_code");
    if (code.size() <= 2) return false;
    const bool rental = std::find(equipment_types.begin(), equipment_types.end(),
                                  code.substr(0, 2)) != equipment_types.end();
    const Field& field = *table.type->field("service_code");
    return rental && !(field.codes && field.codes->contains(code.substr(2)));
}

/// One table from edition to edition.
class TableMove {
  public:
    TableMove(const Table& source, const FileType& target, const Edition& edition,
              const OfficeTables& tables, ConversionReport& report)
        : source_(source), edition_(edition), tables_(tables),
          report_(report), out_{&target, source.month, {}} {}

    Table run() {
        for (const Row& row : source_.rows) out_.rows.push_back(moved(row));
        tell_losses();
        for (const Field& field : out_.type->fields)
            if (!source_.type->field(field.key)) add_item(field);
        tell_unknown_equipment();
        return std::move(out_);
    }

  private:
    Row moved(const Row& row) const {
        Row out = out_.blank();
        out.line = row.line;
        for (std::size_t i = 0; i < out.values.size(); ++i)
            out.values[i] = source_.at(row, out_.type->fields[i].key);
        out_.set(out, "csv_version", edition_.csv_version);
        return out;
    }

    void tell_losses() {
        for (const Field& field : source_.type->fields) {
            if (out_.type->field(field.key)) continue;
            const auto filled =
                std::count_if(source_.rows.begin(), source_.rows.end(),
                              [&](const Row& row) { return !source_.at(row, field.key).empty(); });
            if (filled != 0)
                report_.add(note_of("A-LOSS-01", *source_.type, &field, {},
                                    static_cast<std::uint64_t>(filled)));
        }
    }

    /// An item that the source's edition does not have: empty, but for rented equipment which the
    /// office knows.
    void add_item(const Field& field) {
        std::uint64_t found = 0;
        for (Row& row : out_.rows) {
            const std::string value = is_equipment(out_, row) ? known(row, field.key) : "";
            if (value.empty()) continue;
            out_.set(row, field.key, value);
            ++found;
        }
        if (found != 0)
            report_.add(note_of("A-LOOK-03", *out_.type, &field,
                                std::string(equipment_table) + ".csv", found));
        if (found != out_.rows.size())
            report_.add(
                note_of("A-EDI-01", *out_.type, &field, edition_.id, out_.rows.size() - found));
    }

    /// Empty when nothing or more than one thing is known.
    std::string known(const Row& row, std::string_view key) const {
        const OfficeTable* const table = tables_.table(equipment_table);
        if (!table || !table->has(key)) return {};
        std::vector<std::pair<std::string, std::string>> where;
        for (const std::string_view by : equipment_keys)
            if (table->has(by) && out_.type->field(by)) where.emplace_back(by, out_.at(row, by));
        if (where.empty()) return {};
        const std::vector<std::string> values = table->look_up(where, key);
        return values.size() == 1 ? values.front() : std::string();
    }

    /// Says beforehand what R-WEL-01 is going to refuse.
    void tell_unknown_equipment() {
        const Field* const item = out_.type->field("tais_code");
        if (!item || source_.type->field("tais_code")) return;
        const auto unknown = std::count_if(out_.rows.begin(), out_.rows.end(), [&](const Row& row) {
            return is_equipment(out_, row) && out_.at(row, "tais_code").empty() &&
                   out_.at(row, "notified_item_code").empty();
        });
        if (unknown != 0)
            report_.add(note_of("A-EDI-02", *out_.type, item, std::string(equipment_table) + ".csv",
                                static_cast<std::uint64_t>(unknown)));
    }

    const Table& source_;
    const Edition& edition_;
    const OfficeTables& tables_;
    ConversionReport& report_;
    Table out_;
};

/// The office with the service type that the names of the edition want; nothing when it is refused.
std::optional<OfficeRef> office_in(const OfficeRef& office, bool with_type,
                                   const OfficeTables& tables, ConversionReport& report) {
    if (!with_type) return OfficeRef{office.office, std::nullopt};
    if (office.service_type) return office;
    const std::optional<ServiceType> type = tables.service_type(office.office);
    if (!type) {
        report.add(note_of_set("A-ENV-02", office.office.str()));
        return std::nullopt;
    }
    report.add(note_of_set("A-ENV-03", office.office.str()));
    return OfficeRef{office.office, type};
}

bool is_of(const std::vector<std::string>& ids, const TableSet& set) {
    return std::all_of(set.tables.begin(), set.tables.end(), [&](const Table& table) {
        return std::find(ids.begin(), ids.end(), table.type->id) != ids.end();
    });
}

/// A bundle that was whole in its edition, and lacks a file in the other one: 第3表.
void tell_missing_files(const TableSet& source, const Edition& edition, ConversionReport& report) {
    for (const BundleKind& kind : source.edition->bundles) {
        const bool whole =
            is_of(kind.required, source) && source.tables.size() == kind.required.size();
        const BundleKind* const there = edition.bundle(kind.id);
        if (!whole || !there) continue;
        for (const std::string& id : there->required)
            if (!source.edition->file(id))
                report.add(
                    note_of("A-EDI-03", *edition.file(id), nullptr, edition.file(id)->name, 1));
    }
}

void tell_lost_files(const TableSet& source, const Edition& edition, ConversionReport& report) {
    for (const Table& table : source.tables)
        if (!edition.file(table.type->id))
            report.add(note_of("A-LOSS-02", *table.type, nullptr, table.type->name,
                               std::max<std::uint64_t>(table.rows.size(), 1)));
    for (const InputFile& file : source.others) {
        Note note = note_of_set("A-LOSS-02", {});
        note.file = file.name;
        report.add(std::move(note));
    }
}

void tell_lost_service_types(const TableSet& source, ConversionReport& report) {
    if (!source.from.service_type && !source.to.service_type) return;
    Note note = note_of_set("A-LOSS-01", {});
    note.key = "service_type";
    note.item = "サービス種類コード（ファイル名）";
    report.add(std::move(note));
}

} // namespace

std::optional<TableSet> in_edition(const Catalog& catalog, const TableSet& set,
                                   std::string_view edition_id, const OfficeTables& tables,
                                   ConversionReport& report) {
    const Edition* const edition = catalog.edition(edition_id);
    if (!edition) {
        report.add(note_of_set("A-EDI-04", std::string(edition_id)));
        return std::nullopt;
    }
    if (edition == set.edition) return set;

    TableSet out{edition, {}, {}, set.serial, {}, {}};
    const bool with_types = names_service_types(*edition);
    const std::optional<OfficeRef> from = office_in(set.from, with_types, tables, report);
    const std::optional<OfficeRef> to = office_in(set.to, with_types, tables, report);
    if (!with_types) tell_lost_service_types(set, report);
    tell_lost_files(set, *edition, report);
    for (const FileType& type : edition->files)
        if (const Table* const source = set.table(type.id))
            out.tables.push_back(TableMove(*source, type, *edition, tables, report).run());
    tell_missing_files(set, *edition, report);
    if (out.tables.empty()) report.add(note_of_set("A-EDI-05", edition->id));
    if (!from || !to || out.tables.empty()) return std::nullopt;
    out.from = *from;
    out.to = *to;
    return out;
}

} // namespace cpg::adapters
