// A run of the load generator, phase by phase.
#ifndef ROLLCALL_TESTS_BENCH_FLEET_FLEET_RUN_H_
#define ROLLCALL_TESTS_BENCH_FLEET_FLEET_RUN_H_

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "tests/bench/fleet/fleet_agent.h"
#include "tests/bench/fleet/fleet_identities.h"
#include "tests/bench/fleet/fleet_options.h"
#include "tests/bench/fleet/fleet_report.h"
#include "tests/bench/fleet/fleet_scheduler.h"
#include "tests/bench/fleet/own_backend.h"
#include "tests/bench/fleet/process_usage.h"

namespace rollcall {

// Sets up agents and, if asked to, a backend, and takes them through a mode's phases. Used by one
// thread.
class FleetRun {
 public:
  // `interrupted` becoming true ends the current phase and the run; what was measured is reported.
  FleetRun(const FleetOptions& options, const Clock* clock, Logger* logger, const std::atomic<bool>* interrupted);
  ~FleetRun();

  // Errors are of the set-up; what goes wrong with the load is in the report, which lives with this.
  absl::StatusOr<const FleetReport*> Run();

 private:
  using Condition = std::function<bool()>;

  absl::Status SetUp();
  absl::Status PrepareHosts();
  void MakeAgents(FleetIdentities fleet);
  void RunPhases();
  void Connect();
  void TakeInventories();
  absl::Status Storm();
  // Ends all sessions in one instant.
  absl::Status BreakAll();
  void LiveOn();
  void Verify();
  void Finish();

  // Goes on until `done`, or `limit` has passed, which counts as giving up unless `is_end`.
  void Phase(const std::string& name, absl::Duration limit, bool is_end, const Condition& done);
  // Now, of everything a phase counts.
  PhaseReport Totals() const;
  void ShowProgress(const std::string& phase, absl::Duration elapsed, const PhaseReport& now, bool last);
  bool settled() const;
  bool all_greeted() const;
  pid_t backend_pid() const;
  double Random() { return static_cast<double>(random_.Next() >> 11) * 0x1p-53; }

  const FleetOptions options_;
  const Clock* const clock_;
  Logger* const logger_;
  const std::atomic<bool>* const interrupted_;
  const bool is_terminal_;
  WordSource random_;
  std::optional<TempFolder> temporary_;
  std::unique_ptr<OwnBackend> backend_;
  FleetStats stats_;
  FleetReport report_;
  HostModel model_;
  UnitRuns runs_;
  FleetContext context_;
  std::optional<WireCounter> wire_;
  std::vector<std::unique_ptr<FleetAgent>> agents_;
  std::unique_ptr<FleetScheduler> scheduler_;
  absl::Duration next_progress_;
  // For rates between two lines of progress.
  std::pair<absl::Duration, PhaseReport> shown_;
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_BENCH_FLEET_FLEET_RUN_H_
