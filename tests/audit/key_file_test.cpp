#include "gateway/audit/key_file.hpp"

#include "spec/base/digest.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>

using namespace cpg;
using namespace cpg::audit;

namespace {

namespace fs = std::filesystem;

struct Folder {
    fs::path path = fs::temp_directory_path() / ("cpgw-key-" + hex(random_bytes(8)));
    Folder() { fs::create_directory(path); }
    ~Folder() { fs::remove_all(path); }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_key_file_is_made_once_and_signs) {
    const Folder folder;
    const fs::path file = folder.path / "kit.key";
    const auto vkey = create_key_file(file, "kit.example.jp/test");
    BOOST_REQUIRE(vkey);
    BOOST_TEST((fs::status(file).permissions() == fs::perms::owner_read));
    const auto signer = read_key_file(file);
    BOOST_REQUIRE(signer);
    BOOST_TEST((*signer)->verifier().text() == *vkey);
    const auto note =
        open_note(sign_note("text\n", {signer->get()}), {VerifierKey::parse(*vkey).value()});
    BOOST_TEST(note.has_value());
    BOOST_TEST((create_key_file(file, "kit.example.jp/test").error().code == Errc::configuration));
}

BOOST_AUTO_TEST_CASE(a_key_file_that_others_may_read_or_that_is_none_is_refused) {
    const Folder folder;
    BOOST_TEST((create_key_file(folder.path / "a", "two words").error().code == Errc::malformed));
    BOOST_TEST(!fs::exists(folder.path / "a"));
    const auto refused = [&](const std::string& text, fs::perms mode) {
        const fs::path file = folder.path / hex(random_bytes(8));
        std::ofstream(file) << text;
        fs::permissions(file, mode);
        const auto read = read_key_file(file);
        return !read && read.error().code == Errc::configuration;
    };
    const std::string good = "name\n" + make_signer_key();
    BOOST_TEST(!refused(good, fs::perms::owner_read));
    BOOST_TEST(refused(good, fs::perms::owner_read | fs::perms::group_read));
    BOOST_TEST(refused("name", fs::perms::owner_read));
    BOOST_TEST(refused("name\nno key\n", fs::perms::owner_read));
    BOOST_TEST(refused(good + std::string(20'000, 'x'), fs::perms::owner_read));
    BOOST_TEST((read_key_file(folder.path).error().code == Errc::configuration));
    BOOST_TEST((read_key_file(folder.path / "gone").error().code == Errc::configuration));
}
