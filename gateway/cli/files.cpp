#include "gateway/cli/files.hpp"

#include "gateway/cli/failure.hpp"

#include <fstream>
#include <sstream>

namespace cpg::cli {

Bytes read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream bytes;
    // An empty file sets failbit on the output, which is no error.
    if (!in || std::filesystem::is_directory(file))
        throw Failure(exit_usage,
                      "読めません: " + file.string() + " / cannot read " + file.string());
    bytes << in.rdbuf();
    if (in.bad())
        throw Failure(exit_usage,
                      "読めません: " + file.string() + " / cannot read " + file.string());
    return std::move(bytes).str();
}

} // namespace cpg::cli
