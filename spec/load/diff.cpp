#include "spec/load/diff.hpp"

#include <algorithm>

namespace cpg {
namespace {

using Area = EditionChange::Area;

struct AreaWords {
    Area area;
    std::string_view ja, en;
};
constexpr AreaWords area_words[] = {
    {Area::edition, "版", "edition"},
    {Area::service_type, "サービス種類", "service types"},
    {Area::code_list, "コード表", "code lists"},
    {Area::form, "書式", "forms of items"},
    {Area::bundle, "送信単位", "bundles"},
    {Area::deletion, "削除の及ぶ範囲", "reach of deletions"},
    {Area::file_type, "ファイル種別", "file types"},
    {Area::file_name, "ファイル名", "file names"},
    {Area::item, "項目", "items"},
};

struct Words {
    std::string ja, en;
};

Words same(std::string text) {
    return {text, text};
}

Words or_none(const std::string& text) {
    return text.empty() ? Words{"なし", "none"} : same(text);
}

Words words_of(Requirement requirement, bool needed) {
    switch (requirement) {
    case Requirement::yes:
        return {"必須", "required"};
    case Requirement::conditional:
        return {"条件により必須", "required on a condition"};
    case Requirement::no:
        break;
    }
    return needed ? Words{"必要", "needed"} : Words{"任意", "optional"};
}

Words words_of(ServiceTypeInfo::Scope scope) {
    switch (scope) {
    case ServiceTypeInfo::Scope::in:
        return {"連携対象", "in scope"};
    case ServiceTypeInfo::Scope::out:
        return {"対象外", "out of scope"};
    case ServiceTypeInfo::Scope::care_management:
        return {"送受信者のみ", "sender or receiver only"};
    }
    return {};
}

Words length_words(const Field& field) {
    if (!field.length) return {"制限なし", "no limit"};
    std::string text = std::to_string(*field.length);
    Words words{text + (field.fixed_length ? " 桁固定" : " 桁まで"),
                (field.fixed_length ? "exactly " : "at most ") + text};
    if (field.accept_length != *field.length) {
        words.ja += "（" + std::to_string(field.accept_length) + " まで受け取る）";
        words.en += " (" + std::to_string(field.accept_length) + " accepted)";
    }
    return words;
}

std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
    return out;
}

std::string name_shape(const FileType& type) {
    std::string out;
    for (const NamePart& part : type.name_parts) {
        const char* words = "";
        switch (part.kind) {
        case NamePart::Kind::literal:
            out += (out.empty() || part.literal.starts_with('.') ? "" : "_") + part.literal;
            continue;
        case NamePart::Kind::month:
            words = "対象年月";
            break;
        case NamePart::Kind::from_office:
            words = "送信元";
            break;
        case NamePart::Kind::from_service_type:
            words = "送信元種類";
            break;
        case NamePart::Kind::to_office:
            words = "送信先";
            break;
        case NamePart::Kind::to_service_type:
            words = "送信先種類";
            break;
        case NamePart::Kind::serial:
            words = "連番";
            break;
        case NamePart::Kind::branch:
            words = "枝番";
            break;
        }
        out += "_<" + std::string(words) + ">";
    }
    return out;
}

std::string row_kind_shape(const RowKind& kind) {
    std::string out = kind.kind + " " + kind.match;
    for (const int field : kind.fields) out += " No." + std::to_string(field);
    for (const auto& [key, value] : kind.set) out += " " + key + "=" + value;
    for (const std::string& key : kind.empty) out += " " + key + "=''";
    return out + (kind.count.empty() ? "" : " (" + kind.count + ")");
}

std::string row_kinds_shape(const FileType& type) {
    std::vector<std::string> kinds;
    for (const RowKind& kind : type.row_kinds) kinds.push_back(row_kind_shape(kind));
    return joined(kinds);
}

class Differ {
  public:
    Differ(const Edition& older, const Edition& newer) : older_(older), newer_(newer) {}

