// The table of mutators: each breaks a good bundle in one way and says which rule must tell it, how
// severe, and where. To add one: a row in the table of its topic.
#pragma once

#include "tests/mutation/model.hpp"

#include <span>

namespace cpg::mutation {

struct Mutator {
    std::string_view name;
    /// The rule that must be raised; empty for a harmless change: then nothing may be raised.
    std::string_view rule;
    Severity severity = Severity::error;
    /// Other rules that the change may raise by its nature, blank-separated, and why; no other may.
    std::string_view consequences, why;
    /// Changes the case and says where the finding must stand; nullopt: does not apply to this one.
    std::optional<Place> (*apply)(Case&, Random&);
};

std::span<const Mutator> name_mutators();       // names.cpp
std::span<const Mutator> byte_mutators();       // bytes.cpp: encoding, CSV
std::span<const Mutator> item_mutators();       // items.cpp: one item, its form, length, code
std::span<const Mutator> bundle_mutators();     // bundles.cpp: versions, months, sets, relations
std::span<const Mutator> table6_mutators();     // table6.cpp: 第6表, whose records
std::span<const Mutator> table7_mutators();     // table7.cpp: 第7表, 補足, images
std::span<const Mutator> code_table_mutators(); // code_table.cpp: codes against a loaded table
std::span<const Mutator> harmless_mutators();   // harmless.cpp: what changes nothing

} // namespace cpg::mutation
