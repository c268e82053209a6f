#include "gateway/cli/catalog.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/progress.hpp"
#include "gateway/cli/signers.hpp"
#include "gateway/cli/text.hpp"
#include "spec/base/clock.hpp"
#include "spec/check/checker.hpp"
#include "spec/records/unpack.hpp"
#include "spec/render/report_json.hpp"

#include <boost/json/serialize.hpp>
#include <iostream>
#include <sys/ioctl.h>
#include <unistd.h>

namespace cpg::cli {

const Usage check_usage{
    "check",
    "ファイル、フォルダー、ZIP を送信前に手元で検査します",
    "validates files, folders and ZIPs offline",
    {"PATH…", 1, any_number},
    with(
        with(
            with(
                {{"--edition", "auto|4.1|3", "標準仕様の版（既定 auto）",
                  "edition of the standard (default auto)"},
                 {"--profile", "NAME",
                  "検査の厳しさ standard、strict、lenient、または自分の設定ファイル（.yaml）（既定 "
                  "standard）",
                  "how strict: standard, strict, lenient, or an own file .yaml (default standard)"},
                 {"--service-codes", "PATH",
                  "サービスコード表（.yaml、市町村の "
                  ".csv、またはそのフォルダー）とも照らし合わせます",
                  "checks with these service code tables too (.yaml, a city's .csv, a folder)"},
                 {"--sender", "OFFICE", "送信元はこの事業所であること",
                  "the sender must be this office"},
                 {"--receiver", "OFFICE", "送信先はこの事業所であること",
                  "the receiver must be this office"},
                 {"--format", "text|json|csv", "出力の形式（既定 text）",
                  "form of the output (default text)"},
                 {"--show-values", "", "値も表示します（text だけ。個人情報に注意）",
                  "shows the values too (text only; personal data)"}},
                lang_option()),
            signer_options()),
        spec_dir_option())};

namespace {

OfficeNo office_option(const Arguments& given, const std::string& option) {
    const auto office = OfficeNo::parse(given.text(option));
    if (!office)
        throw UsageError("事業所番号ではありません: " + given.text(option) + " / " + option +
                         " is not an office number");
    return *office;
}

CheckOptions options_of(const Arguments& given, const Catalog& catalog) {
    CheckOptions options;
    options.take(*profile_of(given, catalog));
    options.service_codes = service_codes_of(given);
    options.edition = given.text("--edition", "auto");
    options.now = system_clock().now();
    options.keep_values = given.has("--show-values");
    if (options.keep_values && given.text("--format", "text") != "text")
        throw UsageError("--show-values は --format text だけで使えます / --show-values needs "
                         "--format text");
    if (given.has("--sender")) options.sender_offices.push_back(office_option(given, "--sender"));
    if (given.has("--receiver")) options.receiver = office_option(given, "--receiver");
    return options;
}

/// Plain files are held up to this size, and up to twice of it in all; larger ones are read where
/// they are, piece by piece, so that memory stays the same.
constexpr std::uint64_t held_plain = 16u << 20;
/// A big office's month for 1,000 receivers has 3,000 files, with the care plans 7,000.
constexpr std::size_t max_files = 20'000;

std::string progress_text(const CheckProgress& progress) {
    std::string text = "検査 / checking ";
    if (progress.reading > 1) text += "(" + std::to_string(progress.reading) + ") ";
    return text + std::to_string(progress.done * 100 / std::max<std::uint64_t>(progress.total, 1)) +
           "%";
}

/// Of the terminal that is written to; 0 when it is none, so that files and pipes get whole lines.
std::size_t terminal_columns() {
    winsize size{};
    if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col;
}

std::string rendered(const Catalog& catalog, const Report& report, const Arguments& given) {
    const Lang lang = given.text("--lang") == "en" ? Lang::en : Lang::ja;
    const std::string format = given.text("--format", "text");
    if (format == "json") return boost::json::serialize(to_json(catalog, report, lang)) + "\n";
    if (format == "csv") return to_csv(catalog, report, lang);
    return wrapped(to_text(catalog, report, lang), terminal_columns());
}

Report checked(const Catalog& catalog, std::vector<InputFile> files, const CheckOptions& options,
               const Arguments& given) {
    Progress progress;
    try {
        const Heap heap = group_files(catalog, std::move(files));
        Report report = check_heap(catalog, heap, options, [&](const CheckProgress& now) {
            progress.show(progress_text(now));
        });
        exchange::add_signatures(report, signatures_in(catalog, heap, given), options.max_findings);
        return report;
    } catch (const FileChanged& changed) {
        throw Failure(exit_usage, std::string("検査の間にファイルが変わったか、読めなくなりました。"
                                              "書き込みが終わってからやり直してください / "
                                              "a file changed during the check: ") +
                                      changed.what());
    }
}

} // namespace

int check_command(const Arguments& given) {
    const CatalogPtr catalog = catalog_of(given);
    const CheckOptions options = options_of(given, *catalog);
    UnpackLimits limits;
    limits.held_plain = held_plain;
    limits.max_entries = max_files;
    auto files = read_paths({given.operands().begin(), given.operands().end()}, limits);
    if (!files) throw Failure(exit_usage, "読めません / cannot read: " + files.error().detail);
    if (files->empty())
        throw Failure(exit_usage,
                      "ファイルがありません / no files in: " + given.operands().front());

    const Report report = checked(*catalog, std::move(*files), options, given);
    std::cout << rendered(*catalog, report, given);
    return report.verdict == Verdict::accepted ? exit_done : exit_not_good;
}

} // namespace cpg::cli
