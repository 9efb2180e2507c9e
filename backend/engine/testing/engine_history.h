// A tenant's whole history, to be lived through with something going wrong.
#ifndef ROLLCALL_BACKEND_ENGINE_TESTING_ENGINE_HISTORY_H_
#define ROLLCALL_BACKEND_ENGINE_TESTING_ENGINE_HISTORY_H_

#include <functional>
#include <string>
#include <vector>

#include "backend/engine/testing/engine_world.h"

namespace rollcall {

struct HistoryDay {
  absl::CivilDay day;
  // What people and agents do, before the engine looks. False if it did not work.
  std::function<bool(EngineWorld*)> what;
};

// Ends, late rows, a request for a part, a return, another end, deletions, rows after the deletion.
const std::vector<HistoryDay>& History();

// What goes wrong while the engine works.
struct Disturbance {
  std::function<void(EngineWorld*)> arm = [](EngineWorld*) {};
  // Ends it. True if the process was gone: the world is closed then.
  std::function<bool(EngineWorld*)> disarm = [](EngineWorld*) { return false; };
};

// Opens the world and lives through the history; the picture of each day's end. Where the process was gone everything
// is opened again on the same day. Nothing early, nothing lost and nothing left is what equal pictures mean.
std::vector<std::string> Live(EngineWorld* world, const Disturbance& disturbance);

// The pictures without a disturbance. Worked out once; if a CrashingVfs lives then, in it.
const std::vector<std::string>& Undisturbed();

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_TESTING_ENGINE_HISTORY_H_
