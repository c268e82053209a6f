// One line of progress on a terminal (stderr), for work that takes longer than a second; silent
// otherwise and in pipes. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace cpg::cli {

class Progress {
  public:
    Progress();
    ~Progress(); // clears the line
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    /// At most ten a second are shown.
    void show(const std::string& text);
    void clear();

  private:
    std::chrono::steady_clock::time_point begun_, shown_;
    bool terminal_;
    bool dirty_ = false;
};

} // namespace cpg::cli
