// Where the check's time goes, in one process on files in memory: nothing but splitting, the items,
// every rule, and every rule but one. What is compared runs in turns, in processor time of this
// process; the best round counts, for whatever disturbs makes slower.
//     check_bench FOLDER ROUNDS rules|each
// `rules` prints "<name> <seconds>" lines; `each` first "noise - <seconds> <seconds of a full
// check>", how far some equal full checks lie apart, then a line for every rule function that the
// bundle calls: "<function> <file type or -> <seconds less without it> <seconds of a full check>".
// A rule is left out by standing between the checker and its tables (ld --wrap): the product has no
// switch for it.
#include "spec/base/digest.hpp"
#include "spec/check/rules/rules.hpp"
#include "spec/load/load.hpp"
#include "spec/records/cp932.hpp"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <cxxabi.h>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>

using namespace cpg;
using namespace cpg::checking;

namespace {

enum class Rules { all, none, all_but_one };

struct Selection {
    Rules rules = Rules::all;
    const void* left_out = nullptr; // a rule's address
    std::string of_type;            // of the file type; empty = a bundle rule
} selection;

std::vector<BundleRule> chosen_bundle_rules, chosen_user_rules;

template<class Function> const void* address_of(Function* function) {
    return reinterpret_cast<const void*>(function);
}

template<class Rule> void leave_out(std::vector<Rule>& rules, bool here) {
    if (selection.rules == Rules::none) rules.clear();
    if (selection.rules == Rules::all_but_one && here)
        std::erase_if(rules, [](Rule rule) { return address_of(rule) == selection.left_out; });
}

} // namespace

// The names of record_rules_of(const FileType&), user_record_rules_of(const FileType&),
// bundle_rules() and user_rules() as the linker knows them.
std::vector<RecordRule> real_record_rules_of(const FileType& type) asm(
    "__real__ZN3cpg8checking15record_rules_ofERKNS_8FileTypeE");
std::vector<RecordRule> wrapped_record_rules_of(const FileType& type) asm(
    "__wrap__ZN3cpg8checking15record_rules_ofERKNS_8FileTypeE");
std::vector<RecordRule> real_user_record_rules_of(const FileType& type) asm(
    "__real__ZN3cpg8checking20user_record_rules_ofERKNS_8FileTypeE");
std::vector<RecordRule> wrapped_user_record_rules_of(const FileType& type) asm(
    "__wrap__ZN3cpg8checking20user_record_rules_ofERKNS_8FileTypeE");
std::span<const BundleRule> real_user_rules() asm("__real__ZN3cpg8checking10user_rulesEv");
std::span<const BundleRule> wrapped_user_rules() asm("__wrap__ZN3cpg8checking10user_rulesEv");
std::span<const BundleRule> real_bundle_rules() asm("__real__ZN3cpg8checking12bundle_rulesEv");
std::span<const BundleRule> wrapped_bundle_rules() asm("__wrap__ZN3cpg8checking12bundle_rulesEv");

std::vector<RecordRule> wrapped_record_rules_of(const FileType& type) {
    std::vector<RecordRule> rules = real_record_rules_of(type);
    leave_out(rules, selection.of_type == type.id);
    return rules;
}

std::vector<RecordRule> wrapped_user_record_rules_of(const FileType& type) {
    std::vector<RecordRule> rules = real_user_record_rules_of(type);
    leave_out(rules, selection.of_type == type.id);
    return rules;
}

namespace {

std::span<const BundleRule> chosen_of(std::span<const BundleRule> all,
                                      std::vector<BundleRule>& chosen) {
    chosen.assign(all.begin(), all.end());
    leave_out(chosen, selection.of_type.empty());
    return chosen;
}

} // namespace

std::span<const BundleRule> wrapped_bundle_rules() {
    return chosen_of(real_bundle_rules(), chosen_bundle_rules);
}

std::span<const BundleRule> wrapped_user_rules() {
    return chosen_of(real_user_rules(), chosen_user_rules);
}

