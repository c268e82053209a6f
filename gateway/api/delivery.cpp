// One bundle: what it is, its bytes, its report, its receipts; acknowledging and recalling it.
#include "gateway/api/api.hpp"
#include "spec/render/form_view.hpp"
#include "spec/render/report_words.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace cpg::api {

namespace {

http::Response bytes_response(std::string bytes, std::string_view type) {
    http::Response response;
    response.headers = {{"Content-Type", std::string(type)},
                        {"Content-Digest", content_digest(bytes)}};
    response.body = std::move(bytes);
    return response;
}

// Without the senders' signatures.
std::vector<InputFile> files_of(exchange::Parcel parcel) {
    std::vector<InputFile> files;
    for (auto& file : parcel.files) files.push_back({std::move(file.name), std::move(file.bytes)});
    return files;
}

struct Acknowledgement {
    bool imported = false;
    std::string note;
};

Result<Acknowledgement> parse_ack(const http::Request& request, std::size_t max_note) {
    boost::system::error_code failed;
    const auto value = boost::json::parse(request.body, failed);
    if (failed || !value.is_object()) return Error{Errc::malformed, "the body is no JSON object"};
    const auto& object = value.get_object();
    const auto* state = object.if_contains("state");
    Acknowledgement ack;
    if (!state || !state->is_string()) return Error{Errc::malformed, "state is missing"};
    if (state->get_string() != "imported" && state->get_string() != "import_failed")
        return Error{Errc::malformed, "state is imported or import_failed"};
    ack.imported = state->get_string() == "imported";
    if (const auto* note = object.if_contains("note")) {
        if (!note->is_string() || note->get_string().size() > max_note)
            return Error{Errc::malformed, "note is no text or too long"};
        ack.note = std::string(note->get_string());
    }
    return ack;
}

} // namespace

void Api::get_bundle(RequestPtr request, const identity::Identity& caller,
                     http::Responder respond) {
    const auto view = bundle_of(*request, caller);
    if (!view) return respond(http::problem(view.error(), *request));
    const auto files = services_.exchange.file_list(*view);
    if (!files) return respond(http::problem(files.error(), *request));
    auto object = to_json(view->row, services_.exchange.signature_level(view->row));
    if (auto title = services_.exchange.title(*view); !title.empty())
        object["title"] = std::move(title);
    boost::json::array list;
    for (const auto& file : *files)
        list.push_back(boost::json::object{{"name", file.name},
                                           {"type", file.type},
                                           {"bytes", file.bytes},
                                           {"sha256", hex(file.digest.view())}});
    object["file_list"] = std::move(list);
    respond(http::json_response(200, boost::json::serialize(object)));
}

void Api::get_content(RequestPtr request, const identity::Identity& caller,
                      http::Responder respond) {
    const auto view = bundle_of(*request, caller);
    if (!view) return respond(http::problem(view.error(), *request));
    services_.exchange.hand_over(
        caller, *view, request->deadline,
        [request, id = view->row.id, respond = std::move(respond)](
            Result<exchange::Parcel> parcel, const std::exception_ptr& failure) {
            if (failure || !parcel)
                return respond_error(parcel.error(), failure, *request, respond);
            const auto files = exchange::delivered_files(std::move(*parcel));
            auto response = bytes_response(pack_zip(files), "application/zip");
            response.headers.emplace_back("Content-Disposition",
                                          "attachment; filename=\"" + id.str() + ".zip\"");
            respond(std::move(response));
        });
}

void Api::get_file(RequestPtr request, const identity::Identity& caller, http::Responder respond) {
    const auto view = bundle_of(*request, caller);
    if (!view) return respond(http::problem(view.error(), *request));
    const auto files = services_.exchange.file_list(*view);
    if (!files) return respond(http::problem(files.error(), *request));
    const auto& name = request->path_args.back();
    const auto named = [&](const auto& file) { return file.name == name; };
    if (!view->row.erased_at && std::none_of(files->begin(), files->end(), named))
        return respond(
            http::problem(Error{Errc::not_found, "no such file in the bundle"}, *request));
    services_.exchange.hand_over(
        caller, *view, request->deadline,
        [request, name, respond = std::move(respond)](Result<exchange::Parcel> parcel,
                                                      const std::exception_ptr& failure) {
            if (failure || !parcel)
                return respond_error(parcel.error(), failure, *request, respond);
            for (auto& file : exchange::delivered_files(std::move(*parcel)))
                if (file.name == name)
                    return respond(
                        bytes_response(std::move(file.bytes), "application/octet-stream"));
            respond(http::problem(Error{Errc::not_found, "no such file in the bundle"}, *request));
        });
}

