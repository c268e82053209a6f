#include "spec/model/pattern.hpp"

#include "spec/base/digits.hpp"

#include <algorithm>
#include <bitset>
#include <map>
#include <utility>

namespace cpg {
namespace {

// The longest pattern of the standard, a file name, needs about 90 of either; these only stop what
// cannot be meant.
constexpr std::size_t max_pattern_length = 1000;
constexpr std::size_t max_nfa_states = 2000;
constexpr std::size_t max_dfa_states = 4096;
constexpr int max_repeat = 255;
constexpr int max_depth = 32;

using ByteSet = std::bitset<256>;

struct Node {
    enum class Kind { set, sequence, choice, repeat };
    static constexpr int no_limit = -1;
    Kind kind = Kind::sequence;
    ByteSet set;                // set
    std::vector<Node> children; // sequence, choice; repeat has one
    int min = 0, max = 0;       // repeat
};

/// Thrown inside this file only; compile() turns it into an Error.
struct Unsupported {
    const char* what;
    std::size_t position;
};

bool is_punctuation(char c) {
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
}

// ---- text -> tree
// ----------------------------------------------------------------------------------------------

class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) {}

    Node parse() {
        if (text_.size() > max_pattern_length) fail("longer than 1,000 characters");
        const bool anchored = take('^');
        Node node = choice();
        const bool closed = take('$');
        if (position_ != text_.size()) fail("unexpected character");
        if (anchored != closed) fail("only one of the anchors ^ and $");
        if (anchored && node.kind == Node::Kind::choice) fail("anchors around a bare alternative");
        return node;
    }

  private:
    [[noreturn]] void fail(const char* what) const { throw Unsupported{what, position_}; }
    bool more() const { return position_ < text_.size(); }
    char peek() const { return more() ? text_[position_] : '\0'; }
    bool take(char c) {
        if (!more() || text_[position_] != c) return false;
        ++position_;
        return true;
    }
    char next() {
        if (!more()) fail("ends too early");
        return text_[position_++];
    }

    Node choice() {
        Node node = sequence();
        if (peek() != '|') return node;
        Node all;
        all.kind = Node::Kind::choice;
        all.children.push_back(std::move(node));
        while (take('|')) all.children.push_back(sequence());
        return all;
    }

    Node sequence() {
        Node node;
        while (more() && std::string_view("|)$").find(peek()) == std::string_view::npos)
            node.children.push_back(quantified());
        return node;
    }

    Node quantified() {
        Node node = atom();
        int min = 0, max = 0;
        if (take('?')) {
            max = 1;
        } else if (take('*')) {
            max = Node::no_limit;
        } else if (take('+')) {
            min = 1;
            max = Node::no_limit;
        } else if (take('{')) {
            min = number();
            max = take(',') ? number() : min;
            if (!take('}')) fail("a repeat is {n} or {n,m}");
            if (max < min) fail("a repeat that ends before it begins");
        } else {
            return node;
        }
        if (more() && std::string_view("?*+{").find(peek()) != std::string_view::npos)
            fail("a repeat of a repeat");
        Node repeat;
        repeat.kind = Node::Kind::repeat;
        repeat.min = min;
        repeat.max = max;
        repeat.children.push_back(std::move(node));
        return repeat;
    }

    int number() {
        int value = 0;
        if (!is_digit(peek())) fail("a repeat needs a number");
        while (is_digit(peek())) {
            value = value * 10 + (next() - '0');
            if (value > max_repeat) fail("more than 255 repeats");
        }
        return value;
    }

    Node atom() {
        if (take('(')) return group();
        Node node;
        node.kind = Node::Kind::set;
        if (take('[')) {
            node.set = character_class();
        } else {
            node.set.set(static_cast<unsigned char>(literal("^.*+?{}[]()|$")));
        }
        return node;
    }

    Node group() {
        if (++depth_ > max_depth) fail("nested too deep");
        if (take('?') && !take(':')) fail("unknown kind of group");
        Node node = choice();
        if (!take(')')) fail("a parenthesis is not closed");
        --depth_;
        Node wrapped; // keeps "(a|b)" apart from a bare alternative at the top
        wrapped.children.push_back(std::move(node));
        return wrapped;
    }

