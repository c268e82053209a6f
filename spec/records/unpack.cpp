#include "spec/records/unpack.hpp"

#include "spec/records/cp932.hpp"
#include "spec/records/utf8.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <stdexcept>
#include <zip.h>

namespace cpg {

namespace {

constexpr std::size_t read_size = 64 * 1024;
constexpr std::uint64_t ratio_free_size = 1u << 20; // small files may pack as well as they like
constexpr zip_uint32_t plain_file_mode = 0100644u << 16;
constexpr zip_uint16_t fixed_dos_date = (1u << 5) | 1u; // 1980-01-01, the first day of the format
constexpr int deflate_level = 6;
constexpr std::uint32_t unix_type_mask = 0170000;
constexpr std::uint32_t unix_regular = 0100000;
constexpr std::uint32_t unix_folder = 0040000;
constexpr std::uint64_t header_size = 128; // of an entry with its extra fields, without its name
/// The end record alone, which libzip does not write for an archive without entries.
constexpr std::size_t empty_archive_size = 22;

Error malformed(std::string detail) {
    return {Errc::malformed, std::move(detail)};
}
Error too_large(std::string detail) {
    return {Errc::too_large, std::move(detail)};
}

struct CloseArchive {
    void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseFile {
    void operator()(zip_file_t* file) const { zip_fclose(file); }
};
struct FreeSource {
    void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;
using OpenEntry = std::unique_ptr<zip_file_t, CloseFile>;
using Source = std::unique_ptr<zip_source_t, FreeSource>;

/// No fewer than the entries libzip can find, told before it makes room for them: each needs this
/// signature.
std::size_t most_entries(BytesView zip) {
    constexpr std::string_view signature = "PK\x01\x02";
    std::size_t count = 0;
    for (std::size_t at = zip.find(signature); at != BytesView::npos;
         at = zip.find(signature, at + signature.size()))
        ++count;
    return count;
}

bool is_control(char32_t c) {
    const bool direction = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || direction;
}

/// The name as UTF-8: by its flag, else CP932, the code page of Japanese Windows.
std::optional<std::string> decode_name(BytesView raw, bool utf8_flag) {
    if (utf8_flag || guess_encoding(raw) == Encoding::utf8)
        return is_utf8(raw) ? std::optional(std::string(raw)) : std::nullopt;
    for (std::size_t from = 0;;) {
        const ByteFinding finding = next_byte_problem(raw, from);
        if (finding.problem == ByteProblem::none) return to_utf8(raw);
        if (finding.problem == ByteProblem::invalid) return std::nullopt;
        from = finding.offset + (finding.problem == ByteProblem::gaiji ? 2 : 1);
    }
}

struct Entry {
    std::string path; // UTF-8, "/" between the steps
    zip_uint64_t index = 0;
    std::uint64_t size = 0;
    std::uint64_t packed_size = 0;
    bool is_folder() const { return path.ends_with('/'); }
};

std::string_view last_step(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view first_step(std::string_view path) {
    return path.substr(0, path.find('/'));
}

/// What desktop systems add on their own.
bool is_clutter(std::string_view path) {
    const std::string_view name = last_step(path);
    return path.starts_with("__MACOSX/") || name == ".DS_Store" || name == "Thumbs.db";
}

/// Every step of a path is a flat name; a folder's path ends in "/".
bool is_safe_path(std::string_view path) {
    if (path.ends_with('/')) path.remove_suffix(1);
    while (true) {
        const std::string_view step = first_step(path);
        if (!is_flat_name(step)) return false;
        if (step.size() == path.size()) return true;
        path.remove_prefix(step.size() + 1);
    }
}

class Unpacker {
  public:
    Unpacker(BytesView zip, const UnpackLimits& limits) : zip_(zip), limits_(limits) {}

    Result<std::vector<InputFile>> run() {
        if (auto refused = open()) return *refused;
        const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive_.get(), 0));
        std::vector<Entry> entries;
        for (zip_uint64_t index = 0; index < count; ++index) {
            auto entry = look_at(index);
            if (!entry) return entry.error();
            if (!entry->is_folder() && !is_clutter(entry->path)) entries.push_back(*entry);
        }
        if (auto refused = flatten(entries)) return *refused;
        return read_all(entries);
    }

  private:
    static Error too_many() { return too_large("the ZIP has too many entries"); }

