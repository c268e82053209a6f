// YAML text -> a tree that knows its lines. Built on yaml-cpp's events, not on its nodes: those
// hide duplicate keys and take several times longer. Aliases share the node of their anchor.
#pragma once

#include "spec/load/load.hpp"

#include <deque>

namespace cpg {

struct YamlNode {
    enum class Kind { null, scalar, sequence, map };
    struct Entry {
        const YamlNode* key = nullptr; // a scalar
        const YamlNode* value = nullptr;
    };
    Kind kind = Kind::null;
    int line = 0;                       // from 1
    std::string text;                   // scalar
    std::vector<const YamlNode*> items; // sequence
    std::vector<Entry> entries;         // map; keys are unique
};

/// Owns its nodes.
class YamlDocument {
  public:
    /// Adds to `problems`: what is not YAML, duplicate keys, keys that are not plain text, more
    /// than one document. The root is an empty map when the text cannot be read.
    static YamlDocument parse(const SourceFile& source, std::vector<LoadProblem>& problems);
    const YamlNode& root() const { return *root_; }

  private:
    class Builder;
    std::deque<YamlNode> nodes_; // stable addresses
    const YamlNode* root_ = nullptr;
};

} // namespace cpg
