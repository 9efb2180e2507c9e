// A `desc` file in the database of pacman, Arch Linux's package manager; lib/libalpm/be_local.c
// of pacman.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_PACMAN_PARSER_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_PACMAN_PARSER_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rollcall/v1/records/os_package.pb.h"

namespace rollcall {

struct PacmanPackage {
  // All but purl, database_path and presence.
  rollcall::v1::OsPackage record;
  // What could not be read; the record holds the rest.
  absl::Status damage;
};

// Reads one file: `%KEY%` on a line of its own, then its values, one a line, up to an empty line.
// InvalidArgument if it names no package. Pure; linear in the size of `text`.
absl::StatusOr<PacmanPackage> ParsePacmanDesc(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_PACMAN_PARSER_H_