    ByteSet character_class() {
        ByteSet set;
        if (peek() == '^') fail("a negated class");
        while (!take(']')) {
            const char first = literal("[^");
            char last = first;
            if (peek() == '-' && position_ + 1 < text_.size() && text_[position_ + 1] != ']') {
                ++position_;
                last = literal("[]^-");
            }
            if (last < first) fail("a range that ends before it begins");
            for (int c = first; c <= last; ++c) set.set(static_cast<std::size_t>(c));
        }
        if (set.none()) fail("an empty class");
        return set;
    }

    /// One character, plain or escaped; `special` may not stand plain.
    char literal(std::string_view special) {
        const char c = next();
        if (c == '\\') {
            const char escaped = next();
            if (!is_punctuation(escaped)) fail("only punctuation can be escaped");
            return escaped;
        }
        if (c < ' ' || c > '~') fail("not a printable ASCII character");
        if (special.find(c) != std::string_view::npos) fail("a special character out of place");
        return c;
    }

    std::string_view text_;
    std::size_t position_ = 0;
    int depth_ = 0;
};

// ---- tree -> automaton with choices (NFA)
// ----------------------------------------------------------------------

using StateId = std::uint16_t;

struct NfaState {
    ByteSet on; // the bytes that lead to `target`; none for a fork
    StateId target = 0;
    std::vector<StateId> fork; // reached without reading
};

class Nfa {
  public:
    static constexpr StateId accepting = 0;

    explicit Nfa(const Node& root) : states_(1) { start_ = emit(root, accepting); }
    StateId start() const { return start_; }
    const NfaState& state(StateId id) const { return states_[id]; }
    const std::vector<NfaState>& states() const { return states_; }

  private:
    StateId add(NfaState state) {
        if (states_.size() >= max_nfa_states) throw Unsupported{"too many states", 0};
        states_.push_back(std::move(state));
        return static_cast<StateId>(states_.size() - 1);
    }

    /// The state from which `node` is read and then `next` is reached.
    StateId emit(const Node& node, StateId next) {
        switch (node.kind) {
        case Node::Kind::set:
            return add({node.set, next, {}});
        case Node::Kind::sequence:
            for (auto child = node.children.rbegin(); child != node.children.rend(); ++child)
                next = emit(*child, next);
            return next;
        case Node::Kind::choice: {
            std::vector<StateId> ways;
            for (const Node& child : node.children) ways.push_back(emit(child, next));
            return add({{}, 0, std::move(ways)});
        }
        case Node::Kind::repeat:
            return emit_repeat(node, next);
        }
        return next;
    }

    StateId emit_repeat(const Node& node, StateId next) {
        const Node& body = node.children.front();
        StateId entry = next;
        if (node.max == Node::no_limit) {
            entry = add({{}, 0, {next}});
            const StateId again = emit(body, entry);
            states_[entry].fork.push_back(again);
        }
        for (int i = node.min; i < node.max; ++i) {
            const StateId once = emit(body, entry);
            entry = add({{}, 0, {once, next}});
        }
        for (int i = 0; i < node.min; ++i) entry = emit(body, entry);
        return entry;
    }

    std::vector<NfaState> states_;
    StateId start_ = 0;
};

// ---- bytes that the automaton cannot tell apart
// ------------------------------------------------------------------

struct ByteClasses {
    std::array<std::uint8_t, 256> of{};
    std::size_t count = 1;
    std::vector<std::uint8_t> first; // a byte of each class
};

ByteClasses classes_of(const Nfa& nfa) {
    ByteClasses classes;
    std::vector<ByteSet> told_apart; // most states read one of a few sets
    for (const NfaState& state : nfa.states()) {
        if (state.on.none() ||
            std::find(told_apart.begin(), told_apart.end(), state.on) != told_apart.end())
            continue;
        told_apart.push_back(state.on);
        std::map<std::pair<std::uint8_t, bool>, std::uint8_t> split;
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const auto id = static_cast<std::uint8_t>(split.size());
            const auto key = std::make_pair(classes.of[byte], state.on.test(byte));
            classes.of[byte] = split.emplace(key, id).first->second;
        }
        classes.count = split.size();
    }
    classes.first.resize(classes.count);
    for (std::size_t byte = 256; byte-- > 0;)
        classes.first[classes.of[byte]] = static_cast<std::uint8_t>(byte);
    return classes;
}

} // namespace

