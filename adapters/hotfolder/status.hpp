// The state of the offices for people: a page, a text file for those without a browser, JSON. Pure,
// any thread. What could not be looked at is said to be unknown, never drawn as 0.
#pragma once

#include "adapters/hotfolder/views.hpp"

namespace cpg::hotfolder {

struct OfficeView {
    std::string name;
    OutgoingView outgoing;
    IncomingView incoming;
    GatewayView gateway;
    std::vector<Trouble> troubles; // of the office as a whole: it could not start, its thread ended
};

/// Refreshes itself, needs no script. Links to /report/<office>/<folder> of what was returned.
std::string status_html(const std::vector<OfficeView>& offices, Time now);
/// {"time","offices":[{…}]}; null where a value is not known. File names are not in it.
std::string status_json(const std::vector<OfficeView>& offices, Time now);
/// 状態.txt: UTF-8 with BOM, CRLF.
std::string status_text(const OfficeView& office, Time now);
/// Whether anything needs a person: returned files, troubles, a certificate that ends.
bool needs_attention(const OfficeView& office);

/// From this many days on the certificate is spoken of.
constexpr int certificate_warning_days = 30;

} // namespace cpg::hotfolder
