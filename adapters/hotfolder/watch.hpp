// Wakes up when something changes in a folder, when it is told to, or when the time is over. Where
// the system cannot tell of changes (network shares) the time is what wakes. One thread waits; any
// thread may wake it.
#pragma once

#include <chrono>
#include <filesystem>

namespace cpg::hotfolder {

class Watch {
  public:
    Watch();
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    /// Begins to watch it and the folders below; to be called before each look at the files, so
    /// that nothing comes unseen between. A folder that is not there is no problem.
    void look_at(const std::filesystem::path& folder);
    void wait(std::chrono::milliseconds limit);
    void wake();

  private:
    int inotify_ = -1, event_ = -1;
};

} // namespace cpg::hotfolder
