// Results of the kit as documents: of a vendor's export, and of what a person saw after an import.
// `cpgw kit check` writes them, `cpgw kit summary` gathers them. Pure, any thread.
//
//     {"format":"cpgw-kit-result/1","direction":"export","pattern":"D1","edition":"4.1",
//      "month":"202601","kit":"sha256:…","catalog":"sha256:…","verdict":"met|not_met",
//      "counts":{"met":26,"not_met":1},
//      "points":[{"id":"D1-05","state":"met|differs|missing|ng","sentence":"…","note":"…",
//                 "places":[{"file","line","column","key","item","expected","found","message"}],
//                 "places_dropped":0}],
//      "files":[{"name":"…","bytes":2048,"sha256":"…"}],"report":{…of cpgw check…}}
//
// An import has no files, places and report; its points are those on the screen.
#pragma once

#include "spec/base/lang.hpp"
#include "spec/kit/judge.hpp"

#include <boost/json/value.hpp>

namespace cpg::kit {

enum class Direction { exported, imported };
std::string_view name_of(Direction direction); // "export", "import"

struct PointState {
    std::string id;
    std::string state; // "met", "differs", "missing", "ng"
    std::string note;  // of the person; UTF-8, one line
};

struct CheckedFile {
    std::string name;
    std::uint64_t bytes = 0;
    Digest digest;
};

/// What the summary needs of a result.
struct ResultDocument {
    Direction direction = Direction::exported;
    std::string pattern, edition;
    Month month;
    Digest kit, catalog;
    std::vector<PointState> points; // every point of the pattern and direction, in its order
    std::vector<CheckedFile> files;
    std::size_t met() const;
};
/// Longest note of a person that is kept, in bytes: a sentence or two.
inline constexpr std::size_t max_note_bytes = 300;

boost::json::object to_json(const Catalog& catalog, const Judgement& judgement, Lang lang);
boost::json::object to_json(const Kit& kit, const Catalog& catalog, const ResultDocument& imported,
                            Lang lang);

/// A line a point, and below it where it is not met: `file › line › 項目名`, expected, found.
std::string to_text(const Catalog& catalog, const Judgement& judgement, Lang lang);

/// Strict: the members above, every point of the pattern once, counts and verdict that agree.
/// malformed: anything else; not_acceptable: of another kit or catalogue than these.
Result<ResultDocument> read_result(const Kit& kit, const Catalog& catalog, std::string_view json);

/// The answers of a person: CSV `point,ok|ng,note`, UTF-8 or MS932, with or without the head row.
/// malformed: another answer, an unknown point, one twice, one left out; the detail names it.
Result<ResultDocument> read_answers(const Kit& kit, const Catalog& catalog, const Pattern& pattern,
                                    const Edition& edition, const Month& month, BytesView csv);

/// The sheet to fill in: head row, a line for each point on the screen; UTF-8 with BOM, CRLF.
std::string answer_sheet(const Pattern& pattern, const Edition& edition);

} // namespace cpg::kit
