// Init scripts, of System V init and of OpenRC, and rc.local.
#ifndef ROLLCALL_COLLECTORS_SERVICES_INIT_SERVICES_H_
#define ROLLCALL_COLLECTORS_SERVICES_INIT_SERVICES_H_

#include "absl/status/status.h"
#include "collectors/services/service_scan.h"
#include "platform/systemd/unit_set.h"

namespace rollcall {

// Adds scripts of /etc/init.d with the runlevels whose folders link to them: rcN.d for System V,
// /etc/runlevels/NAME for OpenRC. A file in rcN.d that is no link is a script of its own. `units`
// are what systemd runs instead of a script of the same name. Cancelled if stopped.
absl::Status AddInitScripts(ServiceScan& scan, const UnitSet& units);

// Adds rc.local under its names, and OpenRC's /etc/local.d/*.start.
void AddLocalScripts(ServiceScan& scan);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SERVICES_INIT_SERVICES_H_
