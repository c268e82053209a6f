#include "gateway/store/seal.hpp"

#include "tests/store/world.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <set>
#include <sys/stat.h>
#include <thread>

using namespace store_tests;

namespace {

Bytes contents_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::filesystem::path& file, BytesView bytes, mode_t mode) {
    std::ofstream(file, std::ios::binary) << bytes;
    chmod(file.c_str(), mode);
}

struct SealWorld {
    World<SqliteBackend> world;
    Bytes master = random_bytes(32);
    Sealer sealer = make();
    Sealer make() { return Sealer(MasterKey::of(master), *world.store); }
    Errc refusal(BytesView context, BytesView sealed) {
        const auto opened = sealer.open(provider, context, sealed);
        BOOST_REQUIRE(opened.has_error());
        return opened.error().code;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(seal)

BOOST_AUTO_TEST_CASE(what_was_sealed_opens) {
    SealWorld t;
    for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 100'000u}) {
        const Bytes plain = random_bytes(size);
        const Bytes sealed = t.sealer.seal(provider, "parcel 1", plain);
        BOOST_TEST(sealed.size() == size + 1 + 60 + 28);
        BOOST_TEST(t.sealer.open(provider, "parcel 1", sealed).value() == plain);
    }
}

BOOST_AUTO_TEST_CASE(the_same_bytes_sealed_twice_differ_everywhere) {
    SealWorld t;
    const Bytes one = t.sealer.seal(provider, "c", "same"),
                two = t.sealer.seal(provider, "c", "same");
    BOOST_TEST(one[0] == 1);
    BOOST_TEST(one.substr(1, 12) != two.substr(1, 12));
    BOOST_TEST(one.substr(61, 12) != two.substr(61, 12));
    BOOST_TEST(one.substr(73) != two.substr(73));
}

BOOST_AUTO_TEST_CASE(a_changed_bit_anywhere_is_refused) {
    SealWorld t;
    const Bytes sealed = t.sealer.seal(provider, "c", "a short secret");
    for (std::size_t i = 0; i < sealed.size(); ++i)
        for (int bit = 0; bit < 8; ++bit) {
            Bytes changed = sealed;
            changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
            BOOST_TEST_REQUIRE((t.refusal("c", changed) == Errc::tampered));
        }
}

BOOST_AUTO_TEST_CASE(a_cut_or_longer_message_is_refused) {
    SealWorld t;
    const Bytes sealed = t.sealer.seal(provider, "c", "a short secret");
    for (std::size_t size = 0; size < sealed.size(); ++size)
        BOOST_TEST_REQUIRE((t.refusal("c", sealed.substr(0, size)) == Errc::tampered));
    BOOST_TEST((t.refusal("c", sealed + '\0') == Errc::tampered));
}

BOOST_AUTO_TEST_CASE(another_context_or_office_is_refused) {
    SealWorld t;
    const Bytes sealed = t.sealer.seal(provider, "parcel 1", "secret");
    t.sealer.seal(other_provider, "parcel 1", "secret"); // has a key
    BOOST_TEST((t.refusal("parcel 2", sealed) == Errc::tampered));
    BOOST_TEST((t.refusal("", sealed) == Errc::tampered));
    for (const OfficeNo& other : {other_provider, care_manager})
        BOOST_TEST((t.sealer.open(other, "parcel 1", sealed).error().code == Errc::tampered));
}

BOOST_AUTO_TEST_CASE(office_keys_outlive_the_sealer_and_are_wrapped_for_their_office) {
    SealWorld t;
    const Bytes sealed = t.sealer.seal(provider, "c", "secret");
    Sealer again = t.make();
    BOOST_TEST(again.open(provider, "c", sealed).value() == "secret");

    const Bytes wrapped = t.world.store->office_key(provider).value();
    BOOST_TEST(wrapped.size() == 60u);
    t.world.store->put_office_key(other_provider, wrapped); // moved to another row
    BOOST_TEST((again.open(other_provider, "c", sealed).error().code == Errc::tampered));
    BOOST_CHECK_THROW(again.seal(other_provider, "c", "secret"), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(another_master_key_opens_nothing) {
    SealWorld t;
    const Bytes sealed = t.sealer.seal(provider, "c", "secret");
    Sealer other(MasterKey::of(random_bytes(32)), *t.world.store);
    BOOST_TEST((other.open(provider, "c", sealed).error().code == Errc::tampered));
    BOOST_CHECK_THROW(other.seal(provider, "c", "secret"), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(threads_that_seal_first_agree_on_one_key) {
    SealWorld t;
    Sealer second = t.make();
    std::vector<Bytes> sealed(8);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < sealed.size(); ++i)
        threads.emplace_back([&, i] {
            sealed[i] = (i % 2 == 0 ? t.sealer : second).seal(provider, "c", std::to_string(i));
        });
    for (auto& thread : threads) thread.join();
    Sealer fresh = t.make();
    for (std::size_t i = 0; i < sealed.size(); ++i)
        BOOST_TEST(fresh.open(provider, "c", sealed[i]).value() == std::to_string(i));
}

BOOST_AUTO_TEST_CASE(tags_tell_equality_within_a_purpose_and_a_master_key) {
    SealWorld t;
    const Bytes tag = t.sealer.tag("hold", "0000000001");
    BOOST_TEST(tag.size() == 32u);
    BOOST_TEST(tag == t.make().tag("hold", "0000000001"));
    const std::set<Bytes> different{
        tag, t.sealer.tag("hold", "0000000002"), t.sealer.tag("content", "0000000001"),
        t.sealer.tag("hol", "d0000000001"),
        Sealer(MasterKey::of(random_bytes(32)), *t.world.store).tag("hold", "0000000001")};
    BOOST_TEST(different.size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_new_master_key_is_for_its_owner_only_and_never_overwritten) {
    TemporaryFolder folder;
    const auto file = folder.path() / "master.key";
    BOOST_REQUIRE(MasterKey::create(file).has_value());
    struct stat status {};
    BOOST_REQUIRE(stat(file.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 07777) == 0400u);
    const Bytes bytes = contents_of(file);
    BOOST_TEST(bytes.size() == 32u);
    BOOST_TEST((MasterKey::create(file).error().code == Errc::configuration));
    BOOST_TEST(contents_of(file) == bytes);

    World<SqliteBackend> world;
    Sealer by_file(MasterKey::read(file).value(), *world.store);
    Sealer by_bytes(MasterKey::of(bytes), *world.store);
    BOOST_TEST(by_bytes.open(provider, "c", by_file.seal(provider, "c", "secret")).value() ==
               "secret");
}

BOOST_AUTO_TEST_CASE(a_master_key_others_may_read_is_refused) {
    TemporaryFolder folder;
    const auto file = folder.path() / "master.key";
    write_file(file, random_bytes(32), 0600);
    BOOST_TEST(MasterKey::read(file).has_value());
    for (const mode_t mode : {0440u, 0404u, 0640u, 0644u, 0620u, 0601u}) {
        chmod(file.c_str(), mode);
        BOOST_TEST((MasterKey::read(file).error().code == Errc::configuration));
    }
}

BOOST_AUTO_TEST_CASE(a_master_key_of_another_size_or_kind_is_refused) {
    TemporaryFolder folder;
    for (const std::size_t size : {0u, 31u, 33u, 63u, 65u}) {
        const auto file = folder.path() / std::to_string(size);
        write_file(file, random_bytes(size), 0400);
        BOOST_TEST((MasterKey::read(file).error().code == Errc::configuration));
    }
    BOOST_TEST((MasterKey::read(folder.path() / "none").error().code == Errc::configuration));
    BOOST_TEST((MasterKey::read(folder.path()).error().code == Errc::configuration));
    BOOST_CHECK_THROW(MasterKey::of("short"), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(
    a_renewed_key_opens_what_was_sealed_before_once_the_offices_keys_are_wrapped_again) {
    SealWorld t;
    const Bytes sealed = t.sealer.seal(provider, "parcel 1", "payload");
    const Bytes tag = t.sealer.tag("hold", "user");
    const MasterKey old_key = MasterKey::of(t.master);
    const MasterKey fresh = old_key.renewed();
    BOOST_TEST(rewrap_office_keys(*t.world.store, old_key, fresh).value() == 1u);
    BOOST_TEST(rewrap_office_keys(*t.world.store, old_key, fresh).value() == 0u); // done already

    Sealer renewed(old_key.renewed(), *t.world.store); // another new key: knows nothing
    BOOST_TEST((renewed.open(provider, "parcel 1", sealed).error().code == Errc::tampered));
    TemporaryFolder folder;
    BOOST_REQUIRE(fresh.write(folder.path() / "fresh.key").has_value());
    Sealer after(MasterKey::read(folder.path() / "fresh.key").value(), *t.world.store);
    BOOST_TEST(after.open(provider, "parcel 1", sealed).value() == "payload");
    BOOST_TEST(after.tag("hold", "user") == tag);
    Sealer before(MasterKey::of(t.master), *t.world.store);
    BOOST_TEST((before.open(provider, "parcel 1", sealed).error().code == Errc::tampered));
}

BOOST_AUTO_TEST_CASE(a_key_that_opens_under_neither_leaves_all_as_they_were) {
    SealWorld t;
    t.sealer.seal(provider, "c", "payload");
    const auto before = t.world.store->office_key(provider);
    const MasterKey stranger = MasterKey::of(random_bytes(32));
    BOOST_TEST((rewrap_office_keys(*t.world.store, stranger, stranger.renewed()).error().code ==
                Errc::configuration));
    BOOST_TEST((t.world.store->office_key(provider) == before));
}

BOOST_AUTO_TEST_CASE(a_key_renewed_twice_keeps_its_tags) {
    SealWorld t;
    const MasterKey once = MasterKey::of(t.master).renewed();
    Sealer twice(once.renewed(), *t.world.store);
    BOOST_TEST(twice.tag("hold", "user") == t.sealer.tag("hold", "user"));
}

BOOST_AUTO_TEST_CASE(a_wrapped_key_opens_with_its_rsa_key_only) {
    TemporaryFolder folder;
    const auto make = [&](const char* name, const char* arguments) {
        const auto file = (folder.path() / name).string();
        BOOST_REQUIRE(std::system(("openssl genpkey -out " + file + " " + arguments +
                                   " 2>/dev/null && chmod 0400 " + file)
                                      .c_str()) == 0);
        return file;
    };
    const auto rsa = make("rsa.pem", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    const auto other = make("other.pem", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    const auto curve = make("curve.pem", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    World<SqliteBackend> world;
    const Bytes secret = random_bytes(32);
    const auto wrapped = folder.path() / "master.wrapped";
    BOOST_TEST(MasterKey::of(secret).write_wrapped(wrapped, curve).has_error());
    BOOST_REQUIRE(MasterKey::of(secret).write_wrapped(wrapped, rsa).has_value());
    BOOST_TEST(contents_of(wrapped).find(secret) == Bytes::npos);
    const Sealer sealer(MasterKey::unwrap(wrapped, rsa).value(), *world.store);
    BOOST_TEST(sealer.tag("p", "x") == Sealer(MasterKey::of(secret), *world.store).tag("p", "x"));
    BOOST_TEST((MasterKey::unwrap(wrapped, other).error().code == Errc::configuration));
    BOOST_TEST((MasterKey::unwrap(wrapped, curve).error().code == Errc::configuration));
    BOOST_TEST(
        (MasterKey::unwrap(folder.path() / "none", rsa).error().code == Errc::configuration));
}

BOOST_AUTO_TEST_CASE(a_foreign_master_key_is_noticed_before_anything_is_sealed_by_it) {
    SealWorld t;
    OfficeRow none, row;
    none.office = other_provider;
    row.office = provider;
    Sealer foreign(MasterKey::of(random_bytes(32)), *t.world.store);
    BOOST_TEST(foreign.check({none, row}).has_value()); // no key yet
    t.sealer.ensure_key(provider);
    BOOST_TEST(t.sealer.check({none, row}).has_value());
    BOOST_TEST((foreign.check({none, row}).error().code == Errc::configuration));
}

BOOST_AUTO_TEST_SUITE_END()
