// Package URLs, https://github.com/package-url/purl-spec.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_PACKAGE_URL_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_PACKAGE_URL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "collectors/os_packages/distribution.h"

namespace rollcall {

// `pkg:TYPE/ID/NAME@VERSION?arch=ARCH&distro=ID-VERSION&epoch=EPOCH`, percent-encoded; parts
// without a value are left out. `type` is `deb`, `rpm`, `apk`, `alpm` or `opkg`. Only `rpm` has
// its epoch apart from the version, and `alpm`, of distributions without releases, has no
// `distro`. Pure.
std::string PackageUrl(absl::string_view type, const Distribution& distribution, absl::string_view name,
                       absl::string_view version, absl::string_view architecture,
                       std::optional<uint32_t> epoch = std::nullopt);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_PACKAGE_URL_H_
