// What the client makes of the gateway's answers.
#include "adapters/client/answer_text.hpp"
#include "spec/records/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <boost/json/serialize.hpp>

using namespace cpg;

namespace {

void require_line(std::string_view text) {
    fuzz::require(is_utf8(text), "a printed line is UTF-8");
    for (const char c : text)
        fuzz::require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "no control character");
    fuzz::require(client::printable_line(text) == text, "what is printable stays");
}

void require_lines(const std::vector<client::FindingText>& findings) {
    for (const auto& finding : findings)
        for (const auto* text : {&finding.rule, &finding.severity, &finding.file, &finding.item,
                                 &finding.message, &finding.hint})
            require_line(*text);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView body = fuzz::view(data, size);
    require_line(client::printable_line(body));
    require_line(client::line_of(503, client::read_problem(body)));
    if (const auto answer = client::read_submit_answer(body)) {
        require_lines(answer->findings);
        for (const auto& bundle : answer->bundles) {
            require_lines(bundle.findings);
            for (const auto* text : {&bundle.to, &bundle.kind, &bundle.serial}) require_line(*text);
        }
        const auto again = client::read_submit_answer(boost::json::serialize(answer->json));
        fuzz::require(again && again->bundles.size() == answer->bundles.size(), "it is JSON");
    }
    if (const auto page = client::read_bundle_page(body))
        for (const auto& bundle : page->bundles) {
            require_line(bundle.state);
            fuzz::require(client::read_bundle(bundle.json).has_value(), "it is read again");
        }
    client::read_receipts(body);
    return 0;
}
