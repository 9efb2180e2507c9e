// Variables that units of systemd set for what they start; systemd.exec(5), "Environment".
#ifndef ROLLCALL_COLLECTORS_ENVIRONMENT_UNIT_SOURCE_H_
#define ROLLCALL_COLLECTORS_ENVIRONMENT_UNIT_SOURCE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "collectors/environment/variable.h"
#include "collectors/environment/variable_groups.h"
#include "collectors/run_report.h"
#include "platform/clock.h"
#include "platform/file_tree.h"

namespace rollcall {

// The assignments in the values of `Environment=`, in order. Pure.
Variables ParseUnitEnvironment(absl::Span<const absl::string_view> values);

// The names in the values of `PassEnvironment=`, in order. Pure.
std::vector<std::string> UnitPassedNames(absl::Span<const absl::string_view> values);

// A path with the specifiers `%%`, `%n`, `%N`, `%p` and `%i` of systemd.unit(5) resolved for a
// unit of that name. Nothing if there are others, or an instance's in a template. Pure.
std::optional<std::string> ResolveUnitPath(absl::string_view path, absl::string_view unit);

// Reads the environment of all units that start programs into `groups`: what `PassEnvironment=`
// takes from the running systemd's own, `Environment=`, and the files that `EnvironmentFile=` names
// or matches, except where ResolveUnitPath() cannot tell. A variable of a file is the file's even
// if the unit sets it too, as for systemd. A file that is not there is no problem. Returns whether there are units at
// all. Cancelled if `stop` is requested; no other error.
absl::StatusOr<bool> ReadUnitEnvironments(const FileTree& files, const StopToken& stop, RunReport& report,
                                          VariableGroups* groups);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ENVIRONMENT_UNIT_SOURCE_H_
