// The agent as a whole: for every office two threads, one out, one in, each with its own link to
// the gateway, so that a slow import never holds up sending; the views they draw; 状態.txt.
//
//     Agent agent(offices, clock, tell);   // takes the locks
//     agent.start(); … agent.stop();       // or agent.run_once()
#pragma once

#include "adapters/hotfolder/incoming.hpp"
#include "adapters/hotfolder/status.hpp"

#include <memory>

namespace cpg::hotfolder {

/// What an office works with; the program makes it.
struct OfficeParts {
    OfficeSettings settings;
    Converter converter;
    WriteDialect write; // empty: files of the standard as they are
    /// Opens a link; called by each thread for itself, again after it failed. A problem is shown
    /// and tried again.
    std::function<Asked<Link>()> connect;
    /// Ends calls of the links that are waiting at the gateway; any thread.
    std::function<void()> hang_up;
    /// Days that the certificate's file is still valid; nullopt = cannot be read.
    std::function<std::optional<int>()> certificate_days;
};

/// Another agent works on the same folder.
struct FolderTaken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

enum class OnceResult {
    done,          // everything that was there is through
    returned,      // and some of it was returned or quarantined
    gateway_away,  // something waits for the gateway
    stopped_short, // an office could not work: its troubles say why
};

class Agent {
  public:
    /// Makes the folders, takes each office's lock. Throws FolderTaken, std::system_error.
    Agent(std::vector<OfficeParts> offices, const Clock& clock,
          std::function<void(const std::string& office, const Event&)> tell);
    ~Agent(); // stops
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;

    void start();
    /// Ends after the step that is running; what is not done is done by the next run.
    void stop();
    /// Everything that is there now, without waiting for the rest of sets. Not with start().
    OnceResult run_once();

    std::vector<OfficeView> views() const; // any thread
    /// The report's text of a returned folder (any thread); nullopt: no such office or folder.
    std::optional<std::string> report_of(std::size_t office, const std::string& folder) const;

    struct Office; // known to agent.cpp

  private:
    std::vector<std::unique_ptr<Office>> offices_;
};

} // namespace cpg::hotfolder
