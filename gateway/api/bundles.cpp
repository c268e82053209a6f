// POST /v1/check, POST /v1/bundles.
#include "gateway/api/api.hpp"
#include "spec/base/digest.hpp"

#include <boost/json/serialize.hpp>

namespace cpg::api {

namespace {

// What makes two requests the same: the files, not the boundary between them, nor what is said of
// their conversion (the first answer's leaf stands).
Digest digest_of(const Upload& upload) {
    Sha256 hash;
    const auto add = [&](std::string_view part, const InputFile& file) {
        const auto digest = sha256(file.bytes);
        hash.update(part).update("\n").update(file.name).update("\n").update(digest.view());
    };
    for (const auto& file : upload.files) add("file", file);
    for (const auto& paper : upload.papers) add("attachment", paper);
    if (upload.cover) add("cover", {"", *upload.cover});
    return hash.finish();
}

bool is_printable_key(std::string_view key) {
    return std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string to_body(const exchange::SubmitAnswer& answer) {
    std::string body = "{\"bundles\":[";
    for (const auto& bundle : answer.bundles) {
        if (&bundle != &answer.bundles.front()) body += ',';
        body += "{\"id\":\"" + bundle.id.str() + "\",\"verdict\":\"";
        body += bundle.verdict == Verdict::accepted ? "accepted" : "rejected";
        body += "\",\"report\":" + bundle.report + ",\"receipt\":";
        body += boost::json::serialize(boost::json::string(bundle.receipt));
        body += '}';
    }
    body += "],\"findings\":" + answer.findings + "}";
    return body;
}

} // namespace

void Api::post_check(RequestPtr request, const identity::Identity& caller,
                     http::Responder respond) {
    const auto place = begin_upload(caller);
    if (!place) return respond(http::problem(place.error(), *request));
    auto upload = read_upload(*request, limits_.unpack);
    if (!upload) return respond(http::problem(upload.error(), *request));
    const std::string edition(request->parameter("edition").value_or("auto"));
    if (edition != "auto" && edition != "4.1" && edition != "3")
        return respond(
            http::problem(Error{Errc::malformed, "edition is auto, 4.1 or 3"}, *request));
    const auto report = services_.exchange.check(caller, std::move(upload->files), edition);
    const auto catalog = services_.exchange.services().catalog();
    respond(http::json_response(
        200, boost::json::serialize(cpg::to_json(*catalog, report, lang_of(*request)))));
}

void Api::post_bundles(RequestPtr request, const identity::Identity& caller,
                       http::Responder respond) {
    if (const auto may = services_.may_submit(); !may)
        return respond(http::problem(may.error(), *request));
    const auto place = begin_upload(caller);
    if (!place) return respond(http::problem(place.error(), *request));
    auto upload = read_upload(*request, limits_.unpack);
    if (!upload) return respond(http::problem(upload.error(), *request));
    const auto key = request->header("idempotency-key");
    if (key.size() > limits_.max_idempotency_key || !is_printable_key(key))
        return respond(http::problem(
            Error{Errc::malformed, "Idempotency-Key is 1 to 255 printable ASCII characters"},
            *request));

    exchange::Submission submission;
    submission.sender = caller;
    submission.lang = lang_of(*request);
    submission.idempotency_key = std::string(key);
    if (!key.empty()) submission.request = digest_of(*upload);
    submission.files = std::move(upload->files);
    submission.papers = std::move(upload->papers);
    submission.cover = std::move(upload->cover);
    submission.conversion = std::move(upload->conversion);
    request->body = {}; // the files hold the bytes now
    const auto deadline = request->deadline;
    services_.exchange.submit(
        std::move(submission), deadline,
        [this, request, place = *place, respond = std::move(respond)](
            const Result<exchange::SubmitAnswer>& answer, const std::exception_ptr& failure) {
            if (failure || !answer)
                return respond_error(answer.error(), failure, *request, respond);
            for (const auto& bundle : answer->bundles)
                services_.metrics.count("cpgw_bundles_total", bundle.verdict == Verdict::accepted
                                                                  ? "verdict=\"accepted\""
                                                                  : "verdict=\"rejected\"");
            respond(http::json_response(answer->status, to_body(*answer)));
        });
}

} // namespace cpg::api
