#include "gateway/audit/receipt.hpp"

#include "tests/audit/sample_log.hpp"
#include "tests/audit/vectors.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>

using namespace cpg;
using namespace cpg::audit;

namespace {

bool is(const Verification& verification, Verified result) {
    BOOST_TEST_CONTEXT(verification.reason_en) {
        BOOST_TEST(static_cast<int>(verification.result) == static_cast<int>(result));
    }
    return verification.result == result;
}

bool mentions(const std::vector<std::string>& lines, std::string_view part) {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
        return line.find(part) != std::string::npos;
    });
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const std::size_t place = text.find(what);
    BOOST_REQUIRE(place != std::string::npos);
    return text.replace(place, what.size(), by);
}

/// A receipt whose extra data are these.
std::string with_extra(const std::string& receipt, const Bytes& extra) {
    TlogProof proof = TlogProof::parse(receipt).value();
    proof.extra = extra;
    return proof.text();
}

/// Random damages to a receipt; now and then one that changes nothing.
class Damages {
  public:
    explicit Damages(unsigned seed) : random_(seed) {}

    /// To the characters, one to three times.
    std::string of_text(std::string text) {
        for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
            const std::size_t place = below(text.size());
            switch (below(7)) {
            case 0:
                flip(text, place);
                break;
            case 1:
                text[place] = static_cast<char>(below(256));
                break;
            case 2:
                text.erase(place, 1 + below(40));
                if (text.empty()) return text;
                break;
            case 3:
                text.insert(place, 1, "A/+=\n 09z"[below(9)]);
                break;
            case 4: // a part appears twice
                text.insert(place, text.substr(below(text.size()), 1 + below(90)));
                break;
            case 5:
                text.resize(place + 1);
                break;
            default:
                std::swap(text[place], text[below(text.size())]);
            }
        }
        return text;
    }

    /// To one value inside; the form stays as it must be.
    std::string of_values(const std::string& text) {
        TlogProof receipt = TlogProof::parse(text).value();
        Proof& proof = receipt.proof;
        const Note note = parse_note(proof.checkpoint).value();
        Signature signature = note.signatures.at(0);
        Checkpoint checkpoint = Checkpoint::parse(note.text).value();
        switch (below(7)) {
        case 0:
            flip(receipt.extra, below(receipt.extra.size()));
            break;
        case 1:
            proof.index ^= std::uint64_t{1} << below(64);
            break;
        case 2:
            flip(proof.hashes[below(proof.hashes.size())]);
            break;
        case 3:
            proof.hashes.pop_back();
            break;
        case 4:
            checkpoint.size ^= std::uint64_t{1} << below(64);
            break;
        case 5:
            flip(checkpoint.root);
            break;
        default:
            flip(signature.signature, below(signature.signature.size()));
        }
        Bytes id;
        for (unsigned shift = 32; shift > 0; shift -= 8)
            id += static_cast<char>(signature.id >> (shift - 8));
        proof.checkpoint = checkpoint.body() + "\n\u2014 " + signature.name + " " +
                           base64(id + signature.signature) + "\n";
        return receipt.text();
    }

  private:
    std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_()) % end; }
    void flip(std::string& text, std::size_t place) {
        text[place] = static_cast<char>(text[place] ^ (1 << below(8)));
    }
    void flip(Digest& digest) {
        auto& byte = digest.bytes[below(32)];
        byte = static_cast<std::uint8_t>(byte ^ (1 << below(8)));
    }

    std::mt19937 random_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(receipt)

BOOST_AUTO_TEST_CASE(tlog_proofs_of_the_vector_folder) {
    const auto vectors = read_vectors("proof-format/tlog-proof.json");
    if (!vectors) return;
    int good = 0, bad = 0;
    for (const auto& value : vectors->at("cases").as_array()) {
        BOOST_TEST_CONTEXT(text_at(value.at("desc"))) {
            const std::string text = text_at(value.at("proof"));
            const Bytes leaf = from_base64(text_at(value.at("entry_b64"))).value();
            const auto key = VerifierKey::parse(text_at(value.at("vkey")));
            const auto proof = TlogProof::parse(text);
            const bool accepted =
                proof && check_proof(*proof, leaf_hash(leaf), {key.value()}).has_value();
            BOOST_TEST(accepted == (text_at(value.at("want")) == "ok"));
            if (proof) BOOST_TEST(proof->text() == text);
            ++(accepted ? good : bad);
        }
    }
    BOOST_TEST_MESSAGE("tlog-proof vectors: " << good << " accepted, " << bad << " refused");
}

