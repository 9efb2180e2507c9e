// The load generator's command line.
#ifndef ROLLCALL_TESTS_BENCH_FLEET_FLEET_OPTIONS_H_
#define ROLLCALL_TESTS_BENCH_FLEET_FLEET_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace rollcall {

enum class FleetMode {
  // Hold sessions that have nothing to say but heartbeats.
  kIdle,
  // Cut all sessions in one instant and let them come back.
  kStorm,
  // First inventories as fast as they go.
  kIngest,
  // Changes, confirmations and lost connections, as in ordinary life.
  kMixed,
};

struct FleetOptions {
  FleetMode mode = FleetMode::kMixed;
  size_t agents = 100;
  uint32_t records = 1500;
  uint32_t images = 16;
  uint64_t seed = 1;
  // Either a program to start, or where a backend runs.
  std::string backend_binary;
  std::vector<std::string> backend_arguments;
  std::string target;
  // The backend's data folder: to keep of one that is started, to enrol in of one that runs.
  std::string data_dir;
  // Agents made elsewhere, instead.
  std::string agents_dir;
  std::string tenant = "fleetsim";
  std::string server_name = "localhost";
  int backend_pid = 0;

  absl::Duration ramp = absl::InfiniteDuration();  // by the number of agents
  absl::Duration spread = absl::ZeroDuration();
  absl::Duration duration = absl::InfiniteDuration();  // by the mode
  absl::Duration run_interval = absl::Minutes(1);
  absl::Duration reconnect_within = absl::ZeroDuration();
  absl::Duration max_backoff = absl::Minutes(5);
  absl::Duration phase_timeout = absl::Minutes(15);
  // Percent of a host's records from run to run, and of all agents in a minute.
  double churn_percent = 0.2;
  double disconnect_percent = 10;
  bool restart_backend = false;
  bool verify = true;
  bool json = false;
  bool quiet = false;
};

// Reads the command line. nullopt after --help, which is printed; InvalidArgument says what is wrong.
absl::StatusOr<std::optional<FleetOptions>> ParseFleetOptions(int argc, char** argv);

// `idle`, `storm`, `ingest` or `mixed`.
std::string FleetModeName(FleetMode mode);

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_BENCH_FLEET_FLEET_OPTIONS_H_