    std::optional<Error> open() {
        if (zip_.empty()) return malformed("not a ZIP"); // libzip reads it as an empty archive
        if (most_entries(zip_) > limits_.max_entries) return too_many();
        Source source(zip_source_buffer_create(zip_.data(), zip_.size(), 0, nullptr));
        if (!source) throw std::bad_alloc();
        zip_error_t error;
        zip_error_init(&error);
        archive_.reset(zip_open_from_source(source.get(), ZIP_RDONLY, &error));
        std::optional<Error> refused;
        if (archive_)
            source.release(); // the archive owns it now
        else
            refused = malformed(std::string("not a ZIP: ") + zip_error_strerror(&error));
        zip_error_fini(&error);
        return refused;
    }

    Result<Entry> look_at(zip_uint64_t index) {
        zip_stat_t stat;
        zip_stat_init(&stat);
        const char* raw = zip_get_name(archive_.get(), index, ZIP_FL_ENC_RAW);
        if (raw == nullptr || zip_stat_index(archive_.get(), index, 0, &stat) != 0)
            return malformed("the directory of the ZIP is damaged");
        const zip_uint64_t needed =
            ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
        if ((stat.valid & needed) != needed)
            return malformed("the directory of the ZIP is damaged");
        if (stat.encryption_method != ZIP_EM_NONE) return malformed("an entry is encrypted");
        if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)
            return malformed("an entry is packed in another way than deflate");
        if (is_special_file(index)) return malformed("an entry is a link or a device");

        const BytesView raw_name(raw);
        auto name = decode_name(raw_name, has_utf8_flag(index, raw_name));
        if (!name || !is_safe_path(*name))
            return malformed("an entry has a name that cannot be used as a file name");
        if (last_step(*name).size() > limits_.max_name)
            return malformed("an entry has too long a name");
        return Entry{std::move(*name), index, stat.size, stat.comp_size};
    }

    /// libzip reads a name strictly as UTF-8 when flagged so and else as code page 437, which
    /// changes every byte beyond ASCII.
    bool has_utf8_flag(zip_uint64_t index, BytesView raw) {
        const char* strict = zip_get_name(archive_.get(), index, ZIP_FL_ENC_STRICT);
        return strict != nullptr && raw == strict;
    }

    bool is_special_file(zip_uint64_t index) {
        zip_uint8_t system = 0;
        zip_uint32_t attributes = 0;
        if (zip_file_get_external_attributes(archive_.get(), index, 0, &system, &attributes) != 0)
            return true;
        // Whatever the system byte says: unpackers look at the mode as soon as it is there.
        const std::uint32_t type = (attributes >> 16) & unix_type_mask;
        return type != 0 && type != unix_regular && type != unix_folder;
    }

    /// Drops the one folder that all entries share; refuses others and names seen twice.
    std::optional<Error> flatten(std::vector<Entry>& entries) const {
        if (entries.empty()) return std::nullopt;
        std::string folder(first_step(entries.front().path));
        if (folder.size() < entries.front().path.size())
            folder += '/';
        else
            folder.clear();
        std::set<std::string_view> seen;
        for (Entry& entry : entries) {
            if (!entry.path.starts_with(folder)) return malformed("the ZIP has folders");
            entry.path.erase(0, folder.size());
            if (entry.path.find('/') != std::string::npos) return malformed("the ZIP has folders");
            if (!seen.insert(entry.path).second)
                return malformed("the ZIP has the same name twice");
        }
        return std::nullopt;
    }

    Result<std::vector<InputFile>> read_all(const std::vector<Entry>& entries) {
        std::uint64_t total = 0;
        for (const Entry& entry : entries) {
            if (auto refused = weigh(entry, entry.size)) return *refused;
            total += entry.size;
            if (total > limits_.max_total) return too_large("the ZIP unpacks to too much");
        }
        std::vector<InputFile> files;
        files.reserve(entries.size());
        std::uint64_t done = 0;
        for (const Entry& entry : entries) {
            auto bytes = read(entry, limits_.max_total - done);
            if (!bytes) return bytes.error();
            done += bytes->size();
            files.push_back({entry.path, std::move(*bytes)});
        }
        return files;
    }

    /// The limits on one entry of `size` unpacked bytes.
    std::optional<Error> weigh(const Entry& entry, std::uint64_t size) const {
        if (size > limits_.max_file) return too_large("an entry of the ZIP is too large");
        if (size > ratio_free_size && size / limits_.max_ratio > entry.packed_size)
            return too_large("an entry of the ZIP is packed too well to be true");
        return std::nullopt;
    }

