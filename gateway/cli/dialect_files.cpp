#include "gateway/cli/dialect_files.hpp"

#include "gateway/cli/failure.hpp"
#include "gateway/cli/files.hpp"
#include "spec/records/unpack.hpp"

#include <algorithm>

namespace cpg::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_files = 2000;
constexpr std::uintmax_t most_bytes = 256u << 20;

bool is_zip(BytesView bytes) {
    return bytes.starts_with("PK\x03\x04");
}

class Collector {
  public:
    void take(const fs::path& path, const std::string& name) {
        std::error_code failed;
        const std::uintmax_t size = fs::file_size(path, failed);
        if (failed) throw Failure(exit_usage, "読めません / cannot read: " + path.string());
        Bytes bytes;
        bound(size);
        bytes = read_file(path);
        if (!is_zip(bytes)) {
            files_.push_back({name, std::move(bytes)});
            return;
        }
        for (InputFile& file : value_or_fail(unpack_zip(bytes), "ZIP が読めません: " + name)) {
            bound(file.bytes.size());
            files_.push_back({std::move(file.name), std::move(file.bytes)});
        }
    }
    std::vector<adapters::DialectFile> sorted() {
        std::sort(files_.begin(), files_.end(),
                  [](const auto& left, const auto& right) { return left.path < right.path; });
        return std::move(files_);
    }

  private:
    void bound(std::uintmax_t size) {
        bytes_ += size;
        if (files_.size() >= most_files || bytes_ > most_bytes)
            throw Failure(exit_usage, "ファイルが多すぎます（上限 2,000 個・256 MiB） / too many "
                                      "files (at most 2,000 of 256 MiB in all)");
    }

    std::vector<adapters::DialectFile> files_;
    std::uintmax_t bytes_ = 0;
};

} // namespace

std::vector<adapters::DialectFile> read_dialect_files(const std::vector<std::string>& paths) {
    Collector files;
    for (const std::string& text : paths) {
        const fs::path path(text);
        if (!fs::is_directory(path)) {
            files.take(path, path.filename().string());
            continue;
        }
        for (const auto& entry : fs::recursive_directory_iterator(path)) {
            const std::string name = entry.path().filename().string();
            if (entry.is_regular_file() && !name.starts_with('.'))
                files.take(entry.path(), fs::relative(entry.path(), path).generic_string());
        }
    }
    auto all = files.sorted();
    if (all.empty()) throw Failure(exit_usage, "ファイルがありません / no files: " + paths.front());
    return all;
}

} // namespace cpg::cli
