// A list of offices as CSV: 事業所番号, サービス種類 (codes, blanks between), 名称; further columns
// are passed over; a first row that is no office is the head. UTF-8 (with or without BOM) or CP932.
// Pure.
#pragma once

#include "gateway/store/rows.hpp"

namespace cpg::cli {

struct ListProblem {
    std::uint32_t line = 0; // physical, from 1
    std::string text;       // Japanese / English
};

struct OfficeList {
    std::vector<store::OfficeRow> offices;
    std::vector<ListProblem> problems; // the first max_list_problems
};
constexpr std::size_t max_list_problems = 50;

OfficeList read_office_list(BytesView csv);

/// What a list does not say stays as it was: disabled offices stay disabled, reachable ones
/// reachable.
void keep_what_is_known(std::vector<store::OfficeRow>& offices,
                        const std::vector<store::OfficeRow>& known);

} // namespace cpg::cli
