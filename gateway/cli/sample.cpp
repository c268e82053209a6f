#include "spec/sample/sample.hpp"

#include "adapters/client/save_folder.hpp"
#include "gateway/cli/catalog.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/office_ref.hpp"
#include "gateway/cli/text.hpp"
#include "spec/base/clock.hpp"

#include <algorithm>
#include <cstdio>
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
          {"--serial", "YYYYMMDDhhmmss", "最初の通番（既定 年月と種から。未来にはしません）",
           "serial of the first bundle (default: from month and seed, never in the future)"},
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

std::vector<InputFile> made(const Catalog& catalog, const SampleRequest& request) {
    return value_or_fail(make_sample(catalog, request), "作れません");
}

bool lies_ahead(const Catalog& catalog, const std::vector<InputFile>& files, Time now) {
    const Heap heap = group_files(catalog, files);
    return std::any_of(heap.bundles.begin(), heap.bundles.end(),
                       [&](const Bundle& bundle) { return bundle.serial.instant() > now; });
}

/// A serial for a month that has not come yet: early in this month, in Japan; the seed tells it.
Serial serial_of_today(std::uint64_t seed, Time now) {
    char time[7];
    const auto minutes = static_cast<unsigned>(seed % (8 * 60)); // office hours from 9
    std::snprintf(time, sizeof time, "%02u%02u00", 9 + minutes / 60, minutes % 60);
    return Serial::parse(japan_day(now).substr(0, 6) + "01" + time).value();
}

} // namespace

int sample_command(const Arguments& given) {
    SampleRequest request = request_of(given);
    const std::filesystem::path folder = given.required("--out");
    const CatalogPtr catalog = catalog_of(given);
    const Time now = system_clock().now();
    std::vector<InputFile> files = made(*catalog, request);
    // A serial of the future is a finding (R-NAME-05): a month ahead is exported this month.
    if (!request.serial && lies_ahead(*catalog, files, now)) {
        request.serial = serial_of_today(request.seed, now);
        files = made(*catalog, request);
    }
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
