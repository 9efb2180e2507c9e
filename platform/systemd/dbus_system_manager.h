// SystemManager over the system message bus.
#ifndef ROLLCALL_PLATFORM_SYSTEMD_DBUS_SYSTEM_MANAGER_H_
#define ROLLCALL_PLATFORM_SYSTEMD_DBUS_SYSTEM_MANAGER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/systemd/system_manager.h"

namespace rollcall {

// Asks org.freedesktop.systemd1 on the bus whose socket is /run/dbus/system_bus_socket below
// `root`, a directory of the running process; no link on the way is followed, so that it is that
// tree's socket. Each call connects anew: the bus may have been started since. Needs no
// privileges where the bus has its usual policy. Never starts the service it asks, and never
// exits with the bus. Waits in real time, whatever clock its caller lives by.
std::unique_ptr<SystemManager> NewDbusSystemManager(absl::string_view root);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_SYSTEMD_DBUS_SYSTEM_MANAGER_H_
