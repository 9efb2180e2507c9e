// A host that does not exist, with records of every kind.
#ifndef ROLLCALL_CLI_TESTING_MADE_UP_HOST_H_
#define ROLLCALL_CLI_TESTING_MADE_UP_HOST_H_

#include "absl/time/time.h"
#include "cli/testing/fake_backend.h"

namespace rollcall {

// 2026-11-26 12:00 UTC, when its records are looked at.
inline const absl::Time kMadeUpNow = absl::FromUnixSeconds(1795694400);

// Adds `web-1`, and `agent-new`, which never reported. Kinds this program does not have are left out.
void AddMadeUpHost(FakeBackend* backend);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_TESTING_MADE_UP_HOST_H_
