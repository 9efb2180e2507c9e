// Files with secrets in them: made for their owner only, and refused if others can get at them.
#ifndef ROLLCALL_BACKEND_KEYS_PRIVATE_FILE_H_
#define ROLLCALL_BACKEND_KEYS_PRIVATE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Writes a new file with mode 0600 and syncs it and its folder. AlreadyExists if there is one: a secret is
// never replaced by accident.
absl::Status CreatePrivateFile(const std::string& path, absl::string_view contents);

// Reads a file of at most 64 KiB. NotFound if there is none; PermissionDenied if it is no regular file (a link
// is none), belongs to somebody else, or its mode lets group or others do anything.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& path);

// Overwrites the file with zeros, syncs, removes it and syncs the folder. NotFound if there is none. What the
// filesystem or the disk keeps of the old blocks is beyond it.
absl::Status ErasePrivateFile(const std::string& path);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_KEYS_PRIVATE_FILE_H_
