// Text that describes the hardware. Pure functions over bytes.
#ifndef ROLLCALL_COLLECTORS_HOST_HARDWARE_PARSER_H_
#define ROLLCALL_COLLECTORS_HOST_HARDWARE_PARSER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace rollcall {

// What /proc/cpuinfo says. Its format is each architecture's own.
struct CpuInfo {
  std::string model;
  // 0 where the file does not say (ARM).
  uint32_t sockets = 0;
  uint32_t cores = 0;
  // Online logical CPUs.
  uint32_t threads = 0;
  // The x86 flag that a hypervisor sets.
  bool hypervisor = false;
  // As `uname -m`, as far as the file tells it: `x86_64`, `aarch64`; else empty.
  std::string architecture;
};

CpuInfo ParseCpuInfo(absl::string_view text);

// MemTotal of /proc/meminfo in bytes; 0 if there is none.
uint64_t ParseMemoryTotal(absl::string_view text);

struct DmiStrings {
  std::string vendor;
  std::string product;
  std::string bios_vendor;
};

// The hypervisor that the firmware names, as systemd-detect-virt(1) spells it: `kvm`, `qemu`,
// `vmware`, `oracle`, `microsoft`, `xen`, `amazon`, `google`, …; empty for none.
std::string VirtualizationOfDmi(const DmiStrings& dmi);

// Empty for the texts that manufacturers leave behind, such as `To Be Filled By O.E.M.`:
// many machines share them, so they identify none.
std::string CleanDmi(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_HOST_HARDWARE_PARSER_H_
