#include "adapters/client/answer_text.hpp"

#include "spec/records/utf8.hpp"

#include <boost/json/parse.hpp>

namespace cpg::client {
namespace {

namespace json = boost::json;

/// A member that is not as it should be. Caught by reading(); never leaves this file.
struct Unexpected {
    std::string_view member;
};

template<class T> T required(std::optional<T> value, std::string_view member) {
    if (!value) throw Unexpected{member};
    return *std::move(value);
}

template<class Read> auto reading(Read read) -> Result<decltype(read())> {
    try {
        return read();
    } catch (const Unexpected& unexpected) {
        return Error{Errc::malformed, std::string(unexpected.member)};
    }
}

const json::object& object_in(const json::value& value, std::string_view member) {
    if (!value.is_object()) throw Unexpected{member};
    return value.get_object();
}

const json::object& object_at(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    if (value == nullptr) throw Unexpected{name};
    return object_in(*value, name);
}

const json::array& array_at(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    if (value == nullptr || !value->is_array()) throw Unexpected{name};
    return value->get_array();
}

const json::object& whole(const Result<json::object>& object) {
    if (!object) throw Unexpected{"JSON"};
    return *object;
}

std::string line_at(const json::object& object, std::string_view name) {
    return printable_line(text_member(object, name));
}

std::optional<std::uint64_t> number_at(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    if (value == nullptr) return std::nullopt;
    boost::system::error_code error;
    const auto number = value->to_number<std::uint64_t>(error);
    if (error) throw Unexpected{name};
    return number;
}

OfficeRef office_at(const json::object& object, std::string_view name) {
    const json::object& office = object_at(object, name);
    OfficeRef result{required(OfficeNo::parse(text_member(office, "office")), name), {}};
    if (const auto type = text_member(office, "service_type"); !type.empty())
        result.service_type = required(ServiceType::parse(type), "service_type");
    return result;
}

std::optional<Time> time_at(const json::object& object, std::string_view name) {
    const auto text = text_member(object, name);
    if (text.empty()) return std::nullopt;
    return required(parse_rfc3339(text), name);
}

std::vector<FindingText> findings_at(const json::object& object) {
    std::vector<FindingText> findings;
    if (!object.contains("findings")) return findings;
    for (const json::value& item : array_at(object, "findings")) {
        const json::object& finding = object_in(item, "findings");
        findings.push_back({line_at(finding, "rule"), line_at(finding, "severity"),
                            line_at(finding, "file"), line_at(finding, "item"),
                            line_at(finding, "message"), line_at(finding, "hint"),
                            number_at(finding, "line")});
    }
    return findings;
}

std::vector<std::string> file_names_at(const json::object& report) {
    std::vector<std::string> names;
    if (!report.contains("files")) return names;
    for (const json::value& item : array_at(report, "files"))
        names.push_back(text_member(object_in(item, "files"), "name"));
    return names;
}

SentBundle sent_bundle(const json::object& object) {
    const json::object& report = object_at(object, "report");
    SentBundle bundle;
    bundle.id = required(BundleId::parse(text_member(object, "id")), "id");
    bundle.accepted = text_member(object, "verdict") == "accepted";
    bundle.receipt = text_member(object, "receipt");
    if (report.contains("to")) bundle.to = line_at(object_at(report, "to"), "office");
    bundle.kind = line_at(report, "kind");
    bundle.serial = line_at(report, "serial");
    bundle.files = file_names_at(report);
    bundle.findings = findings_at(report);
    return bundle;
}

ListedBundle listed_bundle(const json::object& object) {
    ListedBundle bundle;
    bundle.id = required(BundleId::parse(text_member(object, "id")), "id");
    bundle.kind = line_at(object, "kind");
    bundle.edition = line_at(object, "edition");
    bundle.month = line_at(object, "month");
    bundle.state = line_at(object, "state");
    bundle.from = office_at(object, "from");
    bundle.to = office_at(object, "to");
    if (const auto serial = text_member(object, "serial"); !serial.empty())
        bundle.serial = required(Serial::parse(serial), "serial");
    bundle.accepted_at = time_at(object, "accepted_at");
    bundle.fetched_at = time_at(object, "fetched_at");
    bundle.bytes = number_at(object, "bytes").value_or(0);
    bundle.files = number_at(object, "files").value_or(0);
    bundle.json = object;
    return bundle;
}

bool steers(char32_t c) {
    const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
    const bool ends_line = c == 0x2028 || c == 0x2029;
    const bool direction = c == 0x061C || c == 0x200E || c == 0x200F ||
                           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    return control || ends_line || direction;
}

} // namespace

std::string printable_line(std::string_view text) {
    std::string line;
    line.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const Utf8Character character = utf8_character_at(text, at);
        if (character.length == 0 || steers(character.code_point))
            line += '?';
        else
            line += text.substr(at, character.length);
        at += std::max<std::size_t>(character.length, 1);
    }
    return line;
}

Result<json::object> read_object(std::string_view body) {
    if (body.size() > max_json_bytes) return Error{Errc::malformed, "JSON"};
    boost::system::error_code error;
    json::value value = json::parse(body, error);
    if (error || !value.is_object()) return Error{Errc::malformed, "JSON"};
    return std::move(value.get_object());
}

std::string text_member(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

Problem read_problem(std::string_view body) {
    const auto object = read_object(body);
    if (!object) return {};
    return {line_at(*object, "type"), line_at(*object, "title"), line_at(*object, "detail"),
            line_at(*object, "instance")};
}

std::string line_of(int status, const Problem& problem) {
    std::string line = "HTTP " + std::to_string(status);
    for (const std::string* part : {&problem.title, &problem.detail, &problem.instance})
        if (!part->empty()) line += ": " + *part;
    return line;
}

Result<SubmitAnswer> read_submit_answer(std::string_view body) {
    auto object = read_object(body);
    return reading([&] {
        SubmitAnswer answer;
        for (const json::value& item : array_at(whole(object), "bundles"))
            answer.bundles.push_back(sent_bundle(object_in(item, "bundles")));
        answer.findings = findings_at(*object);
        answer.json = std::move(*object);
        return answer;
    });
}

Result<ListedBundle> read_bundle(const json::object& object) {
    return reading([&] { return listed_bundle(object); });
}

Result<BundlePage> read_bundle_page(std::string_view body) {
    const auto object = read_object(body);
    return reading([&] {
        BundlePage page;
        for (const json::value& item : array_at(whole(object), "bundles"))
            page.bundles.push_back(listed_bundle(object_in(item, "bundles")));
        page.next = text_member(*object, "next");
        page.cursor = text_member(*object, "cursor");
        return page;
    });
}

Result<std::vector<ListedReceipt>> read_receipts(std::string_view body) {
    const auto object = read_object(body);
    return reading([&] {
        std::vector<ListedReceipt> receipts;
        for (const json::value& item : array_at(whole(object), "receipts")) {
            const json::object& receipt = object_in(item, "receipts");
            ListedReceipt listed{text_member(receipt, "step"), text_member(receipt, "receipt"), {}};
            if (auto stamp = from_base64(text_member(receipt, "timestamp")))
                listed.timestamp = *std::move(stamp);
            receipts.push_back(std::move(listed));
        }
        return receipts;
    });
}

} // namespace cpg::client
