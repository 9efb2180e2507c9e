// Headers of RPM packages as all three of rpm's databases keep them: rpm's "header format",
// documented in docs/manual/format_v4.md of its sources, without the magic of package files.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_HEADER_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_HEADER_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rollcall/v1/records/os_package.pb.h"

namespace rollcall {

// Largest header that is read. The kernel's sources, with 90,000 files, have 17 MB.
inline constexpr size_t kMaxRpmHeaderBytes = size_t{32} << 20;

struct RpmPackage {
  // All but purl, database_path and presence.
  rollcall::v1::OsPackage record;
  // A signing key that rpm keeps like a package, named `gpg-pubkey`.
  bool is_signing_key = false;
  // What of the header could not be read; the record holds the rest.
  absl::Status damage;
};

// Reads one header. InvalidArgument if it is not one or names no package. Pure; time is linear
// in the size of `blob`, and nothing of it but the fields wanted is copied.
absl::StatusOr<RpmPackage> ParseRpmHeader(absl::string_view blob);

// `[EPOCH:]VERSION-RELEASE` of a package into version, epoch, upstream_version and release.
// `epoch` is empty if there is none. False if it is no number.
bool SetRpmVersion(absl::string_view epoch, absl::string_view version, absl::string_view release,
                   rollcall::v1::OsPackage* record);

// `NAME-VERSION-RELEASE.src.rpm` (or `.nosrc.rpm`) into source_name and source_version; nothing
// if it is of another form, such as `(none)`.
void SetRpmSource(absl::string_view source_rpm, rollcall::v1::OsPackage* record);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_HEADER_H_
