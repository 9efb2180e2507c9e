// Variables of running processes.
#ifndef ROLLCALL_COLLECTORS_ENVIRONMENT_PROCESS_SOURCE_H_
#define ROLLCALL_COLLECTORS_ENVIRONMENT_PROCESS_SOURCE_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collectors/environment/variable_groups.h"
#include "collectors/run_report.h"
#include "platform/clock.h"
#include "platform/file_tree.h"

namespace rollcall {

// Processes younger than this are left out: they come and go, and what they have is their
// parent's.
inline constexpr absl::Duration kMinProcessAge = absl::Seconds(60);

// Bytes read of one environment.
inline constexpr size_t kMaxEnvironBytes = size_t{1} << 20;

// Variables kept of one process. No program needs so many; one that has them could otherwise
// crowd out those of all others.
inline constexpr size_t kMaxProcessVariables = 1'000;

// Reads the environment of every process but threads of the kernel, young ones and zombies into
// `groups`: for a process in a container the container is the owner, for any other its
// executable. A process that ends meanwhile is nothing; those that are refused are one problem, or a
// degradation if they are although the agent has CAP_SYS_PTRACE; those of which only a part is read or
// kept are a problem. Returns how many were read. NotFound if there
// are no processes to see; Cancelled if `stop` is requested, which is asked before each of them;
// DataLoss if the time of boot cannot be read.
absl::StatusOr<size_t> ReadProcessEnvironments(const FileTree& files, absl::Time now, const StopToken& stop,
                                               RunReport& report, VariableGroups* groups);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ENVIRONMENT_PROCESS_SOURCE_H_
