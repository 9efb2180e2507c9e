// What kind of value a variable has, which says little of the value itself.
#ifndef ROLLCALL_COLLECTORS_ENVIRONMENT_VALUE_CLASS_H_
#define ROLLCALL_COLLECTORS_ENVIRONMENT_VALUE_CLASS_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "rollcall/v1/records/environment_variable.pb.h"

namespace rollcall {

// The first that fits of: empty, flag, secret-like by name or value, URL, number, path, text.
// Pure; linear.
rollcall::v1::EnvironmentVariable::ValueClass ValueClassOf(absl::string_view name, absl::string_view value);

// The least of 0, 8, 16, 32, ... that is not below `bytes`.
uint32_t LengthBucket(size_t bytes);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ENVIRONMENT_VALUE_CLASS_H_
