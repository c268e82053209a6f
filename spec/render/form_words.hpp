// How the official sheets write dates, times, amounts and codes. Pure, any thread. A value that is
// not of its form is returned as it is: a form shows what was sent.
#pragma once

#include "spec/model/catalog.hpp"

namespace cpg::forms {

/// "令和8年12月1日（2026年）" of "20261201"; empty for "" and "00000000".
std::string japanese_date(std::string_view yyyymmdd);
/// "令和8年12月（2026年）" of "202612"; empty for "" and "000000".
std::string japanese_month(std::string_view yyyymm);
/// "令和8年12月分"
std::string japanese_month_heading(std::string_view yyyymm);
/// "9:30" of "0930"; empty for "9999".
std::string clock_time(std::string_view hhmm);
/// Minutes from midnight of "0930", up to 2400; -1 when it is no time.
int minutes_of(std::string_view hhmm);
/// "12,345"
std::string grouped(std::string_view integer);
/// Whole number of at most 9 digits, 0 for anything else.
int amount_of(std::string_view integer);
/// 0 = Monday … 6 = Sunday.
int weekday_of(Month month, int day);

/// Meaning of a code in the edition's list, or the code itself.
std::string meaning_of(const Field& field, const std::string& code);
/// Name of the service type a サービスコード begins with, or empty.
std::string service_name(const Edition& edition, std::string_view service_code);

} // namespace cpg::forms
