#include "adapters/hotfolder/lots.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace cpg::hotfolder {
namespace {

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

std::string folder_of(const std::string& path) {
    const auto at = path.rfind('/');
    return at == std::string::npos ? "" : path.substr(0, at);
}

bool is_zip(const std::string& path) {
    if (path.size() < 4) return false;
    std::string end = path.substr(path.size() - 4);
    for (char& c : end)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return end == ".zip";
}

/// Of a bundle's files, by their names and folder.
struct SetKey {
    std::string folder;
    OfficeRef from, to;
    Serial serial;
    const Edition* edition = nullptr;
    auto tied() const { return std::tie(from, to, serial, folder, edition); }
    bool operator<(const SetKey& other) const { return tied() < other.tied(); }
};

struct Sorted {
    std::map<SetKey, Lot> sets;
    std::map<SetKey, std::vector<std::string>> types;
    std::vector<Lot> zips;
    Lot foreign;
};

std::optional<FileName> standard_name(const Catalog& catalog, const std::string& name) {
    auto parsed = parse_file_name(catalog, name);
    if (auto* const found = std::get_if<FileName>(&parsed)) return std::move(*found);
    return std::nullopt;
}

void sort_in(const Catalog& catalog, const Seen& seen, Sorted& sorted) {
    const std::string name = base_name(seen.file.path);
    const std::string_view signed_name = signed_name_of(name);
    const auto standard =
        standard_name(catalog, signed_name.empty() ? name : std::string(signed_name));
    if (standard) {
        const SetKey key{folder_of(seen.file.path), standard->from, standard->to, standard->serial,
                         standard->edition};
        Lot& lot = sorted.sets[key];
        lot.kind = Lot::Kind::standard;
        lot.files.push_back(seen);
        if (signed_name.empty()) sorted.types[key].push_back(standard->type->id);
    } else if (is_zip(name)) {
        Lot lot;
        lot.kind = Lot::Kind::zip;
        lot.files.push_back(seen);
        sorted.zips.push_back(std::move(lot));
    } else {
        sorted.foreign.kind = Lot::Kind::foreign;
        sorted.foreign.files.push_back(seen);
    }
}

Time newest_of(const Lot& lot) {
    Time newest{};
    for (const auto& seen : lot.files) newest = std::max(newest, seen.since);
    return newest;
}

bool is_being_written(const Lot& lot) {
    return std::any_of(lot.files.begin(), lot.files.end(),
                       [](const Seen& seen) { return seen.file.open_for_writing; });
}

/// Decides state and due from when its newest file came to rest.
void judge(Lot& lot, const LotPolicy& policy, Time now) {
    const bool whole = lot.missing.empty();
    Duration rest = policy.settle;
    if (lot.kind != Lot::Kind::zip) rest = std::max(rest, policy.set_settle);
    if (!whole) rest = std::max(rest, policy.set_timeout);
    lot.due = newest_of(lot) + rest;
    if (now < lot.due) {
        lot.state = Lot::State::waiting;
    } else if (is_being_written(lot)) {
        lot.state = Lot::State::waiting;
        lot.due = now + std::max(policy.settle, Duration(1'000));
    } else {
        lot.state = whole ? Lot::State::ready : Lot::State::incomplete;
    }
}

std::string words_of(const Edition& edition, const std::string& type) {
    const FileType* const known = edition.file(type);
    return known ? type + "（" + known->name + "）" : type;
}

} // namespace

std::vector<Seen> Watched::look(const std::vector<Scanned>& scan, Time now) {
    std::map<std::string, Seen> next;
    std::vector<Seen> files;
    for (const auto& file : scan) {
        const auto known = seen_.find(file.path);
        Scanned before = known == seen_.end() ? Scanned{} : known->second.file;
        before.open_for_writing = file.open_for_writing;
        const bool same = known != seen_.end() && before == file;
        const Seen seen{file, same ? known->second.since : now};
        next.emplace(file.path, seen);
        files.push_back(seen);
    }
    seen_ = std::move(next);
    return files;
}

std::vector<std::string> missing_types(const Edition& edition,
                                       const std::vector<std::string>& types) {
    const std::set<std::string> have(types.begin(), types.end());
    std::optional<std::vector<std::string>> fewest;
    for (const auto& kind : edition.bundles) {
        std::set<std::string> holds(kind.required.begin(), kind.required.end());
        holds.insert(kind.attached.begin(), kind.attached.end());
        if (!std::includes(holds.begin(), holds.end(), have.begin(), have.end())) continue;
        std::vector<std::string> missing;
        for (const auto& type : kind.required)
            if (!have.contains(type)) missing.push_back(words_of(edition, type));
        if (!fewest || missing.size() < fewest->size()) fewest = std::move(missing);
    }
    return fewest.value_or(std::vector<std::string>{});
}

std::vector<Lot> lots_of(const Catalog& catalog, const std::vector<Seen>& files,
                         const LotPolicy& policy, Time now) {
    Sorted sorted;
    for (const auto& seen : files) sort_in(catalog, seen, sorted);
    std::vector<Lot> lots;
    for (auto& [key, lot] : sorted.sets) {
        lot.from = key.from;
        lot.to = key.to;
        lot.serial = key.serial;
        lot.missing = missing_types(*key.edition, sorted.types[key]);
        lots.push_back(std::move(lot));
    }
    for (auto& lot : sorted.zips) lots.push_back(std::move(lot));
    if (!sorted.foreign.files.empty()) lots.push_back(std::move(sorted.foreign));
    for (auto& lot : lots) judge(lot, policy, now);
    return lots;
}

} // namespace cpg::hotfolder
