// The kit's pages for people, Japanese first, then English: the sheet beside a made case, and the
// report of a check. One HTML document each that needs nothing else: no script, no outside address,
// every value escaped. Pure, any thread.
#pragma once

#include "spec/kit/judge.hpp"

namespace cpg::kit {

/// README.html of a made pattern: what to do, the files, the points with the values expected and a
/// box to tick, what may differ.
std::string sheet_html(const Pattern& pattern, const Setting& setting,
                       const std::vector<MadeBundle>& bundles);

/// What was met and what was not, with file, line and item.
std::string report_html(const Judgement& judgement);

} // namespace cpg::kit
