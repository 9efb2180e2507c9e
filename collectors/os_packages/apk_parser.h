// The database of apk, Alpine's package manager: text, one letter per field; apk-package(5) and
// src/database.c of apk-tools.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_APK_PARSER_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_APK_PARSER_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "collectors/os_packages/package_parse.h"

namespace rollcall {

// Reads all packages of `installed`. Lines may be of any length. What has damage but a name is
// kept with what is readable. Keeps `max_packages`. Pure; linear in the size of `text`.
PackageParse ParseApkInstalled(absl::string_view text, size_t max_packages);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_APK_PARSER_H_
