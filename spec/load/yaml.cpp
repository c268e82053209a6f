#include "spec/load/yaml.hpp"

#include <algorithm>
#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace cpg {

class YamlDocument::Builder final : public YAML::EventHandler {
  public:
    Builder(YamlDocument& document, const std::string& file, std::vector<LoadProblem>& problems)
        : document_(document), file_(file), problems_(problems) {}

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        place(add(YamlNode::Kind::null, mark, anchor));
    }

    void OnAlias(const YAML::Mark&, YAML::anchor_t anchor) override {
        place(*anchors_.at(anchor)); // yaml-cpp itself refuses an unknown alias
    }

    void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  const std::string& value) override {
        YamlNode& node = add(YamlNode::Kind::scalar, mark, anchor);
        node.text = value;
        place(node);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open_.push_back({&add(YamlNode::Kind::sequence, mark, anchor), nullptr});
    }

    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open_.push_back({&add(YamlNode::Kind::map, mark, anchor), nullptr});
    }

    void OnSequenceEnd() override { close(); }
    void OnMapEnd() override { close(); }

  private:
    struct Open {
        YamlNode* node;
        const YamlNode* key; // of a map: read, its value is not yet
    };

    YamlNode& add(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
        YamlNode& node = document_.nodes_.emplace_back();
        node.kind = kind;
        node.line = mark.line + 1;
        if (anchor != YAML::NullAnchor) {
            if (anchors_.size() <= anchor) anchors_.resize(anchor + 1);
            anchors_[anchor] = &node;
        }
        return node;
    }

    void close() {
        const YamlNode& node = *open_.back().node;
        open_.pop_back();
        place(node);
    }

    void place(const YamlNode& node) {
        if (open_.empty()) {
            document_.root_ = &node;
            return;
        }
        auto& [parent, key] = open_.back();
        if (parent->kind == YamlNode::Kind::sequence) {
            parent->items.push_back(&node);
        } else if (!key) {
            key = &node;
        } else {
            place_entry(*parent, *key, node);
            key = nullptr;
        }
    }

    void place_entry(YamlNode& map, const YamlNode& key, const YamlNode& value) {
        if (key.kind != YamlNode::Kind::scalar) {
            problem(key, "a key that is not a text");
            return;
        }
        const auto same =
            std::find_if(map.entries.begin(), map.entries.end(),
                         [&](const YamlNode::Entry& entry) { return entry.key->text == key.text; });
        if (same != map.entries.end()) {
            problem(key, "duplicate key '" + key.text + "', first on line " +
                             std::to_string(same->key->line));
            return;
        }
        map.entries.push_back({&key, &value});
    }

    void problem(const YamlNode& node, std::string text) {
        problems_.push_back({file_, node.line, std::move(text)});
    }

    YamlDocument& document_;
    const std::string& file_;
    std::vector<LoadProblem>& problems_;
    std::vector<Open> open_;
    std::vector<const YamlNode*> anchors_;
};

YamlDocument YamlDocument::parse(const SourceFile& source, std::vector<LoadProblem>& problems) {
    YamlDocument document;
    std::istringstream text(source.text);
    try {
        YAML::Parser parser(text);
        Builder builder(document, source.name, problems);
        parser.HandleNextDocument(builder);
        if (document.root_ && parser.HandleNextDocument(builder))
            problems.push_back({source.name, 0, "more than one YAML document"});
    } catch (const YAML::Exception& error) {
        problems.push_back({source.name, error.mark.line + 1, error.msg});
        document.root_ = nullptr;
    }
    if (!document.root_) {
        YamlNode& empty = document.nodes_.emplace_back();
        empty.kind = YamlNode::Kind::map;
        document.root_ = &empty;
    }
    return document;
}

} // namespace cpg
