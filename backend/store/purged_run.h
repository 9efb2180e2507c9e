// What a deletion makes of a unit's last run, for engines.
#ifndef ROLLCALL_BACKEND_STORE_PURGED_RUN_H_
#define ROLLCALL_BACKEND_STORE_PURGED_RUN_H_

#include "rollcall/v1/run.pb.h"

namespace rollcall {

// Current records of the unit were deleted. The run's problems and degradations, which may tell of the host what the
// records told, give way to one that says so, and a COMPLETE run becomes PARTIAL.
void NotePurge(rollcall::v1::RunResult* run);
// Whether the run is as NotePurge left it: no complete set came since.
bool WasPurged(const rollcall::v1::RunResult& run);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_PURGED_RUN_H_