    /// Piece by piece: sizes in the headers are not believed.
    Result<Bytes> read(const Entry& entry, std::uint64_t room) {
        OpenEntry file(zip_fopen_index(archive_.get(), entry.index, 0));
        if (!file) return malformed("an entry of the ZIP is damaged");
        Bytes bytes;
        std::array<char, read_size> piece;
        while (true) {
            const zip_int64_t count = zip_fread(file.get(), piece.data(), piece.size());
            if (count < 0) return malformed("an entry of the ZIP is damaged or its CRC differs");
            if (count == 0) break;
            bytes.append(piece.data(), static_cast<std::size_t>(count));
            if (auto refused = weigh(entry, bytes.size())) return *refused;
            if (bytes.size() > room) return too_large("the ZIP unpacks to too much");
        }
        if (bytes.size() != entry.size) return malformed("an entry has another size than it says");
        return bytes;
    }

    BytesView zip_;
    const UnpackLimits& limits_;
    Archive archive_;
};

[[noreturn]] void throw_zip_error(zip_t* archive) {
    throw std::runtime_error(std::string("libzip: ") + zip_strerror(archive));
}

void add_entry(zip_t* archive, const InputFile& file) {
    Source source(zip_source_buffer(archive, file.bytes.data(), file.bytes.size(), 0));
    if (!source) throw_zip_error(archive);
    const zip_int64_t index =
        zip_file_add(archive, file.name.c_str(), source.get(), ZIP_FL_ENC_UTF_8);
    if (index < 0) throw_zip_error(archive);
    source.release(); // the archive owns it now
    const auto at = static_cast<zip_uint64_t>(index);
    if (zip_set_file_compression(archive, at, ZIP_CM_DEFLATE, deflate_level) != 0 ||
        zip_file_set_dostime(archive, at, 0, fixed_dos_date, 0) != 0 ||
        zip_file_set_external_attributes(archive, at, 0, ZIP_OPSYS_UNIX, plain_file_mode) != 0)
        throw_zip_error(archive);
}

Bytes content_of(zip_source_t* source) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_source_stat(source, &stat) != 0 || zip_source_open(source) != 0)
        throw std::runtime_error("libzip: the packed bytes cannot be read");
    Bytes out(static_cast<std::size_t>(stat.size), '\0');
    const zip_int64_t count = zip_source_read(source, out.data(), out.size());
    zip_source_close(source);
    if (count < 0 || static_cast<std::size_t>(count) != out.size())
        throw std::runtime_error("libzip: the packed bytes cannot be read");
    return out;
}

/// What the limits still allow over all paths of one call.
struct Budget {
    std::uint64_t bytes;
    std::size_t entries;
};

class PathReader {
  public:
    explicit PathReader(const UnpackLimits& limits)
        : limits_(limits), budget_{limits.max_total, limits.max_entries} {}

    std::optional<Error> take(const std::filesystem::path& path) {
        std::error_code failed;
        if (std::filesystem::is_directory(path, failed)) return take_folder(path);
        if (!std::filesystem::is_regular_file(path, failed))
            return Error{Errc::malformed, path.string() + ": no such file or folder"};
        return take_file(path);
    }

    std::vector<InputFile> files() && { return std::move(files_); }

  private:
    /// The files of the folder and of its sub-folders, one step down.
    std::optional<Error> take_folder(const std::filesystem::path& folder) {
        for (const auto& path : sorted_entries(folder)) {
            std::error_code failed;
            if (std::filesystem::is_directory(path, failed)) {
                for (const auto& inner : sorted_entries(path))
                    if (auto refused = take_if_file(inner)) return refused;
            } else if (auto refused = take_if_file(path)) {
                return refused;
            }
        }
        return unreadable_;
    }

    std::optional<Error> take_if_file(const std::filesystem::path& path) {
        std::error_code failed;
        if (!std::filesystem::is_regular_file(path, failed)) return std::nullopt;
        return take_file(path);
    }