namespace {

struct Task {
    std::string name, of_type;
    std::function<void()> run;
    double best = std::numeric_limits<double>::infinity(); // seconds
};

double processor_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void run_in_turns(std::vector<Task>& tasks, int rounds) {
    for (int round = 0; round < rounds; ++round)
        for (Task& task : tasks) {
            const double start = processor_seconds();
            task.run();
            task.best = std::min(task.best, processor_seconds() - start);
        }
}

std::string name_of(const void* function) {
    Dl_info info{};
    if (dladdr(function, &info) == 0 || !info.dli_sname) return "?";
    int status = 0;
    char* const text = abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, &status);
    std::string name = status == 0 ? text : info.dli_sname;
    std::free(text);
    name = name.substr(0, name.find('('));
    return name.substr(name.rfind(':') + 1);
}

std::vector<InputFile> files_of(const std::filesystem::path& folder) {
    std::vector<InputFile> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream in(entry.path(), std::ios::binary);
        files.push_back(
            {entry.path().filename().string(), Bytes{std::istreambuf_iterator<char>(in), {}}});
    }
    return files;
}

void check(const Heap& heap, Selection chosen) {
    selection = std::move(chosen);
    const Report report = check_heap(*embedded_catalog(), heap, {});
    if (report.bundles.size() != 1) throw std::runtime_error("not one bundle");
}

void split(const Heap& heap) {
    std::uint64_t cells = 0;
    for (const BundleFile& file : heap.bundles.front().files) {
        const BytesView bytes = file.input.bytes;
        if (next_byte_problem(bytes).problem != ByteProblem::none)
            throw std::runtime_error("not a good file");
        read_csv(bytes, {.record = [&](const Record& record) { cells += record.cells.size(); },
                         .note = {}});
    }
    if (cells == 0) throw std::runtime_error("no cell");
}

void print_rules(const Heap& heap, int rounds) {
    const auto digest = [&] {
        for (const BundleFile& file : heap.bundles.front().files)
            if (sha256(file.input.bytes) != file.digest) throw std::runtime_error("digest");
    };
    std::vector<Task> tasks{{"split", "", [&] { split(heap); }},
                            {"items", "", [&] { check(heap, {.rules = Rules::none}); }},
                            {"rules", "", [&] { check(heap, {}); }},
                            {"digest", "", digest}};
    run_in_turns(tasks, rounds);
    for (const Task& task : tasks) std::cout << task.name << ' ' << task.best << '\n';
}

/// Full checks among the others that tell how far equal ones lie apart.
constexpr std::size_t controls = 6;

void print_each(const Heap& heap, int rounds) {
    std::vector<Task> tasks;
    for (std::size_t i = 0; i < controls; ++i)
        tasks.push_back({"all", "-", [&heap] { check(heap, {}); }});
    const auto add = [&](const std::string& type, const void* rule) {
        tasks.push_back({name_of(rule), type.empty() ? "-" : type, [&heap, type, rule] {
                             check(heap, {Rules::all_but_one, rule, type});
                         }});
    };
    for (const BundleFile& file : heap.bundles.front().files)
        for (const auto& rules :
             {real_record_rules_of(*file.name.type), real_user_record_rules_of(*file.name.type)})
            for (const RecordRule rule : rules) add(file.name.type->id, address_of(rule));
    for (const auto& rules : {real_user_rules(), real_bundle_rules()})
        for (const BundleRule rule : rules) add({}, address_of(rule));
    run_in_turns(tasks, rounds);
    const auto [least, most] = std::minmax_element(
        tasks.begin(), tasks.begin() + controls,
        [](const Task& left, const Task& right) { return left.best < right.best; });
    std::cout << "noise - " << most->best - least->best << ' ' << least->best << '\n';
    for (std::size_t i = controls; i < tasks.size(); ++i)
        std::cout << tasks[i].name << ' ' << tasks[i].of_type << ' ' << least->best - tasks[i].best
                  << ' ' << least->best << '\n';
}

} // namespace

int main(int count, char** words) {
    if (count != 4) {
        std::cerr << "usage: check_bench FOLDER ROUNDS rules|each\n";
        return 2;
    }
    const Heap heap = group_files(*embedded_catalog(), files_of(words[1]));
    if (heap.bundles.size() != 1) {
        std::cerr << "check_bench: the folder holds not one bundle\n";
        return 2;
    }
    const int rounds = std::max(1, std::atoi(words[2]));
    if (std::strcmp(words[3], "each") == 0)
        print_each(heap, rounds);
    else
        print_rules(heap, rounds);
    return 0;
}
