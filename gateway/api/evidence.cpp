// The log for outsiders: C2SP tlog-tiles. No personal data inside.
#include "gateway/api/api.hpp"
#include "gateway/audit/tiles.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>

namespace cpg::api {

namespace {

http::Response tile_response(std::string bytes) {
    return http::text_response(200, std::move(bytes), "application/octet-stream");
}

// The newest checkpoint, or the newest that a witness cosigned, with its cosignatures.
std::string checkpoint_of(store::Store& store, const store::ShardRow& log, bool cosigned) {
    using store::AttestationKind;
    constexpr std::size_t most = 100; // signatures of a note
    if (!cosigned) return store.checkpoint(log.year);
    const auto size = store.newest_attested(log.year, AttestationKind::cosignature);
    if (size == 0) return {};
    auto note = store.checkpoints_since(log.year, size - 1, 1).at(0);
    for (const auto& word :
         store.attestations(log.year, AttestationKind::cosignature, size - 1, most))
        note += word.bytes;
    return note;
}

// "2026"; nullopt for anything else, so that the answer is 404.
std::optional<int> year_in(std::string_view text) {
    int year = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), year);
    if (text.size() != 4 || failed != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return year;
}

} // namespace

void Api::get_checkpoint(RequestPtr request, const identity::Identity&, http::Responder respond) {
    answer_checkpoint(*request, log_of_year(std::nullopt), respond);
}

void Api::get_year_checkpoint(RequestPtr request, const identity::Identity&,
                              http::Responder respond) {
    answer_checkpoint(*request, log_of_year(request->path_args.front()), respond);
}

void Api::get_tile(RequestPtr request, const identity::Identity&, http::Responder respond) {
    answer_tile(*request, log_of_year(std::nullopt), respond);
}

void Api::get_year_tile(RequestPtr request, const identity::Identity&, http::Responder respond) {
    answer_tile(*request, log_of_year(request->path_args.front()), respond);
}

std::optional<store::ShardRow>
Api::log_of_year(const std::optional<std::string_view>& year_text) const {
    const auto shards = services_.exchange.services().store.shards();
    if (!year_text) return shards.back();
    const auto year = year_in(*year_text);
    for (const auto& shard : shards)
        if (shard.year == year) return shard;
    return std::nullopt;
}

void Api::answer_checkpoint(const http::Request& request, const std::optional<store::ShardRow>& log,
                            const http::Responder& respond) {
    const auto with = attestation_asked_for(request);
    if (!with) return respond(http::problem(with.error(), request));
    const bool cosigned = *with == store::AttestationKind::cosignature;
    auto checkpoint = log ? checkpoint_of(services_.exchange.services().store, *log, cosigned) : "";
    if (checkpoint.empty())
        return respond(http::problem(
            Error{Errc::not_found, cosigned ? "no witness cosigned it yet" : "the log is empty"},
            request));
    respond(http::text_response(200, std::move(checkpoint)));
}

void Api::answer_tile(const http::Request& request, const std::optional<store::ShardRow>& log,
                      const http::Responder& respond) {
    const Error unknown{Errc::not_found, "no such tile"};
    const auto path = audit::TilePath::parse(request.path_args.back());
    if (!path || !log) return respond(http::problem(unknown, request));
    auto& store = services_.exchange.services().store;
    if (path->entries) {
        const auto leaves =
            store.leaves(log->year, path->id.index * audit::tile_width, path->width);
        if (leaves.size() < path->width) return respond(http::problem(unknown, request));
        return respond(tile_response(audit::entry_bundle(leaves)));
    }
    auto tile = store.tile(log->year, path->id);
    constexpr std::size_t hash_size = 32;
    if (!tile || tile->size() < path->width * hash_size)
        return respond(http::problem(unknown, request));
    tile->resize(path->width * hash_size);
    respond(tile_response(std::move(*tile)));
}

Result<std::optional<store::AttestationKind>> attestation_asked_for(const http::Request& request) {
    using store::AttestationKind;
    const auto word = request.parameter("with");
    if (!word) return std::optional<AttestationKind>();
    if (*word == "cosignatures") return std::optional(AttestationKind::cosignature);
    if (*word == "timestamp") return std::optional(AttestationKind::timestamp);
    return Error{Errc::malformed, "with is cosignatures or timestamp"};
}

void Api::get_policy(RequestPtr, const identity::Identity&, http::Responder respond) {
    boost::json::array keys, logs;
    const auto shards = services_.exchange.services().store.shards();
    for (const auto& shard : shards) {
        keys.push_back(boost::json::string(audit::renamed(services_.log_key, shard.origin).text()));
        logs.push_back(boost::json::object{{"year", shard.year},
                                           {"origin", shard.origin},
                                           {"size", shard.size},
                                           {"closed", shard.closed}});
    }
    const boost::json::object policy{
        {"origin", shards.back().origin}, {"vkeys", std::move(keys)}, {"logs", std::move(logs)}};
    respond(http::json_response(200, boost::json::serialize(policy)));
}

} // namespace cpg::api
