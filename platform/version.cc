#include "platform/version.h"

namespace rollcall {

absl::string_view Version() { return ROLLCALL_VERSION; }

}  // namespace rollcall
