#include "gateway/audit/merkle.hpp"
#include "gateway/audit/witness.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <stdlib.h>

using namespace cpg;
using namespace cpg::audit;

namespace {

class StillClock final : public Clock {
  public:
    Time now() const override { return parse_rfc3339("2026-11-23T00:00:00.000Z").value(); }
};

struct Folder {
    std::filesystem::path path;
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "cpg-witness-XXXXXX").string();
        BOOST_TEST_REQUIRE(mkdtemp(name.data()) != nullptr);
        path = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path); }
};

/// A log that grows, and may be forked by another content.
struct Log {
    explicit Log(std::shared_ptr<const Signer> by, std::string words = "leaf ")
        : signer(std::move(by)), content(std::move(words)) {}

    void grow(std::uint64_t to) {
        while (tree.size() < to) tree.append(leaf_hash(content + std::to_string(tree.size())));
        for (auto& [id, hashes] : tree.take_dirty_tiles()) tiles[id] = hashes;
    }
    std::string checkpoint(std::uint64_t size) {
        grow(size);
        const Checkpoint body{signer->verifier().name,
                              size,
                              root_of(size, [&](TileId id) { return tiles.at(id); }),
                              {}};
        return sign_note(body.body(), {signer.get()});
    }
    std::string request(std::uint64_t from, std::uint64_t to) {
        const std::string note = checkpoint(to);
        const auto proof =
            from > to ? std::vector<Digest>{}
                      : consistency_proof(from, to, [&](TileId id) { return tiles.at(id); });
        return AddCheckpoint{from, proof, note}.text();
    }

    std::shared_ptr<const Signer> signer;
    std::string content;
    Tree tree{0, [](TileId) { return Bytes(); }};
    std::map<TileId, Bytes> tiles;
};

struct Fixture {
    Folder folder;
    StillClock clock;
    std::shared_ptr<const Signer> log_signer =
        make_signer("gateway.example/cpgw/2026", make_signer_key());
    std::shared_ptr<const Signer> witness_signer =
        make_signer("witness.example", make_signer_key());
    Log log{log_signer};

    std::filesystem::path state() const { return folder.path / "state"; }
    std::unique_ptr<Witness> open() {
        return std::make_unique<Witness>(std::vector{log_signer->verifier()}, witness_signer,
                                         WitnessState(state()), clock);
    }
    std::unique_ptr<Witness> witness = open();

