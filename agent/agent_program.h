// The commands of rollcall-agent.
#ifndef ROLLCALL_AGENT_AGENT_PROGRAM_H_
#define ROLLCALL_AGENT_AGENT_PROGRAM_H_

#include <string>
#include <vector>

namespace rollcall {

// Runs the command that `words` (without the program's name) ask for; returns the exit code:
// 0 done, 1 failed, 2 wrong usage or configuration, 3 incomplete (collect), 75 start again.
// REQUIRES: SIGTERM, SIGINT and SIGHUP are blocked in all threads.
int RunAgentProgram(const std::vector<std::string>& words);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_AGENT_PROGRAM_H_
