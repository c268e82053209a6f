// A file that is too large to be held: its bytes are read through a window that moves front to
// back, so that memory stays the same whatever the size. The window lies in memory of the
// program's own that is as wide as the file but holds only what is looked at (pread in, madvise
// out): a file that is cut or written meanwhile is an exception, never a signal, as with a mapping
// of the file itself it would be. A LargeFile is an immutable value, any thread; an InputView
// belongs to one.
#pragma once

#include "spec/base/bytes.hpp"

#include <filesystem>
#include <memory>
#include <stdexcept>

namespace cpg {

/// The file is not what it was when it was opened first, or cannot be read any more.
struct FileChanged : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Where the file is, and what tells that it is still the same.
class LargeFile {
  public:
    /// Records and lines are counted in 32 bits, and none takes less than a byte.
    static constexpr std::uint64_t max_size = (std::uint64_t{4} << 30) - 1;

    /// malformed: it cannot be read; too_large: over max_size.
    static Result<std::shared_ptr<const LargeFile>> open(const std::filesystem::path& path);

    std::uint64_t size() const { return size_; }
    /// The bytes of one piece; FileChanged when they are not there any more.
    Bytes piece(std::uint64_t offset, std::size_t size) const;

  private:
    friend class InputView;
    class Opened;

    std::filesystem::path path_;
    std::uint64_t size_ = 0;
    std::uint64_t device_ = 0, inode_ = 0;
    std::int64_t seconds_ = 0, nanoseconds_ = 0; // of its last change
};

struct InputFile;

/// The bytes of a file for one reading front to back, held or through a window. Bytes of a large
/// file outside the window read as zero. The file outlives the view.
class InputView {
  public:
    static constexpr std::size_t usual_step = 1u << 20; // bytes read, and let go, at a time
    explicit InputView(const InputFile& file, std::size_t step = usual_step);
    ~InputView();
    InputView(const InputView&) = delete;
    InputView& operator=(const InputView&) = delete;

    /// The whole file; addresses stay while the view lives.
    BytesView bytes() const { return bytes_; }
    /// Whether only what move() asked for can be read.
    bool is_window() const { return window_ != nullptr; }
    /// From now on the bytes from `begin` to `end` are there, and those before `begin` need not be.
    /// Neither goes back. FileChanged when the file is not what it was.
    void move(std::uint64_t begin, std::uint64_t end);

  private:
    struct Window;
    BytesView bytes_;
    std::unique_ptr<Window> window_;
};

} // namespace cpg
