// Where a sandbox lives: a folder of its owner alone that goes with it. A fresh one under the
// system's temporary folder is removed whole; in a folder that somebody named, only what the
// sandbox made. A process that is killed (SIGKILL) cannot clean up: the next sandbox removes what a
// dead one left, told by a lock that the kernel lets go with the process.
#pragma once

#include "spec/base/result.hpp"

#include <filesystem>
#include <vector>

namespace cpg::sandbox {

class Folder {
  public:
    /// Under the temporary folder, `cpgw-sandbox-XXXXXX`, mode 0700. Throws std::system_error.
    static Folder make_temporary();
    /// configuration: it is there and not empty, or cannot be made.
    static Result<Folder> make(const std::filesystem::path& path);
    Folder(Folder&& other) noexcept;
    Folder& operator=(Folder&&) = delete;
    ~Folder(); // removes it unless keep()

    const std::filesystem::path& path() const { return path_; }
    /// The path of something that is made in it, a file or a folder, and goes with it; so does what
    /// `cpgw` keeps beside a settings file (client.yaml.checkpoints…).
    std::filesystem::path part(const std::string& name);
    /// Stays after the end, and after a kill.
    void keep();

    /// Removes the temporary folders of sandboxes that ended without cleaning up; how many. Looks
    /// only at folders of this user that carry the mark. Never throws.
    static std::size_t remove_left_over();

  private:
    Folder(std::filesystem::path path, bool whole);
    void lock();
    std::vector<std::filesystem::path> made_here() const;

    std::filesystem::path path_;
    std::vector<std::string> parts_; // what is removed
    bool whole_;                     // nothing else can be in it
    bool kept_ = false;
    int lock_ = -1;
};

} // namespace cpg::sandbox
