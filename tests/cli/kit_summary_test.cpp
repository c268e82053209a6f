#include "gateway/audit/note.hpp"
#include "spec/kit/summary.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;

namespace {

std::string summary() {
    const kit::Kit& kit = *kit::embedded_kit();
    const Catalog& catalog = *embedded_catalog();
    const kit::Pattern& pattern = *kit.pattern("D7");
    const Edition& edition = *catalog.edition("4.1");
    const kit::Setting setting = kit::usual_setting(catalog, pattern, "4.1");
    const auto files = kit::files_of(kit::make_bundles(pattern, setting).value());
    const auto outcome =
        kit::judge(catalog, kit, {&pattern, &edition, setting.month, std::nullopt}, files);
    kit::ResultDocument result{kit::Direction::exported, "D7", "4.1", setting.month, kit.digest,
                               catalog.digest,           {},   {}};
    for (const auto& point : std::get<kit::Judgement>(outcome).points)
        result.points.push_back({point.point.id, std::string(name_of(point.state)), ""});
    return kit::summary_text(kit, catalog, {"見本ソフト", "見本ケア", "1", "2026-11-23"}, {result})
        .value();
}

} // namespace

BOOST_AUTO_TEST_CASE(a_signed_summary_shows_every_changed_byte) {
    const auto signer = audit::make_signer("kit.example.jp/test", audit::make_signer_key());
    const std::vector<audit::VerifierKey> trusted = {signer->verifier()};
    const std::string text = summary();
    const std::string note = audit::sign_note(text, {signer.get()});
    BOOST_REQUIRE(audit::open_note(note, trusted));
    BOOST_TEST(kit::is_summary(audit::open_note(note, trusted)->text));
    for (std::size_t i = 0; i < note.size(); ++i) {
        for (const int bit : {1, 0x20, 0x80}) {
            std::string changed = note;
            changed[i] = static_cast<char>(changed[i] ^ bit);
            BOOST_TEST(!audit::open_note(changed, trusted), "byte " << i << " xor " << bit);
        }
        std::string shorter = note;
        shorter.erase(i, 1);
        BOOST_TEST(!audit::open_note(shorter, trusted), "byte " << i << " left out");
    }
}
