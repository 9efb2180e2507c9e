// The agent's own files: configuration, certificates and state. Not the host's, which are
// read through a FileTree.
#ifndef ROLLCALL_AGENT_IDENTITY_LOCAL_FILE_H_
#define ROLLCALL_AGENT_IDENTITY_LOCAL_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// The whole file; ResourceExhausted if it is larger than `limit` bytes.
absl::StatusOr<std::string> ReadLocalFile(const std::string& path, size_t limit);

// Replaces the file, so that after a crash or power loss either the old or the new content is
// there: writes beside it, syncs, renames, syncs the directory. Mode 0600.
absl::Status WriteLocalFileDurably(const std::string& path, absl::string_view bytes);

// Makes the directory (not its parents) with mode 0700, or takes it as it is if it belongs to
// this user; PermissionDenied if others may write to it.
absl::Status EnsurePrivateDirectory(const std::string& path);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_IDENTITY_LOCAL_FILE_H_
