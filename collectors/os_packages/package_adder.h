// Puts what a reader finds into a database's contents, within limits.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_PACKAGE_ADDER_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_PACKAGE_ADDER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "collectors/os_packages/package_database.h"
#include "collectors/os_packages/package_parse.h"

namespace rollcall {

// Not thread-safe; lives for one read. `contents` must outlive it.
class PackageAdder {
 public:
  // Problems kept of one database; all are counted.
  static constexpr size_t kMaxProblems = 100;
  // Bytes of records kept of one database: a hostile one could have long texts in each.
  // 20,000 packages take 8 MB.
  static constexpr size_t kMaxRecordBytes = size_t{24} << 20;

  explicit PackageAdder(DatabaseContents* contents) : contents_(contents) {}

  // Takes a package found in the file `database_path` and says how it is known to be there.
  // One with the name, architecture and version of an earlier one is dropped; one beyond the
  // limits is counted only.
  void Add(rollcall::v1::OsPackage&& package, absl::string_view database_path);

  // Something in `path` could not be read. `status` says what, without the path.
  void AddProblem(absl::string_view path, const absl::Status& status);

  // As AddProblem with a `status` that says all.
  void AddFailure(absl::string_view path, const absl::Status& status);

  // Takes all that a parser found in `database_path`, giving each package the URL that `url`
  // makes of it.
  void AddParse(PackageParse&& parse, absl::string_view database_path,
                absl::FunctionRef<std::string(const rollcall::v1::OsPackage&)> url);

 private:
  DatabaseContents* const contents_;
  size_t record_bytes_ = 0;
  std::unordered_set<std::string> identities_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_PACKAGE_ADDER_H_
