// Reads one YAML map strictly: every key is asked for once, what nobody asked for is a problem.
// Collects problems instead of throwing, so that one run names them all.
#pragma once

#include "spec/load/yaml.hpp"

#include <initializer_list>
#include <limits>

namespace cpg {

/// The problems of one source file.
class Problems {
  public:
    Problems(std::string file, std::vector<LoadProblem>& all) : file_(std::move(file)), all_(all) {}
    void add(int line, std::string text);
    void add(const YamlNode& node, std::string text) { add(node.line, std::move(text)); }

  private:
    std::string file_;
    std::vector<LoadProblem>& all_;
};

class MapReader {
  public:
    /// `what` names the map in problems, e.g. "column 3 of UPPLAN". A node that is no map is a
    /// problem and reads as empty.
    MapReader(Problems& problems, const YamlNode& node, std::string what);

    /// Required, not empty; "" when it is missing.
    std::string text(std::string_view key);
    /// Optional; "" when it is absent or null.
    std::string text_if_any(std::string_view key);
    /// Optional; absent or null is nullopt.
    std::optional<int> number_if_any(std::string_view key, int min, int max);
    /// Required; `min` when it is missing.
    int number(std::string_view key, int min, int max);
    bool flag(std::string_view key);                      // required
    bool flag_if_any(std::string_view key);               // absent = false
    std::vector<std::string> texts(std::string_view key); // optional list of texts
    /// Required sequence or map; nullptr (and a problem) when it is missing.
    const YamlNode* child(std::string_view key, YamlNode::Kind kind);
    const YamlNode* child_if_any(std::string_view key, YamlNode::Kind kind);
    /// Keys that are for readers of the file only.
    void for_readers(std::initializer_list<std::string_view> keys);
    /// Reports the keys nobody asked for. To be called last.
    void finish();

    bool has(std::string_view key) const { return value_of(key) != nullptr; } // and it is not null
    /// Adds a problem at the line of `key`, or of the map when it has no such key.
    void problem(std::string_view key, std::string text);
    int line_of(std::string_view key) const;
    int line() const { return node_.line; }
    const std::string& what() const { return what_; }

  private:
    const YamlNode* take(std::string_view key);
    const YamlNode* scalar(std::string_view key);
    const YamlNode* value_of(std::string_view key) const; // nullptr when absent or null
    void require(std::string_view key);

    Problems& problems_;
    const YamlNode& node_;
    std::string what_;
    std::vector<bool> taken_;
};

/// The texts of a sequence; an item that is no text is a problem.
std::vector<std::string> texts_of(Problems& problems, const YamlNode& sequence,
                                  const std::string& what);

} // namespace cpg
