// The spool's files in a directory of this machine.
#ifndef ROLLCALL_AGENT_SPOOL_SYSTEM_SPOOL_FILES_H_
#define ROLLCALL_AGENT_SPOOL_SYSTEM_SPOOL_FILES_H_

#include <memory>
#include <string>

#include "agent/spool/spool_files.h"

namespace rollcall {

// Opens `directory`, creating it with mode 0700 if its parent exists. It must be a directory,
// not a link to one, and belong to the caller; permissions for others are taken away.
// Files are created with mode 0600, close-on-exec, and links are never followed.
absl::StatusOr<std::unique_ptr<SpoolFiles>> OpenSystemSpoolFiles(const std::string& directory);

// The same for looking on, while an agent uses the spool or not: creates, locks and changes nothing, and
// says PermissionDenied where it would have to. NotFound if there is no such directory.
absl::StatusOr<std::unique_ptr<SpoolFiles>> OpenSystemSpoolFilesForReading(const std::string& directory);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_SYSTEM_SPOOL_FILES_H_