    std::vector<EditionChange> run() {
        edition();
        service_types();
        code_lists();
        forms();
        bundles();
        deletions();
        file_types();
        for (const FileType& type : newer_.files)
            if (const FileType* before = older_.file(type.id)) file_type(*before, type);
        std::stable_sort(changes_.begin(), changes_.end(), [](const auto& left, const auto& right) {
            return left.area < right.area;
        });
        return std::move(changes_);
    }

  private:
    void add(Area area, std::string subject, std::string ja, std::string en) {
        changes_.push_back({area, std::move(subject), std::move(ja), std::move(en)});
    }
    /// "項目長 2 → 3"
    void changed(Area area, const std::string& subject, const Words& what, const Words& from,
                 const Words& to) {
        if (from.ja == to.ja && from.en == to.en) return;
        add(area, subject, what.ja + "：" + from.ja + " → " + to.ja,
            what.en + ": " + from.en + " -> " + to.en);
    }
    void added(Area area, const std::string& subject, const std::string& name) {
        add(area, subject, "追加：" + name, "added: " + name);
    }
    void removed(Area area, const std::string& subject, const std::string& name) {
        add(area, subject, "廃止：" + name, "removed: " + name);
    }

    void edition() {
        changed(Area::edition, newer_.id, {"CSVバージョン", "CSV version"},
                same(older_.csv_version), same(newer_.csv_version));
        changed(Area::edition, newer_.id, {"サービス提供月（から）", "service months from"},
                same(older_.applies_from.str()), same(newer_.applies_from.str()));
        changed(Area::edition, newer_.id, {"サービス提供月（まで）", "service months until"},
                same(older_.applies_to.str()), same(newer_.applies_to.str()));
        changed(Area::edition, newer_.id, {"名称", "title"}, same(older_.title),
                same(newer_.title));
        changed(Area::edition, newer_.id,
                {"自事業所のケアマネジャーが計画を送れる種類",
                 "types whose own care managers may send plans"},
                or_none(joined(older_.in_house_care_managers)),
                or_none(joined(newer_.in_house_care_managers)));
    }

    void service_types() {
        for (const ServiceTypeInfo& info : newer_.service_types) {
            const std::string code = info.code.str();
            const ServiceTypeInfo* const before = older_.service_type(code);
            if (!before) {
                const Words scope = words_of(info.scope);
                add(Area::service_type, code, "追加：" + info.name + "（" + scope.ja + "）",
                    "added: " + info.name + " (" + scope.en + ")");
                continue;
            }
            changed(Area::service_type, code, {"名称", "name"}, same(before->name),
                    same(info.name));
            changed(Area::service_type, code, {"区分", "group"}, same(before->group),
                    same(info.group));
            changed(Area::service_type, code, {"対象", "scope"}, words_of(before->scope),
                    words_of(info.scope));
        }
        for (const ServiceTypeInfo& info : older_.service_types)
            if (!newer_.service_type(info.code.view()))
                removed(Area::service_type, info.code.str(), info.name);
    }

    void code_lists() {
        for (const auto& [id, list] : newer_.code_lists) {
            const auto before = older_.code_lists.find(id);
            if (before == older_.code_lists.end())
                added(Area::code_list, id, list.name);
            else
                code_list(before->second, list);
        }
        for (const auto& [id, list] : older_.code_lists)
            if (newer_.code_lists.find(id) == newer_.code_lists.end())
                removed(Area::code_list, id, list.name);
    }

    void code_list(const CodeList& before, const CodeList& after) {
        for (const auto& [code, meaning] : after.values) {
            const std::string* const old_meaning = before.meaning(code);
            if (!old_meaning)
                added(Area::code_list, after.id, code + " " + meaning);
            else
                changed(Area::code_list, after.id, {"値 " + code, "value " + code},
                        same(*old_meaning), same(meaning));
        }
        for (const auto& [code, meaning] : before.values)
            if (!after.contains(code)) removed(Area::code_list, after.id, code + " " + meaning);
    }

