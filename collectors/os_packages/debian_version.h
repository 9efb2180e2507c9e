// Version numbers of Debian packages, deb-version(7).
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_DEBIAN_VERSION_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_DEBIAN_VERSION_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace rollcall {

// Views into the version that was split.
struct DebianVersion {
  std::optional<uint32_t> epoch;
  absl::string_view upstream;
  // Debian revision; empty for native packages.
  absl::string_view revision;
};

// Splits `[EPOCH:]UPSTREAM[-REVISION]`: the epoch ends at the first colon, the revision
// begins after the last hyphen. What stands before a colon and is no number belongs to the
// upstream version. Pure.
DebianVersion SplitDebianVersion(absl::string_view version);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_DEBIAN_VERSION_H_
