// The agent's page for the people at this machine: plain HTTP on loopback, without script. Only
// requests that name this machine as their host are answered, so that a page of somebody else's
// cannot read it by pointing its name here.
#pragma once

#include "adapters/hotfolder/agent.hpp"
#include "gateway/http/server.hpp"

namespace cpg::cli {

/// Routes: /, /status.json, /report/{office}/{folder}. `agent` outlives the router. `port`: of the
/// listener, known when it is bound.
http::Router agent_routes(const hotfolder::Agent& agent, const Clock& clock,
                          std::function<std::uint16_t()> port);

/// Whether a Host header names this machine's own listener.
bool names_this_machine(std::string_view host, std::uint16_t port);

/// Listens at once; throws std::runtime_error with the reason. Not started yet.
std::unique_ptr<http::Server> agent_server(const hotfolder::Agent& agent, const Clock& clock,
                                           std::uint16_t port);

} // namespace cpg::cli
