#include "gateway/audit/verify.hpp"

#include "tests/audit/sample_log.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

using namespace cpg;
using namespace cpg::audit;
namespace fs = std::filesystem;

namespace {

/// A folder as `cpgw fetch` writes it, removed at the end.
struct BundleFolder {
    BundleFolder() : path(fs::temp_directory_path() / ("cpgw-verify-" + hex(random_bytes(8)))) {
        fs::create_directories(path / "receipts");
    }
    ~BundleFolder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    BundleFolder(const BundleFolder&) = delete;
    BundleFolder& operator=(const BundleFolder&) = delete;

    void write(const fs::path& name, const std::string& bytes) const {
        std::ofstream(path / name, std::ios::binary) << bytes;
    }
    void write_files(const std::vector<SampleFile>& files) const {
        for (const auto& file : files) write(file.name, file.bytes);
    }

    fs::path path;
};

struct Delivered {
    SampleLog log;
    std::vector<SampleFile> files = sample_files(3);
    BundleFolder folder;

    Delivered() {
        folder.write_files(files);
        folder.write("receipts/accepted.receipt.txt", log.receipt(sample_entry(), files));
        folder.write("receipts/fetched.receipt.txt",
                     log.receipt(sample_entry(EntryType::fetch), files));
    }
    VerifiedPath verify() const { return verify_path(folder.path, log.trusted()); }
    int result() const { return static_cast<int>(verify().result); }
};

} // namespace

BOOST_AUTO_TEST_SUITE(verify)

BOOST_AUTO_TEST_CASE(a_folder_as_fetched_is_proven) {
    Delivered delivered;
    const VerifiedPath outcome = delivered.verify();
    BOOST_TEST((outcome.result == Verified::proven), outcome.reason_en);
    BOOST_REQUIRE(outcome.receipts.size() == 2u);
    BOOST_TEST(outcome.receipts[0].name == "receipts/accepted.receipt.txt");
    BOOST_TEST(outcome.receipts[1].name == "receipts/fetched.receipt.txt");
}

BOOST_AUTO_TEST_CASE(hidden_names_and_other_papers_beside_the_receipts_are_ignored) {
    Delivered delivered;
    delivered.folder.write(".cpgw-state", "anything");
    delivered.folder.write("receipts/.partial.receipt.txt", "anything");
    delivered.folder.write("receipts/README.txt", "anything");
    BOOST_TEST(delivered.result() == 0);
}

BOOST_AUTO_TEST_CASE(a_step_that_lists_no_files_needs_none) {
    Delivered delivered;
    delivered.folder.write("receipts/imported.receipt.txt",
                           delivered.log.receipt(sample_entry(EntryType::ack), {}));
    BOOST_TEST(delivered.result() == 0);
}

BOOST_AUTO_TEST_CASE(changed_missing_and_added_files_are_tampered) {
    Delivered changed, missing, added, none;
    changed.folder.write(changed.files[0].name, "other bytes");
    BOOST_TEST(changed.result() == 1);
    fs::remove(missing.folder.path / missing.files[1].name);
    BOOST_TEST(missing.result() == 1);
    added.folder.write("ADDED.CSV", "more");
    BOOST_TEST(added.result() == 1);
    for (const auto& file : none.files) fs::remove(none.folder.path / file.name);
    BOOST_TEST(none.result() == 1);
}

