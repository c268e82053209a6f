// What the agent says to people, Japanese first; and what is wrong with a file, in the shape in
// which a report shows it. Pure, any thread.
#pragma once

#include "spec/check/report.hpp"

#include <string>
#include <vector>

namespace cpg::hotfolder {

struct Words {
    std::string ja, en;
    bool operator==(const Words&) const = default;
};

/// One thing that somebody has to mend.
struct Complaint {
    std::string rule; // "R-MON-03", "A-VAL-01", "H-MISSING"
    bool error = true;
    std::string file;
    std::uint32_t line = 0; // from 1; 0 = does not apply
    std::string item;       // the item's Japanese name, or the column of the software
    Words what, hint;
    bool operator==(const Complaint&) const = default;
};

/// Of a check's findings, in both languages.
std::vector<Complaint> complaints_of(const Catalog& catalog, const BundleReport& report);
std::vector<Complaint> complaints_of(const Catalog& catalog, const std::vector<Finding>& findings);

/// The report that lies beside returned files.
struct ReturnReport {
    std::string office; // 事業所番号 or the office's name in the settings
    std::string job;    // "20261123-093000-1f2e"
    Time time;
    std::vector<std::string> files; // names as dropped
    std::vector<Complaint> complaints;
    std::vector<Words> notes; // "others of the same file were sent"
};
std::string to_text(const ReturnReport& report); // UTF-8 with BOM, CRLF: Notepad opens it
std::string to_html(const ReturnReport& report);

/// In Japan: "2026年11月23日 18:30", "2026-11-23 18:30".
Words japan_words(Time time);
/// "20261123-183000" in Japan.
std::string japan_stamp(Time time);

} // namespace cpg::hotfolder
