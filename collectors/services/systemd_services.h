// Units of systemd as records.
#ifndef ROLLCALL_COLLECTORS_SERVICES_SYSTEMD_SERVICES_H_
#define ROLLCALL_COLLECTORS_SERVICES_SYSTEMD_SERVICES_H_

#include "absl/status/status.h"
#include "collectors/services/service_scan.h"
#include "platform/systemd/system_manager.h"
#include "platform/systemd/unit_set.h"

namespace rollcall {

// Adds the services, sockets, paths and timers there are by their files, and what `manager`
// (nullptr: nobody to ask) says of their state. Which records there are never depends on whether
// systemd answers. `units` is what was read, for others to compare with. Cancelled if stopped.
absl::Status AddSystemdServices(ServiceScan& scan, const SystemManager* manager, UnitSet* units);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SERVICES_SYSTEMD_SERVICES_H_
