// Narrows what the process may ask of the kernel, once it is started: a fault in a parser must not
// become a shell. What is not on the list of confine.cpp is refused with EPERM, so that a forgotten
// call is an error in the log, not a killed gateway. libseccomp is seen by confine.cpp only.
#pragma once

#include "spec/base/result.hpp"

namespace cpg::app {

/// Holds for every thread of the process, now and later, and cannot be taken back; new privileges
/// are given up for good. configuration: the kernel or the container does not allow a filter.
/// Under AddressSanitizer nothing is done (its leak check traces the process) and that is said in
/// the log.
Result<void> confine_process();

} // namespace cpg::app