// ---- automaton without choices (DFA)
// -----------------------------------------------------------------------------

struct Pattern::Table {
    std::array<std::uint8_t, 256> class_of{}; // byte -> column
    /// Rows of one cell a class, the row to go on with (as its offset in this vector), and a last
    /// cell: 1 when a text may end here. Row 0 is where nothing matches any more.
    std::vector<std::uint32_t> cells;
    std::uint32_t columns = 0; // classes
    std::uint32_t start = 0;   // offset
};

namespace {

using StateSet = std::vector<StateId>; // sorted

class Determinizer {
  public:
    explicit Determinizer(const Nfa& nfa) : nfa_(nfa), classes_(classes_of(nfa)) {}

    template<class Table> std::shared_ptr<const Table> build() {
        auto table = std::make_shared<Table>();
        table->class_of = classes_.of;
        table->columns = static_cast<std::uint32_t>(classes_.count);
        row_of({}); // row 0: nothing matches any more
        table->start = offset(row_of(closure({nfa_.start()})));
        for (std::size_t row = 0; row < rows_.size(); ++row) {
            const StateSet set = rows_[row];
            for (const StateSet& target : targets(set))
                table->cells.push_back(offset(row_of(closure(target))));
            const bool accepts = std::binary_search(set.begin(), set.end(), Nfa::accepting);
            table->cells.push_back(accepts ? 1 : 0);
        }
        return table;
    }

  private:
    std::uint32_t offset(std::size_t row) const {
        return static_cast<std::uint32_t>(row * (classes_.count + 1));
    }

    std::size_t row_of(StateSet set) {
        const auto [entry, is_new] = numbers_.emplace(std::move(set), rows_.size());
        if (is_new) {
            if (rows_.size() >= max_dfa_states) throw Unsupported{"more than 4,096 states", 0};
            rows_.push_back(entry->first);
        }
        return entry->second;
    }

    /// What each class of bytes leads to.
    std::vector<StateSet> targets(const StateSet& set) const {
        std::vector<StateSet> out(classes_.count);
        for (const StateId id : set) {
            const NfaState& state = nfa_.state(id);
            for (std::size_t column = 0; column < out.size(); ++column)
                if (state.on.test(classes_.first[column])) out[column].push_back(state.target);
        }
        return out;
    }

    StateSet closure(StateSet open) const {
        std::vector<bool> seen(nfa_.states().size());
        StateSet out;
        while (!open.empty()) {
            const StateId id = open.back();
            open.pop_back();
            if (seen[id]) continue;
            seen[id] = true;
            out.push_back(id);
            const auto& fork = nfa_.state(id).fork;
            open.insert(open.end(), fork.begin(), fork.end());
        }
        std::sort(out.begin(), out.end());
        return out;
    }

    const Nfa& nfa_;
    ByteClasses classes_;
    std::map<StateSet, std::size_t> numbers_;
    std::vector<StateSet> rows_;
};

} // namespace

Result<Pattern> Pattern::compile(std::string_view regex) {
    try {
        const Nfa nfa(Parser(regex).parse());
        Pattern pattern;
        pattern.source_ = regex;
        pattern.table_ = Determinizer(nfa).build<Table>();
        return pattern;
    } catch (const Unsupported& unsupported) {
        return Error{Errc::malformed, std::string("pattern: ") + unsupported.what + " (at " +
                                          std::to_string(unsupported.position) + ")"};
    }
}

bool Pattern::matches(std::string_view text) const {
    if (!table_) return true;
    const Table& table = *table_;
    const std::uint32_t* const cells = table.cells.data();
    std::uint32_t row = table.start;
    for (const char c : text) {
        row = cells[row + table.class_of[static_cast<unsigned char>(c)]];
        if (row == 0) return false;
    }
    return cells[row + table.columns] != 0;
}

} // namespace cpg
