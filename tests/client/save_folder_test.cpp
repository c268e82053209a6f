#include "adapters/client/save_folder.hpp"

#include "tests/client/scratch.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <system_error>
#include <thread>

namespace cpg::client {
namespace {

namespace fs = std::filesystem;

} // namespace

BOOST_AUTO_TEST_SUITE(save)

BOOST_AUTO_TEST_CASE(a_folder_is_there_with_all_its_files_and_nothing_else) {
    const test::Scratch scratch;
    const auto parent = scratch.path() / "in" / "deep";
    BOOST_TEST(
        save_folder(parent, "b1", {{"a.CSV", "1"}, {"receipts/x.receipt.txt", "2"}}).has_value());
    BOOST_TEST(test::read(parent / "b1" / "a.CSV") == "1");
    BOOST_TEST(test::read(parent / "b1" / "receipts" / "x.receipt.txt") == "2");
    BOOST_TEST(test::entries(parent) == 1);
}

BOOST_AUTO_TEST_CASE(an_existing_name_is_left_alone) {
    const test::Scratch scratch;
    BOOST_TEST(save_folder(scratch.path(), "b1", {{"a.CSV", "1"}}).has_value());
    const auto again = save_folder(scratch.path(), "b1", {{"a.CSV", "2"}});
    BOOST_TEST((again.error().code == Errc::conflict));
    BOOST_TEST(test::read(scratch.path() / "b1" / "a.CSV") == "1");
    test::write(scratch.path() / "file", "x");
    BOOST_TEST((save_folder(scratch.path(), "file", {}).error().code == Errc::conflict));
    BOOST_TEST(test::entries(scratch.path()) == 2);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_finished_leaves_nothing) {
    const test::Scratch scratch;
    // The second file needs the first one as a folder: the disk refuses half-way.
    BOOST_CHECK_THROW(save_folder(scratch.path(), "b1", {{"a", "1"}, {"a/b", "2"}}),
                      std::system_error);
    BOOST_TEST(test::entries(scratch.path()) == 0);
    BOOST_CHECK_THROW(save_folder(scratch.path(), "b1", {{std::string(300, 'n'), "1"}}),
                      std::system_error);
    BOOST_TEST(test::entries(scratch.path()) == 0);
}

BOOST_AUTO_TEST_CASE(of_many_writers_exactly_one_wins_and_its_folder_is_whole) {
    const test::Scratch scratch;
    std::vector<std::thread> writers;
    std::atomic<int> winners{0};
    for (char c = 'a'; c < 'i'; ++c)
        writers.emplace_back([&, c] {
            const std::string text(1000, c);
            if (save_folder(scratch.path(), "b1", {{"1.CSV", text}, {"2.CSV", text}})) ++winners;
        });
    for (auto& writer : writers) writer.join();
    BOOST_TEST(winners == 1);
    BOOST_TEST(test::read(scratch.path() / "b1" / "1.CSV") ==
               test::read(scratch.path() / "b1" / "2.CSV"));
    BOOST_TEST(test::entries(scratch.path()) == 1);
}

BOOST_AUTO_TEST_CASE(a_file_is_replaced_whole_and_keeps_the_mode_asked_for) {
    const test::Scratch scratch;
    const auto file = scratch.path() / "office.key";
    save_file(file, "one", fs::perms::owner_read);
    BOOST_TEST((fs::status(file).permissions() == fs::perms::owner_read));
    save_file(file, "two");
    BOOST_TEST(test::read(file) == "two");
    BOOST_TEST(test::entries(scratch.path()) == 1);
    BOOST_CHECK_THROW(save_file(scratch.path() / "office.key" / "x", "three"), std::system_error);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace cpg::client
