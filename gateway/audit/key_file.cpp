#include "gateway/audit/key_file.hpp"

#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace cpg::audit {

namespace {

constexpr off_t most_bytes = 16 * 1024; // a name and some 120 bytes of PEM

Error configuration(const std::filesystem::path& file, const char* what) {
    return {Errc::configuration, file.string() + ": " + what};
}

Result<void> write_secret(const std::filesystem::path& file, std::string_view text) {
    const int handle = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    if (handle < 0) return configuration(file, "exists or cannot be written");
    const bool written =
        ::write(handle, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(handle) == 0;
    ::close(handle);
    if (!written) return configuration(file, "cannot be written");
    return {};
}

Result<std::string> read_secret(const std::filesystem::path& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
        return configuration(file, "cannot be read");
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return configuration(file, "may be read by others; set its mode to 0400");
    if (status.st_size > most_bytes) return configuration(file, "is no key file");
    std::ifstream in(file, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(in), {});
    if (!in) return configuration(file, "cannot be read");
    return text;
}

} // namespace

Result<std::string> create_key_file(const std::filesystem::path& file, std::string_view name) {
    const std::string pem = make_signer_key();
    std::string vkey;
    try {
        vkey = make_signer(name, pem)->verifier().text();
    } catch (const std::invalid_argument& error) {
        return Error{Errc::malformed, error.what()};
    }
    if (const auto written = write_secret(file, std::string(name) + "\n" + pem); !written)
        return written.error();
    return vkey;
}

Result<std::unique_ptr<Signer>> read_key_file(const std::filesystem::path& file) {
    const auto text = read_secret(file);
    if (!text) return text.error();
    const auto line_end = text->find('\n');
    if (line_end == std::string::npos) return configuration(file, "has no name on its first line");
    try {
        return make_signer(text->substr(0, line_end), text->substr(line_end + 1));
    } catch (const std::invalid_argument&) {
        return configuration(file, "is no key file");
    }
}

} // namespace cpg::audit
