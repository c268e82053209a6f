#include "spec/render/form_data.hpp"

#include "spec/records/cp932.hpp"
#include "spec/records/csv_reader.hpp"
#include "spec/render/form_words.hpp"

#include <algorithm>
#include <limits>

namespace cpg::forms {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr char key_separator = '\x1F';

} // namespace

Table::Table(const FileName& name, BytesView bytes, std::size_t max_rows) : name_(name) {
    const Encoding encoding = guess_encoding(bytes);
    is_utf8_ = encoding == Encoding::utf8 || encoding == Encoding::utf8_bom;
    if (encoding == Encoding::utf8_bom) bytes.remove_prefix(byte_order_mark.size());
    const std::size_t columns = name.type->fields.size();
    read_csv(bytes, {[&](const Record& record) {
                         if (record.number == 0) return;
                         if (rows() == max_rows) {
                             ++rows_left_out_;
                             return;
                         }
                         first_cells_.push_back(cells_.size());
                         const std::size_t count = std::min(columns, record.cells.size());
                         for (std::size_t i = 0; i < count; ++i) {
                             const BytesView raw = record.cells[i].raw.substr(
                                 0, std::numeric_limits<std::uint32_t>::max());
                             cells_.push_back({raw.data(), static_cast<std::uint32_t>(raw.size()),
                                               record.cells[i].escaped});
                         }
                     },
                     {}});
}

std::string Table::utf8(const CellView& view) const {
    Cell cell;
    cell.raw = {view.data, view.size};
    cell.escaped = view.quoted_text;
    Bytes text = cell.text();
    return is_utf8_ ? text : to_utf8(text);
}

std::string Table::text(std::size_t row, std::string_view key) const {
    const int column = name_.type->column(key);
    if (column < 0) return {};
    const std::size_t cell = first_cells_[row] + static_cast<std::size_t>(column);
    const std::size_t end = row + 1 < rows() ? first_cells_[row + 1] : cells_.size();
    return cell < end ? utf8(cells_[cell]) : std::string();
}

std::string Table::identity(std::size_t row) const {
    const std::size_t end = row + 1 < rows() ? first_cells_[row + 1] : cells_.size();
    std::string out;
    for (std::size_t cell = first_cells_[row] + 1; cell < end; ++cell) {
        out.append(cells_[cell].data, cells_[cell].size);
        out += key_separator;
    }
    return out;
}

std::string FormRow::meaning(std::string_view key) const {
    const Field* const item = field(key);
    return item ? meaning_of(*item, text(key)) : std::string();
}

void RowSet::add(const FormRow& row) {
    const auto pair = std::pair(row.name().from, row.name().to);
    const auto [at, is_new] = by_pair_.try_emplace(pair);
    Source& source = at->second;
    if (is_new) order_.push_back(pair);
    is_merged_ = false;
    if (is_new || row.name().serial > source.serial) {
        source.serial = row.name().serial;
        source.rows.clear();
    }
    if (row.name().serial == source.serial) source.rows.push_back(row);
}

const std::vector<FormRow>& RowSet::rows() const {
    if (is_merged_) return merged_;
    merged_.clear();
    std::set<std::string> known; // records of the sources before; a source may repeat its own
    for (const auto& pair : order_) {
        std::vector<std::string> own;
        for (const FormRow& row : by_pair_.at(pair).rows) {
            std::string identity = order_.size() > 1 ? row.identity() : std::string();
            if (known.find(identity) != known.end()) continue;
            merged_.push_back(row);
            if (order_.size() > 1) own.push_back(std::move(identity));
        }
        known.insert(own.begin(), own.end());
    }
    is_merged_ = true;
    return merged_;
}

std::string UserForms::name() const {
    const auto name_in = [](const RowSet& rows) {
        return rows.empty() ? std::string() : rows.first()->text("name");
    };
    for (const auto& [key, plan] : care_plans)
        if (auto name = name_in(plan.person); !name.empty()) return name;
    for (const auto& [key, month] : months)
        if (auto name = name_in(month.person); !name.empty()) return name;
    for (const auto& [key, basic] : basics)
        if (auto name = name_in(basic.main); !name.empty()) return name;
    for (const auto& [key, plan] : preventions)
        if (auto name = name_in(plan.main); !name.empty()) return name;
    return {};
}

