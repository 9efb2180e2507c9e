// Which distribution the packages belong to; part of their package URLs.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_DISTRIBUTION_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_DISTRIBUTION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/file_tree.h"

namespace rollcall {

struct Distribution {
  // ID of os-release(5), such as `debian`; `linux` where it gives none.
  std::string id = "linux";
  // VERSION_ID, else VERSION_CODENAME (Debian sid has only that), else empty.
  std::string version;

  friend bool operator==(const Distribution&, const Distribution&) = default;
};

// Reads the text of os-release(5). Lines that are no assignments are passed over. Pure.
Distribution ParseDistribution(absl::string_view os_release);

// Reads the text of /etc/apk/repositories: `alpine` and the release that a repository's address
// names, such as `3.19` or `edge`. The default if none does. Pure.
Distribution ParseApkRepositories(absl::string_view repositories);

// From /etc/os-release, else /usr/lib/os-release. Neither there: the default. An error
// if one is there and cannot be read.
absl::StatusOr<Distribution> ReadDistribution(const FileTree& files);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_DISTRIBUTION_H_
