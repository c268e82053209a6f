// Which files make a bundle (standard 2.2, 2.4, 3.3, 3.4; 別紙 ファイル作成単位, 補足).
#include "spec/check/rules/rules.hpp"

#include <algorithm>
#include <set>

namespace cpg::checking {
namespace {

constexpr BytesView jpeg_start = "\xFF\xD8\xFF";

std::set<std::string> types_of(const BundleFacts& bundle) {
    std::set<std::string> types;
    for (const FileFacts& facts : bundle.files) types.insert(facts.file->name.type->id);
    return types;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

/// "UPHOSOKU（利用者補足情報）, …": a clerk knows the name, a vendor the id.
std::string described(const Edition& edition, const std::vector<std::string>& types) {
    std::vector<std::string> words;
    for (const std::string& type : types) {
        const FileType* const known = edition.file(type);
        words.push_back(known ? type + "（" + known->name + "）" : type);
    }
    return joined(words);
}

std::vector<std::string> names_of_type(const BundleFacts& bundle, const FileType& type) {
    std::vector<std::string> names;
    for (const FileFacts& facts : bundle.files)
        if (facts.file->name.type == &type) names.push_back(facts.file->input.name);
    return names;
}

/// How a set differs from a bundle kind.
struct Difference {
    std::vector<std::string> missing, extra;
    std::size_t size() const { return missing.size() + extra.size(); }
};

Difference difference(const BundleKind& kind, const std::set<std::string>& types) {
    Difference out;
    for (const std::string& type : kind.required)
        if (!types.contains(type)) out.missing.push_back(type);
    for (const std::string& type : types) {
        const auto in = [&](const std::vector<std::string>& list) {
            return std::find(list.begin(), list.end(), type) != list.end();
        };
        if (!in(kind.required) && !in(kind.attached)) out.extra.push_back(type);
    }
    return out;
}

} // namespace

// 2.4, 3.4: 送信単位のファイルは送信元、送信先、サービス種類、通番が同じ
void files_share_the_envelope(BundleFacts& bundle, Collector& findings) {
    const Envelope& envelope = bundle.envelope;
    const auto raise = [&](const FileFacts& facts, std::string_view variant,
                           const std::string& other) {
        if (Finding* finding = findings.raise(Rule::bnd_01, facts.site(), variant))
            finding->args["other"] = other;
    };
    if (!envelope.heap.missing_file.empty()) {
        raise(bundle.files.front(), envelope.heap.difference, envelope.heap.missing_file);
        return;
    }
    const Bundle& names = envelope.bundle;
    for (const FileFacts& facts : bundle.files) {
        const FileName& name = facts.file->name;
        std::string_view variant;
        if (name.serial != names.serial)
            variant = "serial";
        else if (name.from.office != names.from.office || name.to.office != names.to.office)
            variant = "office";
        else if (name.from != names.from || name.to != names.to)
            variant = "service_type";
        if (!variant.empty()) raise(facts, variant, bundle.files.front().file->input.name);
    }
}

// 2.2, 2.4, 3.4: the set is one of the table of bundles
void set_is_one_of_the_standard(BundleFacts& bundle, Collector& findings) {
    const Envelope& envelope = bundle.envelope;
    if (envelope.kind || !envelope.heap.missing_file.empty()) return;
    const std::set<std::string> types = types_of(bundle);
    const bool images_only =
        std::all_of(bundle.files.begin(), bundle.files.end(),
                    [](const FileFacts& facts) { return !facts.file->name.type->is_csv(); });
    if (images_only) return; // R-NAME-11 has said it

    const auto nearest = std::min_element(
        envelope.edition.bundles.begin(), envelope.edition.bundles.end(),
        [&](const BundleKind& left, const BundleKind& right) {
            return difference(left, types).size() < difference(right, types).size();
        });
    if (nearest == envelope.edition.bundles.end()) return;
    const Difference gap = difference(*nearest, types);
    if (gap.extra.empty()) {
        if (Finding* finding = findings.raise(Rule::bnd_02, {}, "missing"))
            finding->args["files"] = described(envelope.edition, gap.missing);
    } else if (gap.missing.empty()) {
        if (Finding* finding = findings.raise(Rule::bnd_02, {}, "extra"))
            finding->args["files"] = described(envelope.edition, gap.extra);
    } else if (Finding* finding = findings.raise(Rule::bnd_02, {}, "unknown")) {
        finding->args["files"] = described(envelope.edition, {types.begin(), types.end()});
    }
}

// 別紙 補足: 1送信単位に種別ごと1ファイル (image: one per UPKIHON record, told apart by its branch)
void one_file_per_type(BundleFacts& bundle, Collector& findings) {
    std::map<std::string_view, std::size_t> files_of_type;
    std::set<std::string_view> names;
    for (const FileFacts& facts : bundle.files) {
        const FileType& type = *facts.file->name.type;
        const std::size_t count = ++files_of_type[type.id];
        if (!names.insert(facts.file->input.name).second) {
            findings.raise(Rule::bnd_03, facts.site(), "same_name");
        } else if (type.is_csv() && count == 2) {
            if (Finding* finding = findings.raise(Rule::bnd_03, facts.site(), "type")) {
                finding->args["type"] = type.id;
                finding->args["files"] = joined(names_of_type(bundle, type));
            }
        }
    }
}

// 3.3: 別表は本表と一緒に送る; whether an empty one may be left out is not said
void attached_tables_present(BundleFacts& bundle, Collector& findings) {
    const std::set<std::string> types = types_of(bundle);
    for (const FileType& type : bundle.envelope.edition.files) {
        if (!type.is_csv() || type.parent.empty()) continue;
        if (!types.contains(type.parent) || types.contains(type.id)) continue;
        if (Finding* finding = findings.raise(Rule::bnd_04, {}))
            finding->args["files"] = described(bundle.envelope.edition, {type.id});
    }
}

// 別紙 ファイル作成単位: 送信先の事業所番号＋サービス種類ごとに1ファイル、サテライトを含む
void one_bundle_per_receiver(BundleFacts& bundle, Collector& findings) {
    const std::size_t bundles = bundle.envelope.heap.bundles_of_month;
    if (bundles < 2) return;
    if (Finding* finding = findings.raise(Rule::bnd_05, {}))
        finding->args["found"] = std::to_string(bundles);
}

// 別紙 補足, 利用者基本情報 No.62: an image is a JPEG, and none is left over
void images_as_named(BundleFacts& bundle, Collector& findings) {
    const FileFacts* const kihon = bundle.file("UPKIHON");
    if (!kihon) return;
    for (const FileFacts& facts : bundle.files) {
        const InputFile& input = facts.file->input;
        if (facts.file->name.type->is_csv()) continue;
        if (input.piece(0, jpeg_start.size()) != jpeg_start)
            findings.raise(Rule::img_01, facts.site(), "not_jpeg");
        if (kihon->readable && kihon->complete && !kihon->images.contains(input.name))
            findings.raise(Rule::img_01, facts.site(), "left_over");
    }
}

} // namespace cpg::checking
