#include "adapters/client/client.hpp"

#include "spec/base/private_key.hpp"

#include <charconv>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <yaml-cpp/yaml.h>

namespace cpg::client {
namespace {

constexpr int max_timeout_seconds = 3600;

Error wrong(const std::filesystem::path& file, const YAML::Mark& mark, std::string_view what) {
    std::string detail = file.string();
    if (!mark.is_null()) detail += ":" + std::to_string(mark.line + 1);
    return {Errc::configuration, detail.append(": ").append(what)};
}

/// Reads one settings file; the first problem ends it.
class Reader {
  public:
    explicit Reader(const std::filesystem::path& file) : file_(file) {}

    Result<Settings> read(const YAML::Node& root) {
        if (!root.IsMap()) return wrong(file_, root.Mark(), "expected `name: value` lines");
        for (const auto& entry : root)
            if (auto done = take(entry.first, entry.second); !done) return done.error();
        for (const std::string_view name : {"gateway", "certificate", "key", "ca"})
            if (!seen_.contains(name))
                return wrong(file_, YAML::Mark::null_mark(), std::string(name) + " is missing");
        return std::move(settings_);
    }

  private:
    using Taker = Result<void> (Reader::*)(const YAML::Node&);

    Result<void> take(const YAML::Node& name_node, const YAML::Node& value) {
        static const std::map<std::string_view, Taker> takers{
            {"gateway", &Reader::gateway}, {"certificate", &Reader::certificate},
            {"key", &Reader::key},         {"ca", &Reader::ca},
            {"lang", &Reader::lang},       {"trusted_keys", &Reader::trusted_keys},
            {"timeout", &Reader::timeout},
        };
        if (!name_node.IsScalar()) return wrong(file_, name_node.Mark(), "a name is expected");
        const auto taker = takers.find(name_node.Scalar());
        if (taker == takers.end())
            return wrong(file_, name_node.Mark(), "unknown setting: " + name_node.Scalar());
        if (!seen_.emplace(taker->first, true).second)
            return wrong(file_, name_node.Mark(), name_node.Scalar() + " is given twice");
        if (value.IsNull()) return wrong(file_, name_node.Mark(), "a value is expected");
        return (this->*taker->second)(value);
    }

    Result<std::string> text(const YAML::Node& value) {
        if (!value.IsScalar() || value.Scalar().empty())
            return wrong(file_, value.Mark(), "one text is expected");
        return value.Scalar();
    }
    Result<void> text_into(const YAML::Node& value, std::string& into) {
        auto read = text(value);
        if (!read) return read.error();
        into = std::move(*read);
        return {};
    }
    Result<void> path_into(const YAML::Node& value, std::filesystem::path& into) {
        auto read = text(value);
        if (!read) return read.error();
        into = file_.parent_path() / *read; // an absolute path stays as it is
        return {};
    }

    Result<void> gateway(const YAML::Node& value) { return text_into(value, settings_.gateway); }
    Result<void> certificate(const YAML::Node& value) {
        return path_into(value, settings_.certificate);
    }
    Result<void> key(const YAML::Node& value) {
        auto read = text(value);
        if (!read) return read.error();
        settings_.key = names_token(*read) ? *read : (file_.parent_path() / *read).string();
        return {};
    }
    Result<void> ca(const YAML::Node& value) { return path_into(value, settings_.ca); }
    Result<void> lang(const YAML::Node& value) {
        if (!value.IsScalar() || (value.Scalar() != "ja" && value.Scalar() != "en"))
            return wrong(file_, value.Mark(), "lang is ja or en");
        settings_.lang = value.Scalar();
        return {};
    }
    Result<void> trusted_keys(const YAML::Node& value) {
        if (!value.IsSequence()) return wrong(file_, value.Mark(), "a list of keys is expected");
        for (const auto& item : value) {
            auto read = text(item);
            if (!read) return read.error();
            settings_.trusted_keys.push_back(std::move(*read));
        }
        return {};
    }
    Result<void> timeout(const YAML::Node& value) {
        int seconds = 0;
        const std::string digits = value.IsScalar() ? value.Scalar() : "";
        const auto end = digits.data() + digits.size();
        const auto parsed = std::from_chars(digits.data(), end, seconds);
        if (parsed.ec != std::errc{} || parsed.ptr != end || seconds < 1 ||
            seconds > max_timeout_seconds)
            return wrong(file_, value.Mark(), "timeout is a number of seconds, 1-3600");
        settings_.timeout = std::chrono::seconds(seconds);
        return {};
    }

    const std::filesystem::path& file_;
    Settings settings_;
    std::map<std::string_view, bool, std::less<>> seen_;
};

} // namespace

Result<Settings> read_settings(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    if (!in || !(text << in.rdbuf()))
        return Error{Errc::configuration, "cannot read " + file.string()};
    try {
        return Reader(file).read(YAML::Load(text.str()));
    } catch (const YAML::Exception& problem) {
        return wrong(file, problem.mark, problem.msg);
    }
}

} // namespace cpg::client
