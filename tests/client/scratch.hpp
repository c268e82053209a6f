// A folder of its own for a test, removed afterwards; and reading and writing of whole files.
#pragma once

#include "spec/base/digest.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace cpg::client::test {

class Scratch {
  public:
    Scratch()
        : path_(std::filesystem::temp_directory_path() / ("cpgw-test-" + hex(random_bytes(8)))) {
        std::filesystem::create_directory(path_);
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

inline void write(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
}

inline std::string read(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

inline std::size_t entries(const std::filesystem::path& folder) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
    return count;
}

} // namespace cpg::client::test
