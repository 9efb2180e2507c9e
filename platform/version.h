// The version of this build.
#ifndef ROLLCALL_PLATFORM_VERSION_H_
#define ROLLCALL_PLATFORM_VERSION_H_

#include "absl/strings/string_view.h"

namespace rollcall {

// Such as `0.1.0`; from project() in CMakeLists.txt.
absl::string_view Version();

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_VERSION_H_
