#include "gateway/audit/entry.hpp"

#include "tests/audit/sample_log.hpp"

#include <boost/test/unit_test.hpp>
#include <random>

using namespace cpg;
using namespace cpg::audit;

namespace {

const std::string zeros = std::string(64, '0');
const std::string commitment = std::string(43, 'A') + "=";

Entry full_entry() {
    Entry entry = sample_entry();
    entry.certificate = Digest{};
    entry.rules = Digest{};
    entry.files = {{1, "UPPLAN", 2048, {}}, {2, "PDF", 0, {}}};
    entry.details = {{"reason", "a text of many words"}, {"clock", "synchronized"}};
    entry.conversion = Conversion{"sample-soft", 3, 12, 0, {}};
    return entry;
}

const std::string full_text = "cpgw-entry/v1\n"
                              "type submit\n"
                              "time 2026-11-22T09:30:00.123Z\n"
                              "bundle 019a0000-0000-7000-8000-000000000001\n"
                              "from 0370100017 cert sha256:" +
                              zeros +
                              "\n"
                              "to 0370100025\n"
                              "spec 4.1 kind schedule month 202612\n"
                              "file 1 UPPLAN 2048 sha256c:" +
                              commitment +
                              "\n"
                              "file 2 PDF 0 sha256c:" +
                              commitment +
                              "\n"
                              "result accepted\n"
                              "event SubmissionAcceptance\n"
                              "rules sha256:" +
                              zeros +
                              "\n"
                              "sig cms none\n"
                              "reason a text of many words\n"
                              "clock synchronized\n"
                              "adapter sample-soft@3 fills 12 lookups 0 report sha256:" +
                              zeros + "\n";

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const std::size_t place = text.find(what);
    BOOST_REQUIRE(place != std::string::npos);
    return text.replace(place, what.size(), by);
}

} // namespace

BOOST_AUTO_TEST_SUITE(entry)

BOOST_AUTO_TEST_CASE(is_written_line_by_line) {
    BOOST_TEST(format_entry(full_entry()) == full_text);
}

BOOST_AUTO_TEST_CASE(nothing_is_written_as_a_dash) {
    Entry entry;
    entry.type = EntryType::shard_close;
    const std::string text = format_entry(entry);
    BOOST_TEST(text == "cpgw-entry/v1\ntype shard-close\ntime 1970-01-01T00:00:00.000Z\nbundle -\n"
                       "from - cert -\nto -\nspec - kind - month -\nresult -\nrules -\n"
                       "sig cms none\n");
    BOOST_TEST(format_entry(parse_entry(text).value()) == text);
}

BOOST_AUTO_TEST_CASE(reads_what_it_wrote) {
    const Entry entry = parse_entry(full_text).value();
    BOOST_TEST((entry.type == EntryType::submit));
    BOOST_TEST(rfc3339(entry.time) == "2026-11-22T09:30:00.123Z");
    BOOST_TEST(entry.bundle->str() == "019a0000-0000-7000-8000-000000000001");
    BOOST_TEST(entry.from->str() == "0370100017");
    BOOST_TEST(entry.to->str() == "0370100025");
    BOOST_TEST((entry.certificate == Digest{}));
    BOOST_TEST(entry.edition == "4.1");
    BOOST_TEST(entry.kind == "schedule");
    BOOST_TEST(entry.month.str() == "202612");
    BOOST_REQUIRE(entry.files.size() == 2u);
    BOOST_TEST(entry.files[0].number == 1);
    BOOST_TEST(entry.files[0].type == "UPPLAN");
    BOOST_TEST(entry.files[0].bytes == 2048u);
    BOOST_TEST(entry.result == "accepted");
    BOOST_TEST(entry.event == "SubmissionAcceptance");
    BOOST_TEST(!entry.cms.has_value());
    BOOST_REQUIRE(entry.details.size() == 2u);
    BOOST_TEST(entry.details[0].second == "a text of many words");
    BOOST_TEST((entry.conversion == Conversion{"sample-soft", 3, 12, 0, {}}));
    BOOST_TEST(format_entry(entry) == full_text);
}

BOOST_AUTO_TEST_CASE(every_type_has_a_name) {
    for (const std::string_view name :
         {"submit", "reject", "fetch", "ack", "recall", "unclaimed", "access", "admin", "key",
          "erase", "tsa", "start", "stop", "shard-close"}) {
        BOOST_REQUIRE(entry_type_of(name).has_value());
        BOOST_TEST(name_of(*entry_type_of(name)) == name);
    }
    BOOST_TEST(!entry_type_of("shard_close").has_value());
    BOOST_TEST(!entry_type_of("").has_value());
}

