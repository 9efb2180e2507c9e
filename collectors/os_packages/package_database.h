// What every package manager's reader looks like to the collector.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_PACKAGE_DATABASE_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_PACKAGE_DATABASE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collectors/os_packages/distribution.h"
#include "collectors/run_report.h"
#include "platform/clock.h"
#include "platform/file_tree.h"
#include "rollcall/v1/records/os_package.pb.h"

namespace rollcall {

// Something in a database that could not be read; the rest was.
struct DatabaseProblem {
  std::string path;
  absl::Status status;
};

// What one read of a database gave.
struct DatabaseContents {
  std::vector<rollcall::v1::OsPackage> packages;
  std::vector<DatabaseProblem> problems;
  // Problems beyond those kept.
  uint64_t further_problems = 0;
  // What left packages with less detail than there could be.
  std::vector<DatabaseProblem> degradations;
  // Packages there were; more than `packages` holds if there were too many.
  uint64_t observed = 0;
};

// A package manager's database. One instance serves many runs and keeps what it parsed
// until the files change; see cached_database.h. Not thread-safe.
class PackageDatabase {
 public:
  // Packages a reader keeps, so that a hostile database cannot fill the memory.
  static constexpr size_t kMaxPackages = 100'000;

  virtual ~PackageDatabase() = default;

  // Where the database is if it is anywhere: the path of an error that Read returns.
  virtual absl::string_view path() const = 0;

  // Reads the database, or gives what the last call did if nothing has changed. The result
  // lives until the next call. Packages are distinct in (name, architecture, version).
  //   NotFound      this host does not use the package manager;
  //   Cancelled     `stop` was requested;
  //   anything else nothing could be read.
  virtual absl::StatusOr<const DatabaseContents*> Read(const FileTree& files, const Distribution& distribution,
                                                       const StopToken& stop) = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_PACKAGE_DATABASE_H_
