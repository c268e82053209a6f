#include "spec/base/digest.hpp"
#include "spec/records/cp932.hpp"
#include "spec/records/utf8.hpp"
#include "spec/render/canonical.hpp"
#include "spec/render/canonical_record.hpp"

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <cstdio>

namespace cpg {
namespace {

namespace json = boost::json;

constexpr std::size_t max_depth =
    5; // document, records, record, cell; one more for members to come
constexpr std::string_view format_name = "cpgw-records/1";

std::string code_point_name(std::string_view utf8, std::size_t offset) {
    const Utf8Character character = utf8_character_at(utf8, offset);
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "U+%04X", static_cast<unsigned>(character.code_point));
    return text.data();
}

/// Takes the events of the parser and writes CSV as the records come by: memory grows by what is
/// written, whatever the document holds.
class Handler {
  public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = 256;
    static constexpr std::size_t max_string_size = 64u << 20; // the largest file that is unpacked

    explicit Handler(const Catalog& catalog) : catalog_(catalog) {}

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }

    bool on_object_begin(json::error_code& ec) {
        if (stack_.empty()) return push(Place::document);
        switch (stack_.back()) {
        case Place::document:
            return is_of_no_account() ? push(Place::ignored) : unexpected("an object", ec);
        case Place::records:
            return begin_record();
        case Place::record:
        case Place::extra:
            if (!next_cell(ec)) return false;
            text_.reset();
            hex_.reset();
            return push(Place::cell);
        case Place::ignored:
            return push(Place::ignored);
        case Place::cell:
            break;
        }
        return unexpected("an object", ec);
    }

    bool on_object_end(std::size_t, json::error_code& ec) {
        const Place place = stack_.back();
        stack_.pop_back();
        if (place == Place::record) end_csv_record(csv_, record_start_);
        if (place == Place::cell) return end_cell(ec);
        if (place == Place::document && seen_.find(std::string_view("records")) == seen_.end())
            return fail("no member \"records\"", ec);
        return true;
    }

    bool on_array_begin(json::error_code& ec) {
        if (stack_.empty()) return unexpected("an array", ec);
        switch (stack_.back()) {
        case Place::document:
            if (key_ == "records") return begin_records(ec);
            return is_of_no_account() ? push(Place::ignored) : unexpected("an array", ec);
        case Place::record:
            if (key_ != "extra_columns") return unexpected("an array", ec);
            extra_seen_ = true;
            return push(Place::extra);
        case Place::ignored:
            return push(Place::ignored);
        case Place::records:
        case Place::extra:
        case Place::cell:
            break;
        }
        return unexpected("an array", ec);
    }

