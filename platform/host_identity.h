// Which machine this is.
#ifndef ROLLCALL_PLATFORM_HOST_IDENTITY_H_
#define ROLLCALL_PLATFORM_HOST_IDENTITY_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/file_tree.h"

namespace rollcall {

struct HostIdentity {
  // Never empty when made by IdentifyHost with a kept id.
  std::string id;
  // `cloud`, `machine-id` or `generated`.
  std::string source;
  // Id of the machine whose disk was copied to this one; empty if none was, as far as is known.
  // IdentifyHost cannot tell.
  std::string clone_of = "";
};

// The machine id of systemd or D-Bus: 32 lowercase hex digits. Empty if there is none or it is
// a placeholder (`uninitialized`, all zeros).
std::string ReadMachineId(const FileTree& tree);

// The cloud's instance id, unless `cloud_facts` says not to look for one, else the machine id,
// else `kept_id`. Depends on no DMI, which many machines do not have or fill with the same text.
// Clones of one disk share this id: whoever remembers a machine's hardware tells them apart.
HostIdentity IdentifyHost(const FileTree& tree, absl::string_view kept_id, bool cloud_facts = true);

// The id kept in the file at `path` of the running process, which `generate` makes when there
// is none; a file that holds no id is an error, not a reason to become another host. Written
// durably before it is returned. `path`'s directory must exist.
absl::StatusOr<std::string> LoadOrCreateKeptId(const std::string& path,
                                               const std::function<absl::StatusOr<std::string>()>& generate);

// A random UUID (version 4) from the kernel.
absl::StatusOr<std::string> GenerateUuid();

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_HOST_IDENTITY_H_
