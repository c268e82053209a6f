#include "gateway/exchange/papers.hpp"

#include "spec/records/unpack.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>

namespace cpg::exchange {

namespace {

Error unreadable(std::string detail) {
    return {Errc::malformed, "cover: " + std::move(detail)};
}

std::optional<std::string_view> text_member(const boost::json::object& object,
                                            std::string_view name) {
    const auto* value = object.if_contains(name);
    if (!value || !value->is_string()) return std::nullopt;
    return std::string_view(value->get_string());
}

std::string lower_extension(std::string_view name) {
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos) return {};
    std::string extension(name.substr(dot + 1));
    std::transform(extension.begin(), extension.end(), extension.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return extension;
}

bool extension_fits(std::string_view name, PaperType type) {
    const auto extension = lower_extension(name);
    switch (type) {
    case PaperType::pdf:
        return extension == "pdf";
    case PaperType::jpeg:
        return extension == "jpg" || extension == "jpeg";
    case PaperType::png:
        return extension == "png";
    case PaperType::unknown:
        return false;
    }
    return false;
}

bool is_name_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '.';
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// The PDF name that starts after a slash at `position`, with #xx undone ("/J#61vaScript" is
// /JavaScript).
std::string pdf_name_at(BytesView bytes, std::size_t position) {
    std::string name;
    while (position < bytes.size() && name.size() < 40) {
        const char c = bytes[position];
        if (c == '#' && position + 2 < bytes.size() && hex_value(bytes[position + 1]) >= 0 &&
            hex_value(bytes[position + 2]) >= 0) {
            name.push_back(static_cast<char>(hex_value(bytes[position + 1]) * 16 +
                                             hex_value(bytes[position + 2])));
            position += 3;
            continue;
        }
        if (!is_name_character(c)) break;
        name.push_back(c);
        ++position;
    }
    return name;
}

// Names that make a PDF act or carry something else. What is inside compressed object streams is
// not looked at: the gateway never opens a paper, it refuses what says of itself that it acts.
struct ActiveName {
    std::string_view name, variant;
};
constexpr std::array<ActiveName, 9> active_names{{{"JavaScript", "script"},
                                                  {"JS", "script"},
                                                  {"XFA", "script"},
                                                  {"Launch", "launch"},
                                                  {"SubmitForm", "launch"},
                                                  {"ImportData", "launch"},
                                                  {"EmbeddedFile", "embedded"},
                                                  {"EmbeddedFiles", "embedded"},
                                                  {"RichMedia", "embedded"}}};

struct PdfMarks {
    bool encrypted = false;
    std::string_view active; // variant of R-PAPER-03; empty = passive
};

PdfMarks scan_pdf(BytesView bytes) {
    PdfMarks marks;
    for (auto slash = bytes.find('/'); slash != BytesView::npos;
         slash = bytes.find('/', slash + 1)) {
        const auto name = pdf_name_at(bytes, slash + 1);
        if (name == "Encrypt") marks.encrypted = true;
        for (const auto& active : active_names)
            if (name == active.name && marks.active.empty()) marks.active = active.variant;
    }
    return marks;
}

Finding paper_finding(const Catalog& catalog, std::string_view rule, std::string_view variant,
                      const InputFile& paper, std::map<std::string, std::string> args = {}) {
    Finding finding;
    finding.rule = std::string(rule);
    finding.severity = catalog.rule(rule).severity;
    finding.variant = std::string(variant);
    finding.where.file = is_flat_name(paper.name) ? paper.name : std::string();
    finding.args = std::move(args);
    return finding;
}

PaperType type_by_name(std::string_view name) {
    for (const auto type : {PaperType::pdf, PaperType::jpeg, PaperType::png})
        if (extension_fits(name, type)) return type;
    return PaperType::unknown;
}

void check_content(const Catalog& catalog, const InputFile& paper, std::vector<Finding>& findings) {
    const auto type = sniff_paper(paper.bytes);
    const auto claimed = type_by_name(paper.name);
    if (type == PaperType::unknown || claimed == PaperType::unknown) {
        findings.push_back(paper_finding(catalog, "R-PAPER-01", "kind", paper));
        return;
    }
    if (type != claimed) {
        findings.push_back(paper_finding(
            catalog, "R-PAPER-01", "mismatch", paper,
            {{"expected", std::string(name_of(claimed))}, {"found", std::string(name_of(type))}}));
        return;
    }
    if (type != PaperType::pdf) return;
    const auto marks = scan_pdf(paper.bytes);
    if (marks.encrypted) findings.push_back(paper_finding(catalog, "R-PAPER-02", "", paper));
    if (!marks.active.empty())
        findings.push_back(paper_finding(catalog, "R-PAPER-03", marks.active, paper));
}

} // namespace

Result<Cover> parse_cover(std::string_view json, const PaperLimits& limits) {
    boost::system::error_code failed;
    const auto value = boost::json::parse(json, failed);
    if (failed || !value.is_object()) return unreadable("not a JSON object");
    const auto& object = value.get_object();
    const auto* to = object.if_contains("to");
    if (!to || !to->is_object()) return unreadable("member to is missing");
    Cover cover;
    const auto office = OfficeNo::parse(text_member(to->get_object(), "office").value_or(""));
    if (!office) return unreadable("to.office is no office number");
    cover.to.office = *office;
    if (const auto text = text_member(to->get_object(), "service_type")) {
        cover.to.service_type = ServiceType::parse(*text);
        if (!cover.to.service_type) return unreadable("to.service_type is no service type");
    }
    if (const auto* from = object.if_contains("from")) {
        if (from->is_object())
            cover.from = OfficeNo::parse(text_member(from->get_object(), "office").value_or(""));
        if (!cover.from) return unreadable("from.office is no office number");
    }
    const auto month = Month::parse(text_member(object, "month").value_or(""));
    if (!month) return unreadable("month is not YYYYMM");
    cover.month = *month;
    const auto title = text_member(object, "title");
    if (!title || title->empty() || title->size() > limits.max_title)
        return unreadable("title is missing or too long");
    cover.title = std::string(*title);
    if (object.if_contains("serial")) {
        cover.serial = Serial::parse(text_member(object, "serial").value_or(""));
        if (!cover.serial || !cover.serial->is_real())
            return unreadable("serial is not a date-time");
    }
    return cover;
}

PaperType sniff_paper(BytesView bytes) {
    using namespace std::string_view_literals;
    if (bytes.starts_with("%PDF-1."sv) || bytes.starts_with("%PDF-2."sv)) {
        const auto tail = bytes.substr(bytes.size() - std::min<std::size_t>(bytes.size(), 2048));
        return tail.find("%%EOF") != BytesView::npos ? PaperType::pdf : PaperType::unknown;
    }
    if (bytes.starts_with("\x89PNG\r\n\x1a\n"sv) && bytes.size() > 32 &&
        bytes.substr(12, 4) == "IHDR")
        return PaperType::png;
    if (bytes.starts_with("\xFF\xD8\xFF"sv) && bytes.size() > 32) return PaperType::jpeg;
    return PaperType::unknown;
}

std::string_view name_of(PaperType type) {
    switch (type) {
    case PaperType::pdf:
        return "PDF";
    case PaperType::jpeg:
        return "JPEG";
    case PaperType::png:
        return "PNG";
    case PaperType::unknown:
        return {};
    }
    return {};
}

std::vector<Finding> check_papers(const Catalog& catalog, const std::vector<InputFile>& papers,
                                  const PaperLimits& limits) {
    std::vector<Finding> findings;
    if (papers.size() > limits.max_papers) {
        findings.push_back(paper_finding(catalog, "R-PAPER-06", "count", papers.front(),
                                         {{"limit", std::to_string(limits.max_papers)}}));
        return findings;
    }
    for (auto paper = papers.begin(); paper != papers.end(); ++paper) {
        const auto same_name = [&](const InputFile& other) { return other.name == paper->name; };
        if (!is_flat_name(paper->name)) {
            findings.push_back(paper_finding(catalog, "R-PAPER-05", "not_flat", *paper));
        } else if (std::find_if(papers.begin(), paper, same_name) != paper) {
            findings.push_back(paper_finding(catalog, "R-PAPER-05", "not_allowed", *paper));
        } else if (paper->bytes.size() > limits.max_bytes) {
            findings.push_back(paper_finding(catalog, "R-PAPER-06", "size", *paper,
                                             {{"limit", std::to_string(limits.max_bytes >> 20)}}));
        } else {
            check_content(catalog, *paper, findings);
        }
    }
    return findings;
}

} // namespace cpg::exchange