    void forms() {
        for (const auto& [type, rule] : newer_.types) {
            const std::string name(name_of(type));
            const auto before = older_.types.find(type);
            if (before == older_.types.end()) {
                added(Area::form, name, rule.pattern.source());
                continue;
            }
            changed(Area::form, name, {"パターン", "pattern"},
                    or_none(before->second.pattern.source()), or_none(rule.pattern.source()));
            const auto fixed = [](bool value) {
                return value ? Words{"固定", "fixed"} : Words{"可変", "variable"};
            };
            changed(Area::form, name, {"長さ", "length"}, fixed(before->second.fixed_length),
                    fixed(rule.fixed_length));
        }
        for (const auto& [type, rule] : older_.types)
            if (newer_.types.find(type) == newer_.types.end())
                removed(Area::form, std::string(name_of(type)), rule.pattern.source());
    }

    void bundles() {
        for (const BundleKind& bundle : newer_.bundles) {
            const BundleKind* const before = older_.bundle(bundle.id);
            if (!before) {
                added(Area::bundle, bundle.id, joined(bundle.required));
                continue;
            }
            changed(Area::bundle, bundle.id, {"必ず要るファイル", "required files"},
                    or_none(joined(before->required)), or_none(joined(bundle.required)));
            changed(Area::bundle, bundle.id, {"添えるファイル", "attached files"},
                    or_none(joined(before->attached)), or_none(joined(bundle.attached)));
        }
        for (const BundleKind& bundle : older_.bundles)
            if (!newer_.bundle(bundle.id))
                removed(Area::bundle, bundle.id, joined(bundle.required));
    }

    static const Cascade* cascade_of(const Edition& edition, const std::string& type) {
        const auto found =
            std::find_if(edition.cascades.begin(), edition.cascades.end(),
                         [&](const Cascade& item) { return item.delete_type == type; });
        return found == edition.cascades.end() ? nullptr : &*found;
    }

    void deletions() {
        for (const Cascade& cascade : newer_.cascades) {
            const Cascade* const before = cascade_of(older_, cascade.delete_type);
            if (!before) {
                added(Area::deletion, cascade.delete_type, joined(cascade.removes));
                continue;
            }
            changed(Area::deletion, cascade.delete_type, {"消えるもの", "removes"},
                    or_none(joined(before->removes)), or_none(joined(cascade.removes)));
            changed(Area::deletion, cascade.delete_type, {"キー", "key"},
                    or_none(joined(before->key)), or_none(joined(cascade.key)));
        }
        for (const Cascade& cascade : older_.cascades)
            if (!cascade_of(newer_, cascade.delete_type))
                removed(Area::deletion, cascade.delete_type, joined(cascade.removes));
    }

    void file_types() {
        for (const FileType& type : newer_.files)
            if (!older_.file(type.id)) added(Area::file_type, type.id, type.name);
        for (const FileType& type : older_.files)
            if (!newer_.file(type.id)) removed(Area::file_type, type.id, type.name);
    }

    void file_type(const FileType& before, const FileType& after) {
        changed(Area::file_type, after.id, {"名称", "name"}, same(before.name), same(after.name));
        changed(Area::file_type, after.id, {"項目数", "number of items"},
                same(std::to_string(before.fields.size())),
                same(std::to_string(after.fields.size())));
        changed(Area::file_type, after.id, {"利用者のキー", "key of a user"},
                or_none(joined(before.keys)), or_none(joined(after.keys)));
        changed(Area::file_type, after.id, {"行のキー", "key of a row"},
                or_none(joined(before.row_key)), or_none(joined(after.row_key)));
        changed(Area::file_type, after.id, {"行の種類", "kinds of rows"},
                or_none(row_kinds_shape(before)), or_none(row_kinds_shape(after)));
        changed(Area::file_name, after.id, {"ファイル名", "file name"}, same(name_shape(before)),
                same(name_shape(after)));
        items(before, after);
    }

