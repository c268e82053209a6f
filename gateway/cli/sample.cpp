#include "spec/sample/sample.hpp"

#include "adapters/client/save_folder.hpp"
#include "gateway/cli/catalog.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/office_ref.hpp"
#include "gateway/cli/text.hpp"

#include <iostream>

namespace cpg::cli {

const Usage sample_usage{
    "sample",
    "架空の利用者によるお試しデータを作ります（検査をすべて通ります）",
    "writes valid synthetic bundles; every person is invented",
    {},
    with({{"--from", "OFFICE:TYPE", "送信元の事業所番号とサービス種類", "the sender"},
          {"--to", "OFFICE:TYPE[,…]", "送信先（複数可）", "the receivers"},
          {"--month", "YYYYMM", "対象年月", "the month"},
          {"--users", "N", "送信先ごとの利用者数（既定 1）", "users per receiver (default 1)"},
          {"--kind", "KIND[,…]", "送信単位の種別（例 schedule）", "kinds of bundle, e.g. schedule"},
          {"--edition", "4.1|3", "標準仕様の版（既定 4.1）", "edition (default 4.1)"},
          {"--seed", "N", "同じ数なら同じデータ（既定 1）", "same seed, same bytes (default 1)"},
          {"--serial", "YYYYMMDDhhmmss", "最初の通番", "serial of the first bundle"},
          {"--out", "DIR", "書き出すフォルダー", "folder to write into"}},
         spec_dir_option())};

namespace {

SampleRequest request_of(const Arguments& given) {
    SampleRequest request;
    request.from = parse_office_ref("--from", given.required("--from"));
    request.to = parse_office_refs("--to", given.required("--to"));
    request.month = month_option(given);
    request.users = static_cast<int>(given.number("--users", 1, 1, 100'000));
    request.kinds = split(given.text("--kind"));
    request.edition = given.text("--edition", "4.1");
    request.seed = static_cast<std::uint64_t>(given.number("--seed", 1, 0, INT64_MAX));
    if (given.has("--serial")) {
        request.serial = Serial::parse(given.text("--serial"));
        if (!request.serial || !request.serial->is_real())
            throw UsageError("通番（YYYYMMDDhhmmss）ではありません: " + given.text("--serial") +
                             " / --serial is not a date and time");
    }
    return request;
}

} // namespace

int sample_command(const Arguments& given) {
    const SampleRequest request = request_of(given);
    const std::filesystem::path folder = given.required("--out");
    const CatalogPtr catalog = catalog_of(given);
    const std::vector<InputFile> files =
        value_or_fail(make_sample(*catalog, request), "作れません");
    for (const auto& file : files) client::save_file(folder / file.name, file.bytes);
    const Heap heap = group_files(*catalog, files);
    for (const auto& bundle : heap.bundles)
        std::cout << office_text(bundle.from) << " → " << office_text(bundle.to) << "  "
                  << bundle.serial.view() << "  " << bundle.files.size() << " ファイル / files\n";
    std::cout << folder.string() << ": " << heap.bundles.size() << " 送信単位 / bundles, "
              << files.size() << " ファイル / files\n";
    return exit_done;
}

} // namespace cpg::cli
