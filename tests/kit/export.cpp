#include "tests/kit/export.hpp"

#include "spec/records/cp932.hpp"
#include "spec/records/csv_reader.hpp"

#include <algorithm>
#include <stdexcept>

namespace cpg::test {

namespace {

Bytes written(const kit::MadeFile& file) {
    Bytes out;
    for (const kit::MadeRecord& record : file.records) {
        for (std::size_t i = 0; i < record.values.size(); ++i) {
            if (i != 0) out += ',';
            append_cell(out, to_ms932(record.values[i]).bytes.value(),
                        file.name.type->fields[i].type == FieldType::free_text);
        }
        out += "\r\n";
    }
    return out;
}

} // namespace

const Catalog& catalog() {
    return *embedded_catalog();
}

Time now() {
    return Serial::parse("20270101000000")->instant();
}

Export::Export(const kit::Pattern& pattern, const std::string& edition)
    : pattern_(pattern), edition_(*catalog().edition(edition)),
      month_(pattern.edition(edition)->month) {
    auto made = kit::make_bundles(pattern, kit::usual_setting(catalog(), pattern, edition));
    if (!made) throw std::runtime_error(pattern.id + ": " + made.error().detail);
    bundles_ = std::move(*made);
}

kit::MadeBundle& Export::bundle(const std::string& id) {
    const auto at = std::find_if(bundles_.begin(), bundles_.end(),
                                 [&](const auto& one) { return one.source->id == id; });
    if (at == bundles_.end()) throw std::runtime_error("no bundle " + id);
    return *at;
}

bool Export::has(const std::string& bundle, const std::string& type) const {
    for (const auto& one : bundles_)
        for (const auto& file : one.files)
            if (one.source->id == bundle && file.source->type == type) return true;
    return false;
}

kit::MadeFile& Export::file(const std::string& bundle_id, const std::string& type) {
    for (auto& file : bundle(bundle_id).files)
        if (file.source->type == type) return file;
    throw std::runtime_error("no file " + type);
}

std::vector<InputFile> Export::files() const {
    std::vector<InputFile> files;
    for (const auto& bundle : bundles_) {
        for (const auto& file : bundle.files) files.push_back({file.name.text, written(file)});
        files.insert(files.end(), bundle.images.begin(), bundle.images.end());
    }
    return files;
}

kit::Judgement Export::judged(std::vector<InputFile> files) const {
    auto outcome = kit::judge(catalog(), *kit::embedded_kit(),
                              {&pattern_, &edition_, month_, now()}, std::move(files));
    if (const auto* unfit = std::get_if<kit::Unfit>(&outcome))
        throw std::runtime_error(pattern_.id + ": " + unfit->en);
    return std::get<kit::Judgement>(std::move(outcome));
}

std::set<std::string> failed(const kit::Judgement& judgement) {
    std::set<std::string> ids;
    for (const auto& result : judgement.points)
        if (result.state != kit::State::met) ids.insert(result.point.id);
    return ids;
}

} // namespace cpg::test
