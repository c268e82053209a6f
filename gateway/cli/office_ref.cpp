#include "gateway/cli/office_ref.hpp"

namespace cpg::cli {

OfficeRef parse_office_ref(const std::string& option, const std::string& text) {
    const auto colon = text.find(':');
    const auto office = OfficeNo::parse(std::string_view(text).substr(0, colon));
    if (!office)
        throw UsageError("事業所番号ではありません: " + text + " / " + option +
                         ": not an office number");
    OfficeRef ref{*office, {}};
    if (colon != std::string::npos) {
        ref.service_type = ServiceType::parse(std::string_view(text).substr(colon + 1));
        if (!ref.service_type)
            throw UsageError("サービス種類コードではありません: " + text + " / " + option +
                             ": not a service type");
    }
    return ref;
}

std::vector<OfficeRef> parse_office_refs(const std::string& option, const std::string& text) {
    std::vector<OfficeRef> refs;
    for (const auto& part : split(text)) refs.push_back(parse_office_ref(option, part));
    if (refs.empty()) throw UsageError(option + " が空です / " + option + " names no office");
    return refs;
}

Month month_option(const Arguments& given) {
    const std::string text = given.required("--month");
    const auto month = Month::parse(text);
    if (!month)
        throw UsageError("年月（YYYYMM）ではありません: " + text + " / --month is not YYYYMM");
    return *month;
}

} // namespace cpg::cli
