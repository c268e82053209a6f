#include "gateway/sandbox/folder.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace cpg::sandbox;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& file) {
    std::ofstream(file) << "x";
}

/// A temporary folder of the test, gone with it; the system's temporary folder for what it tests.
struct Place {
    fs::path path;
    Place() {
        std::string name = (fs::temp_directory_path() / "cpgw-test-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
        ::setenv("TMPDIR", path.c_str(), 1);
    }
    ~Place() {
        ::unsetenv("TMPDIR");
        fs::remove_all(path);
    }
};

/// What a killed sandbox leaves: made by a process that ends without cleaning up.
fs::path left_by_a_killed_one(const Place& place) {
    const pid_t child = ::fork();
    if (child == 0) {
        Folder* const folder = new Folder(Folder::make_temporary());
        write(folder->part("data"));
        ::_exit(0);
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    for (const auto& entry : fs::directory_iterator(place.path)) return entry.path();
    return {};
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_temporary_folder_is_the_owners_alone_and_goes_whole, Place) {
    fs::path made;
    {
        Folder folder = Folder::make_temporary();
        made = folder.path();
        BOOST_TEST((fs::status(made).permissions() == fs::perms::owner_all));
        write(made / "something");
    }
    BOOST_TEST(!fs::exists(made));
}

BOOST_FIXTURE_TEST_CASE(of_a_named_folder_goes_what_was_made, Place) {
    {
        auto folder = Folder::make(path / "named").value();
        write(folder.part("client.yaml"));
        write(folder.path() / "client.yaml.checkpoints");
        write(folder.path() / "client.yaml.mine");
    }
    BOOST_TEST(fs::exists(path / "named" / "client.yaml.mine"));
    BOOST_TEST(std::distance(fs::directory_iterator(path / "named"), {}) == 1);
    {
        auto folder = Folder::make(path / "other").value();
        write(folder.part("client.yaml"));
    }
    BOOST_TEST(!fs::exists(path / "other"));
}

BOOST_FIXTURE_TEST_CASE(a_folder_with_something_in_it_is_refused_and_left_alone, Place) {
    write(path / "mine");
    const auto folder = Folder::make(path);
    BOOST_REQUIRE(!folder);
    BOOST_TEST((folder.error().code == cpg::Errc::configuration));
    BOOST_TEST(fs::exists(path / "mine"));
}

BOOST_FIXTURE_TEST_CASE(a_kept_folder_stays, Place) {
    fs::path made;
    {
        Folder folder = Folder::make_temporary();
        made = folder.path();
        folder.keep();
    }
    BOOST_TEST(fs::exists(made));
    BOOST_TEST(Folder::remove_left_over() == 0u);
    BOOST_TEST(fs::exists(made));
}

BOOST_FIXTURE_TEST_CASE(what_a_killed_sandbox_left_is_removed_and_nothing_else, Place) {
    const fs::path left = left_by_a_killed_one(*this);
    BOOST_REQUIRE(fs::exists(left / "data"));
    fs::create_directory(path / "cpgw-sandbox-abcdef"); // looks like one, has no mark
    fs::create_directory_symlink(left, path / "cpgw-sandbox-linked");
    const Folder living = Folder::make_temporary();
    BOOST_TEST(Folder::remove_left_over() == 1u);
    BOOST_TEST(!fs::exists(left));
    BOOST_TEST(fs::exists(path / "cpgw-sandbox-abcdef"));
    BOOST_TEST(fs::exists(living.path()));
}
