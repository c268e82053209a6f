#include "gateway/audit/pin.hpp"

#include "gateway/audit/entry.hpp"
#include "gateway/audit/tiles.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace cpg::audit {
namespace {

namespace json = boost::json;

constexpr unsigned tile_height = 8;

/// What ends the check early.
struct Ended {
    Continuity continuity;
    Words reason;
};

[[noreturn]] void fork(const std::string& why_ja, const std::string& why_en) {
    throw Ended{Continuity::forked, {why_ja, why_en}};
}

struct Signed {
    std::string note;
    Checkpoint checkpoint;
};

/// One gateway's logs, over the wire.
class RemoteLogs {
  public:
    RemoteLogs(const std::vector<VerifierKey>& trusted, const LogFetch& fetch)
        : trusted_(trusted), fetch_(fetch) {}

    /// nullopt: there is no such log, or it is empty.
    std::optional<Signed> checkpoint(const std::string& path) const {
        auto note = fetch_(path);
        if (!note && note.error().code == Errc::not_found) return std::nullopt;
        if (!note) throw Ended{Continuity::unknown, {note.error().detail, note.error().detail}};
        const auto parsed = parse_note(*note);
        const auto claimed = parsed ? Checkpoint::parse(parsed->text) : parsed.error();
        const auto opened =
            claimed ? open_note(*note, keys_for_log(trusted_, claimed->origin)) : claimed.error();
        const bool by_log =
            opened &&
            std::any_of(opened->signatures.begin(), opened->signatures.end(),
                        [&](const Signature& one) { return one.name == claimed->origin; });
        if (!by_log)
            throw Ended{Continuity::unknown_key,
                        {"ログの署名を、信頼する鍵で確かめられません。",
                         "The log is not signed by a trusted key."}};
        return Signed{*note, *claimed};
    }

    /// Throws Ended when the tiles are not those of the log.
    void expect_growth(const Checkpoint& from, const Checkpoint& to) const {
        const TileReader tiles = tiles_of(to);
        if (root_of(to.size, tiles) != to.root)
            fork("ログの中身が、その署名と合いません。", "The log is not what its signature says.");
        // A proof, not the old root out of the same tiles: nothing binds those to the signed root.
        const auto proof = consistency_proof(from.size, to.size, tiles);
        if (!verify_consistency(from.size, to.size, proof, from.root, to.root))
            fork("以前に見た記録が、いまのログにありません。",
                 "What was in the log before is not in it now.");
    }

    Entry first_leaf(const Checkpoint& log) const {
        const std::size_t width =
            static_cast<std::size_t>(std::min<std::uint64_t>(tile_width, log.size));
        const auto bundle = read_entry_bundle(get(log, TilePath{true, {0, 0}, width}));
        const auto proof = inclusion_proof(0, log.size, tiles_of(log));
        if (!bundle || bundle->empty() ||
            !verify_inclusion(0, log.size, leaf_hash(bundle->front()), proof, log.root))
            fork("ログの最初の記録が、その署名と合いません。",
                 "The first record is not that of the signed log.");
        const auto entry = parse_entry(bundle->front());
        if (!entry) fork("ログの最初の記録が読めません。", "The first record cannot be read.");
        return *entry;
    }

  private:
    TileReader tiles_of(const Checkpoint& log) const {
        return [this, log](TileId id) -> Bytes {
            const std::uint64_t nodes = log.size >> (tile_height * id.level);
            const std::uint64_t left = nodes - id.index * tile_width;
            return get(log, {false, id,
                             static_cast<std::size_t>(std::min<std::uint64_t>(tile_width, left))});
        };
    }

    Bytes get(const Checkpoint& log, const TilePath& path) const {
        const auto year = year_of_origin(log.origin);
        auto bytes =
            fetch_((year ? std::to_string(*year) + "/" : std::string()) + "tile/" + path.text());
        if (bytes) return std::move(*bytes);
        if (bytes.error().code != Errc::not_found)
            throw Ended{Continuity::unknown, {bytes.error().detail, bytes.error().detail}};
        fork("署名されたログの一部がありません。", "A part of the signed log is missing.");
    }

