// What a receipt proves and what it does not, in words for people. Pure, any thread.
#pragma once

#include "gateway/audit/receipt.hpp"
#include "spec/base/lang.hpp"

namespace cpg::audit {

/// The same sentence in both languages.
struct Words {
    std::string ja, en;
    const std::string& in(Lang lang) const { return lang == Lang::ja ? ja : en; }
};

enum class Contents { not_compared, compared };
enum class SenderSignature { none, not_compared, compared };

/// What the paper is called: 受付票, 受領票, 取込票 …
Words title_of(const Entry& entry);
std::vector<Words> proven_by(const Receipt& receipt, Contents contents, SenderSignature signature);
std::vector<Words> not_proven_by(const Receipt& receipt, Contents contents,
                                 SenderSignature signature);

/// Why a receipt does not open.
Words reason_of(const Error& error);
/// "proven", "tampered", "malformed", "unknown_key", "certificate"
std::string_view name_of(Verified result);
Words headline_of(Verified result);

/// Fit for a terminal and for JSON: what is no UTF-8 or a control character becomes '?'.
std::string printable(std::string_view text);

} // namespace cpg::audit
