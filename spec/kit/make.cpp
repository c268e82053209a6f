#include "spec/kit/make.hpp"

#include "spec/base/clock.hpp"
#include "spec/kit/fill.hpp"
#include "spec/sample/person.hpp"
#include "spec/sample/tables.hpp"

#include <algorithm>
#include <cstdio>

namespace cpg::kit {

namespace {

using namespace std::chrono_literals;

Serial seconds_later(const Serial& serial, std::size_t seconds) {
    const Time time = serial.instant() + std::chrono::seconds(seconds);
    const auto of_day = (time + 9h).time_since_epoch() % 24h; // Japan
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(of_day));
    char text[7];
    std::snprintf(text, sizeof text, "%02d%02d%02d", static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return Serial::parse(japan_day(time) + text).value();
}

Result<Serial> serial_of(const CaseBundle& bundle, const Filling& filling) {
    const auto text = fill(bundle.serial, filling);
    if (!text) return text.error();
    const auto serial = Serial::parse(*text);
    if (!serial || !serial->is_real()) return Error{Errc::malformed, "no serial: " + *text};
    return *serial;
}

/// The values of one record by column; what the edition has not is dropped.
Result<std::vector<std::string>> values_of(const CaseRecord& record, const FileType& type,
                                           const Filling& filling) {
    std::vector<std::string> values(type.fields.size());
    values.front() = filling.edition->csv_version;
    for (const auto& [key, text] : record.items) {
        const int column = type.column(key);
        if (column < 0) continue;
        auto value = fill(text, filling);
        if (!value) return value.error();
        values[static_cast<std::size_t>(column)] = std::move(*value);
    }
    return values;
}

Bytes csv_of(const MadeFile& file, const Edition& edition) {
    sampling::TableWriter writer(edition, *file.name.type);
    for (const MadeRecord& record : file.records) {
        for (std::size_t i = 0; i < record.values.size(); ++i)
            writer.set(file.name.type->fields[i].key, record.values[i]);
        writer.end_record();
    }
    return writer.take();
}

std::optional<Month> month_in_name(const FileType& type, std::string_view kind, Month month) {
    const bool with_a_plan = type.id == "UPHOSOKU" && kind == "care_plan"; // 000000
    return with_a_plan ? std::nullopt : std::optional(month);
}

Result<MadeFile> make_file(const CaseFile& source, const FileType& type, std::string_view kind,
                           Filling filling) {
    MadeFile file;
    file.source = &source;
    file.name.text = make_file_name(type, filling.from, filling.to, *filling.serial,
                                    month_in_name(type, kind, filling.month));
    file.name.edition = filling.edition;
    file.name.type = &type;
    file.name.from = filling.from;
    file.name.to = filling.to;
    file.name.serial = *filling.serial;
    for (const CaseRecord& record : source.records)
        for (const int day : record.days.empty() ? std::vector{0} : record.days) {
            filling.day = day;
            auto values = values_of(record, type, filling);
            if (!values) return values.error();
            file.records.push_back({&record, std::move(*values)});
        }
    file.bytes = csv_of(file, *filling.edition);
    return file;
}

} // namespace

Setting usual_setting(const Catalog& catalog, const Pattern& pattern, std::string_view edition) {
    const PatternEdition& found = *pattern.edition(edition);
    return {catalog.edition(edition), pattern.from, pattern.to, found.month, std::nullopt};
}

Result<MadeBundle> make_bundle(const Pattern& pattern, const CaseBundle& bundle,
                               const Setting& setting) {
    MadeBundle made;
    made.source = &bundle;
    made.month = sampling::months_after(setting.month, bundle.month_offset);
    Filling filling{setting.edition, setting.from, setting.to, made.month, setting.serial};
    if (!filling.serial) {
        const auto serial = serial_of(bundle, filling);
        if (!serial) return serial.error();
        filling.serial = *serial;
    }
    made.serial = *filling.serial;
    for (const FileType& type : setting.edition->files) {
        const CaseFile* const source = bundle.file(type.id);
        if (!source) continue;
        auto file = make_file(*source, type, pattern.kind, filling);
        if (!file) return file.error();
        made.files.push_back(std::move(*file));
    }
    if (const FileType* image = setting.edition->file("UPKIHON_IMAGE"))
        for (const std::string& branch : bundle.images)
            made.images.push_back({make_file_name(*image, setting.from, setting.to, made.serial,
                                                  std::nullopt, branch),
                                   sampling::family_image()});
    return made;
}

Result<std::vector<MadeBundle>> make_bundles(const Pattern& pattern, const Setting& setting) {
    std::vector<MadeBundle> bundles;
    for (const CaseBundle& bundle : pattern.bundles) {
        Setting own = setting;
        if (setting.serial) own.serial = seconds_later(*setting.serial, bundles.size());
        auto made = make_bundle(pattern, bundle, own);
        if (!made) return made.error();
        bundles.push_back(std::move(*made));
    }
    return bundles;
}

std::vector<InputFile> files_of(const std::vector<MadeBundle>& bundles) {
    std::vector<InputFile> files;
    for (const MadeBundle& bundle : bundles) {
        for (const MadeFile& file : bundle.files) files.push_back({file.name.text, file.bytes});
        files.insert(files.end(), bundle.images.begin(), bundle.images.end());
    }
    return files;
}

} // namespace cpg::kit
