// rollcall-fleetsim: simulates a fleet of agents against a real backend.
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include "absl/synchronization/mutex.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "tests/bench/fleet/fleet_options.h"
#include "tests/bench/fleet/fleet_run.h"

namespace rollcall {
namespace {

constexpr int kExitGood = 0;
constexpr int kExitBad = 1;
constexpr int kExitUsage = 2;

std::atomic<bool> interrupted = false;

// The second signal ends the program at once.
void Interrupt(int signal) {
  interrupted = true;
  std::signal(signal, SIG_DFL);
}

int Run(int argc, char** argv) {
  const absl::StatusOr<std::optional<FleetOptions>> options = ParseFleetOptions(argc, argv);
  if (!options.ok()) {
    std::cerr << "rollcall-fleetsim: " << options.status().message() << "\nTry --help.\n";
    return kExitUsage;
  }
  if (!options->has_value()) return kExitGood;
  std::signal(SIGINT, Interrupt);
  std::signal(SIGTERM, Interrupt);
  const SystemClock clock;
  JsonLogger::Options log_options;
  log_options.min_level = LogLevel::kError;
  // Ten thousand agents can have one complaint.
  log_options.burst = 20;
  JsonLogger logger(WriteLinesToFd(STDERR_FILENO), &clock, log_options);
  FleetRun run(**options, &clock, &logger, &interrupted);
  const absl::StatusOr<const FleetReport*> report = run.Run();
  if (!report.ok()) {
    std::cerr << "rollcall-fleetsim: " << report.status().message() << '\n';
    return kExitBad;
  }
  std::cout << ((*options)->json ? ReportAsJson(**report) : ReportAsText(**report)) << std::flush;
  return (*report)->good() ? kExitGood : kExitBad;
}

}  // namespace
}  // namespace rollcall

int main(int argc, char** argv) {
  // As in the agent: Debian's Abseil looks for deadlocks at run time, and gRPC has many locks.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  ::setenv("GRPC_VERBOSITY", "NONE", 0);
  return rollcall::Run(argc, argv);
}
