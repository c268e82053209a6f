#include "spec/records/file_name.hpp"

#include "spec/base/digits.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace cpg {

namespace {

using Part = NamePart::Kind;
using Kind = NameProblem::Kind;

constexpr std::string_view zero_month_text = "000000";
constexpr std::size_t longest_name = 255; // of a file on any system; longer texts are not looked at
constexpr std::size_t furthest_misname = 2; // letters that may differ for `looks_like`

/// Official codes which the tables of the standard do not list: accepted in a name, the checker
/// warns (R-NAME-10).
constexpr std::array<std::string_view, 7> unlisted_service_types = {"A9", "AA", "AB", "AC",
                                                                    "AD", "AE", "55"};

std::string_view rule_of(Kind kind) {
    switch (kind) {
    case Kind::month:
        return "R-NAME-07";
    case Kind::office:
        return "R-NAME-03";
    case Kind::service_type:
        return "R-NAME-06";
    case Kind::serial:
        return "R-NAME-05";
    case Kind::branch:
        return "R-NAME-11";
    case Kind::unknown_prefix:
    case Kind::parts:
    case Kind::extension:
    case Kind::separator:
        break;
    }
    return "R-NAME-01";
}

NameProblem problem(Kind kind, std::string looks_like = {}, std::string part = {}) {
    return {kind, std::string(rule_of(kind)), std::move(part), std::move(looks_like), false};
}

char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

std::string upper(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return upper(c); });
    return out;
}

bool all_code_characters(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || is_upper(c); });
}

std::string_view prefix_of(const FileType& type) {
    return type.name_parts.front().literal;
}
std::string_view extension_of(const FileType& type) {
    return type.name_parts.back().literal;
}

/// The parts between the prefix and the extension.
std::vector<Part> variable_parts(const FileType& type) {
    std::vector<Part> out;
    for (const NamePart& part : type.name_parts)
        if (part.kind != Part::literal) out.push_back(part.kind);
    return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> out;
    for (;;) {
        const std::size_t end = text.find(separator);
        out.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return out;
        text.remove_prefix(end + 1);
    }
}

