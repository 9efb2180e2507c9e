#include "agent/live_host.h"

#include <fcntl.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/fd_io.h"
#include "platform/host_root.h"
#include "platform/netlink_kernel_sockets.h"
#include "platform/scoped_fd.h"
#include "platform/systemd/dbus_system_manager.h"

namespace rollcall {

absl::StatusOr<LiveHost> OpenHost(const std::string& root) {
  absl::StatusOr<std::unique_ptr<HostRoot>> files = HostRoot::Create(root);
  if (!files.ok()) return files.status();
  LiveHost host;
  host.files = *std::move(files);
  const std::string procfs = absl::StrCat(absl::StripSuffix(root, "/"), "/proc");
  const ScopedFd proc(open(procfs.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (proc.valid() && IsOnProcfs(proc.get())) {
    host.sockets = NewNetlinkKernelSockets(procfs);
    host.system_manager = NewDbusSystemManager(root);
  }
  return host;
}

}  // namespace rollcall
