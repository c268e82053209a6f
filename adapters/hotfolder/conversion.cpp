#include "adapters/hotfolder/conversion.hpp"

#include "spec/records/unpack.hpp"

#include <algorithm>
#include <exception>
#include <set>

namespace cpg::hotfolder {
namespace {

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

bool is_zip(BytesView bytes) {
    return bytes.starts_with(BytesView("PK\x03\x04", 4));
}

Complaint complaint(std::string rule, std::string file, Words what, Words hint) {
    return {std::move(rule), true, std::move(file), 0, "", std::move(what), std::move(hint)};
}

Made refused(std::vector<std::string> sources, Complaint why) {
    Made made;
    made.sources = std::move(sources);
    made.complaints.push_back(std::move(why));
    return made;
}

Made unknown_file(const InputFile& file) {
    return refused({file.name},
                   complaint("H-UNKNOWN", base_name(file.name),
                             {"標準のファイルでも、知っているソフトの形式でもありません。",
                              "Neither a file of the standard nor of a software that is known."},
                             {"ファイル名と中身を確かめてください。ソフトの形式は設定 dialect "
                              "で指定できます。",
                              "Look at its name and content; a software's form can be set by "
                              "dialect."}));
}

/// A file as dropped or out of a ZIP; `source` is the path that was dropped.
struct Piece {
    InputFile file; // flat name
    std::string source;
};

struct Pieces {
    std::vector<Piece> standard;
    std::vector<InputFile> foreign; // paths as dropped
    std::vector<Made> refused;
};

bool is_standard(const Catalog& catalog, const std::string& name) {
    const std::string_view signed_name = signed_name_of(name);
    return std::holds_alternative<FileName>(
        parse_file_name(catalog, signed_name.empty() ? std::string_view(name) : signed_name));
}

void take_zip(const Converter& converter, const InputFile& zip, Pieces& pieces) {
    auto files = unpack_zip(zip.bytes);
    if (!files) {
        pieces.refused.push_back(refused(
            {zip.name},
            complaint("H-ZIP", base_name(zip.name),
                      {"ZIP を開けません。", "The ZIP cannot be opened: " + files.error().detail},
                      {"もう一度作り直してください。", "Make it again."})));
        return;
    }
    for (auto& file : *files) {
        if (is_standard(*converter.catalog, file.name))
            pieces.standard.push_back({std::move(file), zip.name});
        else
            pieces.foreign.push_back({zip.name + "/" + file.name, std::move(file.bytes)});
    }
}

Pieces sorted(const Converter& converter, const std::vector<InputFile>& files) {
    Pieces pieces;
    for (const auto& file : files) {
        const std::string name = base_name(file.name);
        if (is_standard(*converter.catalog, name))
            pieces.standard.push_back({{name, file.bytes}, file.name});
        else if (is_zip(file.bytes))
            take_zip(converter, file, pieces);
        else
            pieces.foreign.push_back(file);
    }
    return pieces;
}

/// The dropped path of a file in a heap; names may be there twice.
std::vector<std::string> sources_of(const std::vector<Piece>& pieces, const std::string& name) {
    std::vector<std::string> sources;
    for (const auto& piece : pieces)
        if (piece.file.name == name) sources.push_back(piece.source);
    return sources;
}

void add_sources(std::vector<std::string>& to, const std::vector<std::string>& more) {
    for (const auto& source : more)
        if (std::find(to.begin(), to.end(), source) == to.end()) to.push_back(source);
}

Made checked(const Converter& converter, const CheckOptions& options, const Bundle& bundle,
             const std::vector<InputFile>& signatures, const std::vector<Piece>& pieces) {
    Made made;
    for (const auto& file : bundle.files) {
        made.files.push_back(file.input);
        add_sources(made.sources, sources_of(pieces, file.input.name));
    }
    for (const auto& signature : signatures) {
        const auto signed_name = signed_name_of(signature.name);
        if (std::none_of(bundle.files.begin(), bundle.files.end(),
                         [&](const BundleFile& file) { return file.input.name == signed_name; }))
            continue;
        made.files.push_back(signature);
        add_sources(made.sources, sources_of(pieces, signature.name));
    }
    const BundleReport report = check_bundle(*converter.catalog, bundle, options).report;
    made.to = bundle.to.office.str();
    made.kind = report.kind;
    made.complaints = complaints_of(*converter.catalog, report);
    made.state = report.verdict == Verdict::accepted ? Made::State::ready : Made::State::refused;
    return made;
}

void refuse_doubled_names(std::vector<Made>& made, const Heap& heap) {
    for (const auto& name : heap.duplicate_names)
        for (auto& set : made) {
            const bool inside =
                std::any_of(set.files.begin(), set.files.end(),
                            [&](const InputFile& file) { return file.name == name; });
            if (!inside) continue;
            set.state = Made::State::refused;
            set.complaints.push_back(
                complaint("H-TWICE", name,
                          {"同じ名前のファイルが二つあります。", "Two files of the same name."},
                          {"一つだけにしてください。", "Leave only one."}));
        }
}

void make_standard(const Converter& converter, std::vector<Piece> pieces, Time now,
                   std::vector<Made>& made) {
    std::vector<InputFile> files;
    for (const auto& piece : pieces) files.push_back(piece.file);
    const Heap heap = group_files(*converter.catalog, std::move(files));
    CheckOptions options = converter.check;
    options.now = now;
    std::vector<Made> sets;
    for (const auto& bundle : heap.bundles)
        sets.push_back(checked(converter, options, bundle, heap.signatures, pieces));
    for (const auto& stray : heap.strays) {
        Made set;
        set.sources = sources_of(pieces, stray.input.name);
        set.complaints =
            complaints_of(*converter.catalog, {stray_finding(*converter.catalog, stray)});
        sets.push_back(std::move(set));
    }
    refuse_doubled_names(sets, heap);
    for (auto& set : sets) made.push_back(std::move(set));
}

void make_foreign(const Converter& converter, const std::vector<InputFile>& foreign,
                  const Serial& serial, std::vector<Made>& made);

/// Standard names around something else: a dialect may know how to mend it. What it cannot either
/// stays refused by the standard's own words.
void mend_refused(const Converter& converter, const Serial& serial, std::vector<Made>& made) {
    if (!converter.read_dialects) return;
    for (auto& set : made) {
        if (set.state != Made::State::refused || set.files.empty()) continue;
        std::vector<InputFile> files;
        for (const auto& file : set.files)
            if (signed_name_of(file.name).empty()) files.push_back(file);
        std::vector<Made> mended;
        make_foreign(converter, files, serial, mended);
        if (mended.size() != 1 || mended.front().state != Made::State::ready) continue;
        mended.front().sources = set.sources;
        set = std::move(mended.front());
    }
}

/// "a.zip/x.csv" was dropped as "a.zip".
std::string dropped_path(const std::string& path, const std::vector<InputFile>& files) {
    for (const auto& file : files)
        if (path.starts_with(file.name + "/")) return file.name;
    return path;
}

void make_foreign(const Converter& converter, const std::vector<InputFile>& foreign,
                  const Serial& serial, std::vector<Made>& made) {
    if (foreign.empty()) return;
    if (!converter.read_dialects) {
        for (const auto& file : foreign) made.push_back(unknown_file(file));
        return;
    }
    try {
        for (auto& set : converter.read_dialects(foreign, serial)) made.push_back(std::move(set));
    } catch (const std::exception& failed) {
        std::vector<std::string> sources;
        for (const auto& file : foreign) sources.push_back(file.name);
        made.push_back(refused(std::move(sources),
                               complaint("H-FAILED", "",
                                         {"変換が途中で止まりました。",
                                          std::string("The conversion stopped: ") + failed.what()},
                                         {"このフォルダーを添えて問い合わせてください。",
                                          "Ask for help, with this folder."})));
    }
}

/// A signature without its file, a ZIP without files: nothing may vanish unsaid.
void name_the_rest(const std::vector<InputFile>& files, std::vector<Made>& made) {
    std::set<std::string> named;
    for (const auto& set : made) named.insert(set.sources.begin(), set.sources.end());
    for (const auto& file : files)
        if (!named.contains(file.name)) made.push_back(unknown_file(file));
}

} // namespace

std::vector<Made> make_sets(const Converter& converter, const std::vector<InputFile>& files,
                            const Serial& serial, Time now) {
    Pieces pieces = sorted(converter, files);
    std::vector<Made> made = std::move(pieces.refused);
    make_standard(converter, std::move(pieces.standard), now, made);
    mend_refused(converter, serial, made);
    make_foreign(converter, pieces.foreign, serial, made);
    for (auto& set : made)
        for (auto& source : set.sources) source = dropped_path(source, files);
    name_the_rest(files, made);
    return made;
}

std::vector<std::vector<std::size_t>> linked_sets(const std::vector<Made>& made) {
    std::vector<std::vector<std::size_t>> groups;
    std::vector<bool> taken(made.size());
    for (std::size_t first = 0; first < made.size(); ++first) {
        if (taken[first]) continue;
        taken[first] = true;
        std::vector<std::size_t> group{first};
        std::set<std::string> sources(made[first].sources.begin(), made[first].sources.end());
        for (bool grown = true; grown;) {
            grown = false;
            for (std::size_t i = 0; i < made.size(); ++i) {
                if (taken[i] || std::none_of(made[i].sources.begin(), made[i].sources.end(),
                                             [&](const std::string& source) {
                                                 return sources.contains(source);
                                             }))
                    continue;
                taken[i] = grown = true;
                group.push_back(i);
                sources.insert(made[i].sources.begin(), made[i].sources.end());
            }
        }
        groups.push_back(std::move(group));
    }
    return groups;
}

} // namespace cpg::hotfolder