/// Levenshtein distance, capped: anything over `furthest_misname` gives furthest_misname + 1.
std::size_t distance(std::string_view left, std::string_view right) {
    const std::size_t gap =
        left.size() > right.size() ? left.size() - right.size() : right.size() - left.size();
    if (gap > furthest_misname) return furthest_misname + 1;
    std::vector<std::size_t> row(right.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (std::size_t i = 0; i < left.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < right.size(); ++j) {
            const std::size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return std::min(row.back(), furthest_misname + 1);
}

/// The one type whose prefix is nearest to `text`; empty when none is near or two are equally near.
std::string nearest_type(const Catalog& catalog, std::string_view text) {
    const std::string wanted = upper(text);
    std::size_t least = furthest_misname + 1;
    std::string nearest;
    for (const auto& edition : catalog.editions) {
        for (const FileType& type : edition->files) {
            const std::size_t far = distance(wanted, prefix_of(type));
            if (far > least || far > furthest_misname || type.id == nearest) continue;
            nearest = far == least ? std::string() : type.id;
            least = far;
        }
    }
    return nearest;
}

/// A type in one of the editions.
struct Candidate {
    const Edition* edition;
    const FileType* type;
};

/// The types with the longest prefix that `stem` begins with, whatever the case, followed by "_" or
/// the end.
std::vector<Candidate> candidates_of(const Catalog& catalog, std::string_view stem) {
    const std::string upper_stem = upper(stem);
    std::vector<Candidate> out;
    std::size_t longest = 0;
    for (const auto& edition : catalog.editions) {
        for (const FileType& type : edition->files) {
            const std::string_view prefix = prefix_of(type);
            const bool begins = upper_stem.starts_with(prefix) &&
                                (stem.size() == prefix.size() || stem[prefix.size()] == '_');
            if (!begins || prefix.size() < longest) continue;
            if (prefix.size() > longest) out.clear();
            longest = prefix.size();
            out.push_back({edition.get(), &type});
        }
    }
    return out;
}

/// A type's prefix stands at the beginning but something else than "_" follows.
std::string type_with_other_separator(const Catalog& catalog, std::string_view stem) {
    const std::string upper_stem = upper(stem);
    std::string_view longest;
    for (const auto& edition : catalog.editions) {
        for (const FileType& type : edition->files) {
            const std::string_view prefix = prefix_of(type);
            if (!upper_stem.starts_with(prefix) || stem.size() == prefix.size()) continue;
            if (all_code_characters(upper_stem.substr(prefix.size(), 1))) continue;
            if (prefix.size() > longest.size()) longest = type.id;
        }
    }
    return std::string(longest);
}

NameProblem unknown_prefix(const Catalog& catalog, std::string_view stem) {
    const std::string separated = type_with_other_separator(catalog, stem);
    if (!separated.empty()) return problem(Kind::separator, separated);
    const auto words = split(stem, '_');
    std::string nearest = nearest_type(catalog, words.front());
    if (nearest.empty() && words.size() > 1) {
        const std::size_t length = words[0].size() + 1 + words[1].size();
        nearest = nearest_type(catalog, stem.substr(0, length));
    }
    return problem(Kind::unknown_prefix, std::move(nearest));
}

bool may_carry_zero_month(const FileType& type) {
    return !type.has_month() && (type.id == "UPKIHON" || type.parent == "UPKIHON");
}

bool looks_like_office(std::string_view text) {
    return text.size() >= 9 && text.size() <= 11 && all_code_characters(text) &&
           all_digits(text.substr(3));
}

/// Reads the parts of one name against one type.
class PartReader {
  public:
    PartReader(const Candidate& candidate, FileName& name) : candidate_(candidate), name_(name) {}

    std::optional<NameProblem> read(Part part, std::string_view text) {
        switch (part) {
        case Part::month:
            return read_month(text);
        case Part::from_office:
            return read_office(text, "from", name_.from);
        case Part::to_office:
            return read_office(text, "to", name_.to);
        case Part::from_service_type:
            return read_service_type(text, "from", name_.from);
        case Part::to_service_type:
            return read_service_type(text, "to", name_.to);
        case Part::serial:
            return read_serial(text);
        case Part::branch:
            return read_branch(text);
        case Part::literal:
            break;
        }
        return std::nullopt;
    }

  private:
    NameProblem bad(Kind kind, std::string part = {}) const {
        return problem(kind, candidate_.type->id, std::move(part));
    }

    /// 000000 stands for "no month" in the file types whose form allows it: those that go with
    /// plans too.
    bool zero_month_allowed() const { return !candidate_.type->keys_by_bundle.empty(); }

    std::optional<NameProblem> read_month(std::string_view text) {
        name_.zero_month = text == zero_month_text;
        name_.month = Month::parse(text);
        if (name_.month || (name_.zero_month && zero_month_allowed())) return std::nullopt;
        return bad(Kind::month);
    }

    std::optional<NameProblem> read_office(std::string_view text, const char* part,
                                           OfficeRef& office) {
        const auto parsed = OfficeNo::parse(text);
        if (!parsed) return bad(Kind::office, part);
        office.office = *parsed;
        return std::nullopt;
    }

    std::optional<NameProblem> read_service_type(std::string_view text, const char* part,
                                                 OfficeRef& office) {
        const auto parsed = ServiceType::parse(text);
        const bool known = candidate_.edition->service_type(text) != nullptr ||
                           std::find(unlisted_service_types.begin(), unlisted_service_types.end(),
                                     text) != unlisted_service_types.end();
        if (parsed && known) {
            office.service_type = *parsed;
            return std::nullopt;
        }
        NameProblem found = bad(Kind::service_type, part);
        found.three_character_service_type = text.size() == 3 && all_code_characters(text);
        return found;
    }

    std::optional<NameProblem> read_serial(std::string_view text) {
        const auto parsed = Serial::parse(text);
        if (!parsed || !parsed->is_real()) return bad(Kind::serial);
        name_.serial = *parsed;
        return std::nullopt;
    }

    std::optional<NameProblem> read_branch(std::string_view text) {
        if (text.size() != 4 || !all_digits(text)) return bad(Kind::branch);
        name_.branch = std::string(text);
        return std::nullopt;
    }

    const Candidate& candidate_;
    FileName& name_;
};

/// Where a clerk looks first: the month, the offices, their service types, the serial, the branch.
int rank(Kind kind) {
    return static_cast<int>(kind);
}

ParsedName read_parts(const Candidate& candidate, FileName name,
                      const std::vector<std::string_view>& texts) {
    name.edition = candidate.edition;
    name.type = candidate.type;
    const std::vector<Part> parts = variable_parts(*candidate.type);
    PartReader reader(candidate, name);
    std::optional<NameProblem> first;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        auto found = reader.read(parts[i], texts[i]);
        if (found && (!first || rank(found->kind) < rank(first->kind))) first = std::move(found);
    }
    if (first) return *first;
    return name;
}

/// Whether a service type stands where the type has an office: a part was left out or is one too
/// many.
bool is_shifted(const Candidate& candidate, const std::vector<std::string_view>& texts) {
    const std::vector<Part> parts = variable_parts(*candidate.type);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const bool office = parts[i] == Part::from_office || parts[i] == Part::to_office;
        if (office && ServiceType::parse(texts[i])) return true;
        const bool service_type =
            parts[i] == Part::from_service_type || parts[i] == Part::to_service_type;
        if (service_type && looks_like_office(texts[i])) return true;
    }
    return false;
}

