#include "adapters/hotfolder/layout.hpp"

#include "adapters/hotfolder/names.hpp"
#include "spec/records/unpack.hpp"

#include <set>

namespace cpg::hotfolder {
namespace {

using adapters::Layout;

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

std::string folder_for(Layout layout, const Arrival& arrival) {
    const std::string from = arrival.from.office.str();
    switch (layout) {
    case Layout::partner_folder:
        return from + "/";
    case Layout::serial_folder:
        return from + "_" + (arrival.serial ? arrival.serial->str() : arrival.id.str()) + "/";
    case Layout::month_folder:
        return (arrival.month.size() == 6 ? arrival.month : "月なし") + "/" + from + "/";
    case Layout::flat:
    case Layout::one_at_a_time:
    case Layout::partner_zip:
        break;
    }
    return "";
}

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

std::string with_number(const std::string& path, int number) {
    const auto slash = path.rfind('/');
    const auto dot = path.rfind('.');
    const bool has_dot =
        dot != std::string::npos && (slash == std::string::npos || dot > slash + 1);
    const std::string end = has_dot ? path.substr(dot) : "";
    return path.substr(0, path.size() - end.size()) + "_" + std::to_string(number) + end;
}

std::string windows_path(const std::string& path) {
    std::string out;
    for (std::size_t at = 0; at <= path.size();) {
        const auto slash = std::min(path.find('/', at), path.size());
        if (slash != at)
            out += (out.empty() ? "" : "/") + windows_name(path.substr(at, slash - at));
        at = slash + 1;
    }
    // A name alone fits always: folders are left out rather than a name cut.
    return utf16_length(out) <= max_relative_path ? out : base_name(out);
}

} // namespace

std::vector<InputFile> laid_out(Layout layout, const Arrival& arrival,
                                std::vector<InputFile> files) {
    if (layout == Layout::partner_zip) {
        for (auto& file : files) file.name = base_name(file.name);
        const std::string serial = arrival.serial ? arrival.serial->str() : arrival.id.str();
        return {{arrival.from.office.str() + "_" + serial + ".zip", pack_zip(files)}};
    }
    const std::string folder = folder_for(layout, arrival);
    for (auto& file : files) file.name = folder + base_name(file.name);
    make_windows_paths(files);
    return files;
}

void make_windows_paths(std::vector<InputFile>& files) {
    std::set<std::string> used;
    for (auto& file : files) {
        const std::string path = windows_path(file.name);
        file.name = path;
        for (int number = 2; !used.insert(lower(file.name)).second; ++number)
            file.name = with_number(path, number);
    }
}

} // namespace cpg::hotfolder
