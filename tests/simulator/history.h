// What happens to a tenant in some years: made up from a seed, before anything is run.
#ifndef ROLLCALL_TESTS_SIMULATOR_HISTORY_H_
#define ROLLCALL_TESTS_SIMULATOR_HISTORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulator/dice.h"
#include "tests/simulator/oracle.h"

namespace rollcall::simulator {

inline constexpr char kFirstService[] = "cvm:1";
inline constexpr char kSecondService[] = "ecm:2";

// One agent and what it looks after. The one of the console has the tenant's settings.
struct AgentOfHistory {
  std::string id;
  DataKind kind = DataKind::kAssets;
  std::string service;
  // Finds everything there is with each run, so that the same records are seen again.
  bool finds_all = false;
};
const std::vector<AgentOfHistory>& Agents();

struct Incident {
  enum Kind {
    // Records an agent found: `names`, on `day`. Late if that was before today.
    kFound,
    kHostGone,
    // What the oracle and the tenant's lifecycle are told; `happening`.
    kHappening,
    // A copy of the store is put by; the copy takes the place of the store.
    kCopyTaken,
    kCopyComesBack,
    // For `days`.
    kEngineOff,
    // For one tick.
    kClockAhead,
    kClockAlone,
    // The next `days` writes of the archive go wrong.
    kArchiveGarbles,
  };
  Kind kind = kFound;
  Second at = 0;
  size_t agent = 0;
  std::vector<std::string> names;
  Day day = 0;
  int64_t days = 0;
  Happening happening;
  // Of an end: it moves one that is announced.
  bool moves = false;
};
// A line of the tenant's diary.
std::string TextOf(const Incident& incident);

struct HistoryOptions {
  uint64_t seed = 1;
  int tenant = 0;
  double years = 3;
  // See Judge.
  bool with_copies = true;
};

struct History {
  Day first_day = 0;
  // From then on the tenant has ended, and nothing holds its data any more.
  Day ended_on = 0;
  // When nothing may be left.
  Day last_day = 0;
  std::vector<Incident> incidents;
};

// Pure: the same options give the same history.
History MakeHistory(const HistoryOptions& options);

}  // namespace rollcall::simulator

#endif  // ROLLCALL_TESTS_SIMULATOR_HISTORY_H_
