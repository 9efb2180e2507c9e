// /sys/module: loaded modules and what is built in, one folder each; the kernel's
// Documentation/ABI/testing/sysfs-module.
#ifndef ROLLCALL_COLLECTORS_KERNEL_MODULES_SYSFS_MODULES_H_
#define ROLLCALL_COLLECTORS_KERNEL_MODULES_SYSFS_MODULES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/clock.h"
#include "platform/file_tree.h"
#include "rollcall/v1/records/kernel_module.pb.h"

namespace rollcall {

struct SysfsModule {
  // Loaded, not built in: only such have a state here.
  bool loadable = false;
  rollcall::v1::KernelModule::State state = rollcall::v1::KernelModule::STATE_UNSPECIFIED;
  std::optional<uint64_t> size_bytes;
  std::optional<uint32_t> refcount;
  std::string taint_letters;
  std::string version;
  std::string srcversion;
  // Names of modules that hold this one, sorted.
  std::vector<std::string> holders;
  // By name.
  std::vector<rollcall::v1::ModuleParameter> parameters;
};

struct SysfsModules {
  // By name, as the kernel spells it.
  std::map<std::string, SysfsModule> modules;
  // Path and what was wrong there: modules that could not be read.
  std::vector<std::pair<std::string, absl::Status>> problems;
  // A parameter that someone may read was refused to us.
  std::optional<std::pair<std::string, absl::Status>> refused_parameter;
};

// Reads all of /sys/module. A module that goes while it is read is left out. Fails if the
// folder cannot be listed, and with Cancelled.
absl::StatusOr<SysfsModules> ReadSysfsModules(const FileTree& files, const StopToken& stop);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_KERNEL_MODULES_SYSFS_MODULES_H_
