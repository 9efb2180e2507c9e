// Which package a file of the host belongs to.
#ifndef ROLLCALL_COLLECTORS_PROCESSES_PACKAGE_OWNERS_H_
#define ROLLCALL_COLLECTORS_PROCESSES_PACKAGE_OWNERS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "platform/clock.h"
#include "platform/file_tree.h"

namespace rollcall {

// Answers from dpkg's lists of files, /var/lib/dpkg/info/*.list. Reads all lists once for any
// number of paths, and again only when a package was installed or removed since or a path is
// new. Not thread-safe.
class PackageOwners {
 public:
  // Notes a path that Owner() will be asked for. Cheap if it is known already.
  void Want(absl::string_view path);

  // Looks up what is wanted and not known. Without dpkg there are no owners and that is no
  // error. Cancelled if `stop` is requested; after any failure the earlier answers stay.
  absl::Status LookUp(const FileTree& files, const StopToken& stop);

  // Name, without architecture, of the package that owns `path`; empty if none does or the
  // path was not looked up. If several do, the first by name.
  const std::string& Owner(absl::string_view path) const;

  // Calls of DropUnwanted that a path outlasts. A program that runs now and then, as from cron,
  // would have all lists read again each time.
  static constexpr uint32_t kKeptRuns = 64;

  // With more paths than this, none outlasts a run in which nobody wants it.
  static constexpr size_t kMaxKept = 4'096;

  // To be called once a run: forgets paths that nobody wanted in the last kKeptRuns runs.
  void DropUnwanted();

 private:
  struct Entry {
    std::string package;
    bool looked_up = false;
    uint32_t unwanted_runs = 0;
  };

  absl::Status Scan(const FileTree& files, const StopToken& stop, std::map<std::string, std::string>* owners) const;

  std::map<std::string, Entry, std::less<>> entries_;
  // Identity of the directory when it was scanned; unset if it is not there.
  std::optional<FileInfo> directory_;
};

// The other spellings of a path where /bin, /sbin and /lib* may be links into /usr: dpkg's
// lists say `/bin/sh` of a file that the kernel knows as `/usr/bin/sh`. Empty if there is none.
std::string MergedUsrAlias(absl::string_view path);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PROCESSES_PACKAGE_OWNERS_H_
