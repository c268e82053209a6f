// Files as the forms people know, printable: 居宅サービス計画書 第1・2・3表, サービス利用票/提供票
// 第6表 as a month grid, 別表 第7表, 利用者基本情報, 介護予防サービス・支援計画書, and lists of
// deletions. A4 landscape, one user a page. One HTML document that needs nothing else: no script,
// no outside address, every value escaped. `cpgw view` prints it, the gateway serves it under
// /v1/bundles/{id}/view. Holds personal data. Pure, any thread.
#pragma once

#include "spec/base/lang.hpp"
#include "spec/records/bundle.hpp"

namespace cpg {

/// What is beyond is left out, and the document ends with a page that says so.
struct FormLimits {
    std::size_t max_sheets = 2'000;           // a browser still opens it within seconds
    std::size_t max_bytes = 48u << 20;        // of HTML without images: the same reason
    std::size_t max_rows = 300'000;           // records: a big office has some 50,000 a month
    std::size_t max_image_bytes = 2u << 20;   // of one image
    std::size_t max_images_bytes = 24u << 20; // of all
};

/// 予定 and 実績 of one user and month given together share one grid; when one is missing its rows
/// stay empty. The forms are official Japanese sheets in either language: `lang` is that of the
/// notes around them.
/// `above`: lines that stand above the forms, such as what the sender's signatures are worth.
std::string form_html(const Catalog& catalog, const std::vector<InputFile>& files, Lang lang,
                      const FormLimits& limits = {}, const std::vector<std::string>& above = {});

} // namespace cpg
