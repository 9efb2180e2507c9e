// The daemon: builds everything once, in order, and ends it in order.
#ifndef ROLLCALL_AGENT_AGENT_H_
#define ROLLCALL_AGENT_AGENT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "agent/config/agent_config.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "rollcall/v1/agent_status.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// Exit code that asks whoever supervises the agent to start it again (EX_TEMPFAIL).
inline constexpr int kRestartExitCode = 75;

class Agent {
 public:
  // Takes the state directory, reads the certificate, opens the host and the spool. Errors are
  // what an operator must mend: permissions, a certificate without an agent's name, a state
  // directory in use. An absent backend is none. `clock` and `logger` must outlive the agent.
  static absl::StatusOr<std::unique_ptr<Agent>> Create(const AgentConfig& config, const Clock* clock, Logger* logger);
  ~Agent();

  // Runs until RequestStop, then ends the run in progress, the session and the spool's writes.
  // Returns the exit code: 0 or kRestartExitCode.
  int Run();

  // Makes Run return. Any thread.
  void RequestStop(int exit_code);

  // What the status socket tells. Any thread, while Run runs.
  pb::AgentStatus Status() const;

 private:
  class Parts;
  explicit Agent(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_AGENT_H_
