// What a record says of a process that owns a socket.
#ifndef ROLLCALL_COLLECTORS_PORTS_OWNER_DETAILS_H_
#define ROLLCALL_COLLECTORS_PORTS_OWNER_DETAILS_H_

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "collectors/ports/process_table.h"
#include "platform/file_tree.h"
#include "platform/passwd.h"
#include "platform/procfs.h"
#include "rollcall/v1/records/listening_port.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// Describes owners, run by run. Not thread-safe.
class OwnerDetails {
 public:
  // `files` outlives this object.
  explicit OwnerDetails(const FileTree& files) : files_(files), procfs_(&files) {}

  // Reads what holds for all processes and forgets names of the run before.
  void BeginRun();

  // What can be read of the process; the rest stays empty.
  pb::PortOwner Describe(const ProcessEntry& process);

 private:
  std::string UserName(const ProcessDirectory& process, uint32_t pid, uint32_t uid);

  const FileTree& files_;
  const Procfs procfs_;
  std::string boot_id_;
  std::optional<absl::Time> boot_time_;
  // By mount namespace and root directory.
  std::map<std::pair<uint64_t, std::string>, AccountNames> names_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PORTS_OWNER_DETAILS_H_
