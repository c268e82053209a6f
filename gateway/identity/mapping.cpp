#include "gateway/identity/mapping.hpp"

#include "spec/load/map_reader.hpp"

#include <algorithm>

namespace cpg::identity {

namespace {

constexpr std::size_t max_file_bytes = 256u
                                       << 10; // a thousand rules; there are a dozen authorities
constexpr std::size_t max_pattern_bytes = 200;
constexpr std::size_t office_length = 10;
constexpr std::string_view office_mark = "{office}";
constexpr std::string_view other_name_place = "san.other:";

bool is_object_id(std::string_view text) {
    const auto only = text.find_first_not_of("0123456789.") == std::string_view::npos;
    return only && text.size() >= 3 && text.size() <= 64 && text.front() != '.' &&
           text.back() != '.' && text.find("..") == std::string_view::npos &&
           text.find('.') != std::string_view::npos;
}

bool is_place(std::string_view text) {
    static constexpr std::string_view known[] = {"subject.serialNumber", "subject.OU", "san.uri",
                                                 "san.dns"};
    if (std::find(std::begin(known), std::end(known), text) != std::end(known)) return true;
    return text.starts_with(other_name_place) && is_object_id(text.substr(other_name_place.size()));
}

/// One side of the mark. nullopt: nothing may stand there.
std::optional<Pattern> side_of(MapReader& map, std::string_view text) {
    if (text.empty()) return std::nullopt;
    auto pattern = Pattern::compile(text);
    if (!pattern) {
        map.problem("pattern", "'pattern' cannot be read: " + pattern.error().detail);
        return std::nullopt;
    }
    return std::move(*pattern);
}

void read_pattern(MapReader& map, MappingRule& rule) {
    const auto text = map.text("pattern");
    const auto mark = text.find(office_mark);
    if (text.size() > max_pattern_bytes || mark == std::string::npos ||
        text.find(office_mark, mark + 1) != std::string::npos)
        return map.problem("pattern", "'pattern' has to hold {office} once, in 200 bytes at most");
    rule.before = side_of(map, std::string_view(text).substr(0, mark));
    rule.after = side_of(map, std::string_view(text).substr(mark + office_mark.size()));
}

MappingRule read_rule(Problems& problems, const YamlNode& node, std::size_t number) {
    MappingRule rule;
    MapReader map(problems, node, "rule " + std::to_string(number));
    rule.name = map.text("name");
    rule.issuer = map.text("issuer");
    const auto key = parse_digest(map.text("issuer_key"));
    if (key)
        rule.issuer_key = *key;
    else
        map.problem("issuer_key", "'issuer_key' has to be sha256: and 64 hex digits");
    rule.place = map.text("take");
    if (!is_place(rule.place))
        map.problem("take", "'" + rule.place + "' is no place an office number is taken from");
    read_pattern(map, rule);
    map.finish();
    return rule;
}

Mapping read_rules(Problems& problems, const YamlNode& root) {
    Mapping mapping;
    MapReader map(problems, root, "the mapping");
    if (const auto* rules = map.child("rules", YamlNode::Kind::sequence))
        for (const auto* item : rules->items) {
            auto rule = read_rule(problems, *item, mapping.rules.size() + 1);
            for (const auto& other : mapping.rules)
                if (other.name == rule.name)
                    problems.add(*item, "two rules are named '" + rule.name + "'");
            mapping.rules.push_back(std::move(rule));
        }
    map.finish();
    return mapping;
}

Error configuration(const LoadProblem& problem) {
    return {Errc::configuration,
            problem.file + ":" + std::to_string(problem.line) + ": " + problem.text};
}

bool side_matches(const std::optional<Pattern>& side, std::string_view text) {
    return side ? side->matches(text) : text.empty();
}

/// Every reading of the text; a pattern that fits in two ways finds two.
void find_offices(const MappingRule& rule, std::string_view text, std::vector<OfficeNo>& found) {
    for (std::size_t at = 0; at + office_length <= text.size(); ++at) {
        const auto office = OfficeNo::parse(text.substr(at, office_length));
        if (office && side_matches(rule.before, text.substr(0, at)) &&
            side_matches(rule.after, text.substr(at + office_length)))
            found.push_back(*office);
    }
}

} // namespace

Result<Mapping> parse_mapping(const SourceFile& source) {
    if (source.text.size() > max_file_bytes)
        return configuration({source.name, 0, "larger than 256 KiB"});
    std::vector<LoadProblem> found;
    const auto document = YamlDocument::parse(source, found);
    if (!found.empty()) return configuration(found.front());
    Problems problems(source.name, found);
    auto mapping = read_rules(problems, document.root());
    if (!found.empty()) return configuration(found.front());
    return mapping;
}

Result<std::optional<OfficeNo>> mapped_office(const Mapping& mapping,
                                              const Certificate& certificate) {
    std::vector<OfficeNo> found;
    for (const auto& rule : mapping.rules) {
        if (rule.issuer != certificate.issuer || certificate.issuer_key != rule.issuer_key)
            continue;
        for (const auto& attribute : certificate.attributes)
            if (attribute.place == rule.place) find_offices(rule, attribute.text, found);
    }
    if (found.empty()) return std::optional<OfficeNo>();
    const bool one = std::all_of(found.begin(), found.end(),
                                 [&](const OfficeNo& office) { return office == found.front(); });
    if (!one) return Error{Errc::forbidden, "the mapping finds two offices in the certificate"};
    return std::optional(found.front());
}

} // namespace cpg::identity
