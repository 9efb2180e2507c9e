// Variables of files that give an environment to logins and shells.
#ifndef ROLLCALL_COLLECTORS_ENVIRONMENT_FILE_SOURCE_H_
#define ROLLCALL_COLLECTORS_ENVIRONMENT_FILE_SOURCE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "collectors/environment/variable.h"
#include "collectors/environment/variable_groups.h"
#include "collectors/run_report.h"
#include "platform/clock.h"
#include "platform/file_tree.h"

namespace rollcall {

// Largest such file; what is beyond is not read, and a problem.
inline constexpr size_t kMaxEnvironmentFileBytes = size_t{1} << 20;

// Reads every file of the system that is there into `groups`: those of PAM, of systemd's
// environment.d, and start-up files of shells. Files that cannot be read are problems, entries
// that are left out degradations. Returns how many files were read. Cancelled if `stop` is
// requested; no other error.
absl::StatusOr<size_t> ReadEnvironmentFiles(const FileTree& files, const StopToken& stop, RunReport& report,
                                            VariableGroups* groups);

// Reads one file with a parser of this folder. NotFound if it is not there, and no report of
// that; other failures are reported too. What is left out is reported.
absl::StatusOr<Variables> ReadVariables(const FileTree& files, const std::string& path,
                                        Variables (*parse)(absl::string_view text), RunReport& report);

// Degrades the run by what a parser left out of `path`. Says how much it was, never what.
void ReportLeftOut(absl::string_view path, uint64_t left_out, RunReport& report);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ENVIRONMENT_FILE_SOURCE_H_
