// Reference vectors beside the project; never part of it.
#pragma once

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

/// A JSON file of the shared vectors; says so and gives nothing when the folder is not there.
inline std::optional<boost::json::value> read_vectors(const std::string& path) {
    const std::string file = std::string(CPG_SOURCE_DIR) + "/../shared/vectors/" + path;
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        BOOST_TEST_MESSAGE("SKIPPED: the folder of shared vectors is absent (" << path << ")");
        return std::nullopt;
    }
    std::ostringstream text;
    text << in.rdbuf();
    return boost::json::parse(text.str());
}

inline std::string text_at(const boost::json::value& value) {
    return std::string(value.as_string());
}
