// The page of an evidence pack that is printed on A4 for an inspector: what was exchanged with whom
// and when. Made of what receipts prove and of offices' names. Pure, any thread.
#pragma once

#include "gateway/audit/pack.hpp"

#include <map>

namespace cpg::cli {

struct EvidencePage {
    std::string period;            // "2026年11月"
    std::string subject;           // whose evidence; empty = all offices of the gateway
    Time made{};                   //
    std::vector<std::string> keys; // vkeys of the log
    std::map<OfficeNo, std::string> names;
    std::vector<audit::PackedBundle> bundles;
};

/// Japanese first, English beside it. No script, nothing from elsewhere.
std::string evidence_html(const EvidencePage& page);

} // namespace cpg::cli
