// The agent's way to the gateway: the client of the other commands behind adapters/hotfolder's
// functions, every receipt verified before anybody believes it.
#pragma once

#include "adapters/hotfolder/agent.hpp"

namespace cpg::cli {

struct AgentSessions; // known to agent_link.cpp

/// The links of one office. Any thread may hang up; each link belongs to the thread that opened it.
class AgentLinks {
  public:
    explicit AgentLinks(const hotfolder::OfficeSettings& settings);
    ~AgentLinks();
    AgentLinks(const AgentLinks&) = delete;
    AgentLinks& operator=(const AgentLinks&) = delete;

    /// Compares the gateway's log with what was seen of it before. A certificate, key or log that
    /// cannot be used is a problem in words.
    hotfolder::Asked<hotfolder::Link> open();
    /// Ends the questions that wait for something new; sending goes on to its end.
    void hang_up();

    struct Session; // known to agent_link.cpp

  private:
    client::Settings settings_;
    std::filesystem::path pins_;
    std::shared_ptr<AgentSessions> sessions_;
};

} // namespace cpg::cli
