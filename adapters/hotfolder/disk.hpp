// Every change the agent makes on disk goes through here: durable before it returns, never over a
// file that is there. A probe is called before and after each step: tests cut the power there.
// A Disk belongs to one thread. Throws std::system_error when the disk refuses.
#pragma once

#include "spec/records/bundle.hpp"

#include <filesystem>
#include <functional>

namespace cpg::hotfolder {

class Disk {
  public:
    using Probe = std::function<void(std::string_view step)>; // may throw
    explicit Disk(Probe probe = {}) : probe_(std::move(probe)) {}

    void make_folder(const std::filesystem::path& folder) const;
    /// In one step, replaces what is there.
    void save(const std::filesystem::path& file, BytesView bytes) const;
    /// A folder of files ("sub/x.txt" makes sub), whole or not at all; one that is there is
    /// replaced.
    void save_folder(const std::filesystem::path& folder,
                     const std::vector<InputFile>& files) const;
    /// A file or folder, by rename; across file systems by copy, flush, rename, removal. False, and
    /// nothing done, when `to` exists.
    bool move(const std::filesystem::path& from, const std::filesystem::path& to) const;
    void remove(const std::filesystem::path& path) const; // a folder with what is in it
    void probe(std::string_view step) const {
        if (probe_) probe_(step);
    }

  private:
    Probe probe_;
};

/// Whole content. nullopt: not there (any more). Throws std::system_error.
std::optional<Bytes> read_whole(const std::filesystem::path& file);
/// The files below a folder, paths relative with "/", by path; hidden ones are left out.
std::vector<InputFile> read_folder(const std::filesystem::path& folder);

} // namespace cpg::hotfolder
