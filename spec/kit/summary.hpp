// The summary of a vendor's results as one text to be signed: who, which kit and standard, which
// points. Fixed line order, LF, UTF-8. Pure, any thread. The signature is not this room's.
//
//     cpgw-kit-summary/v1
//     vendor 見本ソフト株式会社
//     product 見本ケア
//     version 1.2.3
//     date 2026-11-23
//     catalog sha256:…
//     kit sha256:…
//     pattern D1 edition 4.1 month 202601 export points 27 met 26
//     file sha256:… 2048 UP1KYO_….CSV
//     not-met D1-05 differs
//     pattern D1 edition 4.1 month 202601 import points 25 met 25
//     result not_met
#pragma once

#include "spec/kit/result.hpp"

namespace cpg::kit {

struct Maker {
    std::string vendor, product, version; // one line each, not empty
    std::string date;                     // "2026-11-23"
};

/// malformed: a word of the maker that is no line, no date, no results, the same pattern, edition
/// and direction twice. `result met` when every point of every result is met.
Result<std::string> summary_text(const Kit& kit, const Catalog& catalog, const Maker& maker,
                                 std::vector<ResultDocument> results);

/// Whether a text has the form above: first line, head lines, the last line. For a verifier that
/// has already proven who signed it.
bool is_summary(std::string_view text);

} // namespace cpg::kit
