// What is wrong with a sender's data. Never holds the value itself (personal data).
#pragma once

#include "spec/model/catalog.hpp"

#include <boost/container/small_vector.hpp>

namespace cpg {

struct Where {
    std::string file;         // file name; empty = the bundle
    std::uint32_t record = 0; // data records from 1; 0 = does not apply
    std::uint32_t line = 0;   // physical line from 1; 0 = does not apply
    int column = 0;           // No. of the item from 1; 0 = does not apply
    std::optional<std::uint64_t> byte_offset;
};

struct Finding {
    std::string rule; // "R-MON-03"
    Severity severity = Severity::error;
    Where where;
    std::string variant; // picks a variant message of findings.yaml; empty = the rule's own
    std::map<std::string, std::string>
        args; // for the message template: {expected}, {found_length}, …; no personal data
    std::string key, item; // the item's key and Japanese name; empty when it does not apply
    std::string section;   // "別紙 第6表 No.10"; empty = the rule's own section
    std::string
        value; // filled only under CheckOptions::keep_values (for --show-values on a terminal)
};

} // namespace cpg
