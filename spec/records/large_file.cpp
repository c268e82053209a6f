#include "spec/records/large_file.hpp"

#include "spec/records/bundle.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cpg {

/// An open descriptor of the file as it was.
class LargeFile::Opened {
  public:
    explicit Opened(const LargeFile& file) : file_(file), handle_(open_for_reading(file.path_)) {
        if (handle_ < 0) throw FileChanged(file.path_.string() + ": " + std::strerror(errno));
        if (!is_unchanged()) {
            ::close(handle_);
            throw_changed();
        }
    }
    ~Opened() { ::close(handle_); }
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;

    static int open_for_reading(const std::filesystem::path& path) {
        return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    }

    static LargeFile described(const std::filesystem::path& path, const struct stat& status) {
        LargeFile file;
        file.path_ = path;
        file.size_ = static_cast<std::uint64_t>(status.st_size);
        file.device_ = status.st_dev;
        file.inode_ = status.st_ino;
        file.seconds_ = status.st_mtim.tv_sec;
        file.nanoseconds_ = status.st_mtim.tv_nsec;
        return file;
    }

    bool is_unchanged() const {
        struct stat status {};
        if (::fstat(handle_, &status) != 0) return false;
        const LargeFile now = described(file_.path_, status);
        return now.size_ == file_.size_ && now.device_ == file_.device_ &&
               now.inode_ == file_.inode_ && now.seconds_ == file_.seconds_ &&
               now.nanoseconds_ == file_.nanoseconds_;
    }

    void read(char* to, std::uint64_t offset, std::size_t size) const {
        while (size != 0) {
            const ssize_t count = ::pread(handle_, to, size, static_cast<off_t>(offset));
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) throw_changed();
            to += count;
            offset += static_cast<std::uint64_t>(count);
            size -= static_cast<std::size_t>(count);
        }
    }

    [[noreturn]] void throw_changed() const {
        throw FileChanged(file_.path_.string() + ": changed while it was read");
    }

  private:
    const LargeFile& file_;
    int handle_;
};

Result<std::shared_ptr<const LargeFile>> LargeFile::open(const std::filesystem::path& path) {
    const auto refuse = [&](Errc code, const std::string& why) {
        return Error{code, path.string() + ": " + why};
    };
    const int handle = Opened::open_for_reading(path);
    if (handle < 0) return refuse(Errc::malformed, std::strerror(errno));
    struct stat status {};
    const bool known = ::fstat(handle, &status) == 0 && S_ISREG(status.st_mode);
    ::close(handle);
    if (!known) return refuse(Errc::malformed, "cannot be read");
    LargeFile file = Opened::described(path, status);
    if (file.size_ > max_size) return refuse(Errc::too_large, "over 4 GiB");
    return std::make_shared<const LargeFile>(std::move(file));
}

Bytes LargeFile::piece(std::uint64_t offset, std::size_t size) const {
    const Opened opened(*this);
    if (offset > size_ || size > size_ - offset) opened.throw_changed();
    Bytes bytes(size, '\0');
    opened.read(bytes.data(), offset, size);
    return bytes;
}

/// Address space as wide as the file; pages come with the first write and go with madvise.
struct InputView::Window {
    Window(const LargeFile& file, std::size_t step_size)
        : opened(file), size(file.size()), step(step_size) {
        void* const place = ::mmap(nullptr, width(), PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (place == MAP_FAILED) throw std::bad_alloc();
        data = static_cast<char*>(place);
    }
    ~Window() { ::munmap(data, width()); }
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

    std::size_t width() const { return std::max<std::size_t>(size, 1); }

    void let_go(std::uint64_t begin) {
        const std::uint64_t whole_steps = begin - begin % step;
        if (whole_steps <= gone) return;
        ::madvise(data + gone, static_cast<std::size_t>(whole_steps - gone), MADV_DONTNEED);
        gone = whole_steps;
    }

    void fill(std::uint64_t begin, std::uint64_t end) {
        filled = std::max(filled, begin - begin % step);
        while (filled < end) {
            const auto count =
                static_cast<std::size_t>(std::min<std::uint64_t>(step, size - filled));
            opened.read(data + filled, filled, count);
            filled += count;
            if (filled == size && !opened.is_unchanged()) opened.throw_changed();
        }
    }

    LargeFile::Opened opened;
    std::uint64_t size;
    std::uint64_t step; // a multiple of the page
    std::uint64_t gone = 0, filled = 0;
    char* data = nullptr;
};

InputView::InputView(const InputFile& file, std::size_t step) : bytes_(file.bytes) {
    if (!file.large) return;
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    window_ = std::make_unique<Window>(*file.large, (step + page - 1) / page * page);
    bytes_ = {window_->data, static_cast<std::size_t>(file.large->size())};
}

InputView::~InputView() = default;

void InputView::move(std::uint64_t begin, std::uint64_t end) {
    if (!window_) return;
    end = std::min<std::uint64_t>(end, bytes_.size());
    window_->let_go(std::min(begin, end));
    window_->fill(std::min(begin, end), end);
}

} // namespace cpg