    std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& folder) {
        std::vector<std::filesystem::path> out;
        std::error_code failed;
        for (std::filesystem::directory_iterator it(folder, failed), end; !failed && it != end;
             it.increment(failed))
            if (!it->path().filename().native().starts_with('.')) out.push_back(it->path());
        if (failed) unreadable_ = Error{Errc::malformed, folder.string() + ": " + failed.message()};
        std::sort(out.begin(), out.end());
        return out;
    }

    std::optional<Error> take_file(const std::filesystem::path& path) {
        const auto refuse = [&](Errc code, const std::string& why) {
            return Error{code, path.string() + ": " + why};
        };
        std::error_code failed;
        const std::uint64_t size = std::filesystem::file_size(path, failed);
        if (failed) return refuse(Errc::malformed, failed.message());
        std::ifstream in(path, std::ios::binary);
        const bool zip = is_zip(path, in);
        if (!zip && !is_held(size)) return leave_file(path);
        const std::uint64_t most = zip ? largest_zip() : std::min(limits_.max_file, budget_.bytes);
        if (size > most || budget_.entries == 0) return refuse(Errc::too_large, "over the limit");
        Bytes bytes(static_cast<std::size_t>(size), '\0');
        in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        if (!in || in.peek() != std::ifstream::traits_type::eof())
            return refuse(Errc::malformed, "cannot be read");
        if (zip) return take_zip(path, bytes);
        held_ += size;
        keep({utf8_name(path), std::move(bytes)});
        return std::nullopt;
    }

    bool is_held(std::uint64_t size) const {
        return !limits_.held_plain || (size <= *limits_.held_plain && held_ < *limits_.held_plain);
    }

    /// Names a plain file without reading it.
    std::optional<Error> leave_file(const std::filesystem::path& path) {
        if (budget_.entries == 0) return Error{Errc::too_large, path.string() + ": over the limit"};
        auto large = LargeFile::open(path);
        if (!large) return large.error();
        --budget_.entries;
        files_.push_back({utf8_name(path), {}, std::move(*large)});
        return std::nullopt;
    }

    /// A ZIP that unpacks within the limits is no larger: its content unpacked and each entry's two
    /// headers.
    std::uint64_t largest_zip() const {
        return limits_.max_total + limits_.max_entries * 2 * (limits_.max_name + header_size);
    }

    std::optional<Error> take_zip(const std::filesystem::path& path, BytesView bytes) {
        UnpackLimits left = limits_;
        left.max_total = budget_.bytes;
        left.max_entries = budget_.entries;
        auto unpacked = unpack_zip(bytes, left);
        if (!unpacked)
            return Error{unpacked.error().code, path.string() + ": " + unpacked.error().detail};
        for (InputFile& file : *unpacked) keep(std::move(file));
        return std::nullopt;
    }

    void keep(InputFile file) {
        budget_.bytes -= std::min<std::uint64_t>(budget_.bytes, file.bytes.size());
        --budget_.entries;
        files_.push_back(std::move(file));
    }

    /// By its extension or its first bytes; leaves the file at its start.
    static bool is_zip(const std::filesystem::path& path, std::ifstream& in) {
        std::string extension = path.extension().string();
        for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        std::array<char, 4> start{};
        in.read(start.data(), start.size());
        in.clear();
        in.seekg(0);
        return extension == ".zip" || BytesView(start.data(), start.size()) == "PK\x03\x04";
    }

    static std::string utf8_name(const std::filesystem::path& path) {
        std::string name = path.filename().string();
        return is_utf8(name) ? name : to_utf8(name);
    }

    const UnpackLimits& limits_;
    Budget budget_;
    std::uint64_t held_ = 0; // bytes of plain files
    std::vector<InputFile> files_;
    std::optional<Error> unreadable_;
};

} // namespace

bool is_flat_name(std::string_view utf8) {
    constexpr std::size_t longest = 255; // bytes, on the file systems in use
    if (utf8.empty() || utf8.size() > longest || utf8 == "." || utf8 == "..") return false;
    for (std::size_t i = 0; i < utf8.size();) {
        const Utf8Character character = utf8_character_at(utf8, i);
        const char32_t c = character.code_point;
        if (character.length == 0 || is_control(c) || c == '/' || c == '\\' || c == ':')
            return false;
        i += character.length;
    }
    return true;
}

Result<std::vector<InputFile>> unpack_zip(BytesView zip, const UnpackLimits& limits) {
    return Unpacker(zip, limits).run();
}

Bytes pack_zip(const std::vector<InputFile>& files) {
    if (files.empty()) return "PK\x05\x06" + Bytes(empty_archive_size - 4, '\0');
    zip_error_t error;
    zip_error_init(&error);
    Source buffer(zip_source_buffer_create(nullptr, 0, 1, &error));
    if (!buffer) throw std::bad_alloc();
    zip_source_keep(
        buffer.get()); // closing the archive gives up one owner, reading back needs another
    Archive archive(zip_open_from_source(buffer.get(), ZIP_TRUNCATE, &error));
    if (!archive) {
        zip_source_free(buffer.get());
        throw std::runtime_error(std::string("libzip: ") + zip_error_strerror(&error));
    }
    for (const InputFile& file : files) add_entry(archive.get(), file);
    if (zip_close(archive.get()) != 0) throw_zip_error(archive.get());
    archive.release();
    return content_of(buffer.get());
}

Result<std::vector<InputFile>> read_paths(const std::vector<std::filesystem::path>& paths,
                                          const UnpackLimits& limits) {
    PathReader reader(limits);
    for (const auto& path : paths)
        if (auto refused = reader.take(path)) return *refused;
    return std::move(reader).files();
}

} // namespace cpg
