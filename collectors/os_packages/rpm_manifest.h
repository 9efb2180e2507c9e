// The list of packages in Azure Linux (CBL-Mariner) images that have no rpm and no database,
// /var/lib/rpmmanifest/container-manifest-2.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_MANIFEST_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_MANIFEST_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "collectors/os_packages/package_parse.h"

namespace rollcall {

// Reads one package per line, of ten fields between tabs: NAME, VERSION-RELEASE, INSTALLTIME,
// BUILDTIME, VENDOR, EPOCH, SIZE, ARCH, EPOCHNUM, SOURCERPM; `(none)` is no value. The last line
// need not end. Lines with another number of fields, or without a name, are problems. Keeps
// `max_packages`. Pure; linear in the size of `text`.
PackageParse ParseRpmManifest(absl::string_view text, size_t max_packages);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_MANIFEST_H_
