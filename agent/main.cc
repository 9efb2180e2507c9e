#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "agent/agent_program.h"

namespace {

// Blocked before the first thread exists, so that every thread inherits it.
void BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

}  // namespace

int main(int argc, char** argv) {
  // Distributions build Abseil with deadlock detection, which gRPC pays for with every lock.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  mallopt(M_ARENA_MAX, 2);
  BlockStopSignals();
  try {
    return rollcall::RunAgentProgram(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "rollcall-agent: %s\n", e.what());
    return 1;
  }
}
