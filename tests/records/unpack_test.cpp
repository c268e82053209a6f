#include "spec/records/unpack.hpp"

#include "spec/records/cp932.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <functional>
#include <random>

using namespace cpg;

namespace {

std::uint32_t crc32(BytesView bytes) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1)));
    }
    return ~crc;
}

std::string little_endian(std::uint64_t value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xFF);
    return out;
}

/// One stored entry, every header of which may lie.
struct RawEntry {
    std::string name;
    std::string bytes = "data";
    unsigned flags = 0;
    unsigned method = 0;
    unsigned made_by = 20;
    std::uint32_t attributes = 0;
    std::optional<std::uint32_t> crc = {};
    std::optional<std::uint32_t> size = {};        // unpacked size as the headers say
    std::optional<std::uint32_t> packed_size = {}; // packed size as the headers say
    bool zip64 = false;                            // the sizes are in the extra field
};

constexpr unsigned utf8_flag = 0x800;
constexpr unsigned encrypted_flag = 1;
constexpr unsigned made_by_unix = 0x0314;
constexpr unsigned deflate = 8;

std::string common_header(const RawEntry& entry, const std::string& extra) {
    const auto size = entry.size.value_or(static_cast<std::uint32_t>(entry.bytes.size()));
    const auto packed = entry.packed_size.value_or(static_cast<std::uint32_t>(entry.bytes.size()));
    return little_endian(20, 2) + little_endian(entry.flags, 2) + little_endian(entry.method, 2) +
           little_endian(0, 2) + little_endian(0x21, 2) +
           little_endian(entry.crc.value_or(crc32(entry.bytes)), 4) +
           little_endian(entry.zip64 ? 0xFFFFFFFF : packed, 4) +
           little_endian(entry.zip64 ? 0xFFFFFFFF : size, 4) + little_endian(entry.name.size(), 2) +
           little_endian(extra.size(), 2);
}

std::string raw_zip(const std::vector<RawEntry>& entries) {
    std::string out;
    std::string directory;
    for (const RawEntry& entry : entries) {
        const std::string sizes =
            little_endian(entry.bytes.size(), 8) + little_endian(entry.bytes.size(), 8);
        const std::string extra =
            entry.zip64 ? little_endian(1, 2) + little_endian(sizes.size(), 2) + sizes : "";
        const std::string header = common_header(entry, extra);
        const std::size_t offset = out.size();
        out += "PK\x03\x04" + header + entry.name + extra + entry.bytes;
        directory += "PK\x01\x02" + little_endian(entry.made_by, 2) + header + little_endian(0, 2) +
                     little_endian(0, 2) + little_endian(0, 2) +
                     little_endian(entry.attributes, 4) + little_endian(offset, 4) + entry.name +
                     extra;
    }
    const std::size_t start = out.size();
    return out + directory + "PK\x05\x06" + little_endian(0, 4) + little_endian(entries.size(), 2) +
           little_endian(entries.size(), 2) + little_endian(directory.size(), 4) +
           little_endian(start, 4) + little_endian(0, 2);
}

/// "name=bytes name=bytes" or "!malformed" / "!too_large".
std::string story_of(BytesView zip, const UnpackLimits& limits = {}) {
    const auto files = unpack_zip(zip, limits);
    if (!files) return files.error().code == Errc::too_large ? "!too_large" : "!malformed";
    std::string out;
    for (const InputFile& file : *files)
        out += (out.empty() ? "" : " ") + file.name + "=" + file.bytes;
    return out;
}

std::string ms932(std::string_view utf8) {
    return to_ms932(utf8).bytes.value();
}