    bool on_array_end(std::size_t, json::error_code&) {
        if (stack_.back() == Place::records) record_ = 0;
        stack_.pop_back();
        return true;
    }

    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        buffer_.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code& ec) {
        buffer_.append(part.data(), part.size());
        key_ = std::exchange(buffer_, {});
        if (stack_.back() == Place::document && !seen_.insert(key_).second)
            return fail("member \"" + key_ + "\" stands twice", ec);
        return stack_.back() == Place::record ? take_record_key(ec) : true;
    }

    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        buffer_.append(part.data(), part.size());
        return true;
    }
    bool on_string(json::string_view part, std::size_t, json::error_code& ec) {
        buffer_.append(part.data(), part.size());
        return take_string(std::exchange(buffer_, {}), ec);
    }

    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, json::error_code& ec) {
        return ignore("a number", ec);
    }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code& ec) {
        return ignore("a number", ec);
    }
    bool on_double(double, json::string_view, json::error_code& ec) {
        return ignore("a number", ec);
    }
    bool on_bool(bool, json::error_code& ec) { return ignore("true or false", ec); }
    bool on_null(json::error_code& ec) {
        if (!stack_.empty() && (stack_.back() == Place::record || stack_.back() == Place::extra))
            return next_cell(ec) && write({});
        return ignore("null", ec);
    }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

    const std::optional<Error>& failure() const { return failure_; }
    Restored take() {
        const Digest digest = sha256(csv_);
        return {std::move(*name_), std::move(csv_), prefixed_hex(digest) == source_digest_};
    }

  private:
    enum class Place { document, records, record, extra, cell, ignored };

    bool push(Place place) {
        stack_.push_back(place);
        return true;
    }

    /// "record 3, planner_name"
    std::string place() const {
        if (record_ == 0) return key_.empty() ? "document" : "member \"" + key_ + "\"";
        std::string out = "record " + std::to_string(record_);
        if (name_ && column_ > 0 && column_ <= name_->type->fields.size())
            out += ", " + name_->type->fields[column_ - 1].key;
        else if (column_ > 0)
            out += ", column " + std::to_string(column_);
        return out;
    }

    bool fail(const std::string& what, json::error_code& ec, Errc code = Errc::malformed) {
        failure_ = Error{code, place() + ": " + what};
        ec = json::error::syntax;
        return false;
    }
    bool unexpected(const std::string& what, json::error_code& ec) {
        return fail(what + " is not expected here", ec);
    }

    /// Members of the document that say something about the source only; those to come are ignored.
    bool is_of_no_account() const {
        static constexpr std::array<std::string_view, 5> head = {"format", "edition", "type",
                                                                 "file", "records"};
        return std::find(head.begin(), head.end(), key_) == head.end();
    }

    bool ignore(const std::string& what, json::error_code& ec) {
        const bool ignored =
            !stack_.empty() && (stack_.back() == Place::ignored ||
                                (stack_.back() == Place::document && is_of_no_account()));
        return ignored || unexpected(what, ec);
    }

    bool take_string(std::string text, json::error_code& ec) {
        if (stack_.empty()) return unexpected("a string", ec);
        switch (stack_.back()) {
        case Place::document:
            return take_head(std::move(text), ec);
        case Place::record:
        case Place::extra:
            return next_cell(ec) && write_text(text, ec);
        case Place::cell:
            return take_cell_part(std::move(text), ec);
        case Place::ignored:
            if (key_ == "sha256" && stack_.size() == 2) source_digest_ = std::move(text);
            return true;
        case Place::records:
            break;
        }
        return unexpected("a string", ec);
    }

    bool take_head(std::string text, json::error_code& ec) {
        if (key_ == "records") return unexpected("a string", ec);
        if (key_ == "format" && text != format_name)
            return fail("not \"" + std::string(format_name) + "\"", ec);
        if (!is_of_no_account()) head_[key_] = std::move(text);
        return true;
    }

    bool begin_records(json::error_code& ec) {
        for (const char* member : {"format", "edition", "type", "file"})
            if (head_.find(std::string_view(member)) == head_.end())
                return fail("\"" + std::string(member) + "\" has to stand before \"records\"", ec);
        ParsedName parsed = parse_file_name(catalog_, head_["file"]);
        const FileName* const name = std::get_if<FileName>(&parsed);
        if (!name) return fail("\"file\" is not a name of the standard", ec);
        if (name->edition->id != head_["edition"])
            return fail("\"edition\" is not that of \"file\"", ec);
        if (name->type->id != head_["type"]) return fail("\"type\" is not that of \"file\"", ec);
        if (!name->type->is_csv()) return fail("\"type\" is not a CSV file", ec);
        name_ = *name;
        return push(Place::records);
    }

    bool begin_record() {
        ++record_;
        column_ = 0;
        extra_seen_ = false;
        record_start_ = csv_.size();
        return push(Place::record);
    }

    /// Keys come in the order of the items: none can be unknown, missing in between or there twice.
    bool take_record_key(json::error_code& ec) {
        const auto& fields = name_->type->fields;
        if (column_ < fields.size() && key_ == fields[column_].key) return true;
        if (column_ == fields.size() && key_ == "extra_columns" && !extra_seen_) return true;
        const std::string expected =
            column_ < fields.size() ? fields[column_].key : std::string("extra_columns");
        return fail("key \"" + key_ + "\" where \"" + expected + "\" belongs", ec);
    }

    bool next_cell(json::error_code& ec) {
        if (stack_.back() == Place::record && key_ == "extra_columns")
            return unexpected("anything but an array", ec);
        ++column_;
        return true;
    }

    bool write_text(const std::string& text, json::error_code& ec) {
        Encoded encoded = to_ms932(text);
        if (!encoded.bytes)
            return fail("character " + code_point_name(text, encoded.offset) + " at byte " +
                            std::to_string(encoded.offset) +
                            " of the value has no MS932 form (R-ENC-04)",
                        ec, Errc::not_acceptable);
        return write({std::move(*encoded.bytes), true});
    }

    bool write(CsvValue value) {
        const bool free_text = is_free_text(*name_->type, column_ - 1);
        if (!free_text && value.bytes.empty()) value.present = false;
        if (column_ > 1) csv_ += ',';
        append_csv_value(csv_, value, free_text);
        return true;
    }

    bool take_cell_part(std::string text, json::error_code& ec) {
        std::optional<std::string>* const part = key_ == "text"    ? &text_
                                                 : key_ == "ms932" ? &hex_
                                                                   : nullptr;
        if (!part || *part) return fail("key \"" + key_ + "\" of a cell is unknown or twice", ec);
        *part = std::move(text);
        return true;
    }

    bool end_cell(json::error_code& ec) {
        if (!text_ || !hex_) return fail("a cell needs \"text\" and \"ms932\"", ec);
        Result<Bytes> bytes = from_hex(*hex_);
        if (!bytes) return fail("\"ms932\" is not hex", ec);
        if (to_utf8(*bytes) != *text_) return fail("\"ms932\" is not the bytes of \"text\"", ec);
        return write({std::move(*bytes), true});
    }

    const Catalog& catalog_;
    std::vector<Place> stack_;
    std::string buffer_, key_;
    std::set<std::string, std::less<>> seen_; // members of the document
    std::map<std::string, std::string, std::less<>> head_;
    std::string source_digest_;
    std::optional<FileName> name_;
    std::uint32_t record_ = 0;
    std::size_t column_ = 0;  // of the current cell, from 1
    bool extra_seen_ = false; // the record has had its "extra_columns"
    std::size_t record_start_ = 0;
    std::optional<std::string> text_, hex_; // of the current cell
    Bytes csv_;
    std::optional<Error> failure_;
};

} // namespace

Result<Restored> from_canonical(const Catalog& catalog, std::string_view text) {
    if (text.size() > max_canonical_bytes)
        return Error{Errc::too_large,
                     "more than " + std::to_string(max_canonical_bytes) + " bytes"};
    json::parse_options options;
    options.max_depth = max_depth;
    json::basic_parser<Handler> parser(options, catalog);
    json::error_code ec;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
    if (parser.handler().failure()) return *parser.handler().failure();
    if (ec) return Error{Errc::malformed, "not JSON at byte " + std::to_string(read)};
    if (text.find_first_not_of(" \t\r\n", read) != std::string_view::npos)
        return Error{Errc::malformed, "text after the document at byte " + std::to_string(read)};
    return parser.handler().take();
}

} // namespace cpg
