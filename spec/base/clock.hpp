// Time as an argument: pure code takes a Time, the rim owns a Clock.
#pragma once

#include "spec/base/ids.hpp"

#include <memory>

namespace cpg {

class Clock {
  public:
    virtual ~Clock() = default;
    virtual Time now() const = 0; // any thread
};

/// The machine's clock.
const Clock& system_clock();

std::string rfc3339(Time time);                           // "2026-11-22T09:30:00.123Z"
std::optional<Time> parse_rfc3339(std::string_view text); // exactly the form rfc3339() writes

/// The calendar day in Japan (UTC+9) of an instant, as YYYYMMDD.
std::string japan_day(Time time);
/// Whether YYYYMMDD is a day of the calendar (years 1800-2999). 8 digits expected; anything else is
/// false.
bool is_real_day(std::string_view yyyymmdd);

} // namespace cpg
