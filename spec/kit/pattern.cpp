#include "spec/kit/pattern.hpp"

#include <algorithm>
#include <array>

namespace cpg::kit {

namespace {

template<class List> auto* named(List& list, std::string_view id) {
    const auto at =
        std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.id == id; });
    return at == list.end() ? nullptr : &*at;
}

/// The look without what the edition has not; nothing when nothing is left of it.
std::optional<Look> look_in(const Look& look, const Edition& edition) {
    const FileType* const type = edition.file(look.file);
    if (!type) return std::nullopt;
    if (look.items.empty()) return look;
    Look kept = look;
    std::erase_if(kept.items, [&](const std::string& key) { return type->column(key) < 0; });
    return kept.items.empty() ? std::nullopt : std::optional(kept);
}

bool fits(const Point& point, const Edition& edition) {
    if (point.kind == PointKind::values || point.kind == PointKind::order)
        return !point.looks.empty();
    return point.kind != PointKind::image || edition.file("UPKIHON_IMAGE");
}

} // namespace

std::string_view name_of(PointKind kind) {
    constexpr std::array<std::string_view, 7> names = {"values", "valid", "form", "count",
                                                       "order",  "image", "rest"};
    return names[static_cast<std::size_t>(kind)];
}

bool Point::on_screen() const {
    return kind != PointKind::valid && kind != PointKind::form;
}

const CaseRecord* CaseFile::record(std::string_view id) const {
    return named(records, id);
}

const CaseFile* CaseBundle::file(std::string_view type) const {
    const auto at = std::find_if(files.begin(), files.end(),
                                 [&](const CaseFile& one) { return one.type == type; });
    return at == files.end() ? nullptr : &*at;
}

const PatternEdition* Pattern::edition(std::string_view edition_id) const {
    return named(editions, edition_id);
}

const CaseBundle* Pattern::bundle(std::string_view bundle_id) const {
    return named(bundles, bundle_id);
}

bool Pattern::is_free(std::string_view file, std::string_view key) const {
    return std::any_of(free.begin(), free.end(), [&](const FreeItem& item) {
        return item.file == file &&
               std::find(item.items.begin(), item.items.end(), key) != item.items.end();
    });
}

bool Pattern::tolerates(Tolerance tolerance) const {
    return std::find(tolerances.begin(), tolerances.end(), tolerance) != tolerances.end();
}

std::vector<Point> Pattern::points_in(const Edition& edition) const {
    std::vector<Point> kept;
    for (const Point& point : points) {
        Point one = point;
        one.looks.clear();
        for (const Look& look : point.looks)
            if (auto known = look_in(look, edition)) one.looks.push_back(std::move(*known));
        if (fits(one, edition)) kept.push_back(std::move(one));
    }
    return kept;
}

const Pattern* Kit::pattern(std::string_view id) const {
    return named(patterns, id);
}

} // namespace cpg::kit