BOOST_AUTO_TEST_CASE(a_receipt_of_another_bundle_is_tampered) {
    Delivered delivered;
    Entry other = sample_entry(EntryType::ack);
    other.bundle = BundleId::parse("019a0000-0000-7000-8000-000000000002");
    delivered.folder.write("receipts/imported.receipt.txt", delivered.log.receipt(other, {}));
    const VerifiedPath outcome = delivered.verify();
    BOOST_TEST((outcome.result == Verified::tampered));
    BOOST_TEST(outcome.reason_en.find("imported.receipt.txt") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_receipt_of_the_acceptance_is_needed) {
    Delivered delivered;
    fs::remove(delivered.folder.path / "receipts/accepted.receipt.txt");
    BOOST_TEST(delivered.result() == 3);
    fs::remove(delivered.folder.path / "receipts/fetched.receipt.txt");
    BOOST_TEST(delivered.result() == 2);
    fs::remove(delivered.folder.path / "receipts");
    BOOST_TEST(delivered.result() == 2);
}

BOOST_AUTO_TEST_CASE(a_refused_bundle_is_proven_by_its_refusal) {
    SampleLog log;
    BundleFolder folder;
    const auto files = sample_files(1);
    folder.write_files(files);
    Entry entry = sample_entry(EntryType::reject);
    entry.result = "rejected R-SEQ-01";
    folder.write("receipts/rejected.receipt.txt", log.receipt(entry, files));
    BOOST_TEST((verify_path(folder.path, log.trusted()).result == Verified::proven));
}

BOOST_AUTO_TEST_CASE(the_gravest_outcome_wins) {
    BOOST_TEST((worse(Verified::proven, Verified::certificate) == Verified::certificate));
    BOOST_TEST((worse(Verified::certificate, Verified::unknown_key) == Verified::unknown_key));
    BOOST_TEST((worse(Verified::unknown_key, Verified::malformed) == Verified::malformed));
    BOOST_TEST((worse(Verified::malformed, Verified::tampered) == Verified::tampered));
    BOOST_TEST((worse(Verified::tampered, Verified::proven) == Verified::tampered));
    Delivered delivered;
    delivered.folder.write("receipts/broken.receipt.txt", "not a receipt");
    BOOST_TEST(delivered.result() == 2);
    delivered.folder.write(delivered.files[0].name, "other bytes");
    BOOST_TEST(delivered.result() == 1);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_malformed) {
    Delivered delivered;
    BOOST_TEST((verify_path(delivered.folder.path / "absent", delivered.log.trusted()).result ==
                Verified::malformed));
    fs::create_directory(delivered.folder.path / "folder");
    BOOST_TEST(delivered.result() == 2);
    fs::remove(delivered.folder.path / "folder");
    delivered.folder.write("receipts/long.receipt.txt", std::string(max_receipt_bytes + 1, 'x'));
    BOOST_TEST(delivered.result() == 2);
}

BOOST_AUTO_TEST_CASE(files_larger_than_a_read_are_hashed_whole) {
    SampleLog log;
    BundleFolder folder;
    const std::vector<SampleFile> files = {{"a.pdf", "PDF", Bytes(256 * 1024, 'a')},
                                           {"b.pdf", "PDF", Bytes(700'001, 'b')},
                                           {"c.pdf", "PDF", ""}};
    folder.write_files(files);
    folder.write("receipts/accepted.receipt.txt", log.receipt(sample_entry(), files));
    BOOST_TEST((verify_path(folder.path, log.trusted()).result == Verified::proven));
}

BOOST_AUTO_TEST_CASE(prints_text_in_both_languages) {
    Delivered delivered;
    std::ostringstream japanese, english;
    BOOST_TEST(verify_command({delivered.folder.path}, delivered.log.trusted(), Lang::ja,
                              VerifyFormat::text, japanese) == 0);
    BOOST_TEST(verify_command({delivered.folder.path}, delivered.log.trusted(), Lang::en,
                              VerifyFormat::text, english) == 0);
    for (const std::string_view part :
         {"真正", "受付票", "受領票", "証明されること", "証明されないこと", "0370100017"})
        BOOST_TEST(japanese.str().find(part) != std::string::npos, part);
    for (const std::string_view part : {"PROVEN", "acceptance receipt", "Not proven", "0370100017"})
        BOOST_TEST(english.str().find(part) != std::string::npos, part);
}

BOOST_AUTO_TEST_CASE(prints_json) {
    Delivered delivered;
    const fs::path receipt = delivered.folder.path / "receipts/accepted.receipt.txt";
    delivered.folder.write("ADDED.CSV", "more");
    std::ostringstream out;
    BOOST_TEST(verify_command({receipt, delivered.folder.path}, delivered.log.trusted(), Lang::en,
                              VerifyFormat::json, out) == 1);
    const auto json = boost::json::parse(out.str());
    BOOST_TEST(json.at("result").as_string() == "tampered");
    BOOST_TEST(json.at("exit_code").as_int64() == 1);
    const auto& paths = json.at("paths").as_array();
    BOOST_REQUIRE(paths.size() == 2u);
    BOOST_TEST(paths[0].at("result").as_string() == "proven");
    const auto& verified = paths[0].at("receipts").at(0);
    BOOST_TEST(verified.at("type").as_string() == "submit");
    BOOST_TEST(verified.at("from").as_string() == "0370100017");
    BOOST_TEST(verified.at("log").at("origin").as_string() == "gateway.example/cpgw/2026");
    BOOST_TEST(!verified.at("proven").as_array().empty());
    BOOST_TEST(!verified.at("not_proven").as_array().empty());
    BOOST_TEST(paths[1].at("result").as_string() == "tampered");
    BOOST_TEST(paths[1].at("receipts").as_array().size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
