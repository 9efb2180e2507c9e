// What must hold of every parser of variables, whatever it is given.
#ifndef ROLLCALL_COLLECTORS_ENVIRONMENT_ENVIRONMENT_FUZZER_BODY_H_
#define ROLLCALL_COLLECTORS_ENVIRONMENT_ENVIRONMENT_FUZZER_BODY_H_

#include <cstdlib>
#include <optional>

#include "collectors/environment/variable.h"
#include "collectors/environment/variable_groups.h"

namespace rollcall {

inline void CheckVariables(const Variables& variables) {
  if (variables.variables.size() > kMaxVariables) std::abort();
  for (const Variable& variable : variables.variables) {
    if (!IsVariableName(variable.name)) std::abort();
  }
  VariableGroups groups;
  groups.AddSettings(rollcall::v1::EnvironmentVariable::SYSTEM_FILE, "/etc/environment", "/etc/environment",
                     variables.variables);
  groups.AddProcess(rollcall::v1::EnvironmentVariable::PROCESS, "/usr/bin/x", variables.variables);
  while (const std::optional<rollcall::v1::EnvironmentVariable> record = groups.TakeRecord()) {
    rollcall::v1::EnvironmentVariable decoded;
    if (!decoded.ParseFromString(record->SerializeAsString())) std::abort();
    if (!record->value().empty() && record->distinct_values() == 0) std::abort();
  }
}

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ENVIRONMENT_ENVIRONMENT_FUZZER_BODY_H_
