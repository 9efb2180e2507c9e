// Package URLs, https://github.com/package-url/purl-spec.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_PACKAGE_URL_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_PACKAGE_URL_H_

#include <string>

#include "absl/strings/string_view.h"
#include "collectors/os_packages/distribution.h"

namespace rollcall {

// `pkg:TYPE/ID/NAME@VERSION?arch=ARCH&distro=ID-VERSION`, percent-encoded; parts without a
// value are left out. `type` is `deb`, `rpm`, ... Pure.
std::string PackageUrl(absl::string_view type, const Distribution& distribution, absl::string_view name,
                       absl::string_view version, absl::string_view architecture);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_PACKAGE_URL_H_
