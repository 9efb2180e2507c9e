// The folders systemd looks for units in, as directories: names, links and where they lead.
#ifndef ROLLCALL_PLATFORM_SYSTEMD_UNIT_FOLDERS_H_
#define ROLLCALL_PLATFORM_SYSTEMD_UNIT_FOLDERS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "platform/clock.h"
#include "platform/file_tree.h"

namespace rollcall {

// Search path of the system manager, most important first: of two files of one name the first
// counts. Those who watch for changes watch these.
absl::Span<const absl::string_view> SystemUnitFolders();

// Something on the way that could not be read or understood.
struct UnitProblem {
  std::string path;
  absl::Status status;
  // Every unit is known all the same; one of them says less than it could.
  bool detail_only = false;
};

// What lies in a folder under a unit's name.
struct UnitEntry {
  enum class Kind { kFile, kLink, kDirectory, kOther };
  Kind kind = Kind::kOther;
  // Where a link leads: absolute, without `.` and `..`, not followed any further.
  std::string target;
};

struct UnitFolder {
  std::string path;
  // By unit name.
  std::map<std::string, UnitEntry, std::less<>> units;
  // `ssh.service.d` and its `*.conf`, sorted.
  std::map<std::string, std::vector<std::string>, std::less<>> drop_ins;
  // `multi-user.target.wants` or `.requires` and its links: name and target.
  std::map<std::string, std::vector<std::pair<std::string, std::string>>, std::less<>> dependencies;
};

// All folders there are, most important first. Immutable.
class UnitFolders {
 public:
  // Entries kept of all folders together; a host has some hundreds.
  static constexpr size_t kMaxEntries = 50'000;

  // Reads every folder once, following nothing. A folder that is not there is none; one that is
  // there twice, as /lib and /usr/lib often are, counts once. What cannot be read is added to
  // `problems`. Ends early if `stop` is requested.
  UnitFolders(const FileTree& files, const StopToken& stop, std::vector<UnitProblem>* problems);

  const std::vector<UnitFolder>& folders() const { return folders_; }

  // Whether an absolute path is below a folder of the search path, by name or by where its
  // directory really is: then a link to it is an alias, and a linked unit file otherwise.
  bool Contains(absl::string_view path) const;

 private:
  struct Reading;
  void ReadFolder(Reading& reading, absl::string_view path);

  const FileTree* files_;
  std::vector<UnitFolder> folders_;
  // Device and inode of each, to know one under another name.
  std::vector<std::pair<uint64_t, uint64_t>> places_;
};

// `target` as a link in `directory` means it: absolute, without `.`, `..` and doubled slashes.
std::string ResolveLinkText(absl::string_view directory, absl::string_view target);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_SYSTEMD_UNIT_FOLDERS_H_