    void items(const FileType& before, const FileType& after) {
        for (const Field& field : after.fields)
            if (!before.field(field.key)) new_item(after, field);
        for (const Field& field : before.fields)
            if (!after.field(field.key))
                removed(Area::item, before.id + " No." + std::to_string(field.no), field.name);
        moved_items(before, after);
        for (const Field& field : after.fields)
            if (const Field* old_field = before.field(field.key)) item(after, *old_field, field);
    }

    void new_item(const FileType& type, const Field& field) {
        const Words requirement = words_of(field.required, field.needed);
        const Words length = length_words(field);
        add(Area::item, type.id + " No." + std::to_string(field.no),
            "追加：" + field.name + "（" + requirement.ja + "、" + length.ja + "）",
            "added: " + field.name + " (" + requirement.en + ", " + length.en + ")");
    }

    /// "No.16-22 → No.19-25"
    void moved_items(const FileType& before, const FileType& after) {
        for (std::size_t i = 0; i < before.fields.size(); ++i) {
            const int shift = shift_of(before.fields[i], after);
            if (shift == 0) continue;
            std::size_t last = i;
            while (last + 1 < before.fields.size() &&
                   shift_of(before.fields[last + 1], after) == shift)
                ++last;
            const auto range = [&](int by) {
                const int from = before.fields[i].no + by;
                const int to = before.fields[last].no + by;
                return "No." + std::to_string(from) + (from == to ? "" : "-" + std::to_string(to));
            };
            const std::string move = range(0) + " → " + range(shift);
            add(Area::item, after.id, "番号が変わる：" + move, "numbers change: " + move);
            i = last;
        }
    }

    static int shift_of(const Field& field, const FileType& after) {
        const Field* const found = after.field(field.key);
        return found ? found->no - field.no : 0;
    }

    void item(const FileType& type, const Field& before, const Field& after) {
        const std::string subject = type.id + " No." + std::to_string(after.no) + " " + after.name;
        changed(Area::item, subject, {"名称", "name"}, same(before.name), same(after.name));
        changed(Area::item, subject, {"項目長", "length"}, length_words(before),
                length_words(after));
        changed(Area::item, subject, {"必須", "requirement"},
                words_of(before.required, before.needed), words_of(after.required, after.needed));
        changed(Area::item, subject, {"条件", "condition"}, or_none(before.when),
                or_none(after.when));
        changed(Area::item, subject, {"型", "type"}, same(std::string(name_of(before.type))),
                same(std::string(name_of(after.type))));
        // a form shared by all items of a type is told once, under the forms
        if (before.type == after.type && before.pattern.source() != after.pattern.source() &&
            !is_of_type(older_, before) && !is_of_type(newer_, after))
            changed(Area::item, subject, {"パターン", "pattern"}, or_none(before.pattern.source()),
                    or_none(after.pattern.source()));
        changed(Area::item, subject, {"コード表", "code list"},
                or_none(before.codes ? before.codes->id : ""),
                or_none(after.codes ? after.codes->id : ""));
        changed(Area::item, subject, {"固定値", "fixed value"}, or_none(before.fixed),
                or_none(after.fixed));
        changed(Area::item, subject, {"ゼロの値", "value for none"}, or_none(before.zero_value),
                or_none(after.zero_value));
    }

    static bool is_of_type(const Edition& edition, const Field& field) {
        const auto rule = edition.types.find(field.type);
        return rule != edition.types.end() &&
               rule->second.pattern.source() == field.pattern.source();
    }

    const Edition& older_;
    const Edition& newer_;
    std::vector<EditionChange> changes_;
};

} // namespace

std::string_view words_of(EditionChange::Area area, bool japanese) {
    for (const AreaWords& words : area_words)
        if (words.area == area) return japanese ? words.ja : words.en;
    return {};
}

std::vector<EditionChange> diff_editions(const Edition& older, const Edition& newer) {
    return Differ(older, newer).run();
}

} // namespace cpg
