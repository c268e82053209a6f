#include "spec/check/facts.hpp"

#include <algorithm>

namespace cpg::checking {

ServiceTypes::ServiceTypes(const Edition& edition) {
    for (const ServiceTypeInfo& info : edition.service_types) {
        Entry& entry = entries_[index_of(info.code.view())];
        entry.name = &info.name;
        entry.care = info.group == "介護給付";
        switch (info.scope) {
        case ServiceTypeInfo::Scope::in:
            entry.scope = Scope::in;
            break;
        case ServiceTypeInfo::Scope::care_management:
            entry.scope = Scope::care_management;
            break;
        case ServiceTypeInfo::Scope::out:
            entry.scope =
                info.confidence == Confidence::low ? Scope::out_by_doubtful_source : Scope::out;
            break;
        }
    }
    entries_.back() = {};
}

std::size_t ServiceTypes::index_of(std::string_view type) {
    const auto digit = [](char c) -> std::size_t {
        if (c >= '0' && c <= '9') return static_cast<std::size_t>(c - '0');
        if (c >= 'A' && c <= 'Z') return static_cast<std::size_t>(c - 'A') + 10;
        return letters;
    };
    if (type.size() != 2) return letters * letters;
    const std::size_t first = digit(type[0]), second = digit(type[1]);
    return first == letters || second == letters ? letters * letters : first * letters + second;
}

const std::string& ServiceTypes::name(std::string_view type) const {
    static const std::string none;
    const std::string* const name = entries_[index_of(type)].name;
    return name ? *name : none;
}

std::string parameter(const Catalog& catalog, Rule rule, std::string_view name,
                      std::string_view fallback) {
    const RuleText& text = catalog.rule(id_of(rule));
    const auto found = text.parameters.find(std::string(name));
    return found == text.parameters.end() ? std::string(fallback) : found->second;
}

bool has_word(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const std::size_t blank = std::min(list.find(' '), list.size());
        if (blank != 0 && list.substr(0, blank) == word) return true;
        list.remove_prefix(std::min(blank + 1, list.size()));
    }
    return false;
}

std::uint32_t KeyTable::intern(std::string_view key) {
    if (const auto found = ids_.find(key); found != ids_.end()) return found->second;
    const auto id = static_cast<std::uint32_t>(texts_.size());
    texts_.push_back(&ids_.emplace(std::string(key), id).first->first);
    return id;
}

std::uint64_t hash_of_user(std::string_view key) {
    // The finish of MurmurHash3: also a weak library hash fills the high bits.
    std::uint64_t hash = std::hash<std::string_view>{}(key);
    hash = (hash ^ hash >> 33) * 0xFF51AFD7ED558CCDu;
    hash = (hash ^ hash >> 33) * 0xC4CEB9FE1A85EC53u;
    return hash ^ hash >> 33;
}

UserRange UserRange::starting(std::uint64_t first, double share) {
    const double width = share * static_cast<double>(end);
    if (width >= static_cast<double>(end - first)) return {.first = first, .last = end};
    return {.first = first, .last = first + static_cast<std::uint64_t>(width)};
}

std::vector<std::uint32_t> KeyTable::keep_only(const UserRange& users) {
    std::vector<std::uint32_t> new_ids(texts_.size(), gone);
    std::uint32_t kept = 0;
    for (std::size_t old = 0; old < texts_.size(); ++old) {
        const auto entry = ids_.find(*texts_[old]);
        if (!users.holds(hash_of_user(entry->first))) {
            ids_.erase(entry);
            continue;
        }
        entry->second = new_ids[old] = kept;
        texts_[kept++] = &entry->first;
    }
    texts_.resize(kept);
    return new_ids;
}

std::size_t UserFacts::size() const {
    return keys.size() * sizeof(KeyUse) + table6.size() * sizeof(Table6Row) +
           table7.size() * sizeof(Table7Row) + numbered.size() * sizeof(NumberedRow) +
           odd_offices.size() * sizeof(OddOffice);
}

namespace {

template<class Row>
void renumber_rows(std::vector<Row>& rows, const std::vector<std::uint32_t>& new_ids) {
    std::erase_if(rows, [&](const Row& row) { return new_ids[row.key] == KeyTable::gone; });
    for (Row& row : rows) row.key = new_ids[row.key];
}

} // namespace

void UserFacts::renumber(const std::vector<std::uint32_t>& new_ids) {
    renumber_rows(keys, new_ids);
    renumber_rows(table6, new_ids);
    renumber_rows(table7, new_ids);
    renumber_rows(numbered, new_ids);
    renumber_rows(odd_offices, new_ids);
    std::fill(use_of_key.begin(), use_of_key.end(), 0);
    for (std::size_t i = 0; i < keys.size(); ++i)
        use_of_key[keys[i].key] = static_cast<std::uint32_t>(i + 1);
}

Site FileFacts::at(std::uint32_t record, std::uint32_t line, std::string_view field_key) const {
    Site site{.file = index, .record = record, .line = line, .type = type};
    if (!field_key.empty()) site.field = type->field(field_key);
    return site;
}

const FileFacts* BundleFacts::file(std::string_view type_id) const {
    const auto found = std::find_if(files.begin(), files.end(), [&](const FileFacts& facts) {
        return facts.type && facts.type->id == type_id;
    });
    return found == files.end() ? nullptr : &*found;
}

std::size_t BundleFacts::size() const {
    std::size_t bytes = keys.size() * KeyTable::bytes_each;
    for (const FileFacts& facts : files) bytes += facts.size();
    return bytes;
}

void BundleFacts::give_up_users() {
    std::vector<std::uint64_t> hashes;
    for (std::uint32_t id = 0; id < keys.size(); ++id)
        hashes.push_back(hash_of_user(keys.text(id)));
    if (hashes.empty()) return;
    const std::size_t given_up = std::max<std::size_t>(hashes.size() / 8, 1);
    const std::size_t last = hashes.size() > 1 ? hashes.size() - given_up - 1 : 0;
    std::nth_element(hashes.begin(), hashes.begin() + static_cast<std::ptrdiff_t>(last),
                     hashes.end());
    users.last = hashes[last];
    const std::vector<std::uint32_t> new_ids = keys.keep_only(users);
    for (FileFacts& facts : files) facts.renumber(new_ids);
}

void BundleFacts::group_rows() {
    for (FileFacts& facts : files) {
        facts.users6 = group_by_user(facts.table6);
        facts.users7 = group_by_user(facts.table7);
    }
}

void BundleFacts::begin_reading(UserRange range) {
    users = std::move(range);
    keys = {};
    for (FileFacts& facts : files) static_cast<UserFacts&>(facts) = {};
}

} // namespace cpg::checking
