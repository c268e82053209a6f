// YAML -> Profile. As strict as the catalogue: an unknown key, an unknown rule, a severity that is
// none, a rule lowered that may never be, is a problem with file and line.
//
//     const ProfileOutcome outcome = choose_profile(*catalog, "strict", {});
//     if (outcome.profile) options.severities = outcome.profile->severities;
#pragma once

#include "spec/load/load.hpp"
#include "spec/model/profile.hpp"

namespace cpg {

struct ProfileOutcome {
    ProfilePtr profile; // null when there are problems
    std::vector<LoadProblem> problems;
};

/// The profiles embedded in this binary at build time: standard, strict, lenient.
const std::vector<SourceFile>& embedded_profile_sources();
/// The .yaml files of <folder>/profiles (--spec-dir), or the embedded ones when it has no such
/// folder or `folder` is empty. Throws std::runtime_error on I/O.
std::vector<SourceFile> profile_sources_of(const std::filesystem::path& folder);

/// One profile; its name must be that of its file.
ProfileOutcome load_profile(const Catalog& catalog, const SourceFile& source);
/// All of them, in the order of `sources`; those with problems are left out.
std::vector<ProfilePtr> load_profiles(const Catalog& catalog,
                                      const std::vector<SourceFile>& sources,
                                      std::vector<LoadProblem>& problems);

/// By the name of a shipped profile, or by the path of an own one (it ends in .yaml), whose name
/// may not be that of a shipped one: a report names its profile, and the name must say which.
/// `spec_dir` as for profile_sources_of. Throws std::runtime_error when the file cannot be read.
ProfileOutcome choose_profile(const Catalog& catalog, const std::string& name_or_file,
                              const std::filesystem::path& spec_dir);

} // namespace cpg
