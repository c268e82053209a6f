#include "spec/model/catalog.hpp"

#include <algorithm>
#include <stdexcept>

namespace cpg {
namespace {

constexpr std::pair<FieldType, std::string_view> field_type_names[] = {
    {FieldType::yyyymm, "yyyymm"},
    {FieldType::yyyymm_or_zero, "yyyymm_or_zero"},
    {FieldType::yyyymmdd, "yyyymmdd"},
    {FieldType::yyyymmdd_or_zero, "yyyymmdd_or_zero"},
    {FieldType::hhmm, "hhmm"},
    {FieldType::hhmm_or_9999, "hhmm_or_9999"},
    {FieldType::insurer_no, "insurer_no"},
    {FieldType::insured_no, "insured_no"},
    {FieldType::office_no, "office_no"},
    {FieldType::office_no_or_all9, "office_no_or_all9"},
    {FieldType::service_type, "service_type"},
    {FieldType::service_code, "service_code"},
    {FieldType::service_code_or_total, "service_code_or_total"},
    {FieldType::code, "code"},
    {FieldType::seq, "seq"},
    {FieldType::integer, "integer"},
    {FieldType::decimal, "decimal"},
    {FieldType::alnum, "alnum"},
    {FieldType::postal, "postal"},
    {FieldType::phone, "phone"},
    {FieldType::day_bitmap31, "day_bitmap31"},
    {FieldType::tais_code, "tais_code"},
    {FieldType::image_name, "image_name"},
    {FieldType::free_text, "free_text"},
    {FieldType::unused, "unused"},
};

constexpr std::size_t packed_size = sizeof(std::uint64_t);

template<class Items>
auto find_by_id(const Items& items, std::string_view id) -> const typename Items::value_type* {
    const auto found =
        std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.id == id; });
    return found == items.end() ? nullptr : &*found;
}

} // namespace

std::string_view name_of(FieldType type) {
    for (const auto& [value, name] : field_type_names)
        if (value == type) return name;
    throw std::logic_error("name_of: not a field type");
}

std::optional<FieldType> field_type_of(std::string_view name) {
    for (const auto& [value, known] : field_type_names)
        if (known == name) return value;
    return std::nullopt;
}

std::uint64_t pack_code(std::string_view code) {
    if (code.size() > packed_size) return 0;
    std::uint64_t packed = 0;
    for (const char c : code) packed = packed << 8 | static_cast<unsigned char>(c);
    return packed;
}

const std::string* CodeList::meaning(std::string_view code) const {
    const auto holds = [&](const auto& value) { return value.first == code; };
    if (code.size() > packed_size) {
        const auto found = std::find_if(values.begin(), values.end(), holds);
        return found == values.end() ? nullptr : &found->second;
    }
    const auto found = index.find(pack_code(code));
    if (found == index.end() || !holds(values[found->second])) return nullptr;
    return &values[found->second].second;
}

bool CodeList::contains(std::string_view code) const {
    return meaning(code) != nullptr;
}

bool FileType::has_month() const {
    return std::any_of(name_parts.begin(), name_parts.end(),
                       [](const NamePart& part) { return part.kind == NamePart::Kind::month; });
}

int FileType::column(std::string_view key) const {
    const Field* const found = field(key);
    return found ? static_cast<int>(found - fields.data()) : -1;
}

const Field* FileType::field(std::string_view key) const {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& field) { return field.key == key; });
    return found == fields.end() ? nullptr : &*found;
}

const FileType* Edition::file(std::string_view file_id) const {
    return find_by_id(files, file_id);
}

const BundleKind* Edition::bundle(std::string_view kind_id) const {
    return find_by_id(bundles, kind_id);
}

const ServiceTypeInfo* Edition::service_type(std::string_view code) const {
    const auto found =
        std::find_if(service_types.begin(), service_types.end(),
                     [&](const ServiceTypeInfo& info) { return info.code.view() == code; });
    return found == service_types.end() ? nullptr : &*found;
}

bool Edition::is_care_management(std::string_view code) const {
    const ServiceTypeInfo* const info = service_type(code);
    if (info && info->scope == ServiceTypeInfo::Scope::care_management) return true;
    return std::find(in_house_care_managers.begin(), in_house_care_managers.end(), code) !=
           in_house_care_managers.end();
}

const Edition* Catalog::edition(std::string_view id) const {
    if (id == "3.2") id = "3";
    for (const auto& edition : editions)
        if (edition->id == id) return edition.get();
    return nullptr;
}

const RuleText& Catalog::rule(std::string_view id) const {
    const auto found = rules.find(id);
    if (found == rules.end()) throw std::out_of_range("no text for rule " + std::string(id));
    return found->second;
}

} // namespace cpg
