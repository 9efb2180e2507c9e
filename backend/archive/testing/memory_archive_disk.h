// An archive's files in memory, on a disk that forgets what was not synced and fails when told to.
#ifndef ROLLCALL_BACKEND_ARCHIVE_TESTING_MEMORY_ARCHIVE_DISK_H_
#define ROLLCALL_BACKEND_ARCHIVE_TESTING_MEMORY_ARCHIVE_DISK_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/archive/archive_files.h"

namespace rollcall {

// Outlives the ArchiveFiles made of it. One thread.
class MemoryArchiveDisk {
 public:
  enum class Fault {
    kNone,
    // From the operation on nothing works any more: the process is gone.
    kCrash,
    // The operation fails, and the next one works.
    kOnce,
    // The operation says it worked; of what it writes one bit is another.
    kFlip,
  };

  std::unique_ptr<ArchiveFiles> Mount();

  // Operations are counted from 1 since this call; reads and listings too. Of a write that fails, `share` is done.
  void FailAt(uint64_t operation, Fault fault, double share = 0);
  uint64_t operations() const { return operations_; }
  // Whether the operation was reached.
  bool failed() const { return fault_ != Fault::kNone && operations_ >= fail_at_; }

  // Back to what was synced, and of what was written since, the first `kept_bytes` of each file.
  void LosePower(size_t kept_bytes = 0);

  // Paths of all files.
  std::vector<std::string> Files() const;
  // Paths of all folders.
  std::vector<std::string> Folders() const;
  std::string& Bytes(const std::string& path) { return nodes_.at(path)->bytes; }

 private:
  friend class MemoryArchiveFiles;
  friend class MemoryNewArchiveFile;
  friend class MemoryArchiveSource;
  struct Node {
    bool folder = false;
    std::string bytes;
    std::string durable;
  };
  using Nodes = std::map<std::string, std::shared_ptr<Node>>;

  // Counts an operation; its error if it fails.
  absl::Status Next();
  // Whether the current operation is the one that flips a bit.
  bool Flips() const { return fault_ == Fault::kFlip && operations_ == fail_at_; }
  bool HasFolder(const std::string& path) const;

  Nodes nodes_;
  Nodes durable_;
  uint64_t operations_ = 0;
  uint64_t fail_at_ = 0;
  Fault fault_ = Fault::kNone;
  double share_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ARCHIVE_TESTING_MEMORY_ARCHIVE_DISK_H_