BOOST_AUTO_TEST_CASE(random_entries_come_back) {
    const unsigned seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random(seed);
    const auto maybe = [&] { return random() % 2 == 0; };
    const std::string results[] = {"-",          "accepted", "rejected R-SEQ-01,R-NAME-03",
                                   "rejected -", "imported", "import_failed"};
    for (int i = 0; i < 500; ++i) {
        Entry entry;
        entry.type = static_cast<EntryType>(random() % 14);
        entry.time = Time(std::chrono::milliseconds(random() % 4'000'000'000'000));
        if (maybe()) entry.bundle = BundleId::make(entry.time, random_bytes(10));
        if (maybe()) entry.from = OfficeNo::parse("03A0100017");
        if (maybe()) entry.certificate = sha256(std::to_string(i));
        if (maybe()) entry.to = OfficeNo::parse("0370100025");
        if (maybe()) entry.edition = "3";
        if (maybe()) entry.kind = "papers";
        if (maybe()) entry.month = Month::of(2026, 1 + static_cast<int>(random() % 12));
        for (const auto n = random() % 25; entry.files.size() < n;)
            entry.files.push_back({static_cast<int>(entry.files.size()) + 1, "UPJISSEKI",
                                   random() % 1'000'000'000, sha256(random_bytes(4))});
        entry.result = results[random() % 6];
        if (maybe()) entry.event = "ContentHandover";
        if (maybe()) entry.rules = sha256("rules");
        if (maybe()) entry.cms = sha256("cms");
        if (maybe()) entry.details.emplace_back("key", "  spaces  and = signs ");
        const bool converts = entry.type == EntryType::submit || entry.type == EntryType::reject;
        if (converts && maybe())
            entry.conversion = Conversion{"a-9", static_cast<std::uint32_t>(random() % 9), 0,
                                          max_conversion_number, sha256(random_bytes(4))};
        const std::string text = format_entry(entry);
        const auto parsed = parse_entry(text);
        BOOST_REQUIRE(parsed.has_value());
        BOOST_REQUIRE(format_entry(*parsed) == text);
        BOOST_REQUIRE((parsed->type == entry.type && parsed->time == entry.time &&
                       parsed->bundle == entry.bundle && parsed->from == entry.from &&
                       parsed->certificate == entry.certificate && parsed->to == entry.to &&
                       parsed->edition == entry.edition && parsed->kind == entry.kind &&
                       parsed->month == entry.month && parsed->result == entry.result &&
                       parsed->event == entry.event && parsed->rules == entry.rules &&
                       parsed->cms == entry.cms && parsed->details == entry.details &&
                       parsed->conversion == entry.conversion &&
                       parsed->files.size() == entry.files.size()));
    }
}

BOOST_AUTO_TEST_CASE(any_other_form_is_malformed) {
    const std::pair<std::string_view, std::string> changes[] = {
        {"cpgw-entry/v1", "cpgw-entry/v2"},
        {"type submit", "type  submit"},
        {"type submit", "type Submit"},
        {"09:30:00.123Z", "09:30:00Z"},
        {"09:30:00.123Z", "09:30:60.123Z"},
        {"09:30:00.123Z", "09:30:00.123+00:00"},
        {"019a0000", "019A0000"},
        {"bundle 019a", "bundle\t019a"},
        {"0370100017", "037010001"},
        {"cert sha256:", "cert "},
        {"cert sha256:0", "cert sha256:A"},
        {"cert", "certificate"},
        {"to 0370100025\n", ""},
        {"month 202612", "month 202613"},
        {"month 202612", "month"},
        {"spec 4.1", "spec "},
        {"spec 4.1", "spec 4,1"},
        {"kind schedule", "kind 予定"},
        {"file 1", "file 2"},
        {"file 1", "file 01"},
        {"file 1 UPPLAN", "file 1 "},
        {"2048", "02048"},
        {"2048", "-1"},
        {"2048", "99999999999999999999"},
        {"sha256c:", "sha256:"},
        {"AAA=\n", "AAB=\n"},
        {"AAA=\n", "AA==\n"},
        {"result accepted\n", ""},
        {"result accepted", "result "},
        {"result accepted", "result accepted "},
        {"result accepted", "result rejected R-SEQ-01,"},
        {"result accepted", "result rejected R-SEQ-01 R-SEQ-02"},
        {"event SubmissionAcceptance", "event "},
        {"event SubmissionAcceptance", "event a\nevent b"},
        {"sig cms none", "sig cms -"},
        {"sig cms none\n", ""},
        {"reason a text of many words", "reason"},
        {"reason a text of many words", "reason "},
        {"reason a text of many words", ""},
        {"reason a text of many words", "reason 見本 花子"},
        {"reason a text of many words", "reason tab\there"},
        {"clock synchronized\n", "adapter synchronized\n"},
        {"type submit", "type fetch"},
        {"type submit", "type admin"},
        {"adapter sample", "adapter  sample"},
        {"adapter sample", "adapter Sample"},
        {"sample-soft@3 fills", "sample-soft@03 fills"},
        {"sample-soft@3 fills", "sample-soft@3; fills"},
        {"sample-soft@3 fills 12 ", "sample-soft@3 "},
        {"fills 12", "fills 1000000000"},
        {"lookups 0", "lookups 00"},
        {"report sha256:", "report "},
        {"report sha256:0", "report sha256:A"},
        {"report sha256:0", "report sha256:"},
        {"sig cms none\n",
         "sig cms none\nadapter a@1 fills 0 lookups 0 report sha256:" + zeros + "\n"},
        {"clock synchronized\n", "clock synchronized\n\n"},
        {"clock synchronized\n", "clock synchronized\r\n"},
    };
    for (const auto& [what, by] : changes)
        BOOST_TEST(!parse_entry(replaced(full_text, what, by)), what << " -> " << by);
    BOOST_TEST(!parse_entry(""));
    BOOST_TEST(!parse_entry("cpgw-entry/v1\n"));
    for (std::size_t size = 0; size < full_text.size(); ++size) {
        const std::string cut = full_text.substr(0, size);
        const bool lines_cut_off = size >= full_text.find("reason") && cut.back() == '\n';
        if (!lines_cut_off) BOOST_TEST(!parse_entry(cut), cut);
    }
}

BOOST_AUTO_TEST_CASE(values_that_do_not_fit_a_line_are_refused) {
    const auto refuses = [](auto change) {
        Entry entry = full_entry();
        change(entry);
        BOOST_CHECK_THROW(format_entry(entry), std::invalid_argument);
    };
    refuses([](Entry& e) { e.kind = "two words"; });
    refuses([](Entry& e) { e.edition = "-"; });
    refuses([](Entry& e) { e.result = ""; });
    refuses([](Entry& e) { e.result = "rejected "; });
    refuses([](Entry& e) { e.event = "line\nfeed"; });
    refuses([](Entry& e) { e.files[1].number = 1; });
    refuses([](Entry& e) { e.files[0].type = ""; });
    refuses([](Entry& e) { e.details[0].first = "two words"; });
    refuses([](Entry& e) { e.details[0].second = ""; });
    refuses([](Entry& e) { e.details[0].second = "line\nfeed"; });
    refuses([](Entry& e) { e.details[0].second = "見本"; });
    refuses([](Entry& e) { e.details[0].first = "adapter"; });
    refuses([](Entry& e) { e.type = EntryType::ack; });
    refuses([](Entry& e) { e.conversion->dialect = "Soft"; });
    refuses([](Entry& e) { e.conversion->fills = max_conversion_number + 1; });
    refuses([](Entry& e) { e.time = Time(std::chrono::hours(24 * 366 * 9000)); });
}

BOOST_AUTO_TEST_CASE(a_leaf_has_at_most_4_kib) {
    Entry entry = full_entry();
    entry.details = {{"x", "y"}};
    const std::size_t size = format_entry(entry).size();
    entry.details[0].second = std::string(1 + max_entry_bytes - size, 'y');
    BOOST_TEST(format_entry(entry).size() == max_entry_bytes);
    BOOST_TEST(parse_entry(format_entry(entry)).has_value());
    const std::string longest = format_entry(entry);
    entry.details[0].second += 'y';
    BOOST_CHECK_THROW(format_entry(entry), std::length_error);
    BOOST_TEST(!parse_entry(longest.substr(0, longest.size() - 1) + "y\n"));
}

BOOST_AUTO_TEST_CASE(many_files_are_summed_up) {
    std::vector<EntryFile> all;
    std::vector<Digest> commitments;
    for (int i = 1; i <= 30; ++i) {
        all.push_back({i, "UPJISSEKI", 4'000'000'000, sha256(std::to_string(i))});
        commitments.push_back(all.back().commitment);
    }
    Entry entry = sample_entry();
    list_files(entry, {all.begin(), all.begin() + 24});
    BOOST_TEST(entry.files.size() == 24u);
    BOOST_TEST(!files_digest_of(entry).has_value());
    list_files(entry, all);
    BOOST_TEST(entry.files.size() == max_listed_files);
    BOOST_TEST((files_digest_of(entry) == digest_of_digests(commitments)));
    const std::string text = format_entry(entry);
    BOOST_TEST(text.size() < max_entry_bytes);
    BOOST_TEST((files_digest_of(parse_entry(text).value()) == digest_of_digests(commitments)));
    entry.files = all;
    BOOST_CHECK_THROW(format_entry(entry), std::length_error);
}

BOOST_AUTO_TEST_CASE(a_commitment_binds_salt_and_file) {
    const Bytes salt(32, 's');
    const Digest file = sha256("file");
    BOOST_TEST(
        (commit_file(salt, file) == sha256("cpgw-commit/v1\n" + salt + std::string(file.view()))));
    BOOST_TEST((commit_file(salt, file) != commit_file(Bytes(32, 't'), file)));
    BOOST_TEST((commit_file(salt, file) != commit_file(salt, sha256("other"))));
}

BOOST_AUTO_TEST_SUITE_END()
