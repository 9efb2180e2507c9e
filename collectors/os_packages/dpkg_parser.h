// dpkg's status file: stanzas as in deb-control(5), one per package. opkg, of OpenWrt and other
// embedded systems, has the same form with fields of its own.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_DPKG_PARSER_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_DPKG_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "rollcall/v1/records/os_package.pb.h"

namespace rollcall {

struct DpkgPackage {
  // All but purl, install_time, database_path and presence.
  rollcall::v1::OsPackage record;
  // dpkg considers it on disk: the state is neither `not-installed` nor `config-files`.
  bool on_disk = false;
  // `Multi-Arch: same`: its files in /var/lib/dpkg/info are named NAME:ARCH.
  bool multi_arch_same = false;
};

struct DpkgParse {
  // In file order; also those not on disk, which later files may supersede.
  std::vector<DpkgPackage> packages;
  // What was wrong, naming the line; the first kMaxDpkgProblems of `problem_count`.
  std::vector<absl::Status> problems;
  uint64_t problem_count = 0;
  // Stanzas that name a package; more than `packages` holds if there were too many.
  uint64_t observed = 0;
};

inline constexpr size_t kMaxDpkgProblems = 100;

// Which program wrote a file.
enum class StanzaDialect {
  // dpkg's `status` and its journal.
  kDpkgStatus,
  // A file in `status.d` of distroless images: without Status, the package is installed.
  kDpkgStatusD,
  // opkg's `status`. The second word of Status has more values; Installed-Size is in bytes;
  // Installed-Time is there.
  kOpkgStatus,
  // A control file of an installed opkg package: no Status; License and Source are there.
  kOpkgControl,
};

// Reads all stanzas of `text`. A stanza with damage is reported and, if it still names the
// package, kept with what is readable. At most `max_packages` are kept. Accepts CRLF. Pure;
// time and memory are linear in the size of `text`.
DpkgParse ParseDpkgStatus(absl::string_view text, StanzaDialect dialect, size_t max_packages);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_DPKG_PARSER_H_