    bool cosigned(const WitnessAnswer& answer, std::uint64_t size) {
        const auto lines =
            verified_cosignatures(log.checkpoint(size), answer.body, cosigner_key(*witness_signer));
        return answer.status == 200 && lines == answer.body;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(witness_of_logs, Fixture)

BOOST_AUTO_TEST_CASE(cosigns_what_continues) {
    BOOST_TEST(cosigned(witness->add_checkpoint(log.request(0, 3)), 3));
    BOOST_TEST(cosigned(witness->add_checkpoint(log.request(3, 7)), 7));
    BOOST_TEST(cosigned(witness->add_checkpoint(log.request(7, 7)), 7));
    BOOST_TEST(cosigned(witness->add_checkpoint(log.request(7, 300)), 300));
}

BOOST_AUTO_TEST_CASE(a_cosignature_tells_when) {
    const auto answer = witness->add_checkpoint(log.request(0, 3));
    const auto note = parse_note(log.checkpoint(3) + answer.body);
    BOOST_TEST_REQUIRE(note.has_value());
    BOOST_TEST(cosignature_time(note->signatures.back()).value() == 1795392000u);
}

BOOST_AUTO_TEST_CASE(says_its_size_when_asked_from_another_one) {
    witness->add_checkpoint(log.request(0, 5));
    for (const std::uint64_t from : {0, 3, 6}) {
        const auto answer = witness->add_checkpoint(log.request(from, 7));
        BOOST_TEST(answer.status == 409);
        BOOST_TEST(answer.content_type == "text/x.tlog.size");
        BOOST_TEST(size_in_conflict(answer.body).value() == 5u);
    }
}

BOOST_AUTO_TEST_CASE(refuses_a_log_that_went_back_or_forked) {
    witness->add_checkpoint(log.request(0, 5));
    BOOST_TEST(witness->add_checkpoint(log.request(4, 4)).status == 409); // rolled back
    BOOST_TEST(witness->add_checkpoint(log.request(5, 4)).status == 400);
    Log forked(log_signer, "other leaf ");
    BOOST_TEST(witness->add_checkpoint(forked.request(5, 9)).status == 422);
    BOOST_TEST(witness->add_checkpoint(forked.request(5, 5)).status == 409);
    BOOST_TEST(witness->add_checkpoint(forked.request(0, 9)).status == 409);
    BOOST_TEST(cosigned(witness->add_checkpoint(log.request(5, 9)), 9)); // the true one goes on
}

BOOST_AUTO_TEST_CASE(refuses_logs_and_keys_it_does_not_watch) {
    Log stranger(make_signer("other.example/cpgw/2026", make_signer_key()));
    BOOST_TEST(witness->add_checkpoint(stranger.request(0, 3)).status == 404);
    Log forger(make_signer("gateway.example/cpgw/2026", make_signer_key()));
    BOOST_TEST(witness->add_checkpoint(forger.request(0, 3)).status == 403);
    Log next_year(log_signer->named("gateway.example/cpgw/2027"));
    BOOST_TEST(witness->add_checkpoint(next_year.request(0, 3)).status == 200);
}

BOOST_AUTO_TEST_CASE(remembers_over_a_restart) {
    witness->add_checkpoint(log.request(0, 5));
    witness = open();
    BOOST_TEST(witness->add_checkpoint(log.request(0, 3)).status == 409);
    BOOST_TEST(cosigned(witness->add_checkpoint(log.request(5, 6)), 6));
}

BOOST_AUTO_TEST_CASE(a_memory_that_cannot_be_kept_cosigns_nothing) {
    witness->add_checkpoint(log.request(0, 5));
    std::filesystem::create_directory(state().string() + ".new"); // where the file is written first
    BOOST_CHECK_THROW(witness->add_checkpoint(log.request(5, 6)), std::runtime_error);
    std::filesystem::remove(state().string() + ".new");
    BOOST_TEST(cosigned(witness->add_checkpoint(log.request(5, 6)), 6));
}

BOOST_AUTO_TEST_CASE(a_damaged_memory_is_never_taken_for_an_empty_one) {
    for (const char* text : {"", "cpgw-witness/v1", "cpgw-witness/v1\nx\n", "something\n",
                             "cpgw-witness/v1\na 1 AAAA\n"}) {
        std::ofstream(state(), std::ios::trunc) << text;
        BOOST_CHECK_THROW(WitnessState{state()}, std::runtime_error);
    }
    std::ofstream(state(), std::ios::trunc) << "cpgw-witness/v1\n";
    BOOST_TEST(!WitnessState(state()).seen("a").has_value());
}

BOOST_AUTO_TEST_CASE(requests_of_another_form_are_refused) {
    const std::string good = log.request(1, 3);
    for (const std::string& odd :
         {std::string(), std::string("old 0\n"), "old 01\n" + good.substr(6),
          "new 0\n" + good.substr(6), good.substr(0, good.size() - 1), std::string("old 1\nx\n\n"),
          "old 1\n" + std::string(64 * 45, 'A') + "\n\n", std::string(100'000, 'x')})
        BOOST_TEST(witness->add_checkpoint(odd).status == 400, odd.substr(0, 60));
    const auto parsed = AddCheckpoint::parse(good);
    BOOST_TEST_REQUIRE(parsed.has_value());
    BOOST_TEST(parsed->text() == good);
}

BOOST_AUTO_TEST_CASE(cosignatures_of_other_keys_are_ignored) {
    const auto answer = witness->add_checkpoint(log.request(0, 3));
    const auto other = make_signer("other.example", make_signer_key());
    const auto note = log.checkpoint(3);
    BOOST_TEST(verified_cosignatures(note, answer.body, cosigner_key(*other)).empty());
    const auto foreign = cosign(*other, parse_note(note)->text, clock.now());
    BOOST_TEST(verified_cosignatures(note, foreign + answer.body, cosigner_key(*witness_signer)) ==
               answer.body);
    BOOST_TEST(verified_cosignatures(log.checkpoint(2), answer.body, cosigner_key(*witness_signer))
                   .empty());
    BOOST_TEST(verified_cosignatures(note, "nonsense", cosigner_key(*witness_signer)).empty());
}

BOOST_AUTO_TEST_SUITE_END()
