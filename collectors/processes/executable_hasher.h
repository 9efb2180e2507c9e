// Content hashes of executables, remembered by what the file is, never by its path.
#ifndef ROLLCALL_COLLECTORS_PROCESSES_EXECUTABLE_HASHER_H_
#define ROLLCALL_COLLECTORS_PROCESSES_EXECUTABLE_HASHER_H_

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "platform/clock.h"
#include "platform/file_tree.h"
#include "rollcall/v1/records/process.pb.h"

namespace rollcall {

// A file is hashed once for as long as (device, inode, size, mtime, ctime) stay the same, so
// the fingerprint of a process does not depend on how busy the host is: the one change there
// can be is from "pending" to the hash, when a run's time did not suffice for all files.
// Not thread-safe.
class ExecutableHasher {
 public:
  // Larger files are not hashed.
  static constexpr uint64_t kMaxBytes = uint64_t{256} << 20;
  // Time for hashing in one run. What is left is hashed in the next.
  static constexpr absl::Duration kBudget = absl::Seconds(20);
  // `hash_skipped` of what is left.
  static constexpr char kPending[] = "pending";

  // `clock` must outlive this.
  explicit ExecutableHasher(const Clock* clock) : clock_(clock) {}

  // Begins a run: gives it its time, and forgets files long unused.
  void BeginRun();

  // Fills `executable` for the file `info` that `path` leads to. NotFound if it is gone,
  // Cancelled if `stop` is requested; anything else that prevents a hash is `hash_skipped`.
  absl::Status Fill(const FileTree& files, absl::string_view path, const FileInfo& info, const StopToken& stop,
                    rollcall::v1::Executable* executable);

 private:
  // Files remembered before unused ones are forgotten.
  static constexpr size_t kMaxRemembered = 4'096;
  using Key = std::tuple<uint64_t, uint64_t, uint64_t, int64_t, int64_t>;
  struct Entry {
    std::string sha256;
    uint64_t last_used_run = 0;
  };

  const Clock* const clock_;
  std::map<Key, Entry> known_;
  uint64_t run_ = 0;
  absl::Duration spent_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PROCESSES_EXECUTABLE_HASHER_H_
