#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/processes/cgroup_names.h"
#include "platform/proc_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  for (const rollcall::CgroupMembership& membership : rollcall::ParseCgroup(text).memberships) {
    const rollcall::CgroupNames names = rollcall::ParseCgroupNames(membership.path);
    if (names.container_id.size() > 255 || names.systemd_unit.size() > 255) std::abort();
    if (!names.pod_uid.empty() && names.pod_uid.size() != 36 && names.pod_uid.size() != 32) std::abort();
  }
  return 0;
}
