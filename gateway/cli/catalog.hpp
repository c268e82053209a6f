// What a command checks with: the catalogue and its profiles (the embedded ones, or those of
// --spec-dir), and the service code tables of --service-codes.
#pragma once

#include "gateway/cli/args.hpp"
#include "spec/load/profile_loader.hpp"
#include "spec/model/service_codes.hpp"

namespace cpg::cli {

const std::vector<Option>& spec_dir_option();
/// The outcome of loading, problems included. Throws Failure (2) when the folder cannot be read.
LoadOutcome load_chosen(const Arguments& given);
/// Throws Failure (78) that names the first problems.
CatalogPtr catalog_of(const Arguments& given);
/// The same of a folder named otherwise.
CatalogPtr catalog_in(const std::string& folder);
/// The profiles that go with the catalogue of this command; what is wrong with them is added.
std::vector<ProfilePtr> profiles_of(const Arguments& given, const Catalog& catalog,
                                    std::vector<LoadProblem>& problems);
/// Of --profile (a name or a file .yaml); the standard one without it. Throws Failure: 2 when it
/// cannot be read or there is none of that name, 78 when it is wrong.
ProfilePtr profile_of(const Arguments& given, const Catalog& catalog);
/// Of --service-codes PATH; null without it. Throws Failure: 2 when it cannot be read, 78 when it
/// is wrong.
ServiceCodeTablePtr service_codes_of(const Arguments& given);
/// "v4.1.yaml:12: …", one a line.
std::string problems_text(const std::vector<LoadProblem>& problems);

} // namespace cpg::cli
