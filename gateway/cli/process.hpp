// What every long-running command of the program does to its process. Call from the main thread
// before any other is started.
#pragma once

#include <csignal>
#include <string>

namespace cpg::cli {

/// Keys and payloads are in this process's memory: no core file, no ptrace, no file others may
/// read.
void harden_process();

/// Every thread started later inherits the mask; the caller alone takes SIGTERM, SIGINT and SIGHUP
/// by sigwait(). SIGPIPE is ignored.
sigset_t block_signals();

/// Written whole or not at all: whoever waits for the file may read it as soon as it is there.
/// Throws Failure (78).
void write_ready_file(const std::string& path, const std::string& text);

} // namespace cpg::cli
