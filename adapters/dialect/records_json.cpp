#include "adapters/dialect/records_json.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace cpg::adapters {
namespace {

std::string text_of(const boost::json::value& value) {
    return boost::json::serialize(value);
}

std::string office_json(const OfficeRef& office) {
    boost::json::object out{{"office", office.office.str()}};
    if (office.service_type) out["service_type"] = office.service_type->str();
    return text_of(out);
}

std::string record_json(const FileType& type, const Row& row) {
    boost::json::object out;
    for (std::size_t i = 0; i < type.fields.size() && i < row.values.size(); ++i)
        if (!row.values[i].empty()) out[type.fields[i].key] = row.values[i];
    return text_of(out);
}

std::string table_json(const Table& table) {
    std::string out = "{\"type\":" + text_of(boost::json::value(table.type->id));
    if (table.month) out += ",\"month\":\"" + table.month->str() + "\"";
    out += ",\"records\":[";
    for (std::size_t i = 0; i < table.rows.size(); ++i)
        out += (i == 0 ? "\n" : ",\n") + record_json(*table.type, table.rows[i]);
    return out + (table.rows.empty() ? "]}" : "\n]}");
}

} // namespace

std::string records_json(const TableSet& set) {
    std::string out = "{\"format\":\"cpgw-set/1\"";
    if (set.edition) out += ",\"edition\":" + text_of(boost::json::value(set.edition->id));
    out += ",\"from\":" + office_json(set.from) + ",\"to\":" + office_json(set.to) +
           ",\"serial\":\"" + set.serial.str() + "\",\"tables\":[";
    for (std::size_t i = 0; i < set.tables.size(); ++i)
        out += (i == 0 ? "" : ",") + table_json(set.tables[i]);
    return out + "]}\n";
}

} // namespace cpg::adapters