    const std::vector<VerifierKey>& trusted_;
    const LogFetch& fetch_;
};

std::optional<Signed> read_pin(const std::string& note) {
    const auto parsed = parse_note(note);
    const auto checkpoint = parsed ? Checkpoint::parse(parsed->text) : parsed.error();
    return checkpoint ? std::optional(Signed{note, *checkpoint}) : std::nullopt;
}

bool same_gateway(const std::string& left, const std::string& right) {
    const auto year = year_of_origin(left);
    if (!year || !year_of_origin(right)) return left == right;
    return origin_in_year(right, *year) == left;
}

/// Of the same gateway, the newest year.
std::optional<Signed> newest_pin(const Pins& pins, const std::string& origin) {
    std::optional<Signed> newest;
    for (const auto& [name, note] : pins) {
        if (!same_gateway(name, origin)) continue;
        auto pin = read_pin(note);
        if (pin && (!newest || newest->checkpoint.origin < pin->checkpoint.origin))
            newest = std::move(pin);
    }
    return newest;
}

/// A pin of a log that trusted keys sign, when the gateway says it has no log at all.
std::optional<Signed> any_pin(const Pins& pins, const std::vector<VerifierKey>& trusted) {
    for (const VerifierKey& key : trusted)
        if (auto pin = newest_pin(pins, key.name)) return pin;
    return std::nullopt;
}

void expect_continues(const RemoteLogs& logs, const Signed& pinned, const Signed& offered) {
    const Checkpoint& before = pinned.checkpoint;
    const Checkpoint& now = offered.checkpoint;
    if (now.size < before.size)
        throw Ended{Continuity::rolled_back,
                    {"ログが、以前に見たときより小さくなっています（" +
                         std::to_string(before.size) + " → " + std::to_string(now.size) + "）。",
                     "The log is smaller than it was (" + std::to_string(before.size) + " -> " +
                         std::to_string(now.size) + ")."}};
    if (now.size == before.size && now.root != before.root)
        fork("同じ大きさで中身の違うログです。", "A log of the same size with other contents.");
    if (now.size > before.size) logs.expect_growth(before, now);
}

/// From the newest log back to the pinned year's.
void expect_continues_over_years(const RemoteLogs& logs, const Signed& pinned,
                                 const Signed& offered) {
    const int pinned_year = year_of_origin(pinned.checkpoint.origin).value();
    Signed log = offered;
    while (log.checkpoint.origin != pinned.checkpoint.origin) {
        const int year = year_of_origin(log.checkpoint.origin).value();
        if (year <= pinned_year)
            throw Ended{Continuity::rolled_back,
                        {"ログが、以前に見た年より前の年に戻っています。",
                         "The log went back to an earlier year than the one seen before."}};
        const auto end = previous_log_of(logs.first_leaf(log.checkpoint));
        const auto named = end ? Checkpoint::parse(*end) : Error{Errc::malformed, ""};
        const auto previous_year = named ? year_of_origin(named->origin) : std::nullopt;
        if (!previous_year || *previous_year >= year)
            fork("新しい年のログが、前の年のログに続いていません。",
                 "The new year's log does not continue the one before.");
        const auto previous = logs.checkpoint(std::to_string(*previous_year) + "/checkpoint");
        if (!previous || previous->checkpoint.body() != *end)
            fork("前の年のログの終わりが、新しい年のログに書かれたものと違います。",
                 "The old year's log does not end as the new one says.");
        log = *previous;
    }
    expect_continues(logs, pinned, log);
}

} // namespace

std::string pins_text(const Pins& pins) {
    json::object object;
    for (const auto& [origin, note] : pins) object[origin] = note;
    return json::serialize(json::object{{"checkpoints", std::move(object)}}) + "\n";
}

Result<Pins> read_pins(std::string_view text) {
    const Error malformed{Errc::malformed, "not a file of checkpoints"};
    boost::system::error_code failed;
    const auto value = json::parse({text.data(), text.size()}, failed);
    const auto* const kept =
        !failed && value.is_object() ? value.get_object().if_contains("checkpoints") : nullptr;
    if (!kept || !kept->is_object()) return malformed;
    Pins pins;
    for (const auto& [origin, note] : kept->get_object()) {
        const auto pin = note.is_string() ? read_pin(std::string(note.get_string())) : std::nullopt;
        if (!pin || pin->checkpoint.origin != std::string_view(origin)) return malformed;
        pins[std::string(origin)] = pin->note;
    }
    return pins;
}

PinCheck check_pins(const Pins& pins, const std::vector<VerifierKey>& trusted,
                    const LogFetch& fetch) {
    PinCheck outcome;
    outcome.pins = pins;
    const RemoteLogs logs(trusted, fetch);
    try {
        const auto offered = logs.checkpoint("checkpoint");
        const auto pinned =
            offered ? newest_pin(pins, offered->checkpoint.origin) : any_pin(pins, trusted);
        if (pinned) outcome.pinned = pinned->note;
        if (offered) outcome.offered = offered->note;
        if (!offered) {
            if (!pinned) return outcome; // nothing there, nothing seen
            throw Ended{Continuity::rolled_back,
                        {"以前はあったログが空になっています。", "The log is empty now."}};
        }
        if (pinned && year_of_origin(offered->checkpoint.origin))
            expect_continues_over_years(logs, *pinned, *offered);
        else if (pinned)
            expect_continues(logs, *pinned, *offered);
        outcome.pins[offered->checkpoint.origin] = offered->note;
    } catch (const Ended& ended) {
        outcome.continuity = ended.continuity;
        outcome.reason = ended.reason;
    } catch (const std::exception& error) { // a tile of another form
        outcome.continuity = Continuity::forked;
        outcome.reason = {std::string("ログのタイルが読めません: ") + error.what(),
                          std::string("A tile of the log cannot be read: ") + error.what()};
    }
    return outcome;
}

} // namespace cpg::audit
