#include "gateway/audit/note.hpp"

#include "spec/base/digest.hpp"
#include "tests/audit/vectors.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::audit;

namespace {

const std::string peter_key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const std::string peter_secret = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"; // 0x01 || seed
const std::string peter_text = "If you think cryptography is the answer to your problem,\n"
                               "then you don't know what your problem is.\n";
const std::string peter_note =
    peter_text + "\n\u2014 PeterNeumann "
                 "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6K"
                 "E6RyyBwJnAM=\n";

/// PKCS#8 of an Ed25519 seed (RFC 8410).
std::string pem_of_seed(BytesView seed) {
    const Bytes der = from_hex("302e020100300506032b657004220420").value() + Bytes(seed);
    return "-----BEGIN PRIVATE KEY-----\n" + base64(der) + "\n-----END PRIVATE KEY-----\n";
}

std::unique_ptr<Signer> signer_of_secret(std::string_view name, std::string_view secret) {
    return make_signer(name, pem_of_seed(from_base64(secret).value().substr(1)));
}

VerifierKey key_of(std::string_view vkey) {
    return VerifierKey::parse(vkey).value();
}

Errc code_of(const Result<Note>& note) {
    BOOST_REQUIRE(!note);
    return note.error().code;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const std::size_t place = text.find(what);
    BOOST_REQUIRE(place != std::string::npos);
    return text.replace(place, what.size(), by);
}

} // namespace

BOOST_AUTO_TEST_SUITE(note)

BOOST_AUTO_TEST_CASE(signs_the_published_note) {
    const auto signer = signer_of_secret("PeterNeumann", peter_secret);
    BOOST_TEST(signer->verifier().text() == peter_key);
    BOOST_TEST(sign_note(peter_text, {signer.get()}) == peter_note);
}

BOOST_AUTO_TEST_CASE(opens_the_published_note) {
    const auto note = open_note(peter_note, {key_of(peter_key)});
    BOOST_REQUIRE(note.has_value());
    BOOST_TEST(note->text == peter_text);
    BOOST_REQUIRE(note->signatures.size() == 1u);
    BOOST_TEST(note->signatures[0].name == "PeterNeumann");
    BOOST_TEST(note->signatures[0].id == 0xc74f20a3u);
}

BOOST_AUTO_TEST_CASE(a_changed_text_or_signature_is_tampered) {
    const std::vector<VerifierKey> trusted = {key_of(peter_key)};
    BOOST_TEST(
        (code_of(open_note(replaced(peter_note, "answer", "Answer"), trusted)) == Errc::tampered));
    BOOST_TEST((code_of(open_note(replaced(peter_note, "SffcvIAQ", "SffcvIAR"), trusted)) ==
                Errc::tampered));
}

BOOST_AUTO_TEST_CASE(signatures_of_unknown_keys_are_ignored) {
    const auto other = make_signer("other.example", make_signer_key());
    const auto peter = signer_of_secret("PeterNeumann", peter_secret);
    const std::string note = sign_note(peter_text, {other.get(), peter.get()});
    const auto opened = open_note(note, {key_of(peter_key)});
    BOOST_REQUIRE(opened.has_value());
    BOOST_TEST(opened->signatures.size() == 1u);
    BOOST_TEST(opened->signatures[0].name == "PeterNeumann");
    BOOST_TEST(open_note(note, {key_of(peter_key), other->verifier()})->signatures.size() == 2u);
    BOOST_TEST((code_of(open_note(note, {})) == Errc::unknown_key));
    // The same name under another key is unknown, too.
    const auto namesake = make_signer("PeterNeumann", make_signer_key());
    BOOST_TEST((code_of(open_note(peter_note, {namesake->verifier()})) == Errc::unknown_key));
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_note) {
    const std::vector<VerifierKey> trusted = {key_of(peter_key)};
    const std::string signature = peter_note.substr(peter_text.size() + 1);
    const std::string odd_notes[] = {
        "",
        "\n",
        peter_text,
        peter_text + "\n",
        peter_note.substr(0, peter_note.size() - 1),
        peter_note + "\n",
        peter_note + "Unexpected line.\n",
        "\x01" + peter_note,
        "\r\n" + peter_note,
        "\xff" + peter_note,
        "\xc0\x80" + peter_note,
        replaced(peter_note, "\u2014 ", "- "),
        replaced(peter_note, "\u2014 ", "\u2014  "),
        replaced(peter_note, " PeterNeumann", " Peter Neumann"),
        replaced(peter_note, " PeterNeumann", " Peter+Neumann"),
        replaced(peter_note, " PeterNeumann", " Peter\u3000Neumann"),
        replaced(peter_note, "AM=\n", "AM=\t\n"),
        replaced(peter_note, "nAM=\n", "nAN=\n"), // bits that padding cuts off
        replaced(peter_note, "nAM=\n", "nAM\n"),
        peter_text + "\n\u2014 PeterNeumann x08gow==\n", // a key id and nothing else
        peter_text + "\n\u2014 PeterNeumann \n",
    };
    for (const std::string& odd : odd_notes)
        BOOST_TEST((code_of(open_note(odd, trusted)) == Errc::malformed), odd);
    std::string many = peter_text + "\n";
    for (std::size_t i = 0; i < max_note_signatures; ++i) many += signature;
    BOOST_TEST(open_note(many, trusted).has_value());
    BOOST_TEST((code_of(open_note(many + signature, trusted)) == Errc::malformed));
    BOOST_TEST(
        (code_of(parse_note(std::string(max_note_bytes, 'x') + peter_note)) == Errc::malformed));
}

