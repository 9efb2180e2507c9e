// What a retraction makes of a unit's last run, for engines.
#ifndef ROLLCALL_BACKEND_STORE_RETRACTED_RUN_H_
#define ROLLCALL_BACKEND_STORE_RETRACTED_RUN_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "rollcall/v1/run.pb.h"

namespace rollcall {

// Puts first among the run's problems that `records` records of `collector_version` were retracted, and makes
// a COMPLETE run PARTIAL: the records that are left are not all there is.
void NoteRetraction(absl::string_view collector_version, uint64_t records, rollcall::v1::RunResult* run);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_RETRACTED_RUN_H_
