#include "gateway/audit/export.hpp"

#include "gateway/audit/lines.hpp"

#include <algorithm>
#include <fstream>
#include <memory>

namespace cpg::audit {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_file_bytes = 64u << 20;
constexpr unsigned tile_height = 8;

std::string tile_file(const std::string& folder, const TilePath& path) {
    return folder + "/tile/" + path.text();
}

std::string stamp_file(const std::string& folder, std::uint64_t size, std::string_view suffix) {
    return (folder + "/timestamps/" + std::to_string(size)).append(suffix);
}

std::size_t width_of(unsigned level, std::uint64_t index, std::uint64_t size) {
    const std::uint64_t nodes = size >> (tile_height * level);
    return static_cast<std::size_t>(
        std::min<std::uint64_t>(tile_width, nodes - index * tile_width));
}

std::optional<std::uint64_t> size_in(std::string_view name, std::string_view suffix) {
    if (!name.ends_with(suffix)) return std::nullopt;
    return parse_decimal(name.substr(0, name.size() - suffix.size()));
}

/// The entries of the newest bundle that was read: leaves are asked for one after another.
class EntryFiles {
  public:
    EntryFiles(std::string folder, FileReader read, std::uint64_t size)
        : folder_(std::move(folder)), read_(std::move(read)), size_(size) {}

    std::vector<std::string> leaves(std::uint64_t first, std::size_t count) const {
        std::vector<std::string> texts;
        while (texts.size() < count && first + texts.size() < size_) {
            const std::uint64_t next = first + texts.size();
            const std::uint64_t index = next / tile_width;
            const TilePath path{true, {0, index}, width_of(0, index, size_)};
            const auto bytes = read_(tile_file(folder_, path));
            const auto entries = bytes ? read_entry_bundle(*bytes) : std::nullopt;
            if (!entries || entries->size() != path.width)
                throw std::runtime_error("tile/" + path.text());
            for (std::size_t i = next % tile_width; i < entries->size() && texts.size() < count;
                 ++i)
                texts.push_back((*entries)[i]);
        }
        return texts;
    }

  private:
    std::string folder_;
    FileReader read_;
    std::uint64_t size_;
};

/// Time-stamped checkpoints and the newest one, as notes by size.
std::vector<std::string> notes_since(const std::string& folder, const FileReader& read,
                                     const std::vector<std::uint64_t>& stamped,
                                     std::uint64_t newest, std::uint64_t size, std::size_t count) {
    std::vector<std::string> notes;
    for (const std::uint64_t at : stamped) {
        if (at <= size || at >= newest || notes.size() == count) continue;
        const auto note = read(stamp_file(folder, at, ".checkpoint"));
        notes.push_back(note.value_or(""));
    }
    if (newest <= size || notes.size() == count) return notes;
    // The published note may have got cosignatures since it was stamped, and nothing else.
    std::string published = read(folder + "/checkpoint").value_or("");
    const bool is_stamped = std::find(stamped.begin(), stamped.end(), newest) != stamped.end();
    if (is_stamped)
        if (const auto note = read(stamp_file(folder, newest, ".checkpoint"));
            !note || !published.starts_with(*note) || !parse_note(*note))
            published.clear();
    notes.push_back(std::move(published));
    return notes;
}

} // namespace

void export_log(const LogSource& log, const std::string& folder, const std::string& checkpoint,
                const std::vector<StampedCheckpoint>& stamped, const FileWriter& write,
                const std::function<void(const std::string&)>& on_progress) {
    for (unsigned level = 0; log.size >> (tile_height * level) > 0; ++level) {
        const std::uint64_t nodes = log.size >> (tile_height * level);
        for (std::uint64_t index = 0; index * tile_width < nodes; ++index) {
            const TilePath path{false, {level, index}, width_of(level, index, log.size)};
            const auto tile = log.tile(path.id);
            if (!tile || tile->size() < path.width * sizeof(Digest))
                throw std::runtime_error("tile/" + path.text() + " is missing");
            write(tile_file(folder, path), BytesView(*tile).substr(0, path.width * sizeof(Digest)));
            if (level > 0) continue;
            const TilePath entries{true, path.id, path.width};
            write(tile_file(folder, entries),
                  entry_bundle(log.leaves(index * tile_width, path.width)));
            if (on_progress) on_progress(folder + "/tile/" + path.text());
        }
    }
    for (const StampedCheckpoint& stamp : stamped) {
        write(stamp_file(folder, stamp.size, ".checkpoint"), stamp.note);
        write(stamp_file(folder, stamp.size, ".tsr"), stamp.response);
    }
    write(folder + "/checkpoint", checkpoint); // last: what it says is there
}

std::optional<LogSource> exported_log(const std::string& folder, const FileReader& read,
                                      std::vector<std::uint64_t> stamped, bool closed) {
    const auto text = read(folder + "/checkpoint");
    const auto note = text ? parse_note(*text) : Error{Errc::malformed, "no checkpoint"};
    if (!note) return std::nullopt;
    const auto checkpoint = Checkpoint::parse(note->text);
    if (!checkpoint) return std::nullopt;
    LogSource log;
    log.origin = checkpoint->origin;
    log.size = checkpoint->size;
    log.closed = closed;
    const auto entries = std::make_shared<EntryFiles>(folder, read, log.size);
    log.leaves = [entries](std::uint64_t first, std::size_t count) {
        return entries->leaves(first, count);
    };
    log.tile = [folder, read, size = log.size](TileId id) -> std::optional<Bytes> {
        const std::uint64_t nodes = id.level < 8 ? size >> (tile_height * id.level) : 0;
        if (id.index * tile_width >= nodes)
            return std::nullopt; // a static tree may hold older ones
        return read(tile_file(folder, {false, id, width_of(id.level, id.index, size)}));
    };
    log.checkpoints_since = [folder, read, stamped = std::move(stamped),
                             newest = log.size](std::uint64_t size, std::size_t count) {
        return notes_since(folder, read, stamped, newest, size, count);
    };
    return log;
}

FileWriter writer_into(const fs::path& folder) {
    return [folder](const std::string& path, BytesView bytes) {
        const fs::path file = folder / path;
        fs::create_directories(file.parent_path());
        std::ofstream out(file, std::ios::binary | std::ios::trunc);
        out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        out.close();
        if (!out) throw std::runtime_error("cannot write " + file.string());
    };
}

FileReader reader_from(const fs::path& folder) {
    return [folder](const std::string& path) -> std::optional<Bytes> {
        const fs::path file = folder / path;
        std::error_code error;
        const auto size = fs::file_size(file, error);
        if (error || size > max_file_bytes) return std::nullopt;
        Bytes bytes(static_cast<std::size_t>(size), '\0');
        std::ifstream in(file, std::ios::binary);
        in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        if (!in) return std::nullopt;
        return bytes;
    };
}

std::map<int, std::vector<std::uint64_t>> years_of_export(const fs::path& folder) {
    std::map<int, std::vector<std::uint64_t>> years;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        const auto year = parse_decimal(name);
        if (!year || name.size() != 4 || !entry.is_directory()) continue;
        auto& sizes = years[static_cast<int>(*year)];
        for (const auto& stamp : fs::directory_iterator(entry.path() / "timestamps", error))
            if (const auto size = size_in(stamp.path().filename().string(), ".checkpoint"))
                sizes.push_back(*size);
        std::sort(sizes.begin(), sizes.end());
    }
    return years;
}

} // namespace cpg::audit
