#include "spec/load/profile_loader.hpp"

#include "spec/base/digits.hpp"
#include "spec/load/map_reader.hpp"

#include <algorithm>
#include <array>

namespace cpg {
namespace {

using Kind = YamlNode::Kind;

constexpr std::size_t longest_name = 32; // printed in every report
constexpr std::string_view extension = ".yaml";

bool is_profile_name(std::string_view name) {
    return !name.empty() && name.size() <= longest_name &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
           });
}

std::optional<Severity> severity_named(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, Severity>, 3> names{
        {{"error", Severity::error}, {"warning", Severity::warning}, {"off", Severity::off}}};
    for (const auto& [known, severity] : names)
        if (known == name) return severity;
    return std::nullopt;
}

class ProfileLoader {
  public:
    ProfileLoader(const Catalog& catalog, const SourceFile& source,
                  std::vector<LoadProblem>& problems)
        : catalog_(catalog), source_(source), problems_(source.name, problems),
          document_(YamlDocument::parse(source, problems)) {}

    Profile load() {
        MapReader map(problems_, document_.root(), "the profile");
        Profile profile;
        profile.name = map.text("profile");
        if (!profile.name.empty() && !is_profile_name(profile.name))
            map.problem("profile", "a profile's name is at most 32 of a-z 0-9 - _");
        else if (!profile.name.empty() && profile.name + std::string(extension) != source_.name)
            map.problem("profile", "profile '" + profile.name + "' is not the name of its file");
        profile.title_ja = map.text("title_ja");
        profile.title_en = map.text("title_en");
        profile.description_ja = map.text("description_ja");
        profile.description_en = map.text("description_en");
        if (const YamlNode* rules = map.child("rules", Kind::map))
            for (const auto& [rule, severity] : rules->entries) choose(profile, *rule, *severity);
        map.finish();
        return profile;
    }

  private:
    void choose(Profile& profile, const YamlNode& id, const YamlNode& severity) {
        const auto rule = catalog_.rules.find(id.text);
        if (rule == catalog_.rules.end())
            return problems_.add(id, "'" + id.text + "' is no rule of findings.yaml");
        const auto chosen = severity_named(severity.text);
        if (!chosen)
            return problems_.add(severity,
                                 "severity of " + id.text + " is none of error, warning, off");
        if (!rule->second.never_lowered.empty() && *chosen < rule->second.severity)
            return problems_.add(severity,
                                 id.text + " may not be lowered: " + rule->second.never_lowered);
        profile.severities.emplace(id.text, *chosen);
    }

    const Catalog& catalog_;
    const SourceFile& source_;
    Problems problems_;
    YamlDocument document_;
};

bool is_shipped(const std::vector<SourceFile>& sources, const std::string& file_name) {
    return std::any_of(sources.begin(), sources.end(),
                       [&](const SourceFile& source) { return source.name == file_name; });
}

std::string names_of(const std::vector<SourceFile>& sources) {
    std::string names;
    for (const SourceFile& source : sources)
        names += (names.empty() ? "" : ", ") +
                 source.name.substr(0, source.name.size() - extension.size());
    return names;
}

} // namespace

std::vector<SourceFile> profile_sources_of(const std::filesystem::path& folder) {
    if (folder.empty() || !std::filesystem::is_directory(folder / "profiles"))
        return embedded_profile_sources();
    return yaml_sources_of(folder / "profiles");
}

ProfileOutcome load_profile(const Catalog& catalog, const SourceFile& source) {
    ProfileOutcome outcome;
    Profile profile = ProfileLoader(catalog, source, outcome.problems).load();
    if (outcome.problems.empty())
        outcome.profile = std::make_shared<const Profile>(std::move(profile));
    return outcome;
}

std::vector<ProfilePtr> load_profiles(const Catalog& catalog,
                                      const std::vector<SourceFile>& sources,
                                      std::vector<LoadProblem>& problems) {
    std::vector<ProfilePtr> profiles;
    for (const SourceFile& source : sources) {
        ProfileOutcome outcome = load_profile(catalog, source);
        if (outcome.profile) profiles.push_back(std::move(outcome.profile));
        problems.insert(problems.end(), outcome.problems.begin(), outcome.problems.end());
    }
    return profiles;
}

ProfileOutcome choose_profile(const Catalog& catalog, const std::string& name_or_file,
                              const std::filesystem::path& spec_dir) {
    const std::vector<SourceFile> shipped = profile_sources_of(spec_dir);
    if (name_or_file.ends_with(extension)) {
        const SourceFile own = read_source_file(name_or_file);
        if (is_shipped(shipped, own.name))
            return {nullptr, {{own.name, 0, "a shipped profile has this name; choose another"}}};
        return load_profile(catalog, own);
    }
    for (const SourceFile& source : shipped)
        if (source.name == name_or_file + std::string(extension))
            return load_profile(catalog, source);
    return {nullptr, {{name_or_file, 0, "no such profile (known: " + names_of(shipped) + ")"}}};
}

} // namespace cpg
