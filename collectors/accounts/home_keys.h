// The authorized keys of accounts, read from their home directories and kept between runs.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_HOME_KEYS_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_HOME_KEYS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collectors/accounts/authorized_keys.h"
#include "platform/file_tree.h"

namespace rollcall {

// Keys kept of one account.
inline constexpr size_t kMaxKeysPerAccount = 256;

// Which paths are, or lead through, a filesystem that may wait for a server (MayWaitForServer). Reading there may hang,
// and would mount every home of an automounter.
class RemoteMounts {
 public:
  RemoteMounts() = default;
  // Of the text of a mountinfo file.
  explicit RemoteMounts(absl::string_view mount_info);

  // Type of the filesystem that may wait, else empty; that of `/` does not count, on which the agent is itself. Links
  // in the path are not followed.
  absl::string_view TypeOf(absl::string_view path) const;

 private:
  // Type by mount point; empty for local ones.
  std::map<std::string, std::string, std::less<>> points_;
};

// One instance for many runs.
class HomeKeys {
 public:
  // The keys in a file; the file is parsed again only if it changed. Valid until the next Read of the path or EndRun.
  absl::StatusOr<const KeyFile*> Read(const FileTree& files, const std::string& path);

  // Forgets the files that were not read since the last call.
  void EndRun();

 private:
  struct Known {
    FileInfo info;
    KeyFile keys;
    bool used = false;
  };
  std::map<std::string, Known> known_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_HOME_KEYS_H_
