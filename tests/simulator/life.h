// Lets a tenant live through its history, and judges the engine day by day.
#ifndef ROLLCALL_TESTS_SIMULATOR_LIFE_H_
#define ROLLCALL_TESTS_SIMULATOR_LIFE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/simulator/bugs.h"
#include "tests/simulator/judge.h"

namespace rollcall::simulator {

struct LifeOptions {
  HistoryOptions history;
  Bug bug = Bug::kNone;
  double crash_percent = 2;
  // Ends with the first thing that is wrong.
  bool stop_at_first = true;
};

struct Life {
  Judged judged;
  Broken broken;
  TickReport engine;
  uint64_t ticks = 0;
  uint64_t days = 0;
  // Times a person had to look at a list that was longer than forecast.
  uint64_t looked_at = 0;
  std::vector<Violation> violations;
  // What happened until the first of them, or until the end.
  std::vector<std::string> diary;
};

// Deterministic. Errors are those of the parts when nothing was made to fail: the engine cannot go on.
absl::StatusOr<Life> LiveThrough(const LifeOptions& options);

}  // namespace rollcall::simulator

#endif  // ROLLCALL_TESTS_SIMULATOR_LIFE_H_
