// What all package databases have in common: when to read again.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_CACHED_DATABASE_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_CACHED_DATABASE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collectors/os_packages/package_database.h"

namespace rollcall {

// A file or directory of a database as a stat found it. Together they decide whether anything
// has changed.
struct DatabaseSource {
  std::string path;
  // What the file is to its reader.
  int role = 0;
  absl::StatusOr<FileInfo> info;

  friend bool operator==(const DatabaseSource&, const DatabaseSource&) = default;
};

// A database made of files whose identity (device, inode, size and times) is compared:
//   * nothing is parsed as long as no file has changed, except every kRunsBetweenReads runs,
//     because a filesystem's clock is coarse enough to miss a change;
//   * a file that changed while it was read makes one more attempt, and if it changed again, a
//     problem beside what was read;
//   * what could not be read completely is tried again in the next run.
class CachedDatabase : public PackageDatabase {
 public:
  // Reads in this many runs at most once if no file changes.
  static constexpr int kRunsBetweenReads = 8;

  absl::StatusOr<const DatabaseContents*> Read(const FileTree& files, const Distribution& distribution,
                                               const StopToken& stop) final;

 protected:
  // Every file that Parse may read, those that are not there included. Reads no content.
  virtual std::vector<DatabaseSource> FindSources(const FileTree& files) const = 0;

  // Fills `contents`, which is empty. `*all_read` becomes false if a source that is there could
  // not be read, so that the next run tries again. Errors as Read.
  virtual absl::Status Parse(const FileTree& files, const std::vector<DatabaseSource>& sources,
                             const Distribution& distribution, const StopToken& stop, DatabaseContents* contents,
                             bool* all_read) const = 0;

 private:
  std::vector<DatabaseSource> sources_;
  Distribution distribution_;
  // The contents are those of sources_ and complete.
  bool valid_ = false;
  int unchanged_runs_ = 0;
  DatabaseContents contents_;
};

// Appends a source for `path`.
void AddSource(const FileTree& files, absl::string_view path, int role, std::vector<DatabaseSource>* sources);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_CACHED_DATABASE_H_
