// Ids and certificates of the simulated agents.
#ifndef ROLLCALL_TESTS_BENCH_FLEET_FLEET_IDENTITIES_H_
#define ROLLCALL_TESTS_BENCH_FLEET_FLEET_IDENTITIES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/fleet/fleet_agent.h"

namespace rollcall {

struct FleetIdentities {
  std::string ca_pem;
  std::vector<AgentIdentity> agents;
};

// Issues `count` certificates from the authority in `data_dir`/pki, on all cores and in memory, and
// enrols their agents in its database, where a backend may be at work. The ids follow from `seed`, so
// the agents of one seed are the same in every run. Takes some milliseconds per agent.
absl::StatusOr<FleetIdentities> EnrolFleet(const std::string& data_dir, const std::string& tenant, uint64_t seed,
                                           size_t count, absl::Time now);

// Reads `count` agents from a folder that `rollcall-backend init --agents` made: FOLDER/ID/agent.crt,
// agent.key and ca.crt. NotFound if there are fewer.
absl::StatusOr<FleetIdentities> ReadFleet(const std::string& folder, size_t count);

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_BENCH_FLEET_FLEET_IDENTITIES_H_
