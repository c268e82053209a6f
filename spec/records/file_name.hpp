// The file names of the standard (別紙 ファイル名規約), both editions. Pure, any thread.
#pragma once

#include "spec/model/catalog.hpp"

#include <variant>

namespace cpg {

struct OfficeRef {
    OfficeNo office;
    std::optional<ServiceType> service_type; // absent in edition 3
    auto operator<=>(const OfficeRef&) const = default;
};

struct FileName {
    std::string text; // as received
    const Edition* edition = nullptr;
    const FileType* type = nullptr;
    std::optional<Month> month; // absent, or nullopt with zero_month for "000000"
    bool zero_month = false;
    OfficeRef from, to;
    Serial serial;
    std::string branch;            // image
    bool wrong_case = false;       // accepted in other case (R-NAME-02)
    bool extra_zero_month = false; // UPKIHON_000000_… (R-NAME-08)
};

/// Why a name is not one of the standard, in the order in which a clerk wants to know it.
struct NameProblem {
    enum class Kind {
        unknown_prefix, // no type of that name; `hint` names a likely one (UPKHON -> UPKIHON,
                        // DLTBET -> none)
        parts,          // wrong number of parts (receiver missing …)
        month,          // R-NAME-07
        office,         // R-NAME-03: `part` says from or to
        service_type,   // R-NAME-06; three characters = withdrawn V4.0
        serial,         // R-NAME-05
        branch,
        extension,
        separator,
    };
    Kind kind{};
    std::string rule;       // R-NAME-01, -03, -05, -06, -07, -11
    std::string part;       // "from", "to" or empty
    std::string looks_like; // id of the file type it seems to be, or empty
    bool three_character_service_type = false;
};

using ParsedName = std::variant<FileName, NameProblem>;
/// `name` is UTF-8 and flat (no folder).
ParsedName parse_file_name(const Catalog& catalog, std::string_view name);

/// Builds the name of a file of this type. month: required when the type has one (nullopt =
/// "000000").
std::string make_file_name(const FileType& type, const OfficeRef& from, const OfficeRef& to,
                           const Serial& serial, std::optional<Month> month,
                           std::string_view branch = {});

} // namespace cpg
