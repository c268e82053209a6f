#include "spec/records/bundle.hpp"

#include "spec/base/digest.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace cpg {

namespace {

/// Edition last: the files of one serial in two editions are two bundles, side by side.
using GroupKey = std::tuple<OfficeRef, OfficeRef, Serial, std::string>;

GroupKey key_of(const FileName& name) {
    return {name.from, name.to, name.serial, name.edition->id};
}

/// Where the type stands in the edition; it points into Edition::files.
std::ptrdiff_t position_of(const BundleFile& file) {
    return file.name.type - file.name.edition->files.data();
}

void sort_files(Bundle& bundle) {
    std::stable_sort(bundle.files.begin(), bundle.files.end(),
                     [](const BundleFile& left, const BundleFile& right) {
                         return std::pair(position_of(left), std::string_view(left.input.name)) <
                                std::pair(position_of(right), std::string_view(right.input.name));
                     });
}

/// Takes the senders' signatures out of `files`: those of a file beside them. A second one of the
/// same name stays and becomes a stray.
std::vector<InputFile> take_signatures(const Catalog& catalog, std::vector<InputFile>& files) {
    std::set<std::string> signable;
    for (const InputFile& file : files)
        if (std::holds_alternative<FileName>(parse_file_name(catalog, file.name)))
            signable.insert(file.name);
    std::map<std::string, InputFile> signatures;
    std::vector<InputFile> rest;
    for (InputFile& file : files) {
        const bool is_signature = signable.count(std::string(signed_name_of(file.name))) > 0;
        if (is_signature && signatures.count(file.name) == 0)
            signatures.emplace(file.name, std::move(file));
        else
            rest.push_back(std::move(file));
    }
    files = std::move(rest);
    std::vector<InputFile> out;
    for (auto& [name, file] : signatures) out.push_back(std::move(file));
    return out;
}

std::vector<std::string> names_seen_twice(const std::vector<InputFile>& files) {
    std::map<std::string_view, int> counts;
    for (const InputFile& file : files) ++counts[file.name];
    std::vector<std::string> out;
    for (const auto& [name, count] : counts)
        if (count > 1) out.emplace_back(name);
    return out;
}

} // namespace

Bytes InputFile::piece(std::uint64_t offset, std::size_t count) const {
    const std::uint64_t from = std::min(offset, size());
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(count, size() - from));
    return large ? large->piece(from, length)
                 : bytes.substr(static_cast<std::size_t>(from), length);
}

Digest digest_of(const InputFile& file) {
    if (!file.large) return sha256(file.bytes);
    InputView view(file);
    Sha256 digest;
    for (std::uint64_t at = 0; at < file.size(); at += InputView::usual_step) {
        view.move(at, at + InputView::usual_step);
        digest.update(view.bytes().substr(static_cast<std::size_t>(at), InputView::usual_step));
    }
    return digest.finish();
}

std::string_view signed_name_of(std::string_view name) {
    constexpr std::string_view suffix = ".p7s";
    return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size())
                                  : std::string_view();
}

Heap group_files(const Catalog& catalog, std::vector<InputFile> files) {
    Heap heap;
    if (std::any_of(files.begin(), files.end(),
                    [](const InputFile& file) { return !signed_name_of(file.name).empty(); }))
        heap.signatures = take_signatures(catalog, files);
    heap.duplicate_names = names_seen_twice(files);
    std::map<GroupKey, Bundle> groups;
    for (InputFile& file : files) {
        ParsedName parsed = parse_file_name(catalog, file.name);
        if (auto* problem = std::get_if<NameProblem>(&parsed)) {
            heap.strays.push_back({std::move(file), std::move(*problem)});
            continue;
        }
        auto& name = std::get<FileName>(parsed);
        Bundle& bundle = groups[key_of(name)];
        bundle.edition = name.edition;
        bundle.from = name.from;
        bundle.to = name.to;
        bundle.serial = name.serial;
        const Digest digest = digest_of(file);
        bundle.files.push_back({std::move(file), std::move(name), digest});
    }
    for (auto& [key, bundle] : groups) {
        sort_files(bundle);
        heap.bundles.push_back(std::move(bundle));
    }
    std::stable_sort(heap.strays.begin(), heap.strays.end(),
                     [](const StrayFile& left, const StrayFile& right) {
                         return left.input.name < right.input.name;
                     });
    return heap;
}

} // namespace cpg
