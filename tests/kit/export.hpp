// A vendor's export for tests: the kit's own case, with something changed in it. One thread.
#pragma once

#include "spec/kit/judge.hpp"

#include <set>

namespace cpg::test {

const Catalog& catalog();
/// The serials of the patterns lie before it.
Time now();

/// The case of a pattern, whose records may be changed before it is written.
class Export {
  public:
    Export(const kit::Pattern& pattern, const std::string& edition);

    std::vector<kit::MadeBundle>& bundles() { return bundles_; }
    kit::MadeBundle& bundle(const std::string& id);
    kit::MadeFile& file(const std::string& bundle, const std::string& type);
    bool has(const std::string& bundle, const std::string& type) const;

    /// Written as the standard says.
    std::vector<InputFile> files() const;
    kit::Judgement judged(std::vector<InputFile> files) const;
    kit::Judgement judged() const { return judged(files()); }

  private:
    const kit::Pattern& pattern_;
    const Edition& edition_;
    Month month_;
    std::vector<kit::MadeBundle> bundles_;
};

/// The ids of the points that are not met.
std::set<std::string> failed(const kit::Judgement& judgement);

} // namespace cpg::test
