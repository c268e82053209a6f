// Papers beside the data (monthly reports, 個別計画書, モニタリング): PDF, JPEG, PNG on the same
// road. What a paper is, is told by its content, never by its name. Pure, any thread.
#pragma once

#include "spec/check/finding.hpp"
#include "spec/records/bundle.hpp"

namespace cpg::exchange {

struct PaperLimits {
    std::size_t max_papers = 50;       // a request: one user's papers of a month are a handful
    std::size_t max_bytes = 20u << 20; // of one: a scanned report of 40 pages is 5 to 10 MiB
    std::size_t max_title = 200;       // bytes of UTF-8
};

/// The `cover` part: {"to":{"office","service_type"},"month","title","serial"?,"from":{"office"}?}.
/// `from` is for a certificate of several offices; without it the first office of the certificate
/// sends.
struct Cover {
    std::optional<OfficeNo> from;
    OfficeRef to;
    Month month;
    std::string title;
    std::optional<Serial> serial; // of a bundle in the same request: the papers travel with it
};

/// malformed with a plain reason (never the title).
Result<Cover> parse_cover(std::string_view json, const PaperLimits& limits = {});

enum class PaperType { unknown, pdf, jpeg, png };
PaperType sniff_paper(BytesView bytes);
std::string_view name_of(PaperType type); // "PDF", "JPEG", "PNG", ""

/// R-PAPER-01 (not what it claims or not allowed), -02 (encrypted PDF), -03 (script, launch or
/// embedded file), -05 (name), -06 (size, number). `papers` is the whole request's list.
std::vector<Finding> check_papers(const Catalog& catalog, const std::vector<InputFile>& papers,
                                  const PaperLimits& limits = {});

} // namespace cpg::exchange
