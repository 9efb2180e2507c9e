// Text that describes the operating system. Pure functions over bytes.
#ifndef ROLLCALL_COLLECTORS_HOST_SYSTEM_PARSER_H_
#define ROLLCALL_COLLECTORS_HOST_SYSTEM_PARSER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "rollcall/v1/record.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// os-release(5). Lines that are no assignments are passed over. ID is `linux` where the file
// gives none, as the page says.
pb::OperatingSystem ParseOsRelease(absl::string_view text);

// The fully qualified name that /etc/hosts gives to `hostname`; `hostname` itself if it has a
// dot; empty for none.
std::string FindFqdn(absl::string_view hosts, absl::string_view hostname);

// The zone that the target of /etc/localtime names, such as `Europe/Berlin`; empty if it is not
// a file of a zoneinfo directory.
std::string TimezoneOfLink(absl::string_view target);

// Orders kernel releases as people do: numbers by value, `-rc` before its release. Negative,
// zero or positive.
int CompareKernelReleases(absl::string_view a, absl::string_view b);

// What follows the numbers: `amd64`, `cloud-amd64`, `generic`; empty for RHEL's plain kernels,
// `debug` for `…x86_64+debug`. A newer kernel of another flavour is not an update.
std::string KernelFlavour(absl::string_view release);

// The newest of `releases` with the flavour of `running`, or of any flavour if `running` is
// empty. Empty for none.
std::string NewestKernel(const std::vector<std::string>& releases, absl::string_view running);

// The release in the name of a kernel image (`vmlinuz-6.1.0-18-amd64`); empty for rescue
// images, backups and other files.
std::string ReleaseOfImage(absl::string_view file_name);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_HOST_SYSTEM_PARSER_H_
