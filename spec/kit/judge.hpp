// Judges a vendor's own export of a pattern's case, point by point. Pure, any thread; the same
// bytes, catalogue and kit give the same judgement. Values are shown: every person is invented.
//
//     const auto outcome = judge(*catalog, *kit, {pattern, edition, month, now}, std::move(files));
//     if (const auto* unfit = std::get_if<Unfit>(&outcome)) … unfit->ja …
#pragma once

#include "spec/check/report.hpp"
#include "spec/kit/make.hpp"

#include <variant>

namespace cpg::kit {

struct JudgeRequest {
    const Pattern* pattern = nullptr;
    const Edition* edition = nullptr; // one of the pattern's
    Month month;                      // of the pattern's first bundle
    std::optional<Time> now;          // for the checker; absent = serials of the future pass
};

enum class State { met, differs, missing };
std::string_view name_of(State state); // "met"

/// Where a point is not met, and what was expected there.
struct Place {
    std::string file;       // empty: the whole
    std::uint32_t line = 0; // 0 = does not apply
    int column = 0;         // No. of the item from 1; 0 = does not apply
    std::string key, item;  // of the item
    std::string expected, found;
    std::string ja, en; // in words, when it is not about an item
};

struct PointResult {
    Point point;
    State state = State::met;
    std::vector<Place> places;
    std::uint64_t places_dropped = 0; // beyond max_places
};
inline constexpr std::size_t max_places = 50; // of one point: what a person reads

struct Judgement {
    const Pattern* pattern = nullptr;
    const Edition* edition = nullptr;
    Month month;
    Digest kit;
    Report report; // of the checker
    std::vector<PointResult> points;

    bool all_met() const;
    std::size_t met() const;
};

/// The files cannot be those of the pattern: another kind or edition, no files, another month.
struct Unfit {
    std::string ja, en;
};

std::variant<Judgement, Unfit> judge(const Catalog& catalog, const Kit& kit,
                                     const JudgeRequest& request, std::vector<InputFile> files);

/// A value as people read it: 「21（要介護１）」, line breaks as ⏎, nothing as （空）.
std::string shown(const Field& field, std::string_view value);

} // namespace cpg::kit