const Image* FormData::image(std::string_view name) const {
    const auto found = std::find_if(images.begin(), images.end(),
                                    [&](const Image& item) { return item.name == name; });
    return found == images.end() ? nullptr : &*found;
}

namespace {

class Gatherer {
  public:
    explicit Gatherer(std::size_t max_rows) : max_rows_(max_rows) {}

    void take(const FileName& name, const InputFile& file) {
        if (!name.type->is_csv()) {
            data_.images.push_back({file.name, file.bytes});
            return;
        }
        data_.tables.push_back(std::make_unique<Table>(name, file.bytes, max_rows_ - rows_));
        const Table& table = *data_.tables.back();
        rows_ += table.rows();
        data_.rows_left_out += table.rows_left_out();
        if (name.type->id.starts_with("DLT")) {
            data_.deletes.push_back({&table});
            return;
        }
        for (std::size_t i = 0; i < table.rows(); ++i) take_row(name.type->id, FormRow(table, i));
    }

    void take_unread(const std::string& name) { data_.unread.push_back(name); }
    FormData finish() { return std::move(data_); }

  private:
    UserForms& user_of(const FormRow& row) {
        const std::string insurer = row.text("insurer_no");
        const std::string insured = row.text("insured_no");
        const auto [at, is_new] =
            users_.try_emplace(insurer + key_separator + insured, data_.users.size());
        if (is_new) data_.users.push_back({insurer, insured, {}, {}, {}, {}});
        return data_.users[at->second];
    }

    void take_row(std::string_view type, const FormRow& row) {
        UserForms& user = user_of(row);
        if (type == "UPHOSOKU") return take_person(user, row);
        if (RowSet* const rows = rows_for(user, type, row)) rows->add(row);
    }

    /// 利用者補足情報 belongs to a plan or to a month (standard 2.4).
    static void take_person(UserForms& user, const FormRow& row) {
        if (row.name().zero_month)
            user.care_plans[row.text("plan_date")].person.add(row);
        else
            user.months[row.text("target_month")].person.add(row);
    }

    static RowSet* rows_for(UserForms& user, std::string_view type, const FormRow& row) {
        const auto plan = [&]() -> CarePlan& { return user.care_plans[row.text("plan_date")]; };
        const auto month = [&]() -> UserMonth& { return user.months[row.text("target_month")]; };
        const auto basic = [&]() -> BasicInformation& {
            return user.basics[row.text("consult_date")];
        };
        const auto prevention = [&]() -> PreventionPlan& {
            return user.preventions[row.text("plan_date")];
        };
        if (type == "UP1KYO") return &plan().table1;
        if (type == "UP2KYO") return &plan().table2;
        if (type == "UP3KYO") return &plan().table3;
        if (type == "UPPLAN") return &month().planned;
        if (type == "UPJSK") return &month().actual;
        if (type == "UPSIKYU") return &month().limits;
        if (type == "UPKIHON") return &basic().main;
        if (type == "UPKIHON_SUB1") return &basic().hours;
        if (type == "UPKIHON_SUB2") return &basic().illnesses;
        if (type == "UPYOBO") return &prevention().main;
        if (type == "UPYOBO_SUB") return &prevention().supports;
        return nullptr;
    }

    std::size_t max_rows_;
    std::size_t rows_ = 0;
    FormData data_;
    std::map<std::string, std::size_t> users_; // insurer, insured -> place in data_.users
};

} // namespace

FormData gather(const Catalog& catalog, const std::vector<InputFile>& files, std::size_t max_rows) {
    Gatherer gatherer(max_rows);
    for (const InputFile& file : files) {
        const ParsedName parsed = parse_file_name(catalog, file.name);
        if (const FileName* const name = std::get_if<FileName>(&parsed))
            gatherer.take(*name, file);
        else
            gatherer.take_unread(file.name);
    }
    return gatherer.finish();
}

} // namespace cpg::forms