/// A folder of its own, gone with the test.
class Folder {
  public:
    Folder() : path_(std::filesystem::temp_directory_path()) {
        std::random_device random;
        path_ /= "cpg-unpack-" + std::to_string(random()) + "-" + std::to_string(random());
        std::filesystem::create_directory(path_);
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::filesystem::path write(const std::string& name, BytesView bytes) const {
        const auto path = path_ / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

std::string names_of(const Result<std::vector<InputFile>>& files) {
    if (!files) return "!" + files.error().detail;
    std::string out;
    for (const InputFile& file : *files) out += (out.empty() ? "" : " ") + file.name;
    return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(unpack)

BOOST_AUTO_TEST_CASE(unpacks_plain_entries_in_their_order) {
    BOOST_TEST(story_of(raw_zip({{"b.CSV", "2"}, {"a.CSV", "1"}, {"empty", ""}})) ==
               "b.CSV=2 a.CSV=1 empty=");
    BOOST_TEST(story_of(raw_zip({})) == "");
}

BOOST_AUTO_TEST_CASE(one_folder_around_everything_is_dropped) {
    BOOST_TEST(story_of(raw_zip({{"out/", ""}, {"out/a", "1"}, {"out/b", "2"}})) == "a=1 b=2");
    BOOST_TEST(story_of(raw_zip({{"out/a", "1"}, {"b", "2"}})) == "!malformed");
    BOOST_TEST(story_of(raw_zip({{"b", "2"}, {"out/a", "1"}})) == "!malformed");
    BOOST_TEST(story_of(raw_zip({{"out/a", "1"}, {"in/b", "2"}})) == "!malformed");
    BOOST_TEST(story_of(raw_zip({{"out/in/a", "1"}})) == "!malformed");
    BOOST_TEST(story_of(raw_zip({{"out/a", "1"}, {"out", "2"}})) == "!malformed");
}

BOOST_AUTO_TEST_CASE(what_desktops_add_is_left_out) {
    BOOST_TEST(story_of(raw_zip({{"out/a", "1"},
                                 {"out/.DS_Store"},
                                 {"__MACOSX/out/._a"},
                                 {"__MACOSX/", ""},
                                 {"out/Thumbs.db"}})) == "a=1");
}

BOOST_AUTO_TEST_CASE(names_that_leave_the_folder_are_refused) {
    for (const std::string name :
         {"../a", "out/../../a", "/a", "/etc/a", "C:a", "C:\\a", "..\\a", "a\\b", "..", ".", "../",
          "out//a", "a\nb", "a\x7F", "\xFF", "\x80"})
        BOOST_TEST(story_of(raw_zip({{name}})) == "!malformed", name);
    BOOST_TEST(story_of(raw_zip({{"\xE2\x80\xAE"
                                  "vsc.a",
                                  "", utf8_flag}})) == "!malformed"); // turns the reading direction
}

BOOST_AUTO_TEST_CASE(names_are_decoded_before_they_are_judged) {
    // 表 and ソ end in 5C, the back-slash, in CP932
    BOOST_TEST(story_of(raw_zip({{ms932("表ソ能.CSV"), "1"}})) == "表ソ能.CSV=1");
    BOOST_TEST(story_of(raw_zip({{"表.CSV", "1", utf8_flag}})) == "表.CSV=1");
    BOOST_TEST(story_of(raw_zip({{"表示.CSV", "1"}})) == "表示.CSV=1"); // UTF-8 without its flag
    BOOST_TEST(story_of(raw_zip({{ms932("表.CSV"), "1", utf8_flag}})) == "!malformed");
    BOOST_TEST(story_of(raw_zip({{ms932("見本/表.CSV"), "1"}, {ms932("見本/ソ.CSV"), "2"}})) ==
               "表.CSV=1 ソ.CSV=2");
}

BOOST_AUTO_TEST_CASE(the_same_name_twice_is_refused) {
    BOOST_TEST(story_of(raw_zip({{"a", "1"}, {"a", "2"}})) == "!malformed");
    BOOST_TEST(story_of(raw_zip({{"out/a", "1"}, {"out/a", "2"}})) == "!malformed");
    // the same name in two encodings
    BOOST_TEST(story_of(raw_zip({{"表", "1", utf8_flag}, {ms932("表"), "2"}})) == "!malformed");
}

BOOST_AUTO_TEST_CASE(links_devices_and_encrypted_entries_are_refused) {
    const auto mode = [](std::uint32_t bits) { return bits << 16; };
    BOOST_TEST(story_of(raw_zip({{"a", "1", 0, 0, made_by_unix, mode(0100644)}})) == "a=1");
    BOOST_TEST(story_of(raw_zip({{"a", "/etc", 0, 0, made_by_unix, mode(0120777)}})) ==
               "!malformed");
    BOOST_TEST(story_of(raw_zip({{"a", "1", 0, 0, made_by_unix, mode(0010644)}})) == "!malformed");
    BOOST_TEST(story_of(raw_zip({{"a", "/etc", 0, 0, 20, mode(0120777)}})) == "!malformed");
    BOOST_TEST(story_of(raw_zip({{"a", "0123456789abcdef", encrypted_flag}})) == "!malformed");
}

BOOST_AUTO_TEST_CASE(damage_is_noticed) {
    BOOST_TEST(story_of("") == "!malformed");
    BOOST_TEST(story_of("202407,131234") == "!malformed");
    BOOST_TEST(story_of(raw_zip({{"a", "1", 0, 0, 20, 0, 0xDEADBEEF}})) == "!malformed");
    BOOST_TEST(story_of(raw_zip({{"a", "not deflate", 0, deflate}})) == "!malformed");
    BOOST_TEST(story_of(raw_zip({{"a", "1", 0, 12}})) == "!malformed"); // bzip2
    const std::string whole = raw_zip({{"a", std::string(1000, 'x')}, {"b", "2"}});
    for (std::size_t length = 0; length < whole.size(); length += 7)
        BOOST_TEST(story_of(whole.substr(0, length)) == "!malformed");
}

BOOST_AUTO_TEST_CASE(sizes_that_lie_are_refused) {
    BOOST_TEST(story_of(raw_zip({{"a", "12345", 0, 0, 20, 0, {}, 4}})) == "!malformed");
    BOOST_TEST(story_of(raw_zip({{"a", "12345", 0, 0, 20, 0, {}, 4'000'000'000u, 5}})) ==
               "!too_large");
    BOOST_TEST(story_of(raw_zip({{"a", "12345", 0, 0, 20, 0, {}, {}, 60'000'000u}})) ==
               "!malformed");
}

BOOST_AUTO_TEST_CASE(limits_hold) {
    UnpackLimits limits;
    limits.max_entries = 2;
    BOOST_TEST(story_of(raw_zip({{"a"}, {"b"}}), limits) == "a=data b=data");
    BOOST_TEST(story_of(raw_zip({{"a"}, {"b"}, {"c"}}), limits) == "!too_large");
    limits = {};
    limits.max_file = 4;
    BOOST_TEST(story_of(raw_zip({{"a", "1234"}}), limits) == "a=1234");
    BOOST_TEST(story_of(raw_zip({{"a", "12345"}}), limits) == "!too_large");
    limits = {};
    limits.max_total = 8;
    BOOST_TEST(story_of(raw_zip({{"a", "1234"}, {"b", "1234"}}), limits) == "a=1234 b=1234");
    BOOST_TEST(story_of(raw_zip({{"a", "1234"}, {"b", "12345"}}), limits) == "!too_large");
    limits = {};
    limits.max_name = 3;
    BOOST_TEST(story_of(raw_zip({{"abc"}}), limits) == "abc=data");
    BOOST_TEST(story_of(raw_zip({{"abcd"}}), limits) == "!malformed");
}

BOOST_AUTO_TEST_CASE(a_bomb_is_refused_by_its_ratio) {
    const Bytes small = pack_zip({{"a", std::string(1 << 20, '\0')}});
    BOOST_TEST(small.size() < 4096u);
    BOOST_TEST(unpack_zip(small).has_value()); // 1 MiB may pack as well as it likes
    BOOST_TEST(story_of(pack_zip({{"a", std::string(8 << 20, '\0')}})) == "!too_large");
}

BOOST_AUTO_TEST_CASE(a_bomb_that_hides_its_size_is_cut_off) {
    Bytes bomb = pack_zip({{"a", std::string(8 << 20, '\0')}});
    const std::string size = little_endian(8 << 20, 4);
    for (std::size_t at = bomb.find(size); at != Bytes::npos; at = bomb.find(size, at + 4))
        bomb.replace(at, 4, little_endian(100, 4));
    const std::string story = story_of(bomb);
    BOOST_TEST((story == "!too_large" || story == "!malformed"), story);
}

BOOST_AUTO_TEST_CASE(a_zip_inside_stays_closed) {
    const Bytes inner = pack_zip({{"a", "1"}});
    const auto files = unpack_zip(pack_zip({{"inner.zip", inner}}));
    BOOST_REQUIRE(files.has_value());
    BOOST_REQUIRE(files->size() == 1u);
    BOOST_TEST((*files)[0].name == "inner.zip");
    BOOST_TEST((*files)[0].bytes == inner);
}

BOOST_AUTO_TEST_CASE(zip64_entries_are_read) {
    RawEntry entry{"a", "1234"};
    entry.zip64 = true;
    BOOST_TEST(story_of(raw_zip({entry})) == "a=1234");
}

BOOST_AUTO_TEST_CASE(packs_the_same_bytes_every_time_and_they_unpack) {
    const std::vector<InputFile> files = {
        {"表.CSV", "1"}, {"a.CSV", std::string(100'000, 'x')}, {"empty", ""}};
    const Bytes zip = pack_zip(files);
    BOOST_TEST(zip == pack_zip(files));
    BOOST_TEST(zip.size() < 2000u);
    const auto unpacked = unpack_zip(zip);
    BOOST_REQUIRE(unpacked.has_value());
    BOOST_REQUIRE(unpacked->size() == files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
        BOOST_TEST((*unpacked)[i].name == files[i].name);
        BOOST_TEST(((*unpacked)[i].bytes == files[i].bytes));
    }
    BOOST_TEST(story_of(pack_zip({})) == "");
}

BOOST_AUTO_TEST_CASE(packed_bytes_do_not_depend_on_the_time_zone) {
    const std::vector<InputFile> files = {{"a.CSV", "1"}};
    const Bytes here = pack_zip(files);
    const char* before = std::getenv("TZ");
    const std::string kept = before ? before : "";
    setenv("TZ", "Asia/Tokyo", 1);
    tzset();
    BOOST_TEST((pack_zip(files) == here));
    before ? setenv("TZ", kept.c_str(), 1) : unsetenv("TZ");
    tzset();
}

BOOST_AUTO_TEST_CASE(survives_random_damage) {
    const auto seed = std::random_device{}();
    BOOST_TEST_CONTEXT("seed " << seed) {
        std::mt19937 random(seed);
        const Bytes whole = pack_zip({{"a.CSV", std::string(3000, 'x')}, {"b.CSV", "2"}});
        int refused = 0;
        for (int round = 0; round < 5000; ++round) {
            Bytes damaged = whole;
            for (int changes = 0; changes < 3; ++changes)
                damaged[random() % damaged.size()] = static_cast<char>(random());
            if (!unpack_zip(damaged)) ++refused;
        }
        BOOST_TEST(refused > 1000);
    }
}

BOOST_AUTO_TEST_CASE(tells_flat_names_from_others) {
    for (const std::string name : {"a", "a.b", "..a", "見本.CSV", "a b", " "})
        BOOST_TEST(is_flat_name(name), name);
    for (const std::string name :
         {"", ".", "..", "a/b", "a\\b", "C:a", "a\tb", "a\x7F", "\xC2\x85", "\xFF", "\xE2\x80\xAE"})
        BOOST_TEST(!is_flat_name(name), name);
    BOOST_TEST(is_flat_name(std::string(255, 'a')));
    BOOST_TEST(!is_flat_name(std::string(256, 'a')));
    BOOST_TEST(!is_flat_name(std::string_view("a\0b", 3)));
}

BOOST_AUTO_TEST_CASE(reads_files_folders_and_zips) {
    const Folder folder;
    const auto file = folder.write("in/b.CSV", "2");
    folder.write("in/a.CSV", "1");
    folder.write("in/sub/c.CSV", "3");
    folder.write("in/sub/deeper/d.CSV", "4");
    folder.write("in/.hidden", "5");
    const auto zip = folder.write("z.zip", pack_zip({{"e.CSV", "5"}, {"f.CSV", "6"}}));
    BOOST_TEST(names_of(read_paths({folder.path() / "in"})) == "a.CSV b.CSV c.CSV");
    BOOST_TEST(names_of(read_paths({zip, file})) == "e.CSV f.CSV b.CSV");
    BOOST_TEST(names_of(read_paths({folder.path()})) == "a.CSV b.CSV e.CSV f.CSV");
}

BOOST_AUTO_TEST_CASE(an_error_names_the_path) {
    const Folder folder;
    const auto broken = folder.write("broken.zip", "nothing");
    BOOST_TEST(names_of(read_paths({broken})).find("broken.zip") != std::string::npos);
    BOOST_TEST(names_of(read_paths({folder.path() / "none"})).find("none") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(limits_count_over_all_paths) {
    const Folder folder;
    const auto zip = folder.write("z.zip", pack_zip({{"e", "12345"}}));
    const auto file = folder.write("f", "12345");
    UnpackLimits limits;
    limits.max_total = 10;
    BOOST_TEST(read_paths({zip, file}, limits).has_value());
    limits.max_total = 9;
    BOOST_TEST((read_paths({zip, file}, limits).error().code == Errc::too_large));
    limits = {};
    limits.max_entries = 1;
    BOOST_TEST((read_paths({zip, file}, limits).error().code == Errc::too_large));
}

BOOST_AUTO_TEST_SUITE_END()
