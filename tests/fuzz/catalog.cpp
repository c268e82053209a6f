// The first line of the input says what is mutated: the name of a file, whose text is the rest; or
// "edit <file> <offset> <erased>", which puts the rest into one of the files of a small catalogue:
// the real one has every entry many times and would take all the time to load.
#include "spec/load/load.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/load/small_catalog.hpp"

#include <charconv>

using namespace cpg;

namespace {

std::size_t take_number(BytesView& words) {
    std::size_t value = 0;
    words.remove_prefix(std::min(words.find_first_not_of(' '), words.size()));
    const auto end = std::from_chars(words.data(), words.data() + words.size(), value).ptr;
    words.remove_prefix(static_cast<std::size_t>(end - words.data()));
    return value;
}

std::vector<SourceFile> sources_of_edit(BytesView words, BytesView inserted) {
    std::vector<SourceFile> sources = {{"v9.yaml", std::string(test::edition_text)},
                                       {"findings.yaml", std::string(test::findings_text)}};
    Bytes& text = sources[take_number(words) % sources.size()].text;
    const std::size_t at = take_number(words) % (text.size() + 1);
    text.replace(at, std::min<std::size_t>(take_number(words), 4096), inserted);
    return sources;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const BytesView command = input.line();
    const bool edit = command.starts_with("edit ");
    const std::vector<SourceFile> sources =
        edit ? sources_of_edit(command.substr(5), input.rest())
             : std::vector<SourceFile>{{std::string(command), std::string(input.rest())}};
    const LoadOutcome outcome = load_catalog(sources);
    fuzz::require((outcome.catalog == nullptr) == !outcome.problems.empty(),
                  "a catalog or problems, never both, never neither");
    return 0;
}
