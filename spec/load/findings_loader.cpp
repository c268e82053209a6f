#include "spec/load/findings_loader.hpp"

#include "spec/base/digits.hpp"

#include <algorithm>

namespace cpg {
namespace {

using Kind = YamlNode::Kind;

bool is_rule_id(std::string_view id) {
    const std::size_t last = id.rfind('-');
    return id.substr(0, 2) == "R-" && last != std::string_view::npos && last > 2 &&
           id.size() == last + 3 && all_digits(id.substr(last + 1));
}

class FindingsLoader {
  public:
    FindingsLoader(const SourceFile& source, std::vector<LoadProblem>& problems)
        : problems_(source.name, problems), document_(YamlDocument::parse(source, problems)) {}

    RuleTexts load() {
        MapReader root(problems_, document_.root(), "the findings");
        RuleTexts rules;
        if (const YamlNode* list = root.child("rules", Kind::map)) {
            for (const auto& [key, value] : list->entries) {
                if (!is_rule_id(key->text))
                    problems_.add(*key, "'" + key->text + "' is not a rule id");
                rules.emplace(key->text, load_rule(key->text, *value));
            }
        }
        root.finish();
        return rules;
    }

  private:
    RuleText load_rule(const std::string& id, const YamlNode& node) {
        MapReader map(problems_, node, "rule " + id);
        RuleText rule;
        rule.id = id;
        rule.severity = severity_of(map);
        rule.enabled = !map.flag_if_any("off_by_default");
        rule.never_lowered = map.text_if_any("never_lowered");
        args_ = map.texts("args");
        used_.clear();
        rule.title_ja = map.text("title_ja");
        rule.title_en = map.text("title_en");
        rule.message_ja = template_of(map, "message_ja");
        rule.message_en = template_of(map, "message_en");
        rule.hint_ja = template_of(map, "hint_ja");
        rule.hint_en = template_of(map, "hint_en");
        rule.section = map.text("section");
        rule.basis = basis_of(map);
        if (const YamlNode* variants = map.child_if_any("variants", Kind::map))
            for (const auto& [key, value] : variants->entries)
                load_variant(rule, key->text, *value);
        if (const YamlNode* parameters = map.child_if_any("parameters", Kind::map))
            for (const auto& [key, value] : parameters->entries)
                rule.parameters.emplace(key->text, value->text);
        for (const std::string& arg : args_)
            if (std::find(used_.begin(), used_.end(), arg) == used_.end())
                map.problem("args", "argument '" + arg + "' of rule " + id + " is used by no text");
        map.finish();
        return rule;
    }

    Severity severity_of(MapReader& map) {
        const std::string text = map.text("severity");
        if (text == "warning") return Severity::warning;
        if (text != "error" && !text.empty())
            map.problem("severity", "severity of " + map.what() + " is neither error nor warning");
        return Severity::error;
    }

    std::string basis_of(MapReader& map) {
        std::string basis = map.text("basis");
        const auto known = {"standard", "derived", "own", "domain"};
        if (!basis.empty() && std::find(known.begin(), known.end(), basis) == known.end())
            map.problem("basis",
                        "basis of " + map.what() + " is not one of standard, derived, own, domain");
        return basis;
    }

    void load_variant(RuleText& rule, const std::string& name, const YamlNode& node) {
        MapReader map(problems_, node, "variant " + name + " of rule " + rule.id);
        rule.variants.emplace(
            name, std::make_pair(template_of(map, "message_ja"), template_of(map, "message_en")));
        const bool own_hint = map.has("hint_ja") || map.has("hint_en");
        if (own_hint)
            rule.variant_hints.emplace(
                name, std::make_pair(template_of(map, "hint_ja"), template_of(map, "hint_en")));
        map.finish();
    }

    std::string template_of(MapReader& map, std::string_view key) {
        std::string text = map.text(key);
        std::size_t position = 0;
        while ((position = text.find_first_of("{}", position)) != std::string::npos) {
            const std::size_t end = text.find_first_of("{}", position + 1);
            if (text[position] == '}' || end == std::string::npos || text[end] == '{') {
                map.problem(key, "a brace without its partner in '" + std::string(key) + "' of " +
                                     map.what());
                return text;
            }
            check_placeholder(map, key, text.substr(position + 1, end - position - 1));
            position = end + 1;
        }
        return text;
    }

    void check_placeholder(MapReader& map, std::string_view key, const std::string& name) {
        const auto common = {"file", "line", "record", "column", "item"};
        used_.push_back(name);
        if (std::find(common.begin(), common.end(), name) == common.end() &&
            std::find(args_.begin(), args_.end(), name) == args_.end())
            map.problem(key, "'{" + name + "}' in '" + std::string(key) + "' of " + map.what() +
                                 " is not one of its args");
    }

    Problems problems_;
    YamlDocument document_;
    std::vector<std::string> args_; // of the rule being read
    std::vector<std::string> used_; // placeholders of its texts
};

} // namespace

RuleTexts load_findings(const SourceFile& source, std::vector<LoadProblem>& problems) {
    return FindingsLoader(source, problems).load();
}

} // namespace cpg