BOOST_AUTO_TEST_CASE(a_receipt_has_the_form_of_a_tlog_proof) {
    SampleLog log;
    const std::string text = log.receipt(sample_entry(), sample_files(2));
    BOOST_TEST(text.rfind("c2sp.org/tlog-proof@v1\nextra ", 0) == 0u);
    const auto proof = TlogProof::parse(text);
    BOOST_REQUIRE(proof.has_value());
    BOOST_TEST(proof->text() == text);
    BOOST_TEST(proof->proof.index == 5u);
    BOOST_TEST(proof->proof.size == 7u);
    const std::string leaf = format_entry(log.with_files(sample_entry(), sample_files(2)));
    const auto salts = log.salts(2);
    BOOST_TEST(proof->extra ==
               leaf + "\nsalt 1 " + base64(salts[0]) + "\nsalt 2 " + base64(salts[1]) + "\n");
    const auto receipt = open_receipt(text, log.trusted());
    BOOST_REQUIRE(receipt.has_value());
    BOOST_TEST(receipt->leaf_text == leaf);
    BOOST_TEST((receipt->salts == salts));
    BOOST_TEST(receipt->signer == "gateway.example/cpgw/2026");
    BOOST_TEST(receipt->checkpoint.size == 7u);
}

BOOST_AUTO_TEST_CASE(refuses_proofs_of_another_form) {
    SampleLog log;
    const std::string text = log.receipt(sample_entry(), sample_files(1));
    const std::size_t index_line = text.find("index 5\n");
    const std::string odd_texts[] = {
        "",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\n",
        replaced(text, "@v1", "@v2"),
        replaced(text, "extra ", "extra  "),
        replaced(text, "index 5", "index 05"),
        replaced(text, "index 5", "index +5"),
        replaced(text, "index 5", "index"),
        replaced(text, "index 5\n", ""),
        replaced(text, "index 5\n", "index 5\nextra QQ==\n"),
        replaced(text, "index 5\n", "index 5\nindex 5\n"),
        replaced(text, "index 5\n", "index 5\nQQ==\n"),
        replaced(text, "index 5\n", "index 5\r\n"),
        text.substr(0, index_line) + "index 5\n",
        text.substr(0, index_line) + "index 5\n\n",
        "\n" + text,
        text + "\n",
        text.substr(0, text.size() - 1),
        "c2sp.org/tlog-proof@v1\nextra \n" + text.substr(index_line),
        text.substr(0, index_line) + std::string(max_receipt_bytes, 'A') + text.substr(index_line),
    };
    for (const std::string& odd : odd_texts) BOOST_TEST(!TlogProof::parse(odd), odd.substr(0, 300));
    std::string many = text.substr(0, index_line) + "index 5\n";
    for (int i = 0; i < 65; ++i) many += std::string(43, 'A') + "=\n";
    BOOST_TEST(!TlogProof::parse(many + text.substr(text.find("\n\n") + 1)));
}