/// The prefix is known; the parts decide the edition: only V4.1 names carry service types.
ParsedName parse_with_prefix(const Catalog& catalog, const std::vector<Candidate>& candidates,
                             FileName name, std::string_view stem) {
    const std::string_view prefix = prefix_of(*candidates.front().type);
    name.wrong_case = !stem.starts_with(prefix);
    std::vector<std::string_view> texts;
    if (stem.size() > prefix.size()) texts = split(stem.substr(prefix.size() + 1), '_');
    for (const Candidate& candidate : candidates) {
        const std::size_t expected = variable_parts(*candidate.type).size();
        std::vector<std::string_view> fitting = texts;
        if (texts.size() == expected + 1 && texts.front() == zero_month_text &&
            may_carry_zero_month(*candidate.type)) {
            name.extra_zero_month = true;
            fitting.erase(fitting.begin());
        }
        if (fitting.size() != expected) continue;
        if (is_shifted(candidate, fitting)) break;
        return read_parts(candidate, std::move(name), fitting);
    }
    std::string looks_like = candidates.front().type->id;
    if (!texts.empty()) { // UPYOBO_SUV_… begins like UPYOBO but means UPYOBO_SUB
        const std::size_t length = prefix.size() + 1 + texts.front().size();
        const std::string nearest = nearest_type(catalog, stem.substr(0, length));
        if (!nearest.empty()) looks_like = nearest;
    }
    return problem(Kind::parts, std::move(looks_like));
}

void append_month(std::string& out, std::optional<Month> month) {
    out += month ? month->str() : std::string(zero_month_text);
}

void append_service_type(std::string& out, const OfficeRef& office) {
    if (!office.service_type)
        throw std::invalid_argument("a file name of this edition needs service types");
    out += office.service_type->view();
}

} // namespace

ParsedName parse_file_name(const Catalog& catalog, std::string_view text) {
    if (text.size() > longest_name) return problem(Kind::unknown_prefix);
    const std::size_t dot = text.rfind('.');
    const std::string_view stem = text.substr(0, dot);
    const std::string_view extension =
        dot == std::string_view::npos ? std::string_view() : text.substr(dot);
    const std::vector<Candidate> candidates = candidates_of(catalog, stem);
    if (candidates.empty()) return unknown_prefix(catalog, stem);

    FileName name;
    name.text = std::string(text);
    ParsedName parsed = parse_with_prefix(catalog, candidates, std::move(name), stem);
    auto* read = std::get_if<FileName>(&parsed);
    if (read == nullptr) return parsed;
    const std::string_view expected = extension_of(*read->type);
    if (upper(extension) != upper(expected)) return problem(Kind::extension, read->type->id);
    // The rule says .jpg, the example of the standard .JPG: neither is "other case".
    const bool image_example = !read->type->is_csv() && extension == upper(expected);
    if (extension != expected && !image_example) read->wrong_case = true;
    return parsed;
}

std::string make_file_name(const FileType& type, const OfficeRef& from, const OfficeRef& to,
                           const Serial& serial, std::optional<Month> month,
                           std::string_view branch) {
    std::string out;
    for (const NamePart& part : type.name_parts) {
        const bool extension = &part == &type.name_parts.back();
        if (!out.empty() && !extension) out += '_';
        switch (part.kind) {
        case Part::literal:
            out += part.literal;
            break;
        case Part::month:
            append_month(out, month);
            break;
        case Part::from_office:
            out += from.office.view();
            break;
        case Part::from_service_type:
            append_service_type(out, from);
            break;
        case Part::to_office:
            out += to.office.view();
            break;
        case Part::to_service_type:
            append_service_type(out, to);
            break;
        case Part::serial:
            out += serial.view();
            break;
        case Part::branch:
            out += branch;
            break;
        }
    }
    return out;
}

} // namespace cpg
