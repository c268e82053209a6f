// Fills the templates of a pattern: what moves with the month and the offices. Pure, any thread.
//
//     {M} {M-1} {M+1}      a month, YYYYMM                   {M.text}   2026年1月
//     {M.05} {M-12.01}     a day, YYYYMMDD                   {M.last}   the month's last day
//     {M.day}              the day of a record with `days`   {bits 16-31}  日割対象日, 31
//     characters {from} {to}          the office numbers                {from.type}   its service
//     type {image 0001}         name of the bundle's picture
#pragma once

#include "spec/records/file_name.hpp"

namespace cpg::kit {

struct Filling {
    const Edition* edition = nullptr;
    OfficeRef from, to;
    Month month; // of the bundle
    std::optional<Serial> serial;
    int day = 0; // of a record with `days`; 0 = none
};

/// malformed: a placeholder that is not known, or that needs what the filling has not; a day that
/// the month has not.
Result<std::string> fill(std::string_view text, const Filling& filling);

} // namespace cpg::kit