BOOST_AUTO_TEST_CASE(signs_note_texts_only) {
    const auto signer = make_signer("gateway.example", make_signer_key());
    BOOST_CHECK_THROW(sign_note("", {signer.get()}), std::invalid_argument);
    BOOST_CHECK_THROW(sign_note("no line feed", {signer.get()}), std::invalid_argument);
    BOOST_CHECK_THROW(sign_note("carriage return\r\n", {signer.get()}), std::invalid_argument);
    BOOST_CHECK_THROW(sign_note("\xff\n", {signer.get()}), std::invalid_argument);
    const std::string text = "with\n\nan empty line\n見本\n";
    const auto note = open_note(sign_note(text, {signer.get()}), {signer->verifier()});
    BOOST_REQUIRE(note.has_value());
    BOOST_TEST(note->text == text);
}

BOOST_AUTO_TEST_CASE(keys_are_made_read_and_written) {
    const std::string pem = make_signer_key();
    BOOST_TEST(pem != make_signer_key());
    const auto signer = make_signer("gateway.example/cpgw/2026", pem);
    const auto read_back = VerifierKey::parse(signer->verifier().text());
    BOOST_REQUIRE(read_back.has_value());
    BOOST_TEST(read_back->id == signer->verifier().id);
    BOOST_TEST(read_back->public_key == signer->verifier().public_key);
    BOOST_TEST(signer->sign("message").size() == 64u);
    BOOST_TEST(signer->sign("message") == make_signer("other.example", pem)->sign("message"));
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_key) {
    const std::string odd_keys[] = {
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        replaced(peter_key, "PeterNeumann", ""),
        replaced(peter_key, "PeterNeumann", "Peter Neumann"),
        replaced(peter_key, "PeterNeumann", "PeterNeumenn"), // the id is of another name
        replaced(peter_key, "c74f20a3", "c74f20a4"),
        replaced(peter_key, "c74f20a3", "C74F20A3"),
        replaced(peter_key, "c74f20a3", "74f20a3"),
        replaced(peter_key, "ARpc", "ARpd"),
        replaced(peter_key, "ARpc", "Appc"), // an unknown kind of key
        replaced(peter_key, "ARpc2QcU", "ARpc"),
        peter_key + " ",
        peter_key + "\n",
    };
    for (const std::string& odd : odd_keys) BOOST_TEST(!VerifierKey::parse(odd), odd);
    BOOST_CHECK_THROW(make_signer("a name", make_signer_key()), std::invalid_argument);
    BOOST_CHECK_THROW(make_signer("", make_signer_key()), std::invalid_argument);
    BOOST_CHECK_THROW(make_signer("name", ""), std::invalid_argument);
    BOOST_CHECK_THROW(make_signer("name", pem_of_seed(Bytes(31, 'x'))), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(checkpoints_are_read_strictly) {
    const std::string body =
        "go.sum database tree\n123456789012\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n";
    const auto checkpoint = Checkpoint::parse(body);
    BOOST_REQUIRE(checkpoint.has_value());
    BOOST_TEST(checkpoint->origin == "go.sum database tree");
    BOOST_TEST(checkpoint->size == 123456789012u);
    BOOST_TEST(checkpoint->body() == body);
    BOOST_TEST(Checkpoint::parse(body + "extension\n")->extensions.size() == 1u);
    BOOST_TEST(Checkpoint::parse(body + "extension\n")->body() == body + "extension\n");
    const std::string odd_bodies[] = {
        "",
        "\n",
        body.substr(1 + body.find('\n')),
        replaced(body, "go.sum database tree", ""),
        replaced(body, "123456789012", "0123456789012"),
        replaced(body, "123456789012", "+123456789012"),
        replaced(body, "123456789012", "-1"),
        replaced(body, "123456789012", ""),
        replaced(body, "123456789012", "18446744073709551616"),
        replaced(body, "TszzRgjT", "TszzRgj"),
        replaced(body, "TszzRgjT", "TszzRgjTTszz"),
        replaced(body, "Bb0=\n", "Bb0=\r\n"),
        replaced(body, "Bb0=\n", "Bb0="),
        body + "\n",
        body + "no line feed",
    };
    for (const std::string& odd : odd_bodies) BOOST_TEST(!Checkpoint::parse(odd), odd);
    BOOST_TEST(
        Checkpoint::parse(replaced(body, "123456789012", "18446744073709551615")).has_value());
    BOOST_TEST(log_origin("gateway.example", 2026) == "gateway.example/cpgw/2026");
}

BOOST_AUTO_TEST_CASE(an_origin_tells_its_year) {
    BOOST_TEST(year_of_origin("gateway.example/cpgw/2026").value() == 2026);
    BOOST_TEST(origin_in_year("a/cpgw/b/cpgw/2026", 2030) == "a/cpgw/b/cpgw/2030");
    for (const char* odd : {"gateway.example", "/cpgw/2026", "g/cpgw/", "g/cpgw/26", "g/cpgw/20260",
                            "g/cpgw/2026/", "g/cpgw/02026", "g/cpgw/ 2026", "g/CPGW/2026"})
        BOOST_TEST(!year_of_origin(odd).has_value(), odd);
    BOOST_CHECK_THROW(origin_in_year("gateway.example", 2026), std::invalid_argument);
    BOOST_TEST(log_year(parse_rfc3339("2026-12-31T23:59:59.999Z").value()) == 2026);
    BOOST_TEST(log_year(parse_rfc3339("2027-01-01T00:00:00.000Z").value()) == 2027);
}

BOOST_AUTO_TEST_CASE(a_key_of_one_year_vouches_for_the_same_gateway_in_another_year_only) {
    const auto signer = make_signer("gateway.example/cpgw/2026", make_signer_key());
    const auto stranger = make_signer("gateway.example/cpgw/2027", make_signer_key());
    const std::vector<VerifierKey> trusted{signer->verifier()};
    const auto opens = [&](const Signer& by, const std::string& origin) {
        const auto note = sign_note(origin + "\n", {&by});
        return open_note(note, keys_for_log(trusted, origin)).has_value();
    };
    BOOST_TEST(opens(*signer, "gateway.example/cpgw/2026"));
    BOOST_TEST(opens(*signer->named("gateway.example/cpgw/2027"), "gateway.example/cpgw/2027"));
    BOOST_TEST(opens(*signer->named("gateway.example/cpgw/2025"), "gateway.example/cpgw/2025"));
    BOOST_TEST(!opens(*stranger, "gateway.example/cpgw/2027"));
    BOOST_TEST(!opens(*signer->named("other.example/cpgw/2027"), "other.example/cpgw/2027"));
    BOOST_TEST(!opens(*signer->named("gateway.example"), "gateway.example"));
    BOOST_TEST(keys_for_log(trusted, "gateway.example/cpgw/2026").size() == 1u);
}

BOOST_AUTO_TEST_CASE(signed_notes_of_the_vector_folder) {
    const auto vectors = read_vectors("notes/signed-note.json");
    if (!vectors) return;
    for (const auto& value : vectors->at("sign").as_array()) {
        const std::string key = text_at(value.at("signer_key")); // PRIVATE+KEY+name+id+secret
        const std::string named = key.substr(std::string("PRIVATE+KEY+").size());
        const std::string name = named.substr(0, named.find('+'));
        const auto signer =
            signer_of_secret(name, named.substr(named.find('+', named.find('+') + 1) + 1));
        BOOST_TEST(sign_note(text_at(value.at("text")), {signer.get()}) ==
                   from_base64(text_at(value.at("want_note_b64"))).value());
    }
    for (const auto& value : vectors->at("vkey_keyid").as_array()) {
        const VerifierKey key = key_of(text_at(value.at("vkey")));
        BOOST_TEST(key.name == text_at(value.at("name")));
        BOOST_TEST(key.text().find("+" + text_at(value.at("key_id_hex")) + "+") !=
                   std::string::npos);
        BOOST_TEST(static_cast<std::int64_t>(key.algorithm) == value.at("alg").as_int64());
    }
    const std::map<std::string, Errc> codes = {
        {"reject_no_verifiable_signature", Errc::unknown_key},
        {"reject_invalid_signature", Errc::tampered},
        {"reject_malformed", Errc::malformed}};
    for (const auto& value : vectors->at("open").as_array()) {
        BOOST_TEST_CONTEXT(text_at(value.at("desc"))) {
            std::vector<VerifierKey> trusted;
            for (const auto& key : value.at("trusted_vkeys").as_array())
                trusted.push_back(key_of(text_at(key)));
            const auto note =
                open_note(from_base64(text_at(value.at("note_b64"))).value(), trusted);
            const std::string want = text_at(value.at("want"));
            if (want != "ok") {
                BOOST_TEST((code_of(note) == codes.at(want)));
                continue;
            }
            BOOST_REQUIRE(note.has_value());
            const auto& verified = value.at("verified").as_array();
            BOOST_REQUIRE(note->signatures.size() == verified.size());
            for (std::size_t i = 0; i < verified.size(); ++i)
                BOOST_TEST(note->signatures[i].name == text_at(verified[i]));
            if (const auto* size = value.as_object().if_contains("size")) {
                const auto checkpoint = Checkpoint::parse(note->text);
                BOOST_REQUIRE(checkpoint.has_value());
                BOOST_TEST(checkpoint->size == size->to_number<std::uint64_t>());
                BOOST_TEST(checkpoint->root.view() ==
                           from_base64(text_at(value.at("root_b64"))).value());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(cosignatures_of_the_vector_folder) {
    const auto vectors = read_vectors("notes/cosignature-v1.json");
    if (!vectors) return;
    for (const auto& value : vectors->at("cases").as_array()) {
        BOOST_TEST_CONTEXT(text_at(value.at("desc"))) {
            const auto& item = value.as_object();
            const bool good = text_at(item.at("want")) == "ok";
            std::optional<std::uint64_t> time;
            if (item.contains("vkey")) {
                BOOST_TEST(VerifierKey::parse(text_at(item.at("vkey"))).has_value() == good);
            } else if (item.contains("note_b64")) {
                const auto note = open_note(from_base64(text_at(item.at("note_b64"))).value(),
                                            {key_of(text_at(item.at("cosigner_vkey")))});
                BOOST_REQUIRE(note.has_value() == good);
                if (good) time = cosignature_time(note->signatures.at(0));
            } else {
                const Bytes bytes = from_base64(text_at(item.at("sig_b64"))).value();
                time = cosignature_time({"witness", 0, bytes.substr(4)});
            }
            if (item.contains("timestamp"))
                BOOST_TEST(time.value() == item.at("timestamp").to_number<std::uint64_t>());
        }
    }
}

BOOST_AUTO_TEST_CASE(checkpoint_bodies_of_the_vector_folder) {
    const auto vectors = read_vectors("notes/checkpoint-body.json");
    if (!vectors) return;
    for (const auto& value : vectors->at("cases").as_array()) {
        BOOST_TEST_CONTEXT(text_at(value.at("desc"))) {
            const std::string body = text_at(value.at("body"));
            const auto checkpoint = Checkpoint::parse(body);
            BOOST_REQUIRE(checkpoint.has_value() == (text_at(value.at("want")) == "ok"));
            if (checkpoint) BOOST_TEST(checkpoint->body() == body);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