void Api::get_report(RequestPtr request, const identity::Identity& caller,
                     http::Responder respond) {
    const auto view = bundle_of(*request, caller);
    if (!view) return respond(http::problem(view.error(), *request));
    auto report = services_.exchange.report(*view, lang_of(*request));
    if (!report) return respond(http::problem(report.error(), *request));
    respond(http::json_response(200, std::move(*report)));
}

// Whoever reads the forms has the content: for the receiver it is handed over by this.
void Api::get_view(RequestPtr request, const identity::Identity& caller, http::Responder respond) {
    const auto view = bundle_of(*request, caller);
    if (!view) return respond(http::problem(view.error(), *request));
    services_.exchange.hand_over(
        caller, *view, request->deadline,
        [this, request, row = view->row, respond = std::move(respond)](
            Result<exchange::Parcel> parcel, const std::exception_ptr& failure) {
            if (failure || !parcel)
                return respond_error(parcel.error(), failure, *request, respond);
            const Lang lang = lang_of(*request);
            std::vector<std::string> above;
            if (!parcel->signatures.empty())
                above.push_back(
                    std::string(in(lang, "電子署名の水準 ", "level of signatures: ")) +
                    signature_level_words(services_.exchange.signature_level(row), lang));
            const auto files = files_of(std::move(*parcel));
            const auto catalog = services_.exchange.services().catalog();
            auto response = http::text_response(200, form_html(*catalog, files, lang, {}, above),
                                                "text/html; charset=utf-8");
            response.headers.emplace_back(
                "Content-Security-Policy",
                "default-src 'none'; style-src 'unsafe-inline'; img-src data:");
            respond(std::move(response));
        });
}

void Api::get_receipts(RequestPtr request, const identity::Identity& caller,
                       http::Responder respond) {
    const auto view = bundle_of(*request, caller);
    if (!view) return respond(http::problem(view.error(), *request));
    const auto with = attestation_asked_for(*request);
    if (!with) return respond(http::problem(with.error(), *request));
    const auto receipts = services_.exchange.receipts(*view, *with);
    if (!receipts) return respond(http::problem(receipts.error(), *request));
    boost::json::array list;
    for (const auto& receipt : *receipts) {
        boost::json::object object{{"step", receipt.step},
                                   {"time", rfc3339(receipt.time)},
                                   {"event", receipt.event},
                                   {"receipt", receipt.text}};
        if (!receipt.note.empty()) object["note"] = receipt.note;
        if (!receipt.timestamp.empty()) object["timestamp"] = base64(receipt.timestamp);
        list.push_back(std::move(object));
    }
    respond(http::json_response(
        200, boost::json::serialize(boost::json::object{{"receipts", std::move(list)}})));
}

exchange::Exchange::StepDone Api::step_answer(RequestPtr request, http::Responder respond) const {
    return [this, request = std::move(request), respond = std::move(respond)](
               const Result<exchange::StepAnswer>& answer, const std::exception_ptr& failure) {
        if (failure || !answer) return respond_error(answer.error(), failure, *request, respond);
        const auto level = services_.exchange.signature_level(answer->row);
        const boost::json::object body{{"bundle", to_json(answer->row, level)},
                                       {"receipt", answer->receipt}};
        respond(http::json_response(200, boost::json::serialize(body)));
    };
}

void Api::post_ack(RequestPtr request, const identity::Identity& caller, http::Responder respond) {
    const auto view = bundle_of(*request, caller);
    if (!view) return respond(http::problem(view.error(), *request));
    auto ack = parse_ack(*request, limits_.max_note);
    if (!ack) return respond(http::problem(ack.error(), *request));
    const auto deadline = request->deadline;
    services_.exchange.acknowledge(caller, *view, ack->imported, std::move(ack->note), deadline,
                                   step_answer(std::move(request), std::move(respond)));
}

void Api::post_recall(RequestPtr request, const identity::Identity& caller,
                      http::Responder respond) {
    const auto view = bundle_of(*request, caller);
    if (!view) return respond(http::problem(view.error(), *request));
    const auto deadline = request->deadline;
    services_.exchange.recall(caller, *view, deadline,
                              step_answer(std::move(request), std::move(respond)));
}

} // namespace cpg::api