BOOST_AUTO_TEST_CASE(refuses_extra_data_of_another_form) {
    SampleLog log;
    const auto files = sample_files(2);
    const std::string text = log.receipt(sample_entry(), files);
    const auto salts = log.salts(3);
    const std::string leaf = open_receipt(text, log.trusted())->leaf_text;
    const std::string one = "salt 1 " + base64(salts[0]) + "\n";
    const std::string two = "salt 2 " + base64(salts[1]) + "\n";
    const std::string three = "salt 3 " + base64(salts[2]) + "\n";
    BOOST_TEST(with_extra(text, leaf + "\n" + one + two) == text);
    BOOST_TEST(open_receipt(with_extra(text, leaf + "\n"), log.trusted()).has_value());
    const std::string odd_extras[] = {
        "",
        leaf,
        leaf + one + two,
        leaf + "\n\n" + one + two,
        leaf + "\n" + one,
        leaf + "\n" + two + one,
        leaf + "\n" + one + two + three,
        leaf + "\n" + one + two + "\n",
        leaf + "\n" + one + two + " ",
        leaf + "\n" + one + two.substr(0, two.size() - 1),
        leaf + "\n" + one + replaced(two, "salt ", "salt  "),
        leaf + "\n" + one + replaced(two, "salt ", "Salt "),
        leaf + "\n" + one + "salt 2 " + base64(Bytes(31, 'x')) + "\n",
        leaf + "\n" + one + "salt 2\n",
    };
    for (const std::string& odd : odd_extras) {
        const auto receipt = open_receipt(with_extra(text, odd), log.trusted());
        BOOST_REQUIRE(!receipt.has_value());
        BOOST_TEST((receipt.error().code == Errc::malformed), odd);
    }
    BOOST_CHECK_THROW(make_receipt(leaf, {Bytes(31, 'x')}, {}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_receipt_alone_proves_the_step_but_not_the_contents) {
    SampleLog log;
    const auto verification =
        verify_receipt(log.receipt(sample_entry(), sample_files(2)), {}, log.trusted());
    BOOST_REQUIRE(is(verification, Verified::proven));
    BOOST_TEST(verification.receipt->entry.from->str() == "0370100017");
    BOOST_TEST(verification.reason_ja.find("受付票") == 0u);
    for (const std::string_view part :
         {"0370100017", "0370100025", "2026-11-22T09:30:00.123Z", "2026-11-22 18:30:00",
          "019a0000-0000-7000-8000-000000000001", "gateway.example/cpgw/2026"})
        BOOST_TEST(mentions(verification.proven_ja, part), part);
    BOOST_TEST(mentions(verification.proven_en, "accepted bundle 019a0000"));
    BOOST_TEST(mentions(verification.not_proven_en, "contents of the files"));
    BOOST_TEST(mentions(verification.not_proven_ja, "照合していません"));
    BOOST_TEST(mentions(verification.not_proven_en, "no witness"));
    BOOST_TEST(verification.proven_ja.size() == verification.proven_en.size());
    BOOST_TEST(verification.not_proven_ja.size() == verification.not_proven_en.size());
}

BOOST_AUTO_TEST_CASE(a_conversion_at_the_sender_is_said_and_not_vouched_for) {
    SampleLog log;
    Entry entry = sample_entry();
    const auto plain = verify_receipt(log.receipt(entry, sample_files(1)), {}, log.trusted());
    BOOST_TEST(!mentions(plain.proven_ja, "送信側の変換"));
    BOOST_TEST(!mentions(plain.not_proven_ja, "送信側の変換"));
    entry.conversion = Conversion{"sample-soft", 3, 12, 4, sha256("report")};
    const auto verification =
        verify_receipt(log.receipt(entry, sample_files(1)), {}, log.trusted());
    BOOST_REQUIRE(is(verification, Verified::proven));
    BOOST_TEST(mentions(verification.proven_ja, "送信側の変換: 方言 sample-soft 第 3 版、"
                                                "補った値 12 件、表で引いた値 4 件"));
    BOOST_TEST(mentions(verification.proven_en, "dialect sample-soft version 3, 12 values filled "
                                                "in, 4 looked up"));
    BOOST_TEST(mentions(verification.proven_en, prefixed_hex(sha256("report"))));
    BOOST_TEST(mentions(verification.not_proven_ja, "送信側の変換が正しいこと"));
    BOOST_TEST(mentions(verification.not_proven_en, "that the conversion was right"));
}

BOOST_AUTO_TEST_CASE(every_step_has_words) {
    SampleLog log;
    const std::pair<EntryType, std::string_view> titles[] = {
        {EntryType::submit, "受付票"},     {EntryType::fetch, "受領票"},
        {EntryType::ack, "取込票"},        {EntryType::reject, "受付拒否の証明"},
        {EntryType::recall, "取消の証明"}, {EntryType::unclaimed, "未受領の証明"},
        {EntryType::access, "記録の証明"}, {EntryType::shard_close, "記録の証明"},
    };
    for (const auto& [type, title] : titles) {
        const auto verification =
            verify_receipt(log.receipt(sample_entry(type), {}), {}, log.trusted());
        BOOST_REQUIRE(is(verification, Verified::proven));
        BOOST_TEST(verification.reason_ja.find(title) == 0u);
    }
    Entry failed = sample_entry(EntryType::ack);
    failed.result = "import_failed";
    BOOST_TEST(verify_receipt(log.receipt(failed, {}), {}, log.trusted())
                   .reason_ja.find("取込失敗の証明") == 0u);
    Entry refused = sample_entry(EntryType::reject);
    refused.result = "rejected R-SEQ-01,R-NAME-03";
    BOOST_TEST(mentions(verify_receipt(log.receipt(refused, {}), {}, log.trusted()).proven_en,
                        "refused bundle 019a0000-0000-7000-8000-000000000001 (rules "
                        "R-SEQ-01,R-NAME-03)"));
}

BOOST_AUTO_TEST_CASE(files_are_matched_in_any_order_and_by_any_name) {
    SampleLog log;
    auto files = sample_files(4);
    files[2].bytes = files[1].bytes; // two files of the same content
    const std::string text = log.receipt(sample_entry(), files);
    auto here = at_hand(files);
    std::reverse(here.begin(), here.end());
    here[0].name = "renamed.csv";
    const auto verification = verify_receipt(text, here, log.trusted());
    BOOST_REQUIRE(is(verification, Verified::proven));
    BOOST_TEST(mentions(verification.proven_en, "bit for bit"));
    BOOST_TEST(!mentions(verification.not_proven_en, "contents of the files"));
}

BOOST_AUTO_TEST_CASE(a_changed_missing_or_added_file_is_tampered) {
    SampleLog log;
    const auto files = sample_files(3);
    const std::string text = log.receipt(sample_entry(), files);
    auto changed = files;
    changed[1].bytes[0] ^= 1;
    BOOST_TEST(is(verify_receipt(text, at_hand(changed), log.trusted()), Verified::tampered));
    auto missing = files;
    missing.pop_back();
    const auto verification = verify_receipt(text, at_hand(missing), log.trusted());
    BOOST_TEST(is(verification, Verified::tampered));
    BOOST_TEST(verification.reason_en.find("Recorded file 3") == 0u);
    BOOST_TEST(verification.proven_ja.empty());
    auto added = files;
    added.push_back({"ADDED\x1b.CSV", "UPPLAN", "more"});
    const auto strange = verify_receipt(text, at_hand(added), log.trusted());
    BOOST_TEST(is(strange, Verified::tampered));
    BOOST_TEST(strange.reason_en.find("ADDED?.CSV") != std::string::npos);
    auto doubled = files;
    doubled.push_back(files[0]);
    BOOST_TEST(is(verify_receipt(text, at_hand(doubled), log.trusted()), Verified::tampered));
    auto other_size = at_hand(files);
    ++other_size[0].bytes;
    BOOST_TEST(is(verify_receipt(text, other_size, log.trusted()), Verified::tampered));
    const std::string no_files = log.receipt(sample_entry(EntryType::access), {});
    BOOST_TEST(is(verify_receipt(no_files, at_hand(files), log.trusted()), Verified::tampered));
}

BOOST_AUTO_TEST_CASE(bundles_of_more_files_than_a_leaf_lists) {
    SampleLog log;
    for (const std::size_t count : {24u, 25u, 26u, 200u}) {
        auto files = sample_files(count);
        files.back().bytes = files.front().bytes; // the same content listed and not listed
        const std::string text = log.receipt(sample_entry(), files);
        auto here = at_hand(files);
        std::shuffle(here.begin(), here.end(), std::mt19937(1));
        BOOST_TEST(is(verify_receipt(text, here, log.trusted()), Verified::proven));
        BOOST_TEST(is(verify_receipt(text, {}, log.trusted()), Verified::proven));
        for (const std::size_t place : {std::size_t{0}, count - 2, count - 1}) {
            auto changed = files;
            changed[place].bytes += "x";
            BOOST_TEST(
                is(verify_receipt(text, at_hand(changed), log.trusted()), Verified::tampered));
            auto missing = files;
            missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(place));
            BOOST_TEST(
                is(verify_receipt(text, at_hand(missing), log.trusted()), Verified::tampered));
        }
        auto added = files;
        added.push_back({"ZZZ.CSV", "UPPLAN", "more"});
        BOOST_TEST(is(verify_receipt(text, at_hand(added), log.trusted()), Verified::tampered));
    }
}

BOOST_AUTO_TEST_CASE(a_receipt_without_salts_cannot_be_compared) {
    SampleLog log;
    const auto files = sample_files(2);
    const std::string leaf = format_entry(log.with_files(sample_entry(), files));
    const std::string text = log.receipt(leaf, {});
    BOOST_TEST(is(verify_receipt(text, {}, log.trusted()), Verified::proven));
    BOOST_TEST(is(verify_receipt(text, at_hand(files), log.trusted()), Verified::unknown_key));
}

BOOST_AUTO_TEST_CASE(signatures_of_the_sender_are_compared_when_at_hand) {
    SampleLog log;
    auto files = sample_files(2);
    Entry entry = sample_entry();
    entry.cms = digest_of_digests({sha256("signature of 0"), sha256("signature of 1")});
    const std::string text = log.receipt(entry, files);
    auto verification = verify_receipt(text, at_hand(files), log.trusted());
    BOOST_TEST(is(verification, Verified::proven));
    BOOST_TEST(mentions(verification.not_proven_en, "no .p7s at hand"));
    auto with_signatures = files;
    with_signatures.push_back({files[1].name + ".p7s", "", "signature of 1"});
    with_signatures.push_back({files[0].name + ".p7s", "", "signature of 0"});
    verification = verify_receipt(text, at_hand(with_signatures), log.trusted());
    BOOST_TEST(is(verification, Verified::proven));
    BOOST_TEST(mentions(verification.proven_en, ".p7s"));
    with_signatures[2].bytes = "another";
    BOOST_TEST(
        is(verify_receipt(text, at_hand(with_signatures), log.trusted()), Verified::tampered));
    // Without a digest of signatures in the leaf, such a file belongs to nothing.
    const std::string unsigned_text = log.receipt(sample_entry(), files);
    BOOST_TEST(is(verify_receipt(unsigned_text, at_hand(with_signatures), log.trusted()),
                  Verified::tampered));
}

BOOST_AUTO_TEST_CASE(signatures_count_in_the_order_of_the_files_they_sign) {
    SampleLog log;
    // "A.p7s" comes after "A.B.p7s", "A" before "A.B".
    std::vector<SampleFile> files = {{"A", "UPPLAN", "one"}, {"A.B", "UPPLAN", "two"}};
    Entry entry = sample_entry();
    entry.cms = digest_of_digests({sha256("signature of A"), sha256("signature of A.B")});
    const std::string text = log.receipt(entry, files);
    files.push_back({"A.p7s", "", "signature of A"});
    files.push_back({"A.B.p7s", "", "signature of A.B"});
    BOOST_TEST(is(verify_receipt(text, at_hand(files), log.trusted()), Verified::proven));
}

BOOST_AUTO_TEST_CASE(only_a_key_of_the_log_itself_vouches) {
    SampleLog log, other;
    const std::string text = log.receipt(sample_entry(), {});
    BOOST_TEST(is(verify_receipt(text, {}, {}), Verified::unknown_key));
    BOOST_TEST(is(verify_receipt(text, {}, other.trusted()), Verified::unknown_key));

    // A trusted key of another log signs a checkpoint of this one: not its to sign.
    SampleLog last_year("gateway.example/cpgw/2025");
    TlogProof proof = TlogProof::parse(text).value();
    const std::string body = parse_note(proof.proof.checkpoint)->text;
    proof.proof.checkpoint = sign_note(body, {&last_year.signer()});
    BOOST_TEST(is(verify_receipt(proof.text(), {}, last_year.trusted()), Verified::unknown_key));
    proof.proof.checkpoint = sign_note(body, {&last_year.signer(), &log.signer()});
    BOOST_TEST(is(verify_receipt(proof.text(), {}, log.trusted()), Verified::proven));
}

BOOST_AUTO_TEST_CASE(a_witness_is_named_and_does_not_replace_the_log) {
    SampleLog log;
    const std::string text = log.receipt(sample_entry(), {});
    TlogProof proof = TlogProof::parse(text).value();
    const std::string body = parse_note(proof.proof.checkpoint)->text;

    const auto secret = make_signer("witness.example", make_signer_key());
    VerifierKey witness = secret->verifier();
    witness.algorithm = KeyAlgorithm::ed25519_cosignature;
    const Bytes typed = "\x04" + witness.public_key;
    const Digest id = sha256("witness.example\n" + typed);
    witness.id = static_cast<std::uint32_t>(id.bytes[0]) << 24 |
                 static_cast<std::uint32_t>(id.bytes[1]) << 16 |
                 static_cast<std::uint32_t>(id.bytes[2]) << 8 | id.bytes[3];
    BOOST_REQUIRE(VerifierKey::parse(witness.text()).has_value());
    const auto line_at = [&](const Bytes& signed_time) {
        const std::string stamped =
            "cosignature/v1\ntime " + std::to_string(0x67000000) + "\n" + body;
        return "\u2014 witness.example " +
               base64(Bytes(id.view().substr(0, 4)) + signed_time + secret->sign(stamped)) + "\n";
    };
    const std::string line = line_at(Bytes("\0\0\0\0\x67\0\0\0", 8));
    auto trusted = log.trusted();
    trusted.push_back(witness);

    const auto verification = verify_receipt(text + line, {}, trusted);
    BOOST_REQUIRE(is(verification, Verified::proven));
    BOOST_REQUIRE(verification.receipt->witnesses.size() == 1u);
    BOOST_TEST(verification.receipt->witnesses[0] == "witness.example");
    BOOST_TEST(mentions(verification.proven_en, "witness.example"));
    BOOST_TEST(!mentions(verification.not_proven_en, "no witness"));
    BOOST_TEST(is(verify_receipt(text + line, {}, {witness}), Verified::unknown_key));
    BOOST_TEST(is(verify_receipt(text + line, {}, log.trusted()), Verified::proven));
    const std::string later = line_at(Bytes("\0\0\0\0\x67\0\0\1", 8));
    BOOST_TEST(is(verify_receipt(text + later, {}, trusted), Verified::tampered));
}

BOOST_AUTO_TEST_CASE(a_receipt_of_a_later_year_is_proven_by_the_key_of_an_earlier_one) {
    SampleLog log("gateway.example/cpgw/2027");
    const auto receipt = log.receipt(sample_entry(), {});
    const auto known = renamed(log.signer().verifier(), "gateway.example/cpgw/2026");
    BOOST_TEST((verify_receipt(receipt, {}, {known}).result == Verified::proven));
    const auto foreign = renamed(log.signer().verifier(), "other.example/cpgw/2026");
    BOOST_TEST((verify_receipt(receipt, {}, {foreign}).result == Verified::unknown_key));
}

BOOST_AUTO_TEST_CASE(another_leaf_index_or_size_is_tampered) {
    SampleLog log;
    const std::string text = log.receipt(sample_entry(), sample_files(1));
    const auto receipt = open_receipt(text, log.trusted());
    const std::string salt = "\nsalt 1 " + base64(log.salts(1)[0]) + "\n";
    const std::string forged =
        with_extra(text, replaced(receipt->leaf_text, "0370100025", "0370100033") + salt);
    BOOST_TEST(is(verify_receipt(forged, {}, log.trusted()), Verified::tampered));
    BOOST_TEST(is(verify_receipt(replaced(text, "index 5", "index 4"), {}, log.trusted()),
                  Verified::tampered));
    BOOST_TEST(is(verify_receipt(replaced(text, "index 5", "index 700"), {}, log.trusted()),
                  Verified::tampered));
    BOOST_TEST(is(verify_receipt(replaced(text, "2026\n7\n", "2026\n8\n"), {}, log.trusted()),
                  Verified::tampered));
    // A genuine leaf of the log that is no entry is nothing a receipt can be about.
    const std::string odd = log.receipt("not an entry\n", {});
    BOOST_TEST(is(verify_receipt(odd, {}, log.trusted()), Verified::malformed));
}

BOOST_AUTO_TEST_CASE(random_damages_are_all_detected) {
    const unsigned seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    Damages damages(seed);
    SampleLog log;
    std::vector<std::vector<SampleFile>> files;
    std::vector<std::string> receipts;
    for (const std::size_t count : {1u, 3u, 24u, 30u}) {
        files.push_back(sample_files(count));
        receipts.push_back(log.receipt(sample_entry(), files.back()));
    }
    int tried = 0;
    std::map<Verified, int> results;
    while (tried < 20'000) {
        const std::size_t which = static_cast<std::size_t>(tried) % receipts.size();
        const std::string damaged =
            tried % 3 == 0 ? damages.of_values(receipts[which]) : damages.of_text(receipts[which]);
        if (damaged == receipts[which]) continue;
        ++tried;
        ++results[verify_receipt(damaged, at_hand(files[which]), log.trusted()).result];
    }
    BOOST_TEST_MESSAGE("damages: tampered " << results[Verified::tampered] << ", malformed "
                                            << results[Verified::malformed] << ", unknown key "
                                            << results[Verified::unknown_key]);
    BOOST_TEST(results[Verified::proven] == 0);
    for (std::size_t i = 0; i < receipts.size(); ++i)
        BOOST_TEST(
            is(verify_receipt(receipts[i], at_hand(files[i]), log.trusted()), Verified::proven));
}

BOOST_AUTO_TEST_CASE(undamaged_receipts_are_never_doubted) {
    SampleLog log;
    for (int i = 0; i < 500; ++i) {
        const auto files = sample_files(static_cast<std::size_t>(i % 28));
        const std::string text = log.receipt(sample_entry(), files);
        BOOST_REQUIRE(is(verify_receipt(text, at_hand(files), log.trusted()), Verified::proven));
    }
}

BOOST_AUTO_TEST_SUITE_END()
